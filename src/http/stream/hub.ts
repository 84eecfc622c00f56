// All event streams of the server: who may come in, whose turn it is to get a frame, and what was
// sent.
import type { Config } from '../../config.ts';
import type { EventRing } from '../../engine/event-ring.ts';
import { type HttpProblem, problemOf } from '../problem.ts';
import { type ClientHost, type ClientLimits, StreamClient, type Subscription } from './client.ts';
import { Feed, type FrameLimits } from './feed.ts';
import { type Closing, type DisconnectReason, disconnectReasons } from './messages.ts';
import type { Wire } from './wire.ts';

export interface HubLimits extends ClientLimits, FrameLimits {
  clientsMax: number;
  /** Bytes that may wait in the socket of one client. */
  bufferBytesMax: number;
  /** The same of all clients, each of which may have its part. */
  buffersBytesMax: number;
  clientsPerTenantMax: number;
  /** Subscriptions of all clients. */
  readersMax: number;
  /** How soon a reader learns that the filter hid something. */
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
  /** Events that the reader furthest behind has not got. */
  lagEvents(): number;
}

/**
 * Frames are sent for so long before other work has its turn: a request needs several turns, and
 * waits for a slice in each.
 */
const sliceMs = 1;
/** How long a client has to answer the close of a server that stops. */
const farewellMs = 1000;

/** The close code for a refusal that HTTP would answer with this status. */
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
    // All from the start: what a counter begins with does not count as an increase.
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
  /** Those that keep frames. */
  readonly #warm = new Set<StreamFeed>();
  #queue: Subscription[] = [];
  #scheduled = false;
  /** Those to whom something was hidden since they were told a position. */
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
    this.#bookmarks = setInterval(() => this.#tellHidden(), limits.bookmarkMs).unref();
  }

  /** The bound that one more stream of the tenant would pass, or null. */
  full(tenant: string): number | null {
    const { clientsMax, clientsPerTenantMax } = this.#limits;
    if (this.#clients.size >= clientsMax) return clientsMax;
    return (this.#ofTenant.get(tenant) ?? 0) >= clientsPerTenantMax ? clientsPerTenantMax : null;
  }

  /** Attaches everything synchronously, so that no message of the client is missed. */
  open(wire: Wire, tenant: string, ring: EventRing, mayStay: () => boolean): StreamClient {
    const feed = this.#feedOf(ring);
    const client = new StreamClient(wire, feed, this.#clientHost, mayStay);
    feed.readers.add(client);
    this.#clients.add(client);
    this.counts.clients += 1;
    this.#ofTenant.set(tenant, (this.#ofTenant.get(tenant) ?? 0) + 1);
    wire.onGone((reason) => this.#left(client, tenant, reason));
    if (this.closing) client.close('restart');
    // What stopped can still be read by who comes later.
    else if (!ring.stopped) client.endIfDone();
    return client;
  }

  /** A connection that ends as it begins, because only so can its page hear why. */
  refuse(wire: Wire, { type, message, extensions }: HttpProblem): void {
    const problem = problemOf(type, message, extensions);
    const reason = refusals[problem.status] ?? 'internal';
    wire.send(wire.encoding.message({ type: 'error', problem }));
    wire.close(reason);
    const late = setTimeout(() => wire.terminate(), farewellMs);
    wire.onGone(() => {
      clearTimeout(late);
      this.#count(reason);
    });
  }

  /** Resolves when every client is gone. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.#bookmarks);
    for (const client of this.#clients) client.close('restart');
    if (this.#clients.size === 0) return;
    const late = setTimeout(() => {
      for (const client of this.#clients) client.terminate();
    }, farewellMs);
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
    // Not at once: answers go out first, and the events of several turns share a frame.
    setImmediate(this.#flush);
  }

  /**
   * A frame for each in the queue, in their order; who has more to get stands behind those who have
   * had nothing yet.
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
      if (subscription.next !== subscription.told) this.#hidden.add(subscription);
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

  #tellHidden(): void {
    for (const subscription of this.#hidden) {
      if (!subscription.ended && subscription.next !== subscription.told)
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
