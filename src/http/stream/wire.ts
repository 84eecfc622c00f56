// The connection that carries a stream to its reader: a WebSocket, or the body of a response.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { closeOf, type Encoding } from './encoding.ts';
import {
  type Closing,
  closings,
  type DisconnectReason,
  reasonOf,
  reasonOfError,
} from './messages.ts';

export interface Wire {
  readonly encoding: Encoding;
  /** True if the reader answers pings. */
  readonly answers: boolean;
  /** Bytes that wait for the reader. */
  buffered(): number;
  /** Bytes that the operating system has accepted; only used where the reader answers pings. */
  taken(): number;
  send(message: string): void;
  /** Sends bytes that the encoding has packed. */
  write(packed: Buffer): void;
  /** Calls once, when the operating system has accepted everything that was sent before. */
  whenTaken(call: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(reason: Closing): void;
  terminate(): void;
  /** Called once, when the connection has closed, with the reason as far as it is known. */
  onGone(call: (reason: DisconnectReason) => void): void;
}

/** How long a reader has to read the last messages before it is disconnected, in milliseconds. */
const unreadEndMs = 30_000;
/**
 * How long a client that has read everything may take to answer a close frame and close its side.
 */
export const closeTimeoutMs = 800;

const textFrame = { binary: false, compress: false };

const nothing = Buffer.alloc(0);

export function webSocketWire(webSocket: WebSocket, encoding: Encoding): Wire {
  const socket = webSocket as WebSocket & { _socket: Socket };
  return {
    encoding,
    answers: true,
    buffered: () => socket._socket.writableLength,
    taken: () => socket._socket.bytesWritten - socket._socket.writableLength,
    send: (message) => socket.send(message, textFrame),
    // Not by ws, which would create a header for each reader and write it separately; that costs as
    // much as the rest of a frame. Writing to the socket cannot change the order, because ws queues
    // frames only for compression, which is off.
    write(packed) {
      if (socket.readyState === socket.OPEN) socket._socket.write(packed);
    },
    whenTaken(call) {
      // On an ended socket the write would call back at once with an error, again and again. onGone
      // reports the end.
      if (!socket._socket.writable) return;
      socket._socket.write(nothing, (error) => {
        if (!error) call();
      });
    },
    ping: () => socket.ping(),
    pause: () => socket.pause(),
    resume() {
      if (socket.isPaused) socket.resume();
    },
    close(reason) {
      const close = () => socket.close(closings[reason].code, reason);
      if (socket._socket.writableLength === 0) {
        close();
        return;
      }
      // The client's time to answer begins after it has read everything before the close frame.
      const late = setTimeout(() => socket.terminate(), unreadEndMs).unref();
      socket.once('close', () => clearTimeout(late));
      socket._socket.write(nothing, (error) => {
        if (!error) close();
      });
    },
    terminate: () => socket.terminate(),
    onGone(call) {
      let broken: DisconnectReason | null = null;
      socket.once('error', (error) => {
        broken = reasonOfError(error);
      });
      socket.once('close', (code) => call(broken ?? reasonOf(code)));
    },
  };
}

/** The head of the response must be written already. `beat` is the text that serves as a ping. */
export function responseWire(raw: ServerResponse, encoding: Encoding, beat: string): Wire {
  return {
    encoding,
    answers: false,
    buffered: () => raw.writableLength,
    taken: () => 0,
    send: (message) => raw.write(message),
    write: (packed) => raw.write(packed),
    whenTaken: (call) => raw.write(nothing, call),
    ping() {
      if (beat !== '') raw.write(beat);
    },
    pause() {},
    resume() {},
    close(reason) {
      // After `done` the bookmark was the last message, so no close message follows.
      if (reason === 'done') raw.end();
      else raw.end(encoding.message(closeOf(reason)));
      // A client that does not read does not see the end, so it is disconnected after a while.
      const late = setTimeout(() => raw.destroy(), unreadEndMs).unref();
      raw.once('close', () => clearTimeout(late));
    },
    terminate: () => raw.destroy(),
    onGone(call) {
      // A client that disconnects during a write is not an error of the server.
      raw.on('error', () => {});
      raw.once('close', () => call('client'));
    },
  };
}
