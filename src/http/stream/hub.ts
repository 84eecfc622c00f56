// All event streams of the server: their limits, the order in which they get frames, and counts.
import type { Config } from '../../config.ts';
import type { EventRing } from '../../engine/event-ring.ts';
import { type HttpProblem, problemOf } from '../problem.ts';
import { type ClientHost, type ClientLimits, StreamClient, type Subscription } from './client.ts';
import { Feed, type FrameLimits } from './feed.ts';
import { type Closing, type DisconnectReason, disconnectReasons } from './messages.ts';
import type { Wire } from './wire.ts';

export interface HubLimits extends ClientLimits, FrameLimits {
  clientsMax: number;
  /** Maximum bytes that wait in the socket of one client. */
  bufferBytesMax: number;
  /** Maximum bytes that wait in all sockets; each client gets an equal share. */
  buffersBytesMax: number;
  clientsPerTenantMax: number;
  /** Maximum number of subscriptions of all clients. */
  readersMax: number;
  /** How soon a reader gets a bookmark if the filter hides all new events. */
  bookmarkMs: number;
}

export const streamLimitsOf = (config: Config): HubLimits => ({
  clientsMax: config.streamClientsMax,
  clientsPerTenantMax: config.streamClientsPerTenantMax,
  readersMax: config.streamReadersMax,
  subscriptionsMax: config.streamSubscriptionsMax,
  bufferBytesMax: config.streamBufferBytesMax,
  buffersBytesMax: config.streamBuffersBytesMax,
  eventsMax: config.streamFrameEventsMax,
  bytesMax: config.streamFrameBytesMax,
  heartbeatMs: config.streamHeartbeatMs,
  bookmarkMs: config.streamBookmarkMs,
});

/** Read by the metrics. */
export interface StreamCounts {
  clients: number;
  framesSent: number;
  eventsSent: number;
  bytesSent: number;
  disconnects: Map<DisconnectReason, number>;
  subscriptions: number;
  /** How many events the slowest reader is behind. */
  lagEvents(): number;
}

/**
 * How long frames are sent before the event loop serves other callbacks, in milliseconds. A request
 * needs several turns of the loop, and waits for one slice in each.
 */
const sliceMs = 1;
/** When the server stops, how long a client has to answer the close frame. */
const closeAnswerMs = 1000;

/** The close code that corresponds to the HTTP status of a refusal. */
const refusals: Record<number, Closing> = {
  400: 'bad-message',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'gone',
  429: 'too-many',
  503: 'restart',
};

type StreamFeed = Feed<StreamClient, Subscription>;

export class Hub {
  readonly counts: StreamCounts = {
    clients: 0,
    framesSent: 0,
    eventsSent: 0,
    bytesSent: 0,
    // All reasons begin at 0, because Prometheus does not count the first value as an increase.
    disconnects: new Map(disconnectReasons.map((reason) => [reason, 0])),
    subscriptions: 0,
    lagEvents: () => this.#lagEvents(),
  };
  closing = false;
  readonly #limits: HubLimits;
  readonly #clientHost: ClientHost;
  readonly #clients = new Set<StreamClient>();
  readonly #ofTenant = new Map<string, number>();
  readonly #feeds = new Map<EventRing, { feed: StreamFeed; stop: () => void }>();
  /** Feeds that cache frames. */
  readonly #warm = new Set<StreamFeed>();
  #queue: Subscription[] = [];
  #scheduled = false;
  /** Subscriptions whose filter hid events since their last reported position. */
  readonly #hidden = new Set<Subscription>();
  readonly #reasons = new WeakMap<StreamClient, DisconnectReason>();
  readonly #bookmarks: NodeJS.Timeout;
  #allGone: (() => void) | null = null;

  constructor(limits: HubLimits) {
    this.#limits = limits;
    this.#clientHost = {
      limits,
      bufferBytes: () =>
        Math.min(limits.bufferBytesMax, limits.buffersBytesMax / this.#clients.size),
      ready: (subscription) => this.#enqueue(subscription),
      mayRead: () => this.counts.subscriptions < limits.readersMax,
      reading: (more) => {
        this.counts.subscriptions += more;
      },
      sent: (frames, events, bytes) => {
        this.counts.framesSent += frames;
        this.counts.eventsSent += events;
        this.counts.bytesSent += bytes;
      },
      closing: (client, reason) => this.#reasons.set(client, reason),
    };
    this.#bookmarks = setInterval(() => this.#sendBookmarks(), limits.bookmarkMs).unref();
  }

  /** The limit that one more stream of the tenant would exceed, or null. */
  full(tenant: string): number | null {
    const { clientsMax, clientsPerTenantMax } = this.#limits;
    if (this.#clients.size >= clientsMax) return clientsMax;
    return (this.#ofTenant.get(tenant) ?? 0) >= clientsPerTenantMax ? clientsPerTenantMax : null;
  }

  /** Registers everything synchronously, so that no message of the client is missed. */
  open(wire: Wire, tenant: string, ring: EventRing, mayStay: () => boolean): StreamClient {
    const feed = this.#feedOf(ring);
    const client = new StreamClient(wire, feed, this.#clientHost, mayStay);
    feed.readers.add(client);
    this.#clients.add(client);
    this.counts.clients += 1;
    this.#ofTenant.set(tenant, (this.#ofTenant.get(tenant) ?? 0) + 1);
    wire.onGone((reason) => this.#left(client, tenant, reason));
    if (this.closing) client.close('restart');
    // The events of a stopped filesystem can still be read.
    else if (!ring.stopped) client.endIfDone();
    return client;
  }

  /** Opens a stream only to report a refusal, which a page cannot see otherwise. */
  refuse(wire: Wire, { type, message, extensions }: HttpProblem): void {
    const problem = problemOf(type, message, extensions);
    const reason = refusals[problem.status] ?? 'internal';
    wire.send(wire.encoding.message({ type: 'error', problem }));
    wire.close(reason);
    const late = setTimeout(() => wire.terminate(), closeAnswerMs);
    wire.onGone(() => {
      clearTimeout(late);
      this.#count(reason);
    });
  }

  /** Resolves when every client is disconnected. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.#bookmarks);
    for (const client of this.#clients) client.close('restart');
    if (this.#clients.size === 0) return;
    const late = setTimeout(() => {
      for (const client of this.#clients) client.terminate();
    }, closeAnswerMs);
    await new Promise<void>((resolve) => {
      this.#allGone = resolve;
    });
    clearTimeout(late);
  }

  #left(client: StreamClient, tenant: string, found: DisconnectReason): void {
    client.ended();
    const { feed } = client;
    feed.readers.delete(client);
    if (feed.readers.size === 0) {
      this.#feeds.get(feed.ring)?.stop();
      this.#feeds.delete(feed.ring);
    }
    this.#clients.delete(client);
    this.counts.clients -= 1;
    this.counts.subscriptions -= client.subscriptions.size;
    const left = (this.#ofTenant.get(tenant) ?? 1) - 1;
    if (left === 0) this.#ofTenant.delete(tenant);
    else this.#ofTenant.set(tenant, left);
    this.#count(this.#reasons.get(client) ?? found);
    if (this.#clients.size === 0) this.#allGone?.();
  }

  #count(reason: DisconnectReason): void {
    this.counts.disconnects.set(reason, (this.counts.disconnects.get(reason) ?? 0) + 1);
  }

  #feedOf(ring: EventRing): StreamFeed {
    const known = this.#feeds.get(ring);
    if (known !== undefined) return known.feed;
    const feed: StreamFeed = new Feed(ring, this.#limits);
    this.#feeds.set(ring, { feed, stop: ring.subscribe(() => this.#announce(feed)) });
    return feed;
  }

  #announce({ readers, subscriptions, ring }: StreamFeed): void {
    for (const subscription of subscriptions) this.#enqueue(subscription);
    if (ring.closed) for (const client of readers) client.endIfDone();
  }

  #enqueue(subscription: Subscription): void {
    if (subscription.queued) return;
    subscription.queued = true;
    this.#queue.push(subscription);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not at once: answers are sent first, and the events of several turns share a frame.
    setImmediate(this.#flush);
  }

  /**
   * Sends one frame to each subscription in the queue. A subscription with more to send goes to the
   * end of the queue, so that all get their turn.
   */
  readonly #flush = (): void => {
    const queue = this.#queue;
    const until = performance.now() + sliceMs;
    let at = 0;
    const { length } = queue;
    while (at < length) {
      const subscription = queue[at] as Subscription;
      at += 1;
      subscription.queued = false;
      this.#warm.add(subscription.client.feed);
      const more = subscription.client.pump(subscription) === 'more';
      if (subscription.next !== subscription.reported) this.#hidden.add(subscription);
      if (more) this.#enqueue(subscription);
      if ((at & 15) === 0 && performance.now() > until) break;
    }
    this.#queue = at < queue.length ? queue.slice(at) : [];
    this.#scheduled = this.#queue.length > 0;
    if (this.#scheduled) {
      setImmediate(this.#flush);
      return;
    }
    for (const feed of this.#warm) feed.forgetFrames();
    this.#warm.clear();
  };

  #sendBookmarks(): void {
    for (const subscription of this.#hidden) {
      if (!subscription.ended && subscription.next !== subscription.reported)
        subscription.client.bookmark(subscription);
    }
    this.#hidden.clear();
  }

  #lagEvents(): number {
    let most = 0;
    for (const { feed, subscriptions } of this.#clients) {
      for (const { next } of subscriptions.values())
        most = Math.max(most, feed.ring.nextSeq - next);
    }
    return most;
  }
}
