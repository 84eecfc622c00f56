// Stopping: connections that are open when the drain begins still get their answers.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Remembers which connections are open. The result resolves when all connections that are open at
 * its call are closed, or after `ms`; new ones are served meanwhile.
 */
export function lastAnswerOf(server: Server): (ms: number) => Promise<void> {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return async (ms) => {
    const until = performance.now() + ms;
    const waiting = [...open];
    for (;;) {
      server.closeIdleConnections();
      if (!waiting.some((socket) => open.has(socket)) || performance.now() >= until) return;
      await sleep(20);
    }
  };
}
