// Bodies and replies of many bytes count as memory of their tenant for as long as they are on their
// way: a client may take its time, and a server may have thousands of them.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppContext } from './app-context.ts';
import { KernelFailure } from './problem.ts';

/** What is shorter is not worth the account. */
const leastBytes = 65_536;

/**
 * Until the answer has left, or the client is gone. Throws where the tenant, or the server, has no
 * room.
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
  // A client that has gone already will not be heard of again.
  if (reply.raw.closed || reply.raw.destroyed) {
    held();
    return;
  }
  request.heldBytes = bytes;
  reply.raw.once('close', held);
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Bytes of this exchange that are held. */
    heldBytes: number;
  }
}
