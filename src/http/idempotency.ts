// Idempotency-Key on every POST (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gets the first answer
// again. Answers live in memory, a bounded number for a bounded time, so in this version a restart forgets them with everything else.
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from './problem.ts';

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
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The first request with its key: its answer is to be kept. */
    idempotent: { table: Map<string, Kept>; key: string } | null;
  }
}

export interface IdempotencyOptions {
  idempotencyKeysMax: number;
  idempotencyMs: number;
  nowMs(): number;
}

const keptHeaders = ['content-type', 'location', 'etag', 'preference-applied'];

export function registerIdempotency(app: FastifyInstance, options: IdempotencyOptions): void {
  const tables = new Map<string, Map<string, Kept>>();
  app.decorateRequest('idempotent', null);
  app.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return;
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
        if (request.idempotent !== null) keep(request.idempotent, reply, payload);
        done();
      },
    ];
  });
}

/** The answer to give again, or null for a request that is the first with its key. */
function begin(
  tables: Map<string, Map<string, Kept>>,
  { idempotencyKeysMax: max, idempotencyMs, nowMs }: IdempotencyOptions,
  request: FastifyRequest,
  key: string | string[],
): Answer | null {
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new HttpProblem('invalid-header', 'Idempotency-Key takes 1 to 255 visible ASCII characters.');
  }
  const owner = request.caller?.tenant ?? '';
  const table = tables.get(owner) ?? new Map<string, Kept>();
  tables.set(owner, table);
  const now = nowMs();
  forget(table, max, now - idempotencyMs);
  const fingerprint = fingerprintOf(request);
  const kept = table.get(key);
  if (kept !== undefined) {
    if (kept.fingerprint !== fingerprint) throw new HttpProblem('key-reused', 'The key was used with another request.');
    if (kept.answer === null) throw new HttpProblem('key-in-use', 'The first request with this key still runs.');
    return kept.answer;
  }
  if (table.size >= max) throw new HttpProblem('too-many-keys', `${max} requests with a key run already.`, { limit: max });
  table.set(key, { fingerprint, sinceMs: now, answer: null });
  request.idempotent = { table, key };
  return null;
}

/** A failure of ours or of the moment is not an answer to give again, and neither is a secret that is shown once. */
function keep({ table, key }: { table: Map<string, Kept>; key: string }, reply: FastifyReply, payload: unknown): void {
  const kept = table.get(key);
  if (kept === undefined) return;
  const { statusCode: status } = reply;
  const passing = status === 500 || status === 503 || status === 429 || reply.getHeader('cache-control') === 'no-store';
  if (passing || typeof payload !== 'string') {
    table.delete(key);
    return;
  }
  const headers: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = reply.getHeader(name);
    if (value !== undefined) headers[name] = String(value);
  }
  kept.answer = { status, headers, payload };
}

/** Oldest first: what is too old, and what is one too many. What still runs stays. */
function forget(table: Map<string, Kept>, max: number, beforeMs: number): void {
  for (const [key, { sinceMs, answer }] of table) {
    if (sinceMs > beforeMs && table.size < max) return;
    if (answer !== null) table.delete(key);
  }
}

function fingerprintOf(request: FastifyRequest): string {
  const { method, url, body, headers } = request;
  const hash = createHash('sha256').update(`${method} ${url}\n${headers.prefer ?? ''}\n${headers['if-match'] ?? ''}\n`);
  return hash.update(body instanceof Uint8Array ? body : (JSON.stringify(body) ?? '')).digest('base64');
}
