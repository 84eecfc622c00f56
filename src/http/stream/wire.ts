// What carries a stream to its reader: a WebSocket, or the body of an HTTP answer.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import { closeOf, type Encoding } from './encoding.ts';
import { type Closing, closings, type DisconnectReason, reasonOf, reasonOfError } from './messages.ts';

export interface Wire {
  readonly encoding: Encoding;
  /** The reader answers pings. */
  readonly answers: boolean;
  /** Bytes that wait for the reader. */
  buffered(): number;
  /** `written` is called when the message has left for the kernel of the machine. */
  send(message: string, written: () => void): void;
  /** The same for what the encoding has packed. */
  write(packed: Buffer, written: () => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(reason: Closing): void;
  terminate(): void;
  /** Called once, when the connection is gone; with what is known of the reason. */
  onGone(call: (reason: DisconnectReason) => void): void;
}

/** As long as ws waits for the answer to a close frame. */
const farewellMs = 30_000;

const textFrame = { binary: false, compress: false };

export function webSocketWire(socket: WebSocket, encoding: Encoding): Wire {
  return {
    encoding,
    answers: true,
    buffered: () => socket.bufferedAmount,
    send: (message, written) => socket.send(message, textFrame, written),
    // ws would make the head of the frame anew for each reader, and write it apart: half of what a frame costs. Nothing that it queues itself
    // can be overtaken, because nothing here is compressed.
    write(packed, written) {
      if (socket.readyState === socket.OPEN) (socket as WebSocket & { _socket: Socket })._socket.write(packed, written);
    },
    ping: () => socket.ping(),
    pause: () => socket.pause(),
    resume() {
      if (socket.isPaused) socket.resume();
    },
    close: (reason) => socket.close(closings[reason].code, reason),
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
    send: (message, written) => raw.write(message, written),
    write: (packed, written) => raw.write(packed, written),
    ping() {
      if (beat !== '') raw.write(beat);
    },
    pause() {},
    resume() {},
    close(reason) {
      // The bookmark was the last word already.
      if (reason === 'done') raw.end();
      else raw.end(encoding.message(closeOf(reason)));
      // Who does not read does not take the end either.
      const late = setTimeout(() => raw.destroy(), farewellMs).unref();
      raw.once('close', () => clearTimeout(late));
    },
    terminate: () => raw.destroy(),
    onGone(call) {
      // A reader that goes in the middle of a write is no error of ours.
      raw.on('error', () => {});
      raw.once('close', () => call('client'));
    },
  };
}
