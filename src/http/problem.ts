// The closed table of what can go wrong on the wire: one row for each errno of the kernel and one
// for each refusal of the server itself. Every answer of 4xx or 5xx is made here, as
// application/problem+json (RFC 9457), and every type can be read at /v1/problems/{type}.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EngineError } from '../engine/engine-error.ts';
import { JournalError } from '../journal/journal-error.ts';
import { detailOf, type Errno, errnoTable, type Failure } from '../kernel/errno.ts';
import { rateLimitOf } from './rate-limit.ts';

interface Row {
  status: number;
  title: string;
  doc: string;
  /**
   * What the kernel would say of it, and the rule of docs/spec.md. An errno of the kernel comes
   * with the rule that fired.
   */
  cause?: { errno: Errno; rule: string };
}

const row = (status: number, title: string, doc: string, errno: Errno, rule: string): Row => ({
  status,
  title,
  doc,
  cause: { errno, rule },
});
const errnoRow = (status: number, errno: Errno): Row => ({
  status,
  title: errno,
  doc: errnoTable[errno],
});

const errnoRows: Record<Lowercase<Errno>, Row> = {
  eacces: errnoRow(403, 'EACCES'),
  eagain: errnoRow(409, 'EAGAIN'),
  ebusy: errnoRow(409, 'EBUSY'),
  edeadlk: errnoRow(409, 'EDEADLK'),
  edquot: errnoRow(507, 'EDQUOT'),
  eexist: errnoRow(409, 'EEXIST'),
  efault: errnoRow(422, 'EFAULT'),
  efbig: errnoRow(400, 'EFBIG'),
  ehwpoison: errnoRow(422, 'EHWPOISON'),
  eintr: errnoRow(409, 'EINTR'),
  einval: errnoRow(400, 'EINVAL'),
  eio: errnoRow(422, 'EIO'),
  enodev: errnoRow(410, 'ENODEV'),
  enoent: errnoRow(404, 'ENOENT'),
  enomem: errnoRow(507, 'ENOMEM'),
  enospc: errnoRow(507, 'ENOSPC'),
  enxio: errnoRow(422, 'ENXIO'),
  eopnotsupp: errnoRow(422, 'EOPNOTSUPP'),
  estale: errnoRow(412, 'ESTALE'),
  sigbus: errnoRow(422, 'SIGBUS'),
};

const transportRows = {
  'unknown-field': row(
    400,
    'Unknown field',
    'The body or the query has a field that this operation does not define. `fields` names ' +
      'it; remove it and send the request again.',
    'EINVAL',
    'H1',
  ),
  'invalid-value': row(
    400,
    'Invalid value',
    'A field is missing, has the wrong type or is out of range. `fields` names each such ' +
      'field and what it accepts.',
    'EINVAL',
    'H2',
  ),
  'invalid-body': row(
    400,
    'Invalid body',
    'The body is not a JSON object in UTF-8, or it nests more deeply than --json-depth-max allows.',
    'EINVAL',
    'H3',
  ),
  'invalid-header': row(
    400,
    'Invalid header',
    'A header that this operation reads is malformed. `detail` names the header and the form ' +
      'that it must have.',
    'EINVAL',
    'H4',
  ),
  'bad-request': row(
    400,
    'Bad request',
    'The request is not valid HTTP, or its URL is malformed.',
    'EINVAL',
    'H5',
  ),
  unauthorized: row(
    401,
    'Unauthorized',
    'The route needs a bearer token, or the token that was sent is unknown, expired or revoked.',
    'EACCES',
    'H6',
  ),
  'missing-scope': row(
    403,
    'Missing scope',
    'The token does not have the scope that this route needs. `scope` names it; use a token ' +
      'that has it.',
    'EACCES',
    'H7',
  ),
  'forbidden-origin': row(
    403,
    'Forbidden origin',
    'Without a token, only programs and pages of this server itself may call, under a ' +
      'loopback host name. A ticket is valid for one stream and one origin only. ' +
      '--allowed-origins and --allowed-hosts extend this.',
    'EACCES',
    'H8',
  ),
  'no-such-route': row(
    404,
    'No such route',
    'This server has no route at this URL. GET /openapi.json lists all routes.',
    'ENOENT',
    'H9',
  ),
  'no-such-thing': row(
    404,
    'Not found',
    'There is no tenant, token or problem type of this name.',
    'ENOENT',
    'T1',
  ),
  'method-not-allowed': row(
    405,
    'Method not allowed',
    'The URL exists but does not accept this method. The header `Allow` lists the methods ' +
      'that it accepts.',
    'EOPNOTSUPP',
    'H10',
  ),
  'request-timeout': row(
    408,
    'Request timeout',
    'The request did not arrive completely within --headers-timeout-ms or ' +
      '--request-timeout-ms. Send it again.',
    'EAGAIN',
    'H21',
  ),
  'already-exists': row(
    409,
    'Already exists',
    'A tenant of this name exists already. Choose another name.',
    'EEXIST',
    'H11',
  ),
  'key-in-use': row(
    409,
    'Idempotency key in use',
    'The first request with this Idempotency-Key is still running. Send the request again ' +
      'later to get its answer.',
    'EAGAIN',
    'H23',
  ),
  'key-reused': row(
    422,
    'Idempotency key reused',
    'This Idempotency-Key was used with a different request before. Use a new key for a new ' +
      'request.',
    'EINVAL',
    'H22',
  ),
  'answer-not-kept': row(
    409,
    'Answer not kept',
    'The first request with this Idempotency-Key was accepted, but its answer is not stored, ' +
      'so the request is not executed again. Answers that contain a secret or are too long are ' +
      'never stored. `location`, where present, is the URL of what the first request created.',
    'EEXIST',
    'H24',
  ),
  'too-many-keys': row(
    503,
    'Too many idempotency keys',
    'As many requests with an Idempotency-Key are running as --idempotency-keys-max allows. ' +
      'Nothing was changed; try again later.',
    'EAGAIN',
    'H23',
  ),
  'in-use': row(
    409,
    'In use',
    'The tenant cannot be deleted: it still has filesystems, is being deleted already, or is ' +
      'the tenant of callers without a token.',
    'EBUSY',
    'H12',
  ),
  'precondition-failed': row(
    412,
    'Precondition failed',
    'The precondition in If-Match or If-None-Match does not hold; `header` names which. Read ' +
      'the current ETag and decide again.',
    'ESTALE',
    'NM5',
  ),
  'too-large': row(
    413,
    'Too large',
    'The body is longer than this route accepts. `limit` is the maximum in bytes.',
    'EFBIG',
    'H13',
  ),
  'reply-too-large': row(
    400,
    'Reply too large',
    'The request asks for more bytes than one request may read. `limit` is the maximum; ask ' +
      'for a smaller range.',
    'EFBIG',
    'H14',
  ),
  'uri-too-long': row(
    414,
    'URI too long',
    'A segment of the URL is longer than the longest possible name or id.',
    'EINVAL',
    'H5',
  ),
  'unsupported-media-type': row(
    415,
    'Unsupported media type',
    'The body has a media type or content coding that this route does not accept. `accepts` ' +
      'names what it accepts.',
    'EINVAL',
    'H15',
  ),
  'range-not-satisfiable': row(
    416,
    'Range not satisfiable',
    'The requested range begins at or beyond the end of the content. The header Content-Range ' +
      'gives its size.',
    'EINVAL',
    'H16',
  ),
  'expectation-failed': row(
    417,
    'Expectation failed',
    'The header Expect asks for something other than `100-continue`, the only expectation ' +
      'that this server supports.',
    'EOPNOTSUPP',
    'H31',
  ),
  'headers-too-large': row(
    431,
    'Headers too large',
    'The URL and headers together are longer than --header-bytes-max allows.',
    'EINVAL',
    'H5',
  ),
  'too-many-tokens': row(
    507,
    'Too many tokens',
    'The tenant has as many unexpired tokens as --tokens-per-tenant-max allows. Revoke one first.',
    'EDQUOT',
    'Q1',
  ),
  'too-many-tenants': row(
    507,
    'Too many tenants',
    'The server has as many tenants as --tenants-max allows. Delete one first.',
    'EDQUOT',
    'H17',
  ),
  'memory-full': row(
    507,
    'Memory full',
    'The server holds as much memory for its tenants as --memory-max allows. Operations that ' +
      'need memory are refused; operations that free it still work. Nothing was changed.',
    'EDQUOT',
    'H17',
  ),
  'too-many-filesystems': row(
    507,
    'Too many filesystems',
    'The server has as many filesystems as --filesystems-max allows. Remove one first.',
    'EDQUOT',
    'H17',
  ),
  'inbox-full': row(
    503,
    'Inbox full',
    'As many commands are waiting for this filesystem as --inbox-max allows. Nothing was ' +
      'changed; try again later.',
    'EAGAIN',
    'H18',
  ),
  'disk-full': row(
    507,
    'Disk full',
    'The disk of the journal is full. Operations that free space still work; operations that ' +
      'need space are refused. Nothing was changed; try again later.',
    'ENOSPC',
    'H19',
  ),
  'journal-failed': row(
    503,
    'Journal failed',
    'The journal could not be flushed to disk, and the server is stopping. Whether the ' +
      'request was done is unknown until the restart; then repeat it with the same ' +
      'Idempotency-Key to learn its outcome.',
    'EIO',
    'H20',
  ),
  'not-ready': row(
    503,
    'Not ready',
    'The server is starting or stopping. Try again later.',
    'EAGAIN',
    'H29',
  ),
  'filesystem-stopped': row(
    500,
    'Filesystem stopped',
    'This filesystem does not answer requests: an entry of its journal broke a law of the ' +
      'simulated machine, or the filesystem could not be restored from its journal. Other ' +
      'filesystems are not affected. The operator can inspect it with pinhole repair.',
    'EIO',
    'H30',
  ),
  internal: row(
    500,
    'Internal error',
    'The server failed because of an error of its own. Its log has the details.',
    'EIO',
    'H30',
  ),
  gap: row(
    410,
    'Gap',
    'Events after this cursor are no longer available, or the cursor belongs to another ' +
      'epoch. `oldest` is the oldest cursor from which reading can continue.',
    'ESTALE',
    'H26',
  ),
  'content-not-kept': row(
    410,
    'Content not kept',
    'The read has ended, and its bytes are no longer stored: a filesystem stores only the ' +
      'newest --read-bytes-kept-max bytes of ended reads, and a restart can lose them. Read ' +
      'again.',
    'ESTALE',
    'H33',
  ),
  'slow-reader': row(
    410,
    'Slow reader',
    'The reader of an event stream was so slow that the events it had not read yet were ' +
      'discarded. Subscribe again from the oldest cursor.',
    'ESTALE',
    'H26',
  ),
  'bad-message': row(
    400,
    'Bad message',
    'A message on the WebSocket is not one that the protocol defines; see /asyncapi.json.',
    'EINVAL',
    'H27',
  ),
  'too-many-streams': row(
    429,
    'Too many streams',
    'The server, the tenant or the connection has as many event streams as it may have. ' +
      '`limit` is that number; close one first.',
    'EAGAIN',
    'H25',
  ),
  'too-many-tickets': row(
    429,
    'Too many tickets',
    'The tenant has as many unused tickets as --tickets-per-tenant-max allows. Tickets expire ' +
      'after 30 s.',
    'EAGAIN',
    'H25',
  ),
  'too-many-messages': row(
    429,
    'Too many messages',
    'The client sent more messages in one second on a WebSocket than ' +
      '--stream-messages-per-second-max allows.',
    'EAGAIN',
    'H25',
  ),
  'too-many-pipelined': row(
    429,
    'Too many pipelined requests',
    'The client sent more requests ahead on this connection than --pipeline-max allows. This ' +
      'request and those after it were not started; send them again on a new connection.',
    'EAGAIN',
    'H32',
  ),
  'upgrade-required': row(
    426,
    'Upgrade required',
    'This URL is a WebSocket, and the request does not ask for an upgrade. For the same ' +
      'events without a WebSocket send `Accept: text/event-stream` or `Accept: ' +
      'application/x-ndjson`.',
    'EOPNOTSUPP',
    'H28',
  ),
};

export type ProblemType = Lowercase<Errno> | keyof typeof transportRows;
export const problemTable: Record<ProblemType, Row> = { ...errnoRows, ...transportRows };
export const problemTypes = Object.keys(problemTable) as ProblemType[];
export const isProblemType = (name: string): name is ProblemType =>
  Object.hasOwn(problemTable, name);

declare module 'fastify' {
  interface FastifyReply {
    /** Null unless the answer is a problem. */
    problemType: ProblemType | null;
  }
}

export const problemMediaType = 'application/problem+json';
export const sendAs = `${problemMediaType}; charset=utf-8`;
/** In seconds, as the header has it. */
export const retryAfter: Partial<Record<ProblemType, string>> = {
  eagain: '1',
  'inbox-full': '1',
  'key-in-use': '1',
  'too-many-keys': '1',
  'not-ready': '5',
  'disk-full': '5',
  'memory-full': '5',
  'journal-failed': '5',
  'too-many-streams': '5',
  'too-many-tickets': '30',
  'too-many-pipelined': '1',
};

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance?: string;
  [extension: string]: unknown;
}

/** Throw it from a route; the error handler of the server sends it. */
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

/** A failure of the kernel, thrown where a route has no reply at hand. */
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
  return { ...named, ...cause, ...extensions };
}

/**
 * What an errno of the kernel looks like. Fields that a failure has beside the three of every
 * failure are passed on.
 */
function problemOfFailure(failure: Failure, instance?: string): Problem {
  const { errno, why: _, ...rest } = failure;
  const type = errno.toLowerCase() as Lowercase<Errno>;
  return problemOf(type, detailOf(failure), { errno, ...rest }, instance);
}

/** The URL without its query, which may hold anything. */
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
  const retry = retryAfter[type];
  if (retry !== undefined) reply.header('retry-after', retry);
  const rateLimit = rateLimitOf(type, problem, retry);
  if (rateLimit !== null) reply.headers(rateLimit);
  if (type === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  return reply.code(problem.status).header('content-type', sendAs).send(JSON.stringify(problem));
}

/** Codes of Fastify and of Node's HTTP parser that are the client's doing. */
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

/** Perhaps done, perhaps not. */
const unknownOutcome: ReadonlySet<string> = new Set<ProblemType>([
  'journal-failed',
  'filesystem-stopped',
]);

/** Of its route, or of the server where the URL has none. */
const bodyLimitOf = ({ request, server }: FastifyReply): number | undefined =>
  request.routeOptions.bodyLimit ?? server.initialConfig.bodyLimit;

/**
 * Makes the answer to whatever was thrown; the second value says whether it is our fault and must
 * be logged.
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
  if (error instanceof EngineError || error instanceof JournalError) {
    const type =
      error instanceof EngineError
        ? error.kind
        : error.kind === 'full'
          ? 'disk-full'
          : 'journal-failed';
    const unknown = unknownOutcome.has(type);
    // Its key stays taken: after the restart the journal says what became of it.
    if (unknown && !reply.request.idempotent?.became) reply.request.idempotent = null;
    const limit = error instanceof EngineError ? error.limit : undefined;
    sendProblem(
      reply,
      type,
      error instanceof EngineError ? error.message : problemTable[type].doc,
      {
        ...(unknown ? { outcome: 'unknown' } : {}),
        ...(limit === undefined ? {} : { limit }),
      },
    );
    return { ours: false };
  }
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : codes[code];
  if (known !== undefined || (statusCode !== undefined && statusCode >= 400 && statusCode < 500)) {
    const type = known ?? (statusCode === 413 ? 'too-large' : 'bad-request');
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
