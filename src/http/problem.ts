// Every answer of 4xx or 5xx is made here, as application/problem+json (RFC 9457), from a row of
// problem-table.ts. /v1/problems/{type} serves the row of each type.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EngineError, Unmounted } from '../engine/engine-error.ts';
import { JournalError } from '../journal/journal-error.ts';
import { detailOf, type Errno, type Failure, failure } from '../kernel/errno.ts';
import { type ProblemType, problemTable } from './problem-table.ts';
import { rateLimitOf } from './rate-limit.ts';
import { howToOf, linkToRule } from './rules.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** Null unless the answer is a problem. */
    problemType: ProblemType | null;
  }
}

export const problemMediaType = 'application/problem+json';
export const sendAs = `${problemMediaType}; charset=utf-8`;
/** In seconds, as the header Retry-After requires. */
export const retryAfter: Partial<Record<ProblemType, string>> = {
  eagain: '1',
  'inbox-full': '1',
  'compare-busy': '1',
  'labs-busy': '5',
  'key-in-use': '1',
  'too-many-keys': '1',
  'not-ready': '5',
  'owner-changing': '1',
  'disk-full': '5',
  'memory-full': '5',
  'journal-failed': '5',
  'too-many-streams': '5',
  'too-many-tickets': '30',
  'too-many-pipelined': '1',
  'too-many-requests': '1',
};

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string;
  [extension: string]: unknown;
}

/** A problem that a route throws; the error handler of the server sends it. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly type: ProblemType;
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    type: ProblemType,
    detail: string,
    extensions: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.type = type;
    this.extensions = extensions;
    this.headers = headers;
  }
}

/** A failure of the kernel, for code that throws instead of sending a reply. */
export class KernelFailure extends Error {
  override readonly name = 'KernelFailure';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.why);
    this.failure = failure;
  }
}

export function problemOf(
  type: ProblemType,
  detail: string,
  extensions: Record<string, unknown> = {},
  instance?: string,
): Problem {
  const { status, title, cause } = problemTable[type];
  const named = {
    type: `/v1/problems/${type}`,
    title,
    status,
    detail,
    ...(instance === undefined ? {} : { instance }),
  };
  const problem: Problem = { ...named, ...cause, ...extensions };
  const help = howToOf(problem.rule);
  return help === null ? problem : { ...problem, help };
}

/**
 * A failure of the kernel as a problem. Further fields of the failure, such as `blockedBy`, are
 * passed on.
 */
function problemOfFailure(failure: Failure, instance?: string): Problem {
  const { errno, why: _, ...rest } = failure;
  const type = errno.toLowerCase() as Lowercase<Errno>;
  return problemOf(type, detailOf(failure), { errno, ...rest }, instance);
}

/** The URL without the query, which may contain secrets and be long. */
function instanceOf(request: FastifyRequest): string {
  const { url } = request;
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function sendProblem(
  reply: FastifyReply,
  type: ProblemType,
  detail: string,
  extensions?: Record<string, unknown>,
): FastifyReply {
  return send(reply, type, problemOf(type, detail, extensions, instanceOf(reply.request)));
}

export function sendFailure(reply: FastifyReply, failure: Failure): FastifyReply {
  return send(
    reply,
    failure.errno.toLowerCase() as ProblemType,
    problemOfFailure(failure, instanceOf(reply.request)),
  );
}

function send(reply: FastifyReply, type: ProblemType, problem: Problem): FastifyReply {
  reply.problemType = type;
  // A problem can know better when to try again.
  const retry = (reply.getHeader('retry-after') as string | undefined) ?? retryAfter[type];
  if (retry !== undefined) reply.header('retry-after', retry);
  const rateLimit = rateLimitOf(type, problem, retry);
  if (rateLimit !== null) reply.headers(rateLimit);
  const link = linkToRule(problem.rule);
  if (link !== null) {
    const others = reply.getHeader('link');
    reply.header('link', others === undefined ? link : `${others}, ${link}`);
  }
  if (type === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  return (
    reply
      .code(problem.status)
      .header('content-type', sendAs)
      // Also set by a hook, but Fastify runs no hook for a malformed URL.
      .header('x-content-type-options', 'nosniff')
      .send(JSON.stringify(problem))
  );
}

/** Error codes of Fastify and of Node's HTTP parser that the client has caused. */
export const codes: Record<string, ProblemType> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid-body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid-body',
  FST_ERR_BAD_URL: 'bad-request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: 'unsupported-media-type',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
  ECONNRESET: 'bad-request',
};

/** Errors of plugins that have no code of their own. */
const byStatus: Record<number, ProblemType> = { 412: 'precondition-failed', 413: 'too-large' };

/** Problems after which the request may or may not have been executed. */
const unknownOutcome: ReadonlySet<string> = new Set<ProblemType>([
  'journal-failed',
  'filesystem-stopped',
  'engine-lost-entries',
]);

/** Errors of the journal that leave the change certainly undone. */
const ofJournal: Partial<Record<JournalError['kind'], ProblemType>> = {
  full: 'disk-full',
  moved: 'owner-changing',
};

/** The limit of the route, or of the server if no route matches the URL. */
const bodyLimitOf = ({ request, server }: FastifyReply): number | undefined =>
  request.routeOptions.bodyLimit ?? server.initialConfig.bodyLimit;

/**
 * Sends the problem for a thrown error. `ours` is true if the server is at fault, so that the error
 * must be logged.
 */
export function answerError(error: unknown, reply: FastifyReply): { ours: boolean } {
  if (error instanceof HttpProblem) {
    for (const [name, value] of Object.entries(error.headers)) reply.header(name, value);
    sendProblem(reply, error.type, error.message, error.extensions);
    return { ours: problemTable[error.type].status === 500 };
  }
  if (error instanceof KernelFailure) {
    sendFailure(reply, error.failure);
    return { ours: false };
  }
  if (error instanceof Unmounted) {
    sendFailure(reply, failure('ENOENT', 'T1', 'there is no such filesystem any more'));
    return { ours: false };
  }
  if (error instanceof EngineError || error instanceof JournalError) {
    const type =
      error instanceof EngineError ? error.kind : (ofJournal[error.kind] ?? 'journal-failed');
    const unknown = unknownOutcome.has(type);
    // The Idempotency-Key stays in use, because only the journal shows the outcome after a restart.
    if (unknown && !reply.request.idempotent?.became) reply.request.idempotent = null;
    const { limit, oldest } = error instanceof EngineError ? error : {};
    sendProblem(
      reply,
      type,
      error instanceof EngineError ? error.message : problemTable[type].doc,
      {
        ...(unknown ? { outcome: 'unknown' } : {}),
        ...(type === 'owner-changing' ? { outcome: 'not_applied' } : {}),
        ...(limit === undefined ? {} : { limit }),
        ...(oldest === undefined ? {} : { oldest }),
      },
    );
    return { ours: false };
  }
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : codes[code];
  if (known !== undefined || (statusCode !== undefined && statusCode >= 400 && statusCode < 500)) {
    const type = known ?? byStatus[statusCode ?? 400] ?? 'bad-request';
    sendProblem(
      reply,
      type,
      problemTable[type].doc,
      type === 'too-large' ? { limit: bodyLimitOf(reply) } : {},
    );
    return { ours: false };
  }
  sendProblem(reply, 'internal', problemTable.internal.doc);
  return { ours: true };
}
