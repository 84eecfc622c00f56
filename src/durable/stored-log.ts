// The log on disk: every batch of a filesystem is a record, chained to the one before by its
// checksum.
//
//   fs/<id>            how the filesystem was born
//   j/<id>/<seq>       a batch; `seq` is that of its first entry
// tail/<id>          the number of the last entry, and how many events there were before its batch
//   x/<id>/<seq>       an entry that is to be left out, by order of the operator
//   gone/<id>          unmounted: what is left of it may be deleted
//   events/<tenant>    how many events the tenant's filesystems that are gone had
import { crc32 } from 'node:zlib';
import { encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Done, Store } from '../journal/level-store.ts';
import { kernelVersion } from '../kernel/snapshot.ts';
import type { Command, Kernel } from '../kernel/state.ts';
import type { Before, Birth, Log, LoggedEntry, RequestKey } from './log.ts';
import {
  knownOf,
  type Manifest,
  manifestChange,
  obsoleteKeys,
  type Place,
  seqKey,
  strayKeys,
  writeSnapshot,
} from './snapshots.ts';

/** One batch as it is kept. */
export type BatchRecord = [
  kernelVersion: number,
  group: number,
  position: number,
  /** The chained checksum of all batches before. */
  chain: number,
  /** The digest of the results of all entries before. */
  digest: number,
  entries: EntryRecord[],
];
export type EntryRecord =
  | [timeMs: number]
  | [
      timeMs: number,
      op: string,
      on: Command['on'],
      args: unknown,
      rest?: (Omit<Command, 'op' | 'on' | 'args'> & { key?: RequestKey }) | null,
      blocksMax?: number,
    ]
  | [timeMs: number, op: null, on: null, args: null, rest: null, blocksMax: number];

/** How many events of filesystems that are gone a tenant's stream counts. */
export interface PastEvents {
  epoch: string;
  events: number;
  /** The flush with which the last of them went. */
  group: number;
}

/** Where the log of a filesystem ends. */
export interface Tail extends Place {
  birth: Birth;
  /** Since the last snapshot. */
  entries: number;
  bytes: number;
  /** So many more before the next snapshot, because there was no room for the last one. */
  postponed: number;
  /** The two that are kept, the older one first. */
  snapshots: Manifest[];
  /**
   * Fulfilled when what the last snapshot made superfluous is deleted; null when there is nothing
   * to wait for.
   */
  swept: Promise<void> | null;
  /** Up to this entry nothing superfluous is left; null until everything was looked at. */
  sweptTo: number | null;
}

interface Removal {
  id: string;
  tenant: string;
  events: number;
  epoch: string;
  done: Done;
}

export const tailOfBirth = (birth: Birth, group: number, position: number): Tail => ({
  birth,
  group,
  position,
  chain: 0,
  digest: 0,
  entries: 0,
  bytes: 0,
  postponed: 0,
  snapshots: [],
  swept: null,
  sweptTo: null,
});

/** How soon what frees and found no room is tried again. */
const retryMs = 1000;

export interface DurableLogLimits {
  snapshotEntries: number;
  snapshotBytes: number;
}

const eventsKey = (tenant: string): string => `events/${tenant}`;
/** Of the events there are at least so many. */
export type TailRecord = [seq: number, events: number];

export const tailKey = (id: string): string => `tail/${id}`;
export const batchKey = (id: string, seq: number): string => `j/${id}/${seqKey(seq)}`;

function recordOf({ timeMs, command, blocksMax, key }: LoggedEntry): EntryRecord {
  if (command === null)
    return blocksMax === undefined ? [timeMs] : [timeMs, null, null, null, null, blocksMax];
  const { op, on, args, ...others } = command;
  const rest = key === undefined ? others : { ...others, key };
  if (blocksMax !== undefined) return [timeMs, op, on, args, rest, blocksMax];
  for (const _ in rest) return [timeMs, op, on, args, rest];
  return [timeMs, op, on, args];
}

/** A request with an Idempotency-Key, kept from the moment that it is in the journal. */
export interface AnswerRecord {
  fingerprint: string;
  sinceMs: number;
  /**
   * What the request became: an entry of a filesystem, 0 for its birth, or a tenant. Null where it
   * became nothing.
   */
  became: { id: string; seq: number } | { tenant: string } | null;
  /** Null until there is one. */
  answer: unknown;
}

/** What to keep together with that which the request became. */
export function begunRecord(
  { record, fingerprint, sinceMs }: RequestKey,
  became: AnswerRecord['became'],
): Record<string, AnswerRecord> {
  return { [record]: { fingerprint, sinceMs, became, answer: null } };
}

const begunChange = (key: RequestKey, became: AnswerRecord['became']): Change => ({
  key: key.record,
  value: encode(begunRecord(key, became)[key.record]),
});

export class DurableLog implements Log {
  readonly durability = 'disk';
  readonly #store: Store;
  readonly #limits: DurableLogLimits;
  readonly #tails = new Map<string, Tail>();
  readonly #past = new Map<string, PastEvents>();
  /**
   * Together in one commit, and not before the last one is done: each adds to what the one before
   * counted.
   */
  #removals: Removal[] = [];
  #removing = false;

  constructor(store: Store, limits: DurableLogLimits) {
    this.#store = store;
    this.#limits = limits;
  }

  get full(): boolean {
    return this.#store.full;
  }

  /** Goes on where a recovery found the end. */
  resume(id: string, tail: Tail): void {
    this.#tails.set(id, tail);
  }

  resumePast(tenant: string, past: PastEvents): void {
    this.#past.set(tenant, past);
  }

  /** Null where no filesystem of this history is gone. */
  pastOf(tenant: string, epoch: string): PastEvents | null {
    const past = this.#past.get(tenant);
    return past?.epoch === epoch ? past : null;
  }

  create(id: string, birth: Birth, key: RequestKey | undefined, done: Done): void {
    const { nextGroup: group, nextPosition: position } = this.#store;
    const changes: Change[] = [
      { key: `fs/${id}`, value: encode({ ...birth, kernelVersion, group, position }) },
    ];
    if (key !== undefined) changes.push(begunChange(key, { id, seq: 0 }));
    this.#store.commit(changes, (error) => {
      if (error === null) this.#tails.set(id, tailOfBirth(birth, group, position));
      done(error);
    });
  }

  append(
    id: string,
    entries: readonly LoggedEntry[],
    { digest, eventSeq }: Before,
    done: Done,
  ): void {
    const tail = this.#tailOf(id);
    const { nextGroup: group, nextPosition: position } = this.#store;
    const first = (entries[0] as LoggedEntry).seq;
    const body = encode([
      kernelVersion,
      group,
      position,
      tail.chain,
      digest,
      entries.map(recordOf),
    ] satisfies BatchRecord);
    const changes: Change[] = [
      { key: batchKey(id, first), value: body },
      {
        key: tailKey(id),
        value: encode([first + entries.length - 1, eventSeq] satisfies TailRecord),
      },
    ];
    for (const { seq, key } of entries)
      if (key !== undefined) changes.push(begunChange(key, { id, seq }));
    this.#store.commit(changes, (error) => {
      if (error === null) {
        tail.group = group;
        tail.position = position;
        tail.chain = crc32(body, tail.chain);
        tail.entries += entries.length;
        tail.bytes += body.length;
      }
      done(error);
    });
  }

  remove(id: string, events: number, epoch: string, done: Done): void {
    const { tenant } = this.#tailOf(id).birth;
    this.#tails.delete(id);
    this.#removals.push({ id, tenant, events, epoch, done });
    if (!this.#removing) this.#remove();
  }

  #remove(): void {
    const removals = this.#removals;
    if (removals.length === 0) return;
    const past = new Map<string, PastEvents>();
    const changes: Change[] = [];
    for (const { id, tenant, events, epoch } of removals) {
      const before = past.get(tenant) ?? this.pastOf(tenant, epoch);
      past.set(tenant, {
        epoch,
        events: events + (before?.events ?? 0),
        group: this.#store.nextGroup,
      });
      changes.push(
        { key: `fs/${id}`, value: null },
        { key: tailKey(id), value: null },
        { key: `gone/${id}`, value: encode(null) },
      );
    }
    for (const [tenant, counted] of past)
      changes.push({ key: eventsKey(tenant), value: encode(counted) });
    this.#removals = [];
    this.#removing = true;
    this.#store.commit(changes, (error) => {
      this.#removing = false;
      if (error?.kind === 'full') {
        this.#removals.unshift(...removals);
        this.#removing = true;
        setTimeout(() => this.#remove(), retryMs).unref();
        return;
      }
      if (error === null) for (const [tenant, counted] of past) this.#past.set(tenant, counted);
      for (const { id, done } of removals) {
        if (error === null) void this.purge(id);
        done(error);
      }
      this.#remove();
    });
  }

  recordsOf(tenant: string): Record<string, null> {
    return this.#past.has(tenant) ? { [eventsKey(tenant)]: null } : {};
  }

  /** Deletes what is left of a filesystem that is gone. */
  async purge(id: string): Promise<void> {
    try {
      for (const kind of ['j', 's', 'c', 'x'])
        await this.#store.drop(this.#store.keys(`${kind}/${id}/`));
      await this.#store.put([{ key: `gone/${id}`, value: null }]);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      // Closed, or failed: the next start goes on with it.
      if (error.kind === 'full') setTimeout(() => void this.purge(id), retryMs).unref();
    }
  }

  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null {
    const tail = this.#tails.get(id);
    if (tail === undefined || tail.swept !== null || this.full) return null;
    const state = tail.snapshots.at(-1)?.bytes ?? 0;
    // A big state is written less often: a snapshot costs about what its bytes cost in the journal.
    const { snapshotEntries, snapshotBytes } = this.#limits;
    const due =
      tail.entries >= snapshotEntries + state / 1000 || tail.bytes >= snapshotBytes + state;
    if (!due || tail.entries < tail.postponed) return null;
    return this.snapshotNow(id, kernel, digest).catch((error: unknown) => {
      // The store does not keep what it is given.
      if (!(error instanceof JournalError) || error.kind !== 'full')
        return void this.#store.fail(error);
      tail.postponed = tail.entries + snapshotEntries;
      tail.swept = this.#sweep(id, tail);
    });
  }

  /** Due or not. Rejects with a JournalError. */
  async snapshotNow(id: string, kernel: Kernel, digest: number): Promise<void> {
    const tail = this.#tailOf(id);
    const { group, position, chain } = tail;
    const newest = tail.snapshots.at(-1);
    const manifest = await writeSnapshot(
      this.#store,
      id,
      kernel,
      { group, position, chain, digest },
      knownOf(newest),
    );
    await this.#store.put([manifestChange(id, manifest)]);
    tail.entries = 0;
    tail.bytes = 0;
    tail.postponed = 0;
    if (newest === undefined) {
      tail.snapshots = [manifest];
      return;
    }
    const gone = tail.snapshots.length > 1 ? tail.snapshots[0] : undefined;
    tail.snapshots = [newest, manifest];
    tail.swept = this.#sweep(id, tail, gone);
  }

  /**
   * The older snapshot stays until the newer is proven by a replay that passes through it; what
   * lies before it has no reader left. Only where the sweep before came to its end is `gone` all
   * that there is: else everything is looked at.
   */
  async #sweep(id: string, tail: Tail, gone?: Manifest): Promise<void> {
    const store = this.#store;
    const { snapshots, sweptTo } = tail;
    // Until the end is reached.
    tail.sweptTo = null;
    try {
      // Before the older of two.
      const needless = snapshots.length > 1 ? (snapshots[0]?.seq ?? 0) : 0;
      await store.drop(
        store.keys(`j/${id}/`, batchKey(id, sweptTo ?? 0), batchKey(id, needless + 1)),
      );
      const known = sweptTo !== null && gone !== undefined;
      await store.drop(known ? obsoleteKeys(id, gone, snapshots) : strayKeys(store, id, snapshots));
      tail.sweptTo = needless;
    } catch (error) {
      // Closed meanwhile, or full. What is left over now goes with the next snapshot.
      if (!(error instanceof JournalError)) throw error;
    } finally {
      tail.swept = null;
    }
  }

  #tailOf(id: string): Tail {
    const tail = this.#tails.get(id);
    if (tail === undefined) throw new Error(`the log has no filesystem ${id}`);
    return tail;
  }
}
