// What carries a stream to its reader: a WebSocket, or the body of an HTTP answer.
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
  /** The reader answers pings. */
  readonly answers: boolean;
  /** Bytes that wait for the reader. */
  buffered(): number;
  /** Bytes that the kernel of the machine has taken, where the reader answers pings. */
  taken(): number;
  send(message: string): void;
  /** The same for what the encoding has packed. */
  write(packed: Buffer): void;
  /** Calls once, when all that was sent until now has left for the kernel of the machine. */
  whenTaken(call: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(reason: Closing): void;
  terminate(): void;
  /** Called once, when the connection is gone; with what is known of the reason. */
  onGone(call: (reason: DisconnectReason) => void): void;
}

/** A reader that does not read the last messages is disconnected after this time. */
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
    // ws would make the head of the frame anew for each reader, and write it apart: half of what a
    // frame costs. Nothing that it queues itself can be overtaken, because nothing here is
    // compressed.
    write(packed) {
      if (socket.readyState === socket.OPEN) socket._socket.write(packed);
    },
    whenTaken(call) {
      // A write to an ended socket would call back at once with an error, each time. onGone reports
      // the end.
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
      // The client's time to answer begins when it has read everything before the close frame.
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

/** The head of the answer has been written. `beat` is what a ping is there. */
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
      // The bookmark was the last message already.
      if (reason === 'done') raw.end();
      else raw.end(encoding.message(closeOf(reason)));
      // A client that does not read does not see the end either.
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
