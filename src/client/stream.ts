// A reader of the event stream that reconnects: an async iterator that returns each event once and
// in order, even if connections are lost. Its only dependency is `ws`.
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { EventData, EventType } from '../kernel/events.ts';

interface Envelope {
  specversion: '1.0';
  /** Also the cursor after this event. */
  id: string;
  seq: number;
  epoch: string;
  source: string;
  subject?: string;
  time: string;
  operation?: string;
  /** The name of the operation. */
  op?: string;
}

/** For an event about a file: its inode, and whether the inode no longer had a name. */
interface Whose {
  ino?: number;
  unlinked?: true;
}

export type PinholeEvent = {
  [T in EventType]: Envelope & { type: `pinhole.${T}`; data: EventData<T> & Whose };
}[EventType];

export interface StreamOptions {
  /** `http://host:port/v1/events`, or the URL of the events of one filesystem. */
  url: string;
  token?: string;
  /** `now`, `oldest` or a cursor. */
  from?: string;
  filter?: {
    types?: string[];
    file?: string;
    ino?: number;
    range?: { offset: number; length: number };
  };
  /**
   * In the stream of a tenant: called for each filesystem that has stopped, again after each
   * reconnect. The stream continues.
   */
  onStopped?: (filesystem: string) => void;
  /**
   * What to do when events are no longer stored: end with a StreamGap, or continue with the oldest
   * stored event.
   */
  onGap?: 'throw' | 'continue';
  signal?: AbortSignal;
  /** Minimum and maximum of the backoff, which doubles; each wait is a random part of it. */
  delayMs?: { min: number; max: number };
}

/** The server refuses this reader permanently, so there is no reconnect. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
  /** A close code of the stream, or an HTTP status. */
  readonly code: number;

  constructor(code: number, why: string) {
    super(`${code}: ${why}`);
    this.code = code;
  }
}

/** Events were lost: those between `cursor` and `oldest`. */
export class StreamGap extends Error {
  override readonly name = 'StreamGap';
  readonly cursor: string;
  readonly oldest: string;

  constructor(cursor: string, oldest: string) {
    super(`the events between ${cursor} and ${oldest} are gone`);
    this.cursor = cursor;
    this.oldest = oldest;
  }
}

type Message =
  | { type: 'ack' | 'bookmark'; cursor: string }
  | { type: 'event'; cursor: string; events: PinholeEvent[] }
  | { type: 'stopped'; filesystem: string; cursor: string }
  | { type: 'gap'; oldest: string }
  | { type: 'error'; problem: { detail: string } }
  | { type: 'pong' };

/** How a connection ended. */
interface End {
  code: number;
  why: string;
  oldest: string | null;
}

const id = 'events';
/** Messages that may wait for the iterating code before the socket is paused. */
const waitingMax = 64;
/** Whether to reconnect soon, or after a longer time. */
const soon = new Set([1012, 4410, 4413]);
const later = new Set([1013, 4429, 429, 503]);
const never = new Set([1002, 1007, 1008, 1009, 4400, 4401, 4403, 4404]);

const isFinal = (code: number): boolean =>
  never.has(code) || (code >= 400 && code < 500 && !later.has(code));

/** Ends when `signal` is aborted; throws StreamRefused or StreamGap. */
export async function* events(options: StreamOptions): AsyncGenerator<PinholeEvent, void, void> {
  const { signal, delayMs = { min: 100, max: 10_000 }, onGap = 'throw' } = options;
  let cursor = options.from ?? 'now';
  const stopped = () => signal?.aborted ?? false;
  let attempts = 0;
  while (!stopped()) {
    const connection = new Connection(options, cursor);
    try {
      for await (const message of connection.messages()) {
        attempts = 0;
        if (message.type === 'event') yield* message.events;
        else if (message.type === 'stopped') options.onStopped?.(message.filesystem);
        if ('cursor' in message) cursor = message.cursor;
      }
    } finally {
      connection.close();
    }
    const { code, why, oldest } = await connection.ended;
    if (stopped()) return;
    if (oldest !== null) {
      if (onGap === 'throw') throw new StreamGap(cursor, oldest);
      cursor = oldest;
    } else if (isFinal(code)) throw new StreamRefused(code, why);
    attempts += 1;
    const most = later.has(code)
      ? delayMs.max
      : soon.has(code)
        ? delayMs.min
        : Math.min(delayMs.max, delayMs.min * 2 ** attempts);
    await sleep(Math.random() * most, undefined, signal === undefined ? {} : { signal }).catch(
      () => {},
    );
  }
}

class Connection {
  readonly ended: Promise<End>;
  readonly #socket: WebSocket;
  readonly #waiting: Message[] = [];
  #over = false;
  #wake: (() => void) | null = null;

  constructor({ url, token, filter, signal }: StreamOptions, from: string) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'pinhole.events.v1+json', {
      headers,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const stop = () => socket.close(1000);
    signal?.addEventListener('abort', stop, { once: true });
    this.ended = new Promise((resolve) => {
      const end: End = { code: 1006, why: 'the connection was lost', oldest: null };
      socket.on('open', () =>
        socket.send(
          JSON.stringify({
            type: 'subscribe',
            id,
            from,
            ...(filter === undefined ? {} : { filter }),
          }),
        ),
      );
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Message;
        if (message.type === 'gap') end.oldest = message.oldest;
        if (message.type === 'error') end.why = message.problem.detail;
        this.#waiting.push(message);
        if (this.#waiting.length >= waitingMax) socket.pause();
        this.#wake?.();
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
        this.#over = true;
        signal?.removeEventListener('abort', stop);
        this.#wake?.();
        resolve(end);
      });
    });
  }

  /** Messages until the connection ends, including those received before. */
  async *messages(): AsyncGenerator<Message, void, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        if (this.#waiting.length === 0 && this.#socket.isPaused) this.#socket.resume();
        yield message;
      } else if (this.#over) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
  }

  close(): void {
    if (!this.#over) this.#socket.terminate();
  }
}
