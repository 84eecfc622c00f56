// One reader on a fake connection: when it counts as alive, when it is paused, and when it
// continues.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventRing } from '../../src/engine/event-ring.ts';
import { type ClientHost, StreamClient, type Subscription } from '../../src/http/stream/client.ts';
import { json } from '../../src/http/stream/encoding.ts';
import { Feed } from '../../src/http/stream/feed.ts';
import type { Closing } from '../../src/http/stream/messages.ts';
import type { Wire } from '../../src/http/stream/wire.ts';
import type { KernelEvent } from '../../src/kernel/events.ts';

/** What the kernel of the machine takes is up to the test. */
class Pipe implements Wire {
  readonly encoding = json;
  readonly answers = true;
  readonly sent: string[] = [];
  waiting = 0;
  left = 0;
  paused = false;
  closedWith: Closing | null = null;
  #calls: (() => void)[] = [];

  buffered = () => this.waiting;
  taken = () => this.left;
  send(message: string): void {
    this.sent.push(message);
    this.waiting += message.length;
  }
  write(packed: Buffer): void {
    this.sent.push(packed.toString('latin1'));
    this.waiting += packed.length;
  }
  whenTaken(call: () => void): void {
    this.#calls.push(call);
  }
  ping(): void {}
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  close(reason: Closing): void {
    this.closedWith = reason;
  }
  terminate(): void {}
  onGone(): void {}

  take(bytes: number): void {
    const some = Math.min(bytes, this.waiting);
    this.waiting -= some;
    this.left += some;
    if (this.waiting > 0) return;
    const calls = this.#calls;
    this.#calls = [];
    for (const call of calls) call();
  }
}

const heartbeatMs = 1000;
let pipe: Pipe;
let ring: EventRing;
let client: StreamClient;
let ready: Subscription[];

beforeEach(() => {
  vi.useFakeTimers();
  pipe = new Pipe();
  ready = [];
  ring = new EventRing('e', 16);
  const host: ClientHost = {
    limits: { subscriptionsMax: 4, heartbeatMs },
    bufferBytes: () => 1500,
    ready: (subscription) => ready.push(subscription),
    mayRead: () => true,
    reading() {},
    sent() {},
    closing() {},
  };
  client = new StreamClient(
    pipe,
    new Feed(ring, { eventsMax: 4, bytesMax: 10_000 }),
    host,
    () => true,
  );
});
afterEach(() => {
  client.ended();
  vi.useRealTimers();
});

function happen(times = 1): void {
  for (let i = 0; i < times; i += 1) {
    const event = {
      timeMs: 0,
      type: 'clock.advanced',
      file: null,
      task: 0,
      data: { fromMs: 0, toMs: 1 },
    };
    ring.append({
      tenant: 't',
      filesystem: 'f',
      events: [event as unknown as KernelEvent],
      json: null,
    });
  }
}
const beats = (count: number) => vi.advanceTimersByTime(count * heartbeatMs);

describe('a heartbeat', () => {
  it('closes a client that did not answer two pings', () => {
    beats(2);
    expect(pipe.closedWith).toBeNull();
    beats(1);
    expect(pipe.closedWith).toBe('heartbeat');
  });

  it('lets live whose answer stands behind what it reads, for as long as it reads', () => {
    pipe.waiting = 100_000;
    for (let i = 0; i < 10; i += 1) {
      pipe.take(1000);
      beats(1);
    }
    expect(pipe.closedWith).toBeNull();
    beats(3);
    expect(pipe.closedWith).toBe('heartbeat');
  });

  it('ignores bytes that were sent long ago', () => {
    pipe.waiting = 1000;
    pipe.take(1000);
    beats(3);
    expect(pipe.closedWith).toBe('heartbeat');
  });
});

describe('a reader whose connection is full', () => {
  it('is paused until everything was sent, and then continues, once', () => {
    client.subscribe({ id: 'a', from: 'now' });
    const [subscription] = ready.splice(0) as [Subscription];
    happen(12);
    while (client.pump(subscription) === 'more') {}
    expect(pipe.waiting).toBeGreaterThan(1500);
    const { next } = subscription;
    expect(client.pump(subscription)).toBe('rest');
    expect(subscription.next).toBe(next);
    expect(ready).toEqual([]);
    pipe.take(10_000);
    expect(ready).toEqual([subscription]);
    while (client.pump(subscription) === 'more') pipe.take(10_000);
    expect(subscription.next).toBe(ring.nextSeq);
    expect(ready).toEqual([subscription]);
  });

  it('is closed when the log has moved on over it, and not before', () => {
    client.subscribe({ id: 'a', from: 'now' });
    const [subscription] = ready.splice(0) as [Subscription];
    happen(12);
    while (client.pump(subscription) === 'more') {}
    expect(subscription.next).toBeLessThan(ring.nextSeq);
    happen(8);
    client.pump(subscription);
    expect(pipe.closedWith).toBeNull();
    happen(8);
    client.pump(subscription);
    expect(pipe.closedWith).toBe('slow-reader');
    expect(subscription.ended).toBe(true);
    expect(client.feed.subscriptions.size).toBe(0);
  });

  it('is not listened to either, until it has taken its answers', () => {
    pipe.waiting = 5000;
    client.listenOrNot();
    expect(pipe.paused).toBe(true);
    pipe.take(4000);
    expect(pipe.paused).toBe(true);
    pipe.take(1000);
    expect(pipe.paused).toBe(false);
  });
});
