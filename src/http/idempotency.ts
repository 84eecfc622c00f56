// Idempotency-Key on every POST (draft-ietf-httpapi-idempotency-key-header): the same key with the
// same request gets the first answer again, also after a restart. If the previous process ended
// before it answered, the answer is the outcome of the request that the journal shows.
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../durable/records.ts';
import type { Answers, Begun } from './answers.ts';
import { HttpProblem, problemMediaType, problemOf } from './problem.ts';
import { linkToRule } from './rules.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for the first request with its key, so that its answer is stored. */
    idempotent: Begun | null;
  }
}

export interface IdempotencyOptions {
  answers: Answers;
  idempotencyKeysMax: number;
  idempotencyAnswerBytesMax: number;
  nowMs(): number;
  /** The id of the tenant; undefined if there is no tenant of that name. */
  idOf(tenant: string): string | undefined;
}

/**
 * Headers that are part of the request's identity. Prefer is not, because it only says how long to
 * wait; a 202 stays the first answer.
 */
const askingHeaders = ['if-match', 'pinhole-owner'];
const keptHeaders = [
  'content-type',
  'location',
  'etag',
  'link',
  'preference-applied',
  'retry-after',
];

export function registerIdempotency(app: FastifyInstance, options: IdempotencyOptions): void {
  app.decorateRequest('idempotent', null);
  app.addHook('onRoute', (route) => {
    if (![route.method].flat().includes('POST')) return;
    route.preHandler = [
      ...[route.preHandler ?? []].flat(),
      (request, reply, done) => {
        const key = request.headers['idempotency-key'];
        if (key === undefined) return done();
        const goOn = (): void => {
          const answer = begin(options, request, key);
          if (request.idempotent?.became) reply.header('idempotency-replayed', 'true');
          if (answer === null) done();
          else
            reply
              .code(answer.status)
              .headers(answer.headers)
              .header('idempotency-replayed', 'true')
              .send(answer.payload);
        };
        if (options.answers.elsewhere === null) goOn();
        else options.answers.look(ownerOf(options, request), String(key)).then(goOn).catch(done);
      },
    ];
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      (request, reply, payload, done) => {
        if (request.idempotent !== null) keep(options, request.idempotent, reply, payload);
        done();
      },
    ];
  });
}

/** The operator has no tenant, so its keys belong to `operator`. */
const ownerOf = ({ idOf }: IdempotencyOptions, { caller }: FastifyRequest): string =>
  idOf(caller?.tenant ?? '') ?? 'operator';

/** Returns the stored answer; or null if this is the first request with its key. */
function begin(
  options: IdempotencyOptions,
  request: FastifyRequest,
  key: string | string[],
): Answer | null {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new HttpProblem(
      'invalid-header',
      'Idempotency-Key must be 1 to 255 visible ASCII characters.',
    );
  }
  const { answers, idempotencyKeysMax: limit } = options;
  const owner = ownerOf(options, request);
  const begun = answers.begin(owner, key, fingerprintOf(request), options.nowMs());
  if (begun === 'reused')
    throw new HttpProblem(
      'key-reused',
      'This Idempotency-Key was used with a different request; use a new key.',
    );
  if (begun === 'running')
    throw new HttpProblem(
      'key-in-use',
      'The first request with this Idempotency-Key is still running; try again later.',
    );
  if (begun === 'full')
    throw new HttpProblem(
      'too-many-keys',
      `The tenant already has ${limit} running requests with an Idempotency-Key; try again ` +
        'later.',
      { limit },
    );
  if (!('requestKey' in begun)) return begun;
  request.idempotent = begun;
  if (begun.became?.kind === 'forgotten')
    throw new HttpProblem(
      'answer-not-kept',
      'The server restarted during the first request with this key, and it is not known ' +
        'whether that request was done.',
    );
  return null;
}

/**
 * Stores the answer, or releases the key if the request was refused only for the moment. If the
 * answer is too long, failed while it was sent, or contains a secret that is shown only once, the
 * key stays without the answer, because the request must not be executed twice.
 */
function keep(
  { answers, idempotencyAnswerBytesMax }: IdempotencyOptions,
  begun: Begun,
  reply: FastifyReply,
  payload: unknown,
): void {
  const { statusCode: status } = reply;
  const again: readonly unknown[] = ['disk-full', 'memory-full'];
  // A stopped filesystem executes nothing. The outcome of the earlier process stays stored, because
  // it can be shown after a repair.
  const stopped = reply.problemType === 'filesystem-stopped' && begun.became !== null;
  const passing = stopped || again.includes(reply.problemType) || status === 503 || status === 429;
  // A payload that is not a string is no answer of a POST.
  if (passing || typeof payload !== 'string') {
    answers.drop(begun, { stored: reply.problemType !== 'owner-changing' });
    return;
  }
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  if (reply.getHeader('cache-control') === 'no-store') {
    // A Location with a query holds a ticket, which is a secret.
    answers.keep(begun, notKept(secret, headers.location?.includes('?') ? {} : headers));
    return;
  }
  const why =
    status === 500
      ? 'The first request may have been done; the server failed while it answered.'
      : tooLong;
  const fits = status !== 500 && Buffer.byteLength(payload) <= idempotencyAnswerBytesMax;
  answers.keep(begun, fits ? { status, headers, payload } : notKept(why, headers));
}

const secret = 'The request was done. Its answer contains a secret, which is shown only once.';
const tooLong = 'The request was done. Its answer was too long to be stored.';

function notKept(why: string, { location }: Record<string, string>): Answer {
  const problem = problemOf('answer-not-kept', why, {
    ...(location === undefined ? {} : { location }),
  });
  const link = linkToRule(problem.rule);
  const headers = {
    'content-type': problemMediaType,
    ...(location === undefined ? {} : { location }),
    ...(link === null ? {} : { link }),
  };
  return { status: problem.status, headers, payload: JSON.stringify(problem) };
}

function fingerprintOf(request: FastifyRequest): string {
  const { method, url, body, headers } = request;
  // The second line is empty because Prefer was there once, and journals contain fingerprints from
  // then.
  const hash = createHash('sha256').update(`${method} ${url}\n\n`);
  for (const name of askingHeaders) hash.update(`${String(headers[name] ?? '')}\n`);
  // Added only if present, because journals contain fingerprints from before this header was part
  // of it.
  const { 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined) hash.update(`if-none-match ${ifNoneMatch}\n`);
  return hash
    .update(body instanceof Uint8Array ? body : (JSON.stringify(body) ?? ''))
    .digest('base64');
}
