// gzip for large answers, if the client asks for it. zlib works in the thread pool, so the event
// loop goes on meanwhile. Only GET and HEAD are compressed: an answer that shows a token has another
// method. Bytes, pieces of them, and streams are sent as they are.
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { Contract } from './contract.ts';
import { addVary } from './vary.ts';

/** In characters. Below it the client gains nothing. */
const compressedMin = 4096;
const compressedMax = 16 * 1024 * 1024;

/**
 * The journal uses the same threads of libuv, of which there are four. Further answers are sent
 * uncompressed.
 */
const atOnceMax = 2;
let running = 0;

/** The fastest level saves 90 % of the bytes of /metrics, the slowest 91 % in ten times the time. */
const options = { level: constants.Z_BEST_SPEED, chunkSize: 65_536 };

/**
 * A strong ETag names the bytes that are sent, so the compressed answer has another one. Conditions
 * of requests accept both; see conditional.ts.
 */
const suffix = '--gzip"';
export const plainTag = (tag: string): string =>
  tag.endsWith(suffix) ? `${tag.slice(0, -suffix.length)}"` : tag;
const zippedTag = (tag: string): string => tag.replace(/"$/, suffix);

/** Call it before the routes are registered. Other routes get no hook. */
export function compressAnswers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { contract } = route.config ?? {};
    if (contract === undefined || !isCompressible(contract)) return;
    // Before the hook with which Fastify replaces the payload of HEAD by its length.
    route.onSend = [onSend, ...[route.onSend ?? []].flat()];
  });
}

const isCompressible = ({ method, range, webSocket, name }: Contract): boolean =>
  method === 'GET' && range !== true && webSocket !== true && name !== 'page';

type Done = (error: Error | null, payload?: unknown) => void;

function onSend(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  if (reply.statusCode === 304) sameTag(request, reply);
  if (typeof payload !== 'string' || payload.length < compressedMin) {
    done(null, payload);
    return;
  }
  addVary(reply, 'Accept-Encoding');
  if (payload.length > compressedMax || running >= atOnceMax || !acceptsGzip(request)) {
    done(null, payload);
    return;
  }
  running += 1;
  gzip(payload, options, (error, zipped) => {
    running -= 1;
    if (error !== null) {
      done(error);
      return;
    }
    reply.header('content-encoding', 'gzip');
    const etag = reply.getHeader('etag');
    if (typeof etag === 'string') reply.header('etag', zippedTag(etag));
    done(null, zipped);
  });
}

function acceptsGzip({ headers }: FastifyRequest): boolean {
  if (headers['accept-encoding'] === undefined) return false;
  return new Negotiator({ headers }).encoding(['gzip', 'identity']) === 'gzip';
}

/** A 304 has the ETag that the client has stored, or caches would not recognize the answer. */
function sameTag({ headers }: FastifyRequest, reply: FastifyReply): void {
  const etag = reply.getHeader('etag');
  if (typeof etag !== 'string') return;
  addVary(reply, 'Accept-Encoding');
  const zipped = zippedTag(etag);
  if (headers['if-none-match']?.includes(zipped)) reply.header('etag', zipped);
}
