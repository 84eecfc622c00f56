// Durable, ordered bytes: LevelDB, in which every value carries a checksum of itself and its key,
// and every flush a number. Changes that come in while a flush runs go into the next one together;
// each flush is one atomic batch. What a flush did is told in the order in which the changes came
// in.
//
// A failed flush is final (the second one may say yes and lie): everything after it is refused, and
// the process should end. A full disk is not: the store is opened again, which tells whether the
// last flush is in it, and goes on from a reserve.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Census, censusOf, type GroupRecord, groupKey } from './census.ts';
import { encode } from './codec.ts';
import { makeDirectory } from './directory.ts';
import { freeBytes, isFull, type Reserve } from './disk-room.ts';
import { HeadFile } from './head-file.ts';
import { JournalError } from './journal-error.ts';
import { lossesOf } from './losses.ts';
import {
  lockWhenThereIsRoom,
  openReserveOf,
  openWhenThereIsRoom,
  reserveOf,
} from './open-level.ts';
import { type Level, reading, seal, unseal } from './sealed.ts';
import { Untouched } from './untouched.ts';

export interface Change {
  key: string;
  /** Null deletes. */
  value: Uint8Array | null;
}

/**
 * Called once: with null when the changes are on the disk. `full` means certainly not there; any
 * other error, unknown.
 */
export type Done = (error: JournalError | null) => void;

export interface StoreOptions {
  directory: string;
  /** Size of the files that are given up when the disk is full; 0 is none. */
  reserveBytes: number;
  /**
   * Ascending prefixes of keys that come in great numbers. Whoever reads those can tell whether one
   * is missing; of the others the store tells.
   */
  bulk: readonly string[];
  /** The first failed flush, which is also the last one. */
  onFailed(error: JournalError): void;
  /**
   * A start before was killed before it had looked: the files are again as they were before that.
   */
  onPutBack?(): void;
  /** The disk became full, or is no longer. */
  onFull?(full: boolean): void;
  /** How often to look whether there is room on the disk. */
  lookMs?: number;
  /** A disk of a test's own. */
  openLevel?(location: string): Promise<Level>;
}

interface Opened {
  level: Level;
  head: HeadFile;
  untouched: Untouched;
  group: number;
  census: Census;
  losses: string | null;
  close(): Promise<void>;
}

interface Waiting {
  changes: readonly Change[];
  done: Done;
}

export class Store {
  readonly directory: string;
  readonly #options: StoreOptions;
  /** What is gone of what was acknowledged; null where nothing is. */
  readonly losses: string | null;
  readonly #head: HeadFile;
  readonly #untouched: Untouched;
  /** Of what was opened beside the level. */
  readonly #closeRest: () => Promise<void>;
  readonly #reserve: Reserve;
  #level: Level;
  #group: number;
  #census: Census;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #flushing = false;
  #state: 'open' | 'reopening' | 'failed' | 'closed' = 'open';
  #full = false;
  #watch: NodeJS.Timeout;
  #idle: (() => void) | null = null;
  /**
   * Called after each flush: the time that it took, the commits that it took together, the bytes of
   * their values.
   */
  onFlush: (ms: number, commits: number, bytes: number) => void = () => {};

  /**
   * Rejects with a JournalError: another process has it (`locked`), or what is there cannot be
   * trusted (`damaged`). Then, and where it is closed before it was accepted and before anything
   * was written, every file is as it was.
   */
  static async open(options: StoreOptions, despiteLoss = false): Promise<Store> {
    const { directory } = options;
    makeDirectory(directory);
    const closers: (() => unknown)[] = [];
    const close = async () => {
      const failures: unknown[] = [];
      for (const closeOne of closers.reverse()) {
        try {
          await closeOne();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    };
    try {
      if (options.openLevel === undefined) {
        const lock = await lockWhenThereIsRoom(options);
        closers.push(() => lock.close());
      }
      const head = new HeadFile(join(directory, 'head'));
      closers.push(() => head.close());
      const untouched = new Untouched(directory);
      closers.push(() => untouched.putBack());
      const level = await openWhenThereIsRoom(options, untouched);
      closers.push(() => level.close());
      const { group, census, missing } = await censusOf(level, options.bulk);
      const losses = lossesOf(directory, head.read(), group) ?? missing;
      if (losses !== null && !despiteLoss) throw new JournalError('damaged', losses);
      const store = new Store(options, { level, head, untouched, group, census, losses, close });
      // From now on another level may take its place.
      closers.pop();
      return store;
    } catch (error) {
      await close().catch(() => {});
      throw error;
    }
  }

  private constructor(options: StoreOptions, opened: Opened) {
    this.directory = options.directory;
    this.losses = opened.losses;
    this.#options = options;
    this.#level = opened.level;
    this.#head = opened.head;
    this.#untouched = opened.untouched;
    this.#closeRest = opened.close;
    this.#group = opened.group;
    this.#census = opened.census;
    this.#reserve = reserveOf(options);
    // First that for the next start.
    openReserveOf(options).fill();
    if (!this.#reserve.fill()) this.#setFull(true);
    this.#watch = setInterval(() => this.#look(), options.lookMs ?? 500).unref();
  }

  /** What is there is good: from now on it counts, whether anything is written or not. */
  accept(): void {
    try {
      this.#untouched.letGo();
    } catch (error) {
      throw this.fail(error);
    }
  }

  /** The number of the flush that takes what is committed now. */
  get nextGroup(): number {
    return this.#group + 1;
  }

  /** How many commits it will take before that. */
  get nextPosition(): number {
    return this.#waiting.length;
  }

  /** The disk is full: what adds should be kept away, what frees may come. */
  get full(): boolean {
    return this.#full;
  }

  get failed(): boolean {
    return this.#state === 'failed';
  }

  commit(changes: readonly Change[], done: Done): void {
    if (this.#state === 'failed' || this.#state === 'closed') {
      done(
        new JournalError(
          'failed',
          'the journal has failed or is closed, and accepts no more changes',
        ),
      );
      return;
    }
    if (this.#state === 'reopening' || (this.#full && !this.#roomFromReserve())) {
      done(new JournalError('full', 'the disk of the journal is full'));
      return;
    }
    this.#waiting.push({ changes, done });
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  /** The same as a promise. */
  put(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.commit(changes, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  /** Null where there is none. Rejects with `damaged` where the checksum says no. */
  async get(key: string): Promise<Uint8Array | null> {
    if (this.#state === 'reopening')
      throw new JournalError('full', 'the disk of the journal is full');
    const sealed = await reading(key, () => this.#level.get(key));
    return sealed === undefined ? null : unseal(key, sealed);
  }

  /** Everything whose key begins with `prefix`, in the order of the keys, from `from` on. */
  async *entries(prefix: string, from = prefix): AsyncGenerator<[key: string, value: Uint8Array]> {
    const iterator = await reading(prefix, async () =>
      this.#level.iterator({ gte: from, lt: `${prefix}\uffff` }),
    );
    try {
      for (;;) {
        const some = await reading(prefix, () => iterator.nextv(256));
        if (some.length === 0) return;
        for (const [key, sealed] of some) yield [key, unseal(key, sealed)];
      }
    } finally {
      await iterator.close();
    }
  }

  /** The keys alone, those before `to`. */
  async *keys(prefix: string, from = prefix, to = `${prefix}\uffff`): AsyncGenerator<string> {
    const iterator = await reading(prefix, async () => this.#level.keys({ gte: from, lt: to }));
    try {
      for (;;) {
        const some = await reading(prefix, () => iterator.nextv(1024));
        if (some.length === 0) return;
        yield* some;
      }
    } finally {
      await iterator.close();
    }
  }

  /**
   * Deletes what nobody needs any more, some keys with each flush: what a crash leaves over is
   * found again. Rejects where the rest must stay for now.
   */
  async drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let changes: Change[] = [];
    for await (const key of keys) {
      changes.push({ key, value: null });
      if (changes.length < 256) continue;
      await this.put(changes);
      changes = [];
    }
    if (changes.length > 0) await this.put(changes);
  }

  /** After the flush in flight. What comes later is refused. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    // Where there is no room to open it again, there may never be.
    if (this.#state === 'reopening') this.#state = 'closed';
    if (this.#waiting.length > 0 || this.#flushing) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#state = 'closed';
    clearInterval(this.#watch);
    await this.#level.close();
    await this.#closeRest();
  }

  async #flush(): Promise<void> {
    const taken = this.#waiting;
    this.#waiting = [];
    if (this.#state !== 'open') {
      tell(
        taken,
        new JournalError(
          'failed',
          'the journal has failed or is closed, and accepts no more changes',
        ),
      );
      this.#flushed();
      return;
    }
    this.#group += 1;
    this.#flushing = true;
    const flush = { begin: performance.now(), bytes: 0 };
    try {
      const batch = this.#level.batch();
      for (const { changes } of taken) {
        for (const { key, value } of changes) {
          const counted = !this.#options.bulk.some((prefix) => key.startsWith(prefix));
          if (value === null) {
            batch.del(key);
            if (counted) this.#census.delete(key);
          } else {
            batch.put(key, seal(key, value));
            flush.bytes += value.length;
            if (counted) this.#census.add(key);
          }
        }
      }
      batch.put(
        groupKey,
        seal(groupKey, encode([this.#group, ...this.#census.total] satisfies GroupRecord)),
      );
      this.#untouched.letGo();
      await batch.write({ sync: true });
      this.#demandFiles();
      this.#head.write(this.#group);
    } catch (error) {
      tell(taken, isFull(error) ? await this.#reopen(error) : this.fail(error));
      this.#flushed();
      return;
    }
    this.onFlush(performance.now() - flush.begin, taken.length, flush.bytes);
    tell(taken, null);
    this.#flushed();
  }

  #flushed(): void {
    this.#flushing = false;
    if (this.#waiting.length === 0) this.#idle?.();
    else if (!this.#scheduled) void this.#flush();
  }

  /** Nothing is written after this. */
  fail(error: unknown): JournalError {
    const failed = new JournalError('failed', 'the journal could not be flushed', error);
    if (this.#state === 'failed' || this.#state === 'closed') return failed;
    this.#state = 'failed';
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#options.onFailed(failed);
    tell(waiting, failed);
    return failed;
  }

  /**
   * The disk is full: opens the store again, as soon as there is room for that, to learn whether
   * the flush is in it. What waits behind it is refused: it may come again. Returns what to tell
   * those of the flush.
   */
  async #reopen(cause: unknown): Promise<JournalError | null> {
    if (this.#state !== 'open') return this.fail(cause);
    this.#state = 'reopening';
    this.#setFull(true);
    const full = new JournalError('full', 'the disk of the journal is full');
    const waiting = this.#waiting;
    this.#waiting = [];
    tell(waiting, full);
    try {
      await this.#level.close();
      this.#level = await openWhenThereIsRoom(
        { ...this.#options, onFull() {} },
        this.#untouched,
        () => this.#state === 'reopening',
      );
      const { group, census, missing } = await censusOf(this.#level, this.#options.bulk);
      const there = group === this.#group;
      const losses = lossesOf(this.directory, this.#group - 1, group) ?? missing;
      if (losses !== null) throw new JournalError('damaged', losses);
      // The flush may be told of next.
      this.#untouched.letGo();
      openReserveOf(this.#options).fill();
      this.#group = group;
      this.#census = census;
      // It may have failed meanwhile, which is final.
      if (this.#state !== 'reopening') return this.fail(cause);
      this.#state = 'open';
      if (there) this.#head.write(group);
      return there ? null : full;
    } catch (error) {
      return this.fail(error);
    }
  }

  /**
   * To the last block the disk is not used: each flush that does not fit means opening the store
   * again.
   */
  #roomFromReserve(): boolean {
    const { reserveBytes } = this.#options;
    const wanted = reserveBytes / 8;
    const free = freeBytes(this.directory);
    if (free >= wanted) return true;
    this.#reserve.giveUpSome(wanted - free);
    return freeBytes(this.directory) >= reserveBytes / 16;
  }

  /**
   * Files that were removed under an open store take whatever is written, into nowhere: that is a
   * failed flush, too.
   */
  #demandFiles(): void {
    if (this.#options.openLevel !== undefined) return;
    const current = statSync(join(this.directory, 'store', 'CURRENT'), { throwIfNoEntry: false });
    if (current === undefined)
      throw new Error(`the journal in ${this.directory} was removed while the server ran`);
  }

  /** Are the files there, is there room, is there room again? */
  #look(): void {
    if (this.#state !== 'open') return;
    try {
      this.#demandFiles();
      this.#lookForRoom();
    } catch (error) {
      this.fail(error);
    }
  }

  #lookForRoom(): void {
    const { reserveBytes } = this.#options;
    const free = freeBytes(this.directory);
    if (!this.#full) {
      if (free < reserveBytes / 8) this.#setFull(true);
      return;
    }
    const forOpening = openReserveOf(this.#options);
    // Room for both and for a while, so that it does not flap.
    if (free < this.#reserve.missing + forOpening.missing + reserveBytes / 4) return;
    if (forOpening.fill() && this.#reserve.fill()) this.#setFull(false);
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.#options.onFull?.(full);
  }
}

/** A listener that throws must not keep the others from hearing. */
function tell(waiting: readonly Waiting[], error: JournalError | null): void {
  for (const { done } of waiting) {
    try {
      done(error);
    } catch (thrown) {
      setImmediate(() => {
        throw thrown;
      });
    }
  }
}
