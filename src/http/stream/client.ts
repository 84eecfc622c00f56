// One client of an event stream. It holds positions in a log, never events. While its connection is
// full, new events stay in the log; if the log discards them meanwhile, the client has lost them.
import type { Stop } from '../../engine/event-ring.ts';
import { type Problem, problemOf } from '../problem.ts';
import type { ProblemType } from '../problem-table.ts';
import { cursorOf, oldestCursor, placeOf } from './cursor.ts';
import type { Feed, FrameStyle } from './feed.ts';
import { filterOf } from './filter.ts';
import type { Closing, ServerMessage, Subscribe } from './messages.ts';
import type { Wire } from './wire.ts';

export interface ClientLimits {
  subscriptionsMax: number;
  heartbeatMs: number;
}

export interface Subscription {
  readonly client: StreamClient;
  readonly id: string;
  readonly style: FrameStyle;
  /** The number of the next event to read. */
  next: number;
  /** The last position that was reported to the client. */
  reported: number;
  /** Filesystems whose stop was reported to the client. */
  stops: readonly Stop[];
  /** The last frame did not reach the end of the log. */
  behind: boolean;
  /** It is in the queue of the hub. */
  queued: boolean;
  /** Nothing more is sent for it. */
  ended: boolean;
}

export interface ClientHost {
  readonly limits: ClientLimits;
  /** How many bytes may wait in a socket. With more, no further events are read from the log. */
  bufferBytes(): number;
  /** Call it when there may be something to read for this subscription. */
  ready(subscription: Subscription): void;
  /** False if the server has reached its maximum number of subscriptions. */
  mayRead(): boolean;
  /** The number of subscriptions changed by `more`. */
  reading(more: 1 | -1): void;
  sent(frames: number, events: number, bytes: number): void;
  /** The server closes the connection, for this reason. */
  closing(client: StreamClient, reason: Closing): void;
}

/** The result of pump(): `more` if another frame can be sent now, `rest` if not. */
export type Pumped = 'more' | 'rest';

const none: readonly Stop[] = [];

/**
 * A request that ends after the stored events. If there are none, it waits up to `waitMs` for the
 * next.
 */
interface Poll {
  waiting: boolean;
  /** The end of the log when the request came. */
  until: number;
  sent: boolean;
  late: NodeJS.Timeout | null;
}

export class StreamClient {
  readonly feed: Feed<StreamClient, Subscription>;
  readonly subscriptions = new Map<string, Subscription>();
  closed = false;
  readonly #wire: Wire;
  readonly #host: ClientHost;
  readonly #mayStay: () => boolean;
  #poll: Poll | null = null;
  #missed = 0;
  /** Bytes that were sent until the last heartbeat. */
  #lastTaken = 0;
  #stalled = false;
  #watching = false;
  readonly #heartbeat: NodeJS.Timeout;

  /**
   * `mayStay` says whether the token is still valid; it is called before each frame and heartbeat.
   */
  constructor(
    wire: Wire,
    feed: Feed<StreamClient, Subscription>,
    host: ClientHost,
    mayStay: () => boolean,
  ) {
    this.#wire = wire;
    this.feed = feed;
    this.#host = host;
    this.#mayStay = mayStay;
    this.#heartbeat = setInterval(() => this.#beat(), host.limits.heartbeatMs).unref();
  }

  subscribe({ id, from, filter }: Omit<Subscribe, 'type'>): void {
    if (this.closed || !this.#stays()) return;
    if (this.subscriptions.has(id)) {
      this.refuse(`A subscription ${id} exists already on this connection.`, id);
      return;
    }
    const { subscriptionsMax } = this.#host.limits;
    if (this.subscriptions.size >= subscriptionsMax) {
      this.fail(
        'too-many',
        'too-many-streams',
        `A connection has at most ${subscriptionsMax} subscriptions.`,
        id,
        {
          limit: subscriptionsMax,
        },
      );
      return;
    }
    if (!this.#host.mayRead()) {
      this.fail(
        'busy',
        'too-many-streams',
        'The server has reached --stream-readers-max, the maximum number of subscriptions.',
        id,
      );
      return;
    }
    const next = placeOf(this.feed.ring, from);
    if (next === null) {
      this.gap(id);
      return;
    }
    const style = this.feed.style(id, this.#wire.encoding, filterOf(filter));
    const subscription: Subscription = {
      client: this,
      id,
      style,
      next,
      reported: next,
      stops: none,
      behind: false,
      queued: false,
      ended: false,
    };
    this.subscriptions.set(id, subscription);
    this.feed.subscriptions.add(subscription);
    this.#host.reading(1);
    this.tell({ type: 'ack', id, cursor: this.#cursor(next) });
    this.#host.ready(subscription);
  }

  unsubscribe(id: string): void {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) {
      this.refuse(`There is no subscription ${id} on this connection.`, id);
      return;
    }
    this.subscriptions.delete(id);
    this.#end(subscription);
    this.#host.reading(-1);
    this.tell({ type: 'ack', id, cursor: this.#cursor(subscription.next) });
    this.endIfDone();
  }

  /**
   * Ends the stream after the events that are stored now. With `waitMs`, if the filter shows none
   * of them, ends it after the first event that it shows. Call it before subscribe().
   */
  poll(waitMs: number): void {
    this.#poll = { waiting: waitMs > 0, until: this.feed.ring.nextSeq, sent: false, late: null };
    if (waitMs > 0) this.#poll.late = setTimeout(() => this.stopWaiting(), waitMs);
  }

  /** Ends the wait of a poll. */
  stopWaiting(): void {
    if (this.#poll === null) return;
    this.#poll.waiting = false;
    this.endIfDone();
  }

  /** Sends at most one frame of events. */
  pump(subscription: Subscription): Pumped {
    if (subscription.ended) return 'rest';
    const { ring } = this.feed;
    if (subscription.next >= ring.nextSeq) {
      subscription.behind = false;
      this.#tellStops(subscription);
      this.endIfDone();
      return 'rest';
    }
    if (this.#isFull()) {
      this.#stalled = true;
      this.#watch();
      if (subscription.next < ring.oldestSeq) this.#tooSlow(subscription);
      return 'rest';
    }
    if (!this.#stays()) return 'rest';
    const frame = this.feed.frame(subscription.next, subscription.style);
    if (frame === null) {
      if (subscription.behind) this.#tooSlow(subscription);
      else this.gap(subscription.id);
      return 'rest';
    }
    subscription.next = frame.nextSeq;
    if (frame.events > 0) {
      subscription.reported = frame.nextSeq;
      if (this.#poll !== null) this.#poll.sent = true;
      for (const message of frame.messages) this.#wire.write(message);
      this.#host.sent(frame.messages.length, frame.events, frame.bytes);
    }
    subscription.behind = subscription.next < ring.nextSeq;
    this.#tellStops(subscription);
    this.endIfDone();
    return subscription.behind && !this.closed ? 'more' : 'rest';
  }

  /**
   * Reports the position of the reader, unless frames still wait in the socket; those report it,
   * too.
   */
  bookmark(subscription: Subscription): void {
    if (this.closed || this.#isFull() || !this.#stays()) return;
    this.#bookmark(subscription);
  }

  /**
   * Closes the stream if the log has ended and every subscription has read all of it, or if a poll
   * has enough events.
   */
  endIfDone(): void {
    if (this.closed) return;
    const { ring } = this.feed;
    if (this.#poll !== null && this.#hasEnough(this.#poll)) {
      for (const subscription of this.subscriptions.values()) this.#bookmark(subscription);
      this.close('done');
      return;
    }
    if (!ring.closed) return;
    for (const { next } of this.subscriptions.values()) if (next < ring.nextSeq) return;
    if (ring.moved) this.close('restart');
    else if (ring.stopped)
      this.fail(
        'stopped',
        'filesystem-stopped',
        'The filesystem has stopped; see the problem type filesystem-stopped.',
      );
    else this.close('gone');
  }

  /** The events after the cursor are no longer stored. */
  gap(id: string): void {
    this.tell({ type: 'gap', id, oldest: oldestCursor(this.feed.ring) });
    this.close('gap');
  }

  refuse(detail: string, id?: string): void {
    this.fail('bad-message', 'bad-message', detail, id);
  }

  fail(
    reason: Closing,
    type: ProblemType,
    detail: string,
    id?: string,
    extensions?: Record<string, unknown>,
  ): void {
    this.failWith(reason, problemOf(type, detail, extensions), id);
  }

  failWith(reason: Closing, problem: Problem, id?: string): void {
    this.tell(id === undefined ? { type: 'error', problem } : { type: 'error', id, problem });
    this.close(reason);
  }

  tell(message: ServerMessage): void {
    if (!this.closed) this.#wire.send(this.#wire.encoding.message(message));
  }

  close(reason: Closing): void {
    if (this.closed) return;
    this.ended();
    this.#host.closing(this, reason);
    this.#wire.close(reason);
  }

  /** Nothing more is sent. */
  ended(): void {
    this.closed = true;
    for (const subscription of this.subscriptions.values()) this.#end(subscription);
    clearInterval(this.#heartbeat);
    if (this.#poll?.late) clearTimeout(this.#poll.late);
  }

  terminate(): void {
    this.#wire.terminate();
  }

  /** The reader sent something, so it is alive. */
  alive(): void {
    this.#missed = 0;
  }

  /** Stops reading messages from a client that does not read its answers. */
  listenOrNot(): void {
    if (this.closed || !this.#isFull()) return;
    this.#wire.pause();
    this.#watch();
  }

  #end(subscription: Subscription): void {
    subscription.ended = true;
    this.feed.subscriptions.delete(subscription);
  }

  #hasEnough({ waiting, sent, until }: Poll): boolean {
    const { ring } = this.feed;
    const waits = waiting && !sent;
    if (waits && !ring.closed) return false;
    // The log ends, so its last events are all that the poll can still get.
    const end = waits ? ring.nextSeq : until;
    for (const { next } of this.subscriptions.values()) if (next < end) return false;
    return this.subscriptions.size > 0;
  }

  #bookmark(subscription: Subscription): void {
    subscription.reported = subscription.next;
    this.tell({ type: 'bookmark', id: subscription.id, cursor: this.#cursor(subscription.next) });
  }

  /** Reports filesystems that stopped before the position of the reader. */
  #tellStops(subscription: Subscription): void {
    const { stops } = this.feed.ring;
    if (stops === subscription.stops) return;
    if (this.#isFull()) {
      this.#stalled = true;
      this.#watch();
      return;
    }
    const { id, next } = subscription;
    const reached = stops.filter(({ seq }) => seq <= next);
    for (const stop of reached) {
      if (subscription.stops.includes(stop)) continue;
      const { filesystem } = stop;
      const problem = problemOf(
        'filesystem-stopped',
        `The filesystem ${filesystem} has stopped and does not answer requests.`,
      );
      this.tell({ type: 'stopped', id, filesystem, cursor: this.#cursor(next), problem });
      subscription.reported = next;
    }
    subscription.stops = reached.length === stops.length ? stops : reached;
  }

  #tooSlow({ id, next }: Subscription): void {
    const { ring } = this.feed;
    const detail =
      `The reader was at ${this.#cursor(next)}, and the oldest event still stored is at ` +
      `${this.#cursor(ring.oldestSeq)}. Subscribe again from \`oldest\`.`;
    this.fail('slow-reader', 'slow-reader', detail, id, { oldest: oldestCursor(this.feed.ring) });
  }

  /** The cursor of the event before `next`. */
  #cursor(next: number): string {
    return cursorOf(this.feed.ring.epoch, next - 1);
  }

  #isFull(): boolean {
    return this.#wire.buffered() > this.#host.bufferBytes();
  }

  /** Asks the wire for a callback when the socket has space again. */
  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#wire.whenTaken(this.#taken);
  }

  readonly #taken = (): void => {
    this.#watching = false;
    if (this.closed) return;
    if (this.#isFull()) {
      this.#watch();
      return;
    }
    this.#wire.resume();
    if (!this.#stalled) return;
    this.#stalled = false;
    for (const subscription of this.subscriptions.values()) this.#host.ready(subscription);
  };

  /** False if the token is no longer valid; then the stream is closed. */
  #stays(): boolean {
    if (this.#mayStay()) return true;
    this.fail('unauthorized', 'unauthorized', 'The token expired or was revoked.');
    return false;
  }

  #beat(): void {
    if (!this.#stays()) return;
    // A slow reader answers a ping only after it has read everything before the ping. So progress
    // in reading also counts as a sign of life.
    const taken = this.#wire.taken();
    if (taken > this.#lastTaken && this.#wire.buffered() > 0) this.#missed = 0;
    this.#lastTaken = taken;
    if (this.#wire.answers) {
      if (this.#missed >= 2) {
        this.close('heartbeat');
        return;
      }
      this.#missed += 1;
    }
    if (this.#wire.answers || !this.#isFull()) this.#wire.ping();
    for (const subscription of this.subscriptions.values()) this.bookmark(subscription);
  }
}
