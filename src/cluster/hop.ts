// A request for a filesystem of another node goes on to that node, once. The owner does everything
// with it, from authentication on, as if the client had asked it. The body is not read here, unless
// it is so small that it can be kept and sent again.
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastifyReplyFrom } from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/problem.ts';
import type { NodeRow } from '../journal/cluster-store.ts';
import type { Places, Where } from './places.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** A body that was read before it was clear that the request is answered here. */
    keptBody: Buffer | null;
  }
}

export interface HopOptions {
  places: Places;
  /** The name of this node. */
  node: string;
  /** Calls `call` when a node counts as dead, unless the returned function was called before. */
  onDead(id: string, call: () => void): () => void;
  /** How long the owner may take to answer. */
  answerMs: number;
  /** Counts of this node. */
  counts: HopCounts;
}

export interface HopCounts {
  /** Requests that went on to another node. */
  hops: number;
  /** Requests of other nodes for filesystems that this one does not own. */
  misdirected: number;
}

/** The longest body that is kept. */
const keptBytesMax = 256 * 1024;
/** How long a request waits for an owner. */
const waitMs = 2000;
const pauseMs = 40;

const ownerChanging = (outcome: 'not_applied' | 'unknown'): HttpProblem =>
  new HttpProblem(
    'owner-changing',
    outcome === 'not_applied'
      ? 'The filesystem moves to another node of the cluster. The request was not done; try again.'
      : 'The node of the filesystem ended while it worked on the request. Whether the request was ' +
          'done is unknown; repeat it with the same Idempotency-Key.',
    { outcome },
  );

/** Call it after authentication is registered. Without a filesystem in its URL no request hops. */
export async function registerHop(app: FastifyInstance, options: HopOptions): Promise<void> {
  const { answerMs: headersTimeout, places, node } = options;
  await app.register(fastifyReplyFrom, {
    undici: { headersTimeout, bodyTimeout: 0, connections: 256, connect: { timeout: waitMs } },
    disableRequestLogging: true,
  });
  app.decorateRequest('keptBody', null);
  app.decorateRequest('wasHosted', false);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('pinhole-node', node);
    const { fs, tenant = request.caller?.tenant } = request.params as Params;
    // A refused ticket is reported here. Without a tenant there is no filesystem to look for.
    if (fs === undefined || tenant === undefined || tenant === null) return done();
    if (places.isHere(tenant, fs)) {
      request.wasHosted = true;
      return done();
    }
    const hop = new Hop(options, { request, reply, tenant, fs });
    hop.run().then((isHere) => {
      if (!isHere) return;
      request.wasHosted = places.isHere(tenant, fs);
      done();
    }, done);
  });
  app.addHook('preParsing', (request, _reply, payload, done) => {
    if (request.keptBody === null) return done(null, payload);
    const kept = Readable.from([request.keptBody]) as Readable & { receivedEncodedLength: number };
    kept.receivedEncodedLength = request.keptBody.length;
    done(null, kept);
  });
}

interface Params {
  fs?: string;
  tenant?: string;
}

interface Hopping {
  request: FastifyRequest;
  reply: FastifyReply;
  tenant: string;
  fs: string;
}

/** How an attempt ended. */
type Attempt =
  /** The answer of the owner is being sent. */
  | 'sent'
  /** The node did not get it, or is not the owner. */
  | 'not done'
  /** The connection broke after the request was sent. */
  | 'unknown';

type Answered = { headers: Record<string, unknown>; statusCode: number; stream: Readable };

class Hop {
  readonly #options: HopOptions;
  readonly #given: Hopping;
  /** The body cannot be sent a second time. */
  #spent = false;

  constructor(options: HopOptions, given: Hopping) {
    this.#options = options;
    this.#given = given;
  }

  /** True if the request must be answered here. Rejects with a problem. */
  async run(): Promise<boolean> {
    const { request, tenant, fs } = this.#given;
    const { places } = this.#options;
    const until = performance.now() + waitMs;
    for (;;) {
      const where = await this.#where(until);
      if (where.is === 'here') return true;
      if (where.is === 'there') {
        if (request.headers['pinhole-hop'] !== undefined) throw this.#misdirected();
        if (this.#redirect(where.node)) return false;
        const attempt = await this.#try(where.node);
        if (attempt === 'sent') return false;
        if (attempt === 'unknown' && !isSafe(request)) throw ownerChanging('unknown');
        places.forget(tenant, fs);
      }
      if (this.#spent || performance.now() >= until) throw ownerChanging('not_applied');
      await sleep(pauseMs);
    }
  }

  /** A database that does not answer must not hold up the request for longer than an owner may. */
  async #where(until: number): Promise<Where> {
    const { tenant, fs } = this.#given;
    const late = new AbortController();
    const changing: Where = { is: 'changing' };
    try {
      const rest = Math.max(0, until - performance.now());
      return await Promise.race([
        this.#options.places.where(tenant, fs),
        sleep(rest, changing, { signal: late.signal }),
      ]);
    } catch {
      return changing;
    } finally {
      late.abort();
    }
  }

  #misdirected(): HttpProblem {
    this.#options.counts.misdirected += 1;
    return new HttpProblem(
      'misdirected',
      'This node does not own the filesystem. The request was not done.',
      { outcome: 'not_applied' },
    );
  }

  #redirect(node: NodeRow): boolean {
    const { request, reply } = this.#given;
    const prefers = String(request.headers.prefer ?? '').split(',');
    if (!prefers.some((one) => one.trim().toLowerCase() === 'redirect')) return false;
    reply
      .code(307)
      .header('location', new URL(request.url, node.url as string).href)
      .header('preference-applied', 'redirect')
      .header('cache-control', 'no-store')
      .send();
    return true;
  }

  #try(node: NodeRow): Promise<Attempt> {
    this.#options.counts.hops += 1;
    const { raw } = this.#given.request as { raw: IncomingMessage & { upgrade?: boolean } };
    return raw.upgrade === true ? this.#join(node) : this.#send(node);
  }

  async #send(node: NodeRow): Promise<Attempt> {
    const { request, reply } = this.#given;
    const body = await this.#body();
    const { 'content-type': contentType = '' } = request.headers;
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (attempt: Attempt): void => {
        over = true;
        forget();
        resolve(attempt);
      };
      const forget = this.#options.onDead(node.id, () => end('unknown'));
      try {
        reply.from(request.url, {
          getUpstream: () => node.url as string,
          ...(body === null ? {} : { body, contentType: contentType || 'none' }),
          rewriteRequestHeaders: (_, headers) => this.#headersOf(headers),
          // The library copies the headers before it is known whether this is the answer.
          rewriteHeaders: () => ({}),
          retryDelay: () => null,
          onError: (_, { error }) => {
            if (!over) end(outcomeOf(error));
          },
          onResponse: (_, __, answered) => {
            const { statusCode, stream, headers } = answered as unknown as Answered;
            if (over || statusCode === 421) {
              stream.resume();
              if (!over) end('not done');
              return;
            }
            end('sent');
            for (const [name, value] of Object.entries(headers))
              if (!hopByHop.has(name)) reply.header(name, value);
            reply.send(stream);
          },
        });
      } catch (error) {
        reject(error);
      }
    });
  }

  #headersOf(headers: Record<string, unknown>): Record<string, string> {
    const { request } = this.#given;
    const { expect: _, 'content-type': type, ...sent } = headers;
    return {
      ...(sent as Record<string, string>),
      ...(request.headers['content-type'] === undefined ? {} : { 'content-type': String(type) }),
      host: request.headers.host ?? '',
      'x-request-id': String(request.id),
      'pinhole-hop': this.#options.node,
    };
  }

  /** Null if there is none, or if it is too long to be kept and can be sent only once. */
  async #body(): Promise<Buffer | null> {
    const { request, reply } = this.#given;
    if (request.keptBody !== null) return request.keptBody;
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    if (coding === undefined && length === '0') return null;
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
    if (coding !== undefined || Number(length) > keptBytesMax) {
      this.#spent = true;
      // The library sends a body that is a stream as it comes.
      request.body = request.raw;
      return null;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request.raw) chunks.push(chunk as Buffer);
    request.keptBody = Buffer.concat(chunks);
    return request.keptBody;
  }

  /** Joins the two sockets, so that every close code goes through. */
  #join(node: NodeRow): Promise<Attempt> {
    const { request, reply } = this.#given;
    const { raw } = request;
    const { hostname, port } = new URL(node.url as string);
    const theirs = connect({ host: hostname, port: Number(port || 80) });
    return new Promise((resolve) => {
      theirs.once('error', () => resolve('not done'));
      theirs.once('connect', () => {
        reply.hijack();
        theirs.write(this.#headOf(raw));
        pair(raw.socket, theirs);
        resolve('sent');
      });
    });
  }

  #headOf({ method, url, rawHeaders }: IncomingMessage): string {
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let at = 0; at < rawHeaders.length; at += 2)
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    lines.push(`Pinhole-Hop: ${this.#options.node}`);
    return `${lines.join('\r\n')}\r\n\r\n`;
  }
}

/** Headers that are of one connection only (RFC 9110 §7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

/** A read may be sent again when its connection broke. */
const isSafe = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

const notReached = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function outcomeOf(error: unknown): Attempt {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (notReached.has((at as { code?: string }).code ?? '')) return 'not done';
  return 'unknown';
}

/** What one side has sent still reaches the other one after it has closed. */
function pair(ours: Socket, theirs: Socket): void {
  ours.pipe(theirs).pipe(ours);
  ours.on('error', () => theirs.destroy()).once('close', () => theirs.destroySoon());
  theirs.on('error', () => ours.destroy()).once('close', () => ours.destroySoon());
}
