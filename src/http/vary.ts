import type { FastifyReply } from 'fastify';

/** Adds a header of the request to those on which the answer depends. */
export function addVary(reply: FastifyReply, name: string): void {
  const others = reply.getHeader('vary');
  reply.header('vary', others === undefined ? name : `${others}, ${name}`);
}
