// Messages of a client on a WebSocket: subscribe, unsubscribe, ping, and their answers.
import type { WebSocket } from '@fastify/websocket';
import { HttpProblem } from '../problem.ts';
import { parse } from '../schema.ts';
import type { StreamClient } from './client.ts';
import { type ClientMessage, zClientMessage } from './messages.ts';

/** Null if the data is not JSON. */
function jsonOf(data: unknown): { value: unknown } | null {
  try {
    return { value: JSON.parse(String(data)) };
  } catch {
    return null;
  }
}

/** Listens synchronously, so that no message is missed. */
export function converse(
  socket: WebSocket,
  client: StreamClient,
  messagesPerSecondMax: number,
): void {
  let second = 0;
  let messages = 0;
  socket.on('pong', () => client.alive());
  socket.on('ping', () => client.alive());
  socket.on('message', (data, isBinary) => {
    if (client.closed) return;
    client.alive();
    const now = Math.floor(performance.now() / 1000);
    messages = now === second ? messages + 1 : 1;
    second = now;
    if (messages > messagesPerSecondMax) {
      const detail = `A connection sends at most ${messagesPerSecondMax} messages a second.`;
      client.fail('policy', 'too-many-messages', detail, undefined, {
        limit: messagesPerSecondMax,
      });
      return;
    }
    const message = isBinary ? null : jsonOf(data);
    if (message === null) client.refuse('A message must be a text frame that contains JSON.');
    else receive(client, message.value);
    // Answers are sent without waiting, so a client that sends messages but does not read must be
    // paused.
    client.listenOrNot();
  });
}

function receive(client: StreamClient, raw: unknown): void {
  const parsed = zClientMessage.safeParse(raw);
  if (parsed.success) answer(client, parsed.data);
  else refuseIssues(client, raw);
}

function answer(client: StreamClient, message: ClientMessage): void {
  if (message.type === 'subscribe') client.subscribe(message);
  else if (message.type === 'unsubscribe') client.unsubscribe(message.id);
  else client.tell(message.id === undefined ? { type: 'pong' } : { type: 'pong', id: message.id });
}

/** Refuses a message with the problem that HTTP would answer. */
function refuseIssues(client: StreamClient, raw: unknown): void {
  const id = typeof raw === 'object' && raw !== null ? (raw as { id?: unknown }).id : undefined;
  const known = typeof id === 'string' && id.length <= 64 ? id : undefined;
  try {
    parse(zClientMessage, raw);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    client.fail('bad-message', 'bad-message', error.message, known, error.extensions);
  }
}
