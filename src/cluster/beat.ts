// The lease of this process, and which other processes are alive. A process raises its beat in the
// store, and it may serve reads for a while after that. Another process may take its places when it
// has seen the same beat for longer than that. Clocks of different machines are never compared.
import type { Beat, ClusterStore, NodeInfo, NodeRow } from '../journal/cluster-store.ts';

/** The two clocks of this process, in milliseconds. */
export interface Clocks {
  /** Never goes back, but may stand still while the machine is suspended. */
  monotonicMs(): number;
  /** Goes on while the machine is suspended, but may jump. */
  wallMs(): number;
}

const clocksOfProcess: Clocks = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

interface Instant {
  monotonicMs: number;
  wallMs: number;
}

/** How long before its end a process stops to serve, as a part of the lease. */
const marginPart = 1 / 6;
/** A process that has not read the beats for this part of a lease begins to count anew. */
const gapPart = 1 / 2;

export class Lease {
  readonly #leaseMs: number;
  readonly #clocks: Clocks;
  #since: Instant | null = null;

  constructor(leaseMs: number, clocks: Clocks) {
    this.#leaseMs = leaseMs;
    this.#clocks = clocks;
  }

  /** Take it before a beat is sent, because the lease counts from there and not from the answer. */
  now(): Instant {
    return { monotonicMs: this.#clocks.monotonicMs(), wallMs: this.#clocks.wallMs() };
  }

  /** The beat that was sent at `sent` is acknowledged. */
  renew(sent: Instant): void {
    this.#since = sent;
  }

  /** Nothing may be served until the next beat. */
  end(): void {
    this.#since = null;
  }

  /** Whether state may be shown now. Ask in the same turn of the event loop that reads the state. */
  get holds(): boolean {
    if (this.#since === null) return false;
    const servedMs = this.#leaseMs * (1 - marginPart);
    const { monotonicMs, wallMs } = this.#since;
    return (
      this.#clocks.monotonicMs() - monotonicMs < servedMs &&
      this.#clocks.wallMs() - wallMs < servedMs
    );
  }
}

interface Seen {
  node: NodeRow;
  /** Since when its beat is the same, by the monotonic clock. */
  sinceMs: number;
}

/** What this process knows of all processes. */
export class Nodes {
  readonly #leaseMs: number;
  readonly #monotonicMs: () => number;
  readonly #seen = new Map<string, Seen>();
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(leaseMs: number, { monotonicMs }: Pick<Clocks, 'monotonicMs'>) {
    this.#leaseMs = leaseMs;
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Takes in one reading. After a gap between two readings everybody is counted anew: a beat that
   * this process could not see is no sign that a process is dead.
   */
  read({ nodes }: Pick<Beat, 'nodes'>): void {
    const nowMs = this.#monotonicMs();
    const gap = nowMs - this.#readMs > this.#leaseMs * gapPart;
    this.#readMs = nowMs;
    const gone = new Set(this.#seen.keys());
    for (const node of nodes) {
      gone.delete(node.id);
      const before = this.#seen.get(node.id);
      const same = !gap && before !== undefined && before.node.beat === node.beat;
      this.#seen.set(node.id, { node, sinceMs: same ? before.sinceMs : nowMs });
    }
    for (const id of gone) this.#seen.delete(id);
  }

  /** In the order of their ids. */
  all(): NodeRow[] {
    return [...this.#seen.values()].map(({ node }) => node).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(id: string): NodeRow | undefined {
    return this.#seen.get(id)?.node;
  }

  /**
   * Whether its beat was the same in all readings of a whole lease. Counted to the last reading, so
   * that time without readings counts for nothing. A process without a row is dead, too.
   */
  isDead(id: string): boolean {
    const seen = this.#seen.get(id);
    return seen === undefined || this.#readMs - seen.sinceMs >= this.#leaseMs;
  }
}

interface HeartbeatOptions {
  store: ClusterStore;
  leaseMs: number;
  /** What the row of this process says, apart from its beat. */
  self: Omit<NodeInfo, 'url' | 'version' | 'leaving'>;
  clocks?: Clocks;
  /**
   * The lease had run out, so others may own the places of this process. Nothing is served until it
   * resolves.
   */
  onRegain(): Promise<void>;
  /** Called after each acknowledged beat. */
  onBeat(beat: Beat): void;
  onFailed(error: unknown): void;
}

/** Raises the beat of this process, three times in a lease, and keeps its lease. */
export class Heartbeat {
  readonly lease: Lease;
  readonly nodes: Nodes;
  /** The version of the tenants and tokens that this process serves with. */
  version = 0;
  leaving = false;
  readonly #options: HeartbeatOptions;
  #url: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;

  constructor(options: HeartbeatOptions) {
    const { leaseMs, clocks = clocksOfProcess } = options;
    this.#options = options;
    this.lease = new Lease(leaseMs, clocks);
    this.nodes = new Nodes(leaseMs, clocks);
  }

  /** Resolves after the first beat, also if it failed. */
  async start(url: string): Promise<void> {
    this.#url = url;
    const { leaseMs } = this.#options;
    this.#timer = setInterval(() => void this.beat(), leaseMs / 3);
    await this.beat();
    // The store may not know this process yet.
    if (!this.lease.holds) await this.beat();
  }

  get started(): boolean {
    return this.#timer !== null;
  }

  /** Beats now, or waits for the beat under way. Never rejects. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat()
      .catch((error: unknown) => this.#options.onFailed(error))
      .finally(() => {
        this.#beating = null;
      });
    return this.#beating;
  }

  /** No more beats. Resolves when the one under way has ended. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#beating;
    this.lease.end();
  }

  get #info(): NodeInfo {
    const { version, leaving } = this;
    return { ...this.#options.self, url: this.#url, version, leaving };
  }

  async #beat(): Promise<void> {
    const { store, leaseMs, onRegain, onBeat } = this.#options;
    const sent = this.lease.now();
    const beat = await store.beat(this.#info, leaseMs);
    this.nodes.read(beat);
    if (beat.removed) {
      // Others counted this process as dead, so it begins as a new one would.
      this.lease.end();
      await store.join(this.#info);
      return;
    }
    if (!this.lease.holds) await onRegain();
    this.lease.renew(sent);
    onBeat(beat);
  }
}
