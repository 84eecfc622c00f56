// Large bodies and replies count as memory of their tenant while they are in flight, because a slow
// client can keep them there for minutes and a server can have thousands of such clients.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppContext } from './app-context.ts';
import { KernelFailure } from './problem.ts';

/** Shorter bodies and replies are not counted. */
const leastBytes = 65_536;

/**
 * Counts `bytes` until the answer is sent or the client disconnects. Throws if the tenant's quota
 * of memory, or the memory of the server, is used up.
 */
export function holdBytes(
  { engine }: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  bytes: number,
): void {
  const tenant = request.caller?.tenant;
  if (bytes < leastBytes || tenant == null || request.heldBytes >= bytes) return;
  const held = engine.hold(tenant, bytes - request.heldBytes);
  if (typeof held !== 'function') throw new KernelFailure(held.failure);
  // The event `close` of a client that has already disconnected is not emitted again.
  if (reply.raw.closed || reply.raw.destroyed) {
    held();
    return;
  }
  request.heldBytes = bytes;
  reply.raw.once('close', held);
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of this request and its reply that are counted as memory. */
    heldBytes: number;
  }
}
