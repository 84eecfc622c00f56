// The log in a store. Every batch of a filesystem is a record, which has the chained checksum of
// the batches before it. keys.ts says under which key it is stored, records.ts what it contains.
import { crc32 } from 'node:zlib';
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Done, Journal, PlaceChange, Store } from '../journal/store.ts';
import { memoryOf } from '../kernel/memory.ts';
import { kernelVersion } from '../kernel/snapshot.ts';
import type { Kernel } from '../kernel/state.ts';
import { entryRecordOf } from './entry-record.ts';
import { journalKeys, recordKeys } from './keys.ts';
import type { Before, Beginning, Log, LoggedEntry, Since, Visitor } from './log.ts';
import { replayPast } from './past.ts';
import {
  type Birth,
  batchRecord,
  begunChange,
  birthRecord,
  goneChange,
  type Manifest,
  type PastEvents,
  pastEventsRecord,
  type RequestKey,
  removal,
  tailRecord,
} from './records.ts';
import { knownOf, manifestChange, obsoleteKeys, strayKeys, writeSnapshot } from './snapshots.ts';
import { type Tail, tailOfBirth, type World } from './world.ts';

interface Removal {
  id: string;
  tenant: string;
  events: number;
  epoch: string;
  done: Done;
}

/** What is written of a filesystem before it exists. */
interface Written {
  manifest: Manifest;
  chain: number;
  entries: number;
  bytes: number;
  /** The last entry, and the number of events before its batch. */
  last: { seq: number; eventSeq: number };
}

/** When to try again after the disk had no space for a removal, in milliseconds. */
const retryMs = 1000;

export interface StoredLogLimits {
  snapshotEntries: number;
  snapshotBytes: number;
  /** Bytes of memory for one filesystem, if the store is in memory. No bound by default. */
  pastBytes?: number;
}

export class StoredLog implements Log {
  readonly durability: Log['durability'];
  readonly #store: Store;
  readonly #limits: StoredLogLimits;
  readonly #pastBytes: number;
  readonly #tails = new Map<string, Tail>();
  readonly #past = new Map<string, PastEvents>();
  /**
   * Removals that wait. They are committed together when the removals in flight are done, because
   * each one stores a count that includes the ones before.
   */
  #removals: Removal[] = [];
  #removing = false;

  constructor(store: Store, limits: StoredLogLimits) {
    this.durability = store.durability;
    this.#store = store;
    this.#limits = limits;
    this.#pastBytes = limits.pastBytes ?? Number.POSITIVE_INFINITY;
  }

  get full(): boolean {
    return this.#store.full;
  }

  /**
   * Continues from the end of each journal that the recovery found, also for filesystems that
   * stopped.
   */
  adopt(world: Pick<World, 'filesystems' | 'unrecovered' | 'pastEvents'>): void {
    for (const { id, tail } of [...world.filesystems, ...world.unrecovered])
      this.#tails.set(id, tail);
    for (const [tenant, past] of world.pastEvents) this.#past.set(tenant, past);
  }

  create(id: string, birth: Birth, key: RequestKey | undefined, done: Done): void {
    const { group, position } = this.#store.next;
    const record = { ...birth, kernelVersion, group, position };
    this.#store.journal(id).commit(
      [birthRecord.change(journalKeys.birth, record)],
      (error) => {
        if (error === null) this.#tails.set(id, tailOfBirth(birth, record));
        done(error);
      },
      key === undefined ? [] : [begunChange(key, { id, seq: 0 })],
      placeOf(birth),
    );
  }

  createFrom(
    id: string,
    birth: Birth,
    beginning: Beginning,
    key: RequestKey | undefined,
    done: (error: Error | null) => void,
  ): void {
    const failed = (error: Error): void => {
      void this.purge(id);
      done(error);
    };
    this.#writeBeginning(id, birth, beginning).then(
      (written) =>
        this.#createAt(id, birth, written, key, (error) =>
          error === null ? done(null) : failed(error),
        ),
      failed,
    );
  }

  /**
   * The filesystem exists only after the commit that follows, so until then the journal says that
   * it is removed: after a crash the next start deletes what was written.
   */
  async #writeBeginning(
    id: string,
    birth: Birth,
    { kernel, history }: Beginning,
  ): Promise<Written> {
    const journal = this.#store.journal(id);
    await journal.put([goneChange], placeOf(birth));
    const nothing = { group: 0, position: 0, chain: 0, digest: 0 };
    const manifest = await writeSnapshot(journal, kernel, nothing, knownOf(undefined));
    const written: Written = { manifest, chain: 0, entries: 0, bytes: 0, last: manifest };
    for await (const { entries, before } of history) {
      const { group, position } = this.#store.next;
      const [first] = entries as [LoggedEntry];
      const records = entries.map(entryRecordOf);
      const place = [kernelVersion, group, position, written.chain, before.digest] as const;
      const body = batchRecord.encode([...place, records]);
      await journal.put([{ key: journalKeys.batch(first.seq), value: body }]);
      written.chain = crc32(body, written.chain);
      written.entries += entries.length;
      written.bytes += body.length;
      written.last = { seq: first.seq + entries.length - 1, eventSeq: before.eventSeq };
    }
    return written;
  }

  #createAt(
    id: string,
    birth: Birth,
    { manifest: unplaced, last, chain, entries, bytes }: Written,
    key: RequestKey | undefined,
    done: Done,
  ): void {
    const { group, position } = this.#store.next;
    const record = { ...birth, kernelVersion, group, position };
    const manifest = { ...unplaced, group, position };
    this.#store.journal(id).commit(
      [
        birthRecord.change(journalKeys.birth, record),
        tailRecord.change(journalKeys.tail, [last.seq, last.eventSeq]),
        manifestChange(manifest),
        removal(journalKeys.gone),
      ],
      (error) => {
        const tail = { ...tailOfBirth(birth, record), snapshots: [manifest] };
        if (error === null) {
          this.#tails.set(id, { ...tail, chain, entries, bytes });
          this.#forgetTooLong(id);
        }
        done(error);
      },
      key === undefined ? [] : [begunChange(key, { id, seq: 0 })],
    );
  }

  async replay(id: string, since: Since, visitor: Visitor): Promise<void> {
    const tail = this.#tailOf(id);
    while (tail.swept !== null) await tail.swept;
    const end = holdKeys(tail);
    try {
      await replayPast(this.#store, id, since, {
        begin(kernel, digest) {
          // The batches are read from a view of the store that does not change any more.
          end();
          return visitor.begin(kernel, digest);
        },
        after: (...args) => visitor.after(...args),
      });
    } finally {
      end();
    }
  }

  bytesOf(id: string): number {
    return this.#store.bytesOf(id);
  }

  forget(id: string): void {
    const tail = this.#tails.get(id);
    if (tail === undefined || tail.holds.size > 0 || this.bytesOf(id) === 0) return;
    this.#store.forget(id);
    tail.snapshots = [];
  }

  #forgetTooLong(id: string): void {
    if (this.bytesOf(id) > this.#pastBytes) this.forget(id);
  }

  append(
    id: string,
    entries: readonly LoggedEntry[],
    { digest, eventSeq }: Before,
    done: Done,
  ): void {
    const tail = this.#tailOf(id);
    const { group, position } = this.#store.next;
    const first = (entries[0] as LoggedEntry).seq;
    const records = entries.map(entryRecordOf);
    const body = batchRecord.encode([kernelVersion, group, position, tail.chain, digest, records]);
    const changes: Change[] = [
      { key: journalKeys.batch(first), value: body },
      tailRecord.change(journalKeys.tail, [first + entries.length - 1, eventSeq]),
    ];
    const begun: Change[] = [];
    for (const { seq, key } of entries)
      if (key !== undefined) begun.push(begunChange(key, { id, seq }));
    this.#store.journal(id).commit(
      changes,
      (error) => {
        if (error === null) {
          tail.group = group;
          tail.position = position;
          tail.chain = crc32(body, tail.chain);
          tail.entries += entries.length;
          tail.bytes += body.length;
          this.#forgetTooLong(id);
        }
        done(error);
      },
      begun,
    );
  }

  remove(id: string, events: number, epoch: string, done: Done): void {
    const { tenant } = this.#tailOf(id).birth;
    this.#tails.delete(id);
    this.#removals.push({ id, tenant, events, epoch, done });
    if (!this.#removing) this.#remove();
  }

  /**
   * Each count includes those of the removals before it. If some of them are refused, the stored
   * count is still right, because a full disk refuses only the last commits of several that are
   * made together.
   */
  #remove(): void {
    const removals = this.#removals.splice(0);
    if (removals.length === 0) return;
    this.#removing = true;
    const past = new Map(this.#past);
    const refused: Removal[] = [];
    let untold = removals.length;
    for (const removed of removals) {
      const { id, tenant, events, epoch, done } = removed;
      const before = past.get(tenant);
      const counted = {
        epoch,
        events: events + (before?.epoch === epoch ? before.events : 0),
        group: this.#store.next.group,
      };
      past.set(tenant, counted);
      this.#store.journal(id).commit(
        [removal(journalKeys.birth), removal(journalKeys.tail), goneChange],
        (error) => {
          if (error === null) {
            this.#past.set(tenant, counted);
            void this.purge(id);
          }
          if (error?.kind === 'full') refused.push(removed);
          else done(error);
          untold -= 1;
          if (untold === 0) this.#removed(refused);
        },
        [pastEventsRecord.change(recordKeys.pastEventsOf(tenant), counted)],
        'unnamed',
      );
    }
  }

  #removed(refused: readonly Removal[]): void {
    this.#removals.unshift(...refused);
    if (refused.length > 0) setTimeout(() => this.#remove(), retryMs).unref();
    else {
      this.#removing = false;
      this.#remove();
    }
  }

  release(id: string): void {
    this.#tails.delete(id);
  }

  removalOf(tenant: string): readonly Change[] {
    return this.#past.has(tenant) ? [removal(recordKeys.pastEventsOf(tenant))] : [];
  }

  /** Deletes the remaining keys of an unmounted filesystem. */
  async purge(id: string): Promise<void> {
    const journal = this.#store.journal(id);
    try {
      for (const kind of ['batches', 'snapshots', 'chunks', 'skips'] as const)
        await journal.drop(journal.keys(journalKeys[kind]));
      await journal.put([removal(journalKeys.gone)], 'removed');
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      // If the store is closed or has failed, the next start deletes the rest.
      if (error.kind === 'full') setTimeout(() => void this.purge(id), retryMs).unref();
    }
  }

  snapshot(id: string, kernel: Kernel, digest: number): Promise<void> | null {
    const tail = this.#tails.get(id);
    if (tail === undefined || tail.swept !== null || this.full) return null;
    const state = tail.snapshots.at(-1)?.bytes ?? 0;
    // A large state is written less often, because a snapshot costs about as much as the same bytes
    // of journal.
    const { snapshotEntries, snapshotBytes } = this.#limits;
    if (2 * memoryOf(kernel) > this.#pastBytes) return null;
    const due =
      tail.entries >= snapshotEntries + state / 1000 || tail.bytes >= snapshotBytes + state;
    if (!due || tail.entries < tail.postponed) return null;
    return this.snapshotNow(id, kernel, digest).catch((error: unknown) =>
      this.#snapshotFailed(id, tail, error),
    );
  }

  /** Rejects if this filesystem must stop, but no other. */
  async #snapshotFailed(id: string, tail: Tail, error: unknown): Promise<void> {
    const kind = error instanceof JournalError ? error.kind : null;
    // The next append is refused as well, and tells the lane.
    if (kind === 'moved' || kind === 'lost') return;
    if (kind === 'full') {
      tail.postponed = tail.entries + this.#limits.snapshotEntries;
      tail.swept = sweep(this.#store.journal(id), tail);
      return;
    }
    // The disk does not store what was written, so the journal must not be trusted any more.
    if (this.durability !== 'engine') return void this.#store.fail(error);
    if (await this.#isOwn(id)) throw error;
  }

  /**
   * Only an append can say it. Another server that owns the filesystem by now may have deleted what
   * this one has written and not read back yet.
   */
  #isOwn(id: string): Promise<boolean> {
    return this.#store
      .journal(id)
      .put([])
      .then(
        () => true,
        () => false,
      );
  }

  /** Writes a snapshot even if none is due. Rejects with a JournalError. */
  async snapshotNow(id: string, kernel: Kernel, digest: number): Promise<void> {
    const tail = this.#tailOf(id);
    const { group, position, chain } = tail;
    const newest = tail.snapshots.at(-1);
    const journal = this.#store.journal(id);
    const place = { group, position, chain, digest };
    const written = holdKeys(tail);
    let manifest: Manifest;
    try {
      manifest = await writeSnapshot(journal, kernel, place, knownOf(newest));
      await journal.put([manifestChange(manifest)]);
    } finally {
      written();
    }
    tail.entries = 0;
    tail.bytes = 0;
    tail.postponed = 0;
    if (newest === undefined) {
      tail.snapshots = [manifest];
      return;
    }
    const gone = tail.snapshots.length > 1 ? tail.snapshots[0] : undefined;
    tail.snapshots = [newest, manifest];
    tail.swept = sweep(journal, tail, gone);
  }

  #tailOf(id: string): Tail {
    const tail = this.#tails.get(id);
    if (tail === undefined) throw new Error(`the log has no filesystem ${id}`);
    return tail;
  }
}

const placeOf = ({ tenant, args: { name }, number }: Birth): PlaceChange => ({
  tenant,
  name,
  number,
});

/** Until the returned function is called, no key of a snapshot is deleted. */
function holdKeys(tail: Tail): () => void {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  tail.holds.add(held);
  return () => {
    tail.holds.delete(held);
    release();
  };
}

/**
 * Deletes what the snapshots make superfluous. The older snapshot stays until a replay has checked
 * the newer one, but the batches before it are never read again. After a complete sweep only the
 * keys of `gone` can be superfluous; otherwise all keys are examined.
 */
async function sweep(journal: Journal, tail: Tail, gone?: Manifest): Promise<void> {
  const { snapshots, sweptTo } = tail;
  // Stays null if the sweep does not reach its end.
  tail.sweptTo = null;
  try {
    await Promise.all(tail.holds);
    // Batches up to the older of the two snapshots.
    const needless = snapshots.length > 1 ? (snapshots[0]?.seq ?? 0) : 0;
    const from = journalKeys.batch(sweptTo ?? 0);
    const to = journalKeys.batch(needless + 1);
    await journal.drop(journal.keys(journalKeys.batches, { from, to }));
    const known = sweptTo !== null && gone !== undefined;
    await journal.drop(known ? obsoleteKeys(gone, snapshots) : strayKeys(journal, snapshots));
    tail.sweptTo = needless;
  } catch (error) {
    // The store was closed, or the disk is full. The next snapshot deletes the rest.
    if (!(error instanceof JournalError)) throw error;
  } finally {
    tail.swept = null;
  }
}
