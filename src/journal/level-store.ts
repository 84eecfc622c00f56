// A store in LevelDB. Every value has a checksum of itself and its key, and every flush has a
// number. Changes that arrive during a flush are written together by the next flush, as one atomic
// batch. Callers learn the result in the order of their changes.
//
// A failed flush is final, because a second flush may report success although data is lost (as
// fsync on Linux does). All later changes are refused, and the process should end. A full disk is
// not final: the store is opened again, which shows whether the last flush is in it, and then
// continues with the reserve.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Census, censusOf, type GroupRecord, groupKey } from './census.ts';
import { encode } from './codec.ts';
import { makeDirectory } from './directory.ts';
import { freeBytes, isFull, type Reserve } from './disk-room.ts';
import { HeadFile } from './head-file.ts';
import { JournalError } from './journal-error.ts';
import { journalsIn, LevelJournal } from './level-journal.ts';
import { lossesOf } from './losses.ts';
import {
  type LevelStoreOptions,
  lockWhenThereIsRoom,
  openReserveOf,
  openWhenThereIsRoom,
  reserveOf,
} from './open-level.ts';
import { Opened } from './opened.ts';
import { type Level, seal } from './sealed.ts';
import type { Change, Done, Journal, Order, Store } from './store.ts';
import { Untouched } from './untouched.ts';

interface OpenedLevel {
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

export class LevelStore implements Store {
  readonly durability = 'disk';
  readonly directory: string;
  readonly records: Journal = this.#journalOf(null);
  readonly #options: LevelStoreOptions;
  /** Which acknowledged changes are lost; null if none. */
  readonly losses: string | null;
  readonly #head: HeadFile;
  readonly #untouched: Untouched;
  /** Closes everything that was opened before LevelDB. */
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
  onFlush: (ms: number, commits: number, bytes: number) => void = () => {};

  /**
   * Rejects with a JournalError: `locked` if another process uses the directory, `damaged` if the
   * contents cannot be trusted. If open() rejects, or if the store is closed before accept() and
   * before any write, all files are unchanged.
   */
  static async open(options: LevelStoreOptions): Promise<LevelStore> {
    const { directory } = options;
    makeDirectory(directory);
    const opened = new Opened();
    try {
      if (options.openLevel === undefined) {
        const lock = await lockWhenThereIsRoom(options);
        opened.add(() => lock.close());
      }
      const head = new HeadFile(join(directory, 'head'));
      opened.add(() => head.close());
      const untouched = new Untouched(directory);
      opened.add(() => untouched.putBack());
      const level = await openWhenThereIsRoom(options, untouched);
      opened.add(() => level.close());
      const { group, census, missing } = await censusOf(level, options.bulk);
      const losses = lossesOf(directory, head.read(), group) ?? missing;
      if (losses !== null && options.despiteLoss !== true)
        throw new JournalError('damaged', losses);
      const store = new LevelStore(options, {
        level,
        head,
        untouched,
        group,
        census,
        losses,
        close: () => opened.close(),
      });
      // From now on close() closes the level, because #reopen() may replace it.
      opened.handOver();
      return store;
    } catch (error) {
      // The first error says why the open failed; one while closing must not replace it.
      await opened.close().catch(() => {});
      throw error;
    }
  }

  private constructor(options: LevelStoreOptions, opened: OpenedLevel) {
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
    // The reserve for the next start is filled first, because without it no start is possible.
    openReserveOf(options).fill();
    if (!this.#reserve.fill()) this.#setFull(true);
    this.#watch = setInterval(() => this.#look(), options.lookMs ?? 500).unref();
  }

  /**
   * The caller has checked the contents. From now on the opened store counts, even if nothing is
   * written.
   */
  bytesOf(): number {
    return 0;
  }

  forget(): void {}

  accept(): void {
    try {
      this.#untouched.letGo();
    } catch (error) {
      throw this.fail(error);
    }
  }

  get name(): string {
    return `the store in ${this.directory}`;
  }

  get next(): Order {
    return { group: this.#group + 1, position: this.#waiting.length };
  }

  get full(): boolean {
    return this.#full;
  }

  get failed(): boolean {
    return this.#state === 'failed';
  }

  journal(id: string): Journal {
    return this.#journalOf(id);
  }

  async journals(kinds: readonly string[]): Promise<Map<string, Set<string>>> {
    return journalsIn(await this.#readable(), kinds);
  }

  #journalOf(id: string | null): Journal {
    return new LevelJournal(
      {
        level: () => this.#readable(),
        commit: (changes, done) => this.#commit(changes, done),
      },
      id,
    );
  }

  async #readable(): Promise<Level> {
    if (this.#state === 'reopening')
      throw new JournalError('full', 'the disk of the journal is full');
    return this.#level;
  }

  #commit(changes: readonly Change[], done: Done): void {
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

  /** Waits for the flush in flight and the changes behind it. Later changes are refused. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    // Do not wait for space to reopen the store, because there may never be any.
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

  /** After this nothing is written. */
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
   * The disk is full. Opens the store again, as soon as there is space for that, to learn whether
   * the last flush is in it. Changes that wait for the next flush are refused; their callers may
   * try again. Returns the result for the callers of the last flush.
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
      // Before the result of the flush is reported, because after that its changes must not be
      // undone.
      this.#untouched.letGo();
      openReserveOf(this.#options).fill();
      this.#group = group;
      this.#census = census;
      // fail() or close() may have been called during the awaits, and both are final.
      if (this.#state !== 'reopening') return this.fail(cause);
      this.#state = 'open';
      if (there) this.#head.write(group);
      return there ? null : full;
    } catch (error) {
      return this.fail(error);
    }
  }

  /**
   * Whether a flush can be written, with space from the reserve if necessary. Never uses the disk
   * to its last block, because each flush that does not fit means opening the store again.
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
   * If the files are removed while the store is open, writes still succeed but are lost. That is a
   * failed flush, too.
   */
  #demandFiles(): void {
    if (this.#options.openLevel !== undefined) return;
    const current = statSync(join(this.directory, 'store', 'CURRENT'), { throwIfNoEntry: false });
    if (current === undefined)
      throw new Error(`the journal in ${this.directory} was removed while the server ran`);
  }

  /** Checks regularly whether the files exist and how much space the disk has. */
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
    // More than the reserves need, so that the state does not switch between full and not full all
    // the time.
    if (free < this.#reserve.missing + forOpening.missing + reserveBytes / 4) return;
    if (forOpening.fill() && this.#reserve.fill()) this.#setFull(false);
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.#options.onFull?.(full);
  }
}

/** Calls all callbacks, even if one of them throws. */
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
