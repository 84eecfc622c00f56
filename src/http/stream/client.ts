// One WebSocket. It holds positions in a log, never events: what its socket does not take stays in the log, and is lost to it when the log
// moves on.
import type { WebSocket } from '@fastify/websocket';
import { HttpProblem, type Problem, type ProblemType, problemOf } from '../problem.ts';
import { parse } from '../schema.ts';
import { cursorOf, parseCursor } from './cursor.ts';
import { type Feed, type FrameStyle, frameStyle } from './feed.ts';
import { filterOf } from './filter.ts';
import { type ClientMessage, type Closing, closings, type ServerMessage, type Subscribe, zClientMessage } from './messages.ts';

export interface ClientLimits {
  /** Bytes that may wait in the socket before the log is left alone. */
  bufferBytesMax: number;
  subscriptionsMax: number;
  heartbeatMs: number;
}

export interface Subscription {
  readonly client: StreamClient;
  readonly id: string;
  readonly style: FrameStyle;
  /** The next event to read. */
  next: number;
  /** The position that the client was told last. */
  told: number;
  /** There was more to read at the last look. */
  behind: boolean;
  /** Stands in the hub's queue. */
  queued: boolean;
}

export interface ClientHost {
  readonly limits: ClientLimits;
  /** There may be something to read. */
  ready(subscription: Subscription): void;
  sent(events: number, bytes: number): void;
  /** The server closes the connection, for this reason. */
  closing(client: StreamClient, reason: Closing): void;
}

/** The two answers of a pump: look again soon, or wait until something happens. */
export type Pumped = 'more' | 'rest';

const textFrame = { binary: false, compress: false };

/** Null where it is not JSON. */
function jsonOf(data: unknown): { value: unknown } | null {
  try {
    return { value: JSON.parse(String(data)) };
  } catch {
    return null;
  }
}

export class StreamClient {
  readonly feed: Feed<StreamClient>;
  readonly subscriptions = new Map<string, Subscription>();
  closed = false;
  readonly #socket: WebSocket;
  readonly #host: ClientHost;
  readonly #mayStay: () => boolean;
  #missed = 0;
  #moved = false;
  #stalled = false;
  readonly #heartbeat: NodeJS.Timeout;

  /** `mayStay` is asked with every heartbeat: is the token still good? */
  constructor(socket: WebSocket, feed: Feed<StreamClient>, host: ClientHost, mayStay: () => boolean) {
    this.#socket = socket;
    this.feed = feed;
    this.#host = host;
    this.#mayStay = mayStay;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => this.#alive());
    socket.on('ping', () => this.#alive());
    this.#heartbeat = setInterval(() => this.#beat(), host.limits.heartbeatMs).unref();
  }

  subscribe({ id, from, filter }: Omit<Subscribe, 'type'>): void {
    if (this.closed) return;
    if (this.subscriptions.has(id)) {
      this.#refuse(`There already is a subscription ${id}.`, id);
      return;
    }
    const { subscriptionsMax } = this.#host.limits;
    if (this.subscriptions.size >= subscriptionsMax) {
      this.fail('too-many', 'too-many-streams', `A connection has at most ${subscriptionsMax} subscriptions.`, id, {
        limit: subscriptionsMax,
      });
      return;
    }
    const next = this.#positionOf(from);
    if (next === null) {
      this.gap(id);
      return;
    }
    const style = frameStyle(id, filterOf(filter));
    const subscription: Subscription = { client: this, id, style, next, told: next, behind: false, queued: false };
    this.subscriptions.set(id, subscription);
    this.#tell({ type: 'ack', id, cursor: this.#cursor(next) });
    this.#host.ready(subscription);
  }

  /** Sends one frame at most. */
  pump(subscription: Subscription): Pumped {
    if (this.closed || this.subscriptions.get(subscription.id) !== subscription) return 'rest';
    const { ring } = this.feed;
    if (subscription.next >= ring.nextSeq) {
      subscription.behind = false;
      this.endIfDone();
      return 'rest';
    }
    if (this.#socket.bufferedAmount > this.#host.limits.bufferBytesMax) {
      this.#stalled = true;
      if (subscription.next < ring.oldestSeq) this.#tooSlow(subscription);
      return 'rest';
    }
    const frame = this.feed.frame(subscription.next, subscription.style);
    if (frame === null) {
      if (subscription.behind) this.#tooSlow(subscription);
      else this.gap(subscription.id);
      return 'rest';
    }
    subscription.next = frame.nextSeq;
    if (frame.data !== null) {
      subscription.told = frame.nextSeq;
      this.#socket.send(frame.data, textFrame, this.#written);
      this.#host.sent(frame.events, frame.data.length);
    }
    subscription.behind = subscription.next < ring.nextSeq;
    if (subscription.behind) return 'more';
    this.endIfDone();
    return 'rest';
  }

  /** Tells where the reader stands, unless there is a frame on its way that does. */
  bookmark(subscription: Subscription): void {
    if (this.closed || this.#isFull()) return;
    subscription.told = subscription.next;
    this.#tell({ type: 'bookmark', id: subscription.id, cursor: this.#cursor(subscription.next) });
  }

  /** The log has ended and every subscription has read it to its end. */
  endIfDone(): void {
    const { ring } = this.feed;
    if (!ring.closed) return;
    for (const { next } of this.subscriptions.values()) if (next < ring.nextSeq) return;
    this.close('gone');
  }

  /** What lies behind the cursor is not kept. */
  gap(id: string): void {
    this.#tell({ type: 'gap', id, oldest: this.#cursor(this.feed.ring.oldestSeq) });
    this.close('gap');
  }

  fail(reason: Closing, type: ProblemType, detail: string, id?: string, extensions?: Record<string, unknown>): void {
    this.#tellProblem(problemOf(type, detail, extensions), id);
    this.close(reason);
  }

  close(reason: Closing): void {
    if (this.closed) return;
    this.ended();
    this.#host.closing(this, reason);
    this.#socket.close(closings[reason].code, reason);
  }

  /** Nothing is sent any more. */
  ended(): void {
    this.closed = true;
    clearInterval(this.#heartbeat);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #tooSlow({ id, next }: Subscription): void {
    const { ring } = this.feed;
    const detail = `The reader stood at ${this.#cursor(next)} when the log had moved on to ${this.#cursor(ring.oldestSeq)}.`;
    this.fail('slow-reader', 'slow-reader', detail, id, { oldest: this.#cursor(ring.oldestSeq) });
  }

  #positionOf(from: string): number | null {
    const { ring } = this.feed;
    if (from === 'now') return ring.nextSeq;
    if (from === 'oldest') return ring.oldestSeq;
    const cursor = parseCursor(from);
    if (cursor === null || cursor.epoch !== ring.epoch) return null;
    const next = cursor.seq + 1;
    return next < ring.oldestSeq || next > ring.nextSeq ? null : next;
  }

  /** The cursor with which reading goes on at `next`. */
  #cursor(next: number): string {
    return cursorOf(this.feed.ring.epoch, next - 1);
  }

  #receive(data: unknown, isBinary: boolean): void {
    if (this.closed) return;
    this.#alive();
    const message = isBinary ? null : jsonOf(data);
    if (message === null) {
      this.#refuse('A message is text, and JSON.');
      return;
    }
    const parsed = zClientMessage.safeParse(message.value);
    if (parsed.success) this.#answer(parsed.data);
    else this.#refuseIssues(message.value);
    // Answers wait for nobody, so a client that asks and does not read is not listened to.
    if (!this.closed && this.#isFull()) this.#socket.pause();
  }

  #answer(message: ClientMessage): void {
    if (message.type === 'subscribe') this.subscribe(message);
    else if (message.type === 'unsubscribe') this.#unsubscribe(message.id);
    else this.#tell(message.id === undefined ? { type: 'pong' } : { type: 'pong', id: message.id });
  }

  #unsubscribe(id: string): void {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) {
      this.#refuse(`There is no subscription ${id}.`, id);
      return;
    }
    this.subscriptions.delete(id);
    this.#tell({ type: 'ack', id, cursor: this.#cursor(subscription.next) });
    this.endIfDone();
  }

  /** The same problem that HTTP would answer. */
  #refuseIssues(raw: unknown): void {
    const id = typeof raw === 'object' && raw !== null ? (raw as { id?: unknown }).id : undefined;
    const known = typeof id === 'string' && id.length <= 64 ? id : undefined;
    try {
      parse(zClientMessage, raw);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      this.fail('bad-message', 'bad-message', error.message, known, error.extensions);
    }
  }

  #refuse(detail: string, id?: string): void {
    this.fail('bad-message', 'bad-message', detail, id);
  }

  #tellProblem(problem: Problem, id: string | undefined): void {
    this.#tell(id === undefined ? { type: 'error', problem } : { type: 'error', id, problem });
  }

  #tell(message: ServerMessage): void {
    if (!this.closed) this.#socket.send(JSON.stringify(message), textFrame, this.#written);
  }

  #isFull(): boolean {
    return this.#socket.bufferedAmount > this.#host.limits.bufferBytesMax;
  }

  /** Called for every message that left for the kernel of the machine. */
  readonly #written = (): void => {
    this.#moved = true;
    if (this.closed || this.#socket.bufferedAmount > this.#host.limits.bufferBytesMax / 2) return;
    if (this.#socket.isPaused) this.#socket.resume();
    if (!this.#stalled) return;
    this.#stalled = false;
    for (const subscription of this.subscriptions.values()) this.#host.ready(subscription);
  };

  #alive(): void {
    this.#missed = 0;
  }

  #beat(): void {
    if (!this.#mayStay()) {
      this.fail('unauthorized', 'unauthorized', 'The token expired or was revoked.');
      return;
    }
    // A slow reader's pong stands behind all that it has not read; while it reads on, it lives.
    if (this.#moved && this.#socket.bufferedAmount > 0) this.#missed = 0;
    this.#moved = false;
    if (this.#missed >= 2) {
      this.close('heartbeat');
      return;
    }
    this.#missed += 1;
    this.#socket.ping();
    for (const subscription of this.subscriptions.values()) this.bookmark(subscription);
  }
}
