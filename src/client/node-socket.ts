// A connection of Node, by `ws`. It stops reading while the iterating code is behind, so that the
// server notices a slow reader.
import { WebSocket } from 'ws';
import { MessageQueue, noteEnd } from './message-queue.ts';
import { type Connect, type Connection, type End, type Message, subprotocol } from './stream.ts';

/** Messages that may wait for the iterating code before the socket is paused. */
const waitingMax = 64;

export const connectNode: Connect = ({ url, token, signal }, subscription): Connection => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const options = { headers, perMessageDeflate: false };
  const socket = new WebSocket(url.replace(/^http/, 'ws'), subprotocol, options);
  const queue = new MessageQueue(() => {
    if (socket.isPaused) socket.resume();
  });
  let over = false;
  const stop = () => socket.close(1000);
  signal?.addEventListener('abort', stop, { once: true });
  const ended = new Promise<End>((resolve) => {
    const end: End = { code: 1006, why: 'the connection was lost', oldest: null };
    socket.on('open', () => socket.send(subscription));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as Message;
      noteEnd(end, message);
      queue.push(message);
      if (queue.length >= waitingMax) socket.pause();
    });
    socket.on('unexpected-response', (request, response) => {
      end.code = response.statusCode ?? 1006;
      end.why = `the server answered ${response.statusCode}`;
      request.destroy();
      socket.terminate();
    });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      if (end.code === 1006) end.code = code;
      if (reason.length > 0 && end.why.startsWith('the connection')) end.why = String(reason);
      over = true;
      signal?.removeEventListener('abort', stop);
      queue.end();
      resolve(end);
    });
  });
  return {
    ended,
    messages: () => queue.messages(),
    close() {
      if (!over) socket.terminate();
    },
  };
};
