// Idempotency-Key on every POST (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gets the first answer
// again. Answers live in memory, a bounded number of them and of bytes for a bounded time, so in this version a restart forgets them with
// everything else. They belong to the tenant, not to its name: another tenant of that name sees none of them.
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem, problemMediaType, problemOf } from './problem.ts';

interface Answer {
  status: number;
  headers: Record<string, string>;
  payload: string;
}

interface Kept {
  fingerprint: string;
  sinceMs: number;
  /** Null while the first request runs. */
  answer: Answer | null;
  /** What the answer counts for. */
  bytes: number;
}

/** The answers of one tenant, oldest first. */
interface Table {
  keys: Map<string, Kept>;
  bytes: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The first request with its key: its answer is to be kept. */
    idempotent: { table: Table; key: string } | null;
  }
}

export interface IdempotencyOptions {
  idempotencyKeysMax: number;
  idempotencyMs: number;
  idempotencyAnswerBytesMax: number;
  idempotencyBytesMax: number;
  nowMs(): number;
  tenantNamed(name: string): object | undefined;
}

const keptHeaders = ['content-type', 'location', 'etag', 'preference-applied'];

export function registerIdempotency(app: FastifyInstance, options: IdempotencyOptions): void {
  const tables = new WeakMap<object, Table>();
  app.decorateRequest('idempotent', null);
  app.addHook('onRoute', (route) => {
    if (![route.method].flat().includes('POST')) return;
    route.preHandler = [
      ...[route.preHandler ?? []].flat(),
      (request, reply, done) => {
        const key = request.headers['idempotency-key'];
        const answer = key === undefined ? null : begin(tables, options, request, key);
        if (answer === null) done();
        else reply.code(answer.status).headers(answer.headers).header('idempotency-replayed', 'true').send(answer.payload);
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

/** The answer to give again, or null for a request that is the first with its key. */
function begin(
  tables: WeakMap<object, Table>,
  options: IdempotencyOptions,
  request: FastifyRequest,
  key: string | string[],
): Answer | null {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new HttpProblem('invalid-header', 'Idempotency-Key takes 1 to 255 visible ASCII characters.');
  }
  const { idempotencyKeysMax: max, idempotencyMs, tenantNamed } = options;
  // The operator has no tenant; its answers last as long as the server.
  const owner = tenantNamed(request.caller?.tenant ?? '') ?? options;
  const table = tables.get(owner) ?? { keys: new Map<string, Kept>(), bytes: 0 };
  tables.set(owner, table);
  const { keys } = table;
  const now = options.nowMs();
  forget(table, now - idempotencyMs, max - 1, Number.POSITIVE_INFINITY);
  const fingerprint = fingerprintOf(request);
  const kept = keys.get(key);
  if (kept !== undefined) {
    if (kept.fingerprint !== fingerprint) throw new HttpProblem('key-reused', 'The key was used with another request.');
    if (kept.answer === null) throw new HttpProblem('key-in-use', 'The first request with this key still runs.');
    return kept.answer;
  }
  if (keys.size >= max) throw new HttpProblem('too-many-keys', `${max} requests with a key run already.`, { limit: max });
  keys.set(key, { fingerprint, sinceMs: now, answer: null, bytes: 0 });
  request.idempotent = { table, key };
  return null;
}

/**
 * A failure of ours or of the moment is not an answer to give again, and neither is a secret that is shown once. Of an answer that is too long
 * the key stays, so that the thing is not done twice.
 */
function keep(
  { idempotencyAnswerBytesMax, idempotencyBytesMax }: IdempotencyOptions,
  { table, key }: { table: Table; key: string },
  reply: FastifyReply,
  payload: unknown,
): void {
  const kept = table.keys.get(key);
  if (kept === undefined) return;
  const { statusCode: status } = reply;
  const passing = status === 500 || status === 503 || status === 429 || reply.getHeader('cache-control') === 'no-store';
  if (passing || typeof payload !== 'string') {
    table.keys.delete(key);
    return;
  }
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  const bytes = Buffer.byteLength(payload);
  const fits = bytes <= idempotencyAnswerBytesMax;
  kept.answer = fits ? { status, headers, payload } : tooLong(headers);
  kept.bytes = Buffer.byteLength(kept.answer.payload);
  table.bytes += kept.bytes;
  forget(table, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, idempotencyBytesMax);
}

function tooLong({ location }: Record<string, string>): Answer {
  const problem = problemOf('answer-not-kept', 'The request was done; its answer was too long to be kept.', {
    ...(location === undefined ? {} : { location }),
  });
  const headers = { 'content-type': problemMediaType, ...(location === undefined ? {} : { location }) };
  return { status: problem.status, headers, payload: JSON.stringify(problem) };
}

/** Oldest first: what is too old, and what is too much. What still runs stays. */
function forget(table: Table, beforeMs: number, keysMax: number, bytesMax: number): void {
  for (const [key, { sinceMs, answer, bytes }] of table.keys) {
    if (sinceMs > beforeMs && table.keys.size <= keysMax && table.bytes <= bytesMax) return;
    if (answer === null) continue;
    table.keys.delete(key);
    table.bytes -= bytes;
  }
}

function fingerprintOf(request: FastifyRequest): string {
  const { method, url, body, headers } = request;
  const hash = createHash('sha256').update(`${method} ${url}\n${headers.prefer ?? ''}\n${headers['if-match'] ?? ''}\n`);
  return hash.update(body instanceof Uint8Array ? body : (JSON.stringify(body) ?? '')).digest('base64');
}
