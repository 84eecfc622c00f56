// A reader of the event stream that reconnects: an async iterator that returns each event once and
// in order, even if connections are lost. It knows no WebSocket: node-socket.ts and
// browser-socket.ts each open one.
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
   * Called with true when the server has accepted a subscription, and with false when a connection
   * is lost. Between the two the reader knows everything up to the last event.
   */
  onConnected?: (connected: boolean) => void;
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
  readonly detail: string;

  constructor(code: number, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
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

export type Message =
  | { type: 'ack' | 'bookmark'; cursor: string }
  | { type: 'event'; cursor: string; events: PinholeEvent[] }
  | { type: 'stopped'; filesystem: string; cursor: string }
  | { type: 'gap'; oldest: string }
  | { type: 'error'; problem: { detail: string } }
  | { type: 'pong' };

/** How a connection ended. */
export interface End {
  code: number;
  why: string;
  oldest: string | null;
}

/** One connection, from its opening on. */
export interface Connection {
  readonly ended: Promise<End>;
  /** Messages until the connection ends, including those received before. */
  messages(): AsyncIterable<Message>;
  close(): void;
}

/** Opens a connection and subscribes with `subscription`, which is a message of the client. */
export type Connect = (options: StreamOptions, subscription: string) => Connection;

export const subprotocol = 'pinhole.events.v1+json';
/** Whether to reconnect soon, or after a longer time. */
const soon = new Set([1012, 4410, 4413]);
const later = new Set([1013, 4429, 429, 503]);
const never = new Set([1002, 1007, 1008, 1009, 4400, 4401, 4403, 4404]);

const isFinal = (code: number): boolean =>
  never.has(code) || (code >= 400 && code < 500 && !later.has(code));

/** Ends when the signal is aborted; throws StreamRefused or StreamGap. */
export type Events = (options: StreamOptions) => AsyncGenerator<PinholeEvent, void, void>;

export const eventsOver =
  (connect: Connect): Events =>
  (options) =>
    read(connect, options);

async function* read(
  connect: Connect,
  options: StreamOptions,
): AsyncGenerator<PinholeEvent, void, void> {
  const { signal, delayMs = { min: 100, max: 10_000 }, onGap = 'throw' } = options;
  let cursor = options.from ?? 'now';
  const stopped = () => signal?.aborted ?? false;
  let attempts = 0;
  while (!stopped()) {
    const connection = connect(options, subscriptionOf(options, cursor));
    try {
      for await (const message of connection.messages()) {
        attempts = 0;
        if (message.type === 'ack') options.onConnected?.(true);
        if (message.type === 'event') yield* message.events;
        else if (message.type === 'stopped') options.onStopped?.(message.filesystem);
        if ('cursor' in message) cursor = message.cursor;
      }
    } finally {
      connection.close();
    }
    const { code, why, oldest } = await connection.ended;
    options.onConnected?.(false);
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
    await sleep(Math.random() * most, signal);
  }
}

const subscriptionOf = ({ filter }: StreamOptions, from: string): string =>
  JSON.stringify({ type: 'subscribe', id: 'events', from, ...(filter && { filter }) });

/** Resolves after the time, or as soon as the signal is aborted. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
