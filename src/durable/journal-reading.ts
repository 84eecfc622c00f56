// One pass over the journal of a filesystem, for a recovery or for a replay of its past.
import { JournalError } from '../journal/journal-error.ts';
import type { Journal } from '../journal/store.ts';
import type { Kernel } from '../kernel/state.ts';
import { isManifest, journalKeys, seqOf } from './keys.ts';
import {
  type BirthRecord,
  birthRecord,
  type Manifest,
  manifestRecord,
  tailRecord,
} from './records.ts';
import { readSnapshot } from './snapshots.ts';

/** A large snapshot is read piece by piece instead: no budget counts the memory of a recovery. */
const heldBytesMax = 1_048_576;

/** Where a replay begins: at a snapshot, or at the birth of the filesystem. */
export type Start = Manifest | 'birth';

/** One pass over the journal of a filesystem. The batches come last, so they are streamed. */
export class JournalReading {
  readonly journal: Journal;
  readonly birth: BirthRecord;
  /** Names the filesystem in messages: `filesystem 3f… (scratch)`. */
  readonly where: string;
  /** The last acknowledged entry, and the number of events before its batch. */
  last: readonly [seq: number, events: number] | null = null;
  /** Entries that the operator has ordered to skip. */
  readonly skips = new Set<number>();
  /** Oldest first. */
  readonly manifests: Manifest[] = [];
  /** Pieces of snapshots that the pass has met, so that a small filesystem is read only once. */
  readonly #pieces = new Map<string, Uint8Array>();
  #heldBytes = 0;
  readonly #entries: AsyncIterator<[key: string, value: Uint8Array | JournalError]>;
  #next: IteratorResult<[key: string, value: Uint8Array | JournalError]>;

  static async begin(journal: Journal, id: string): Promise<JournalReading> {
    const { birth, tail, skips, snapshots, batches } = journalKeys;
    const entries = journal.all([birth, tail, skips, snapshots, batches])[Symbol.asyncIterator]();
    try {
      const first = await entries.next();
      if (first.done === true || first.value[0] !== birth)
        throw new JournalError('damaged', `the birth record of filesystem ${id} is missing`);
      const made = birthRecord.decode(demand(first.value[1]), `${birth} of ${id}`);
      const reading = new JournalReading(journal, id, made, entries, await entries.next());
      await reading.#readHead();
      return reading;
    } catch (error) {
      // An iterator that stays open keeps LevelDB from freeing what is deleted later.
      await entries.return?.();
      throw error;
    }
  }

  private constructor(
    journal: Journal,
    id: string,
    birth: BirthRecord,
    entries: AsyncIterator<[string, Uint8Array | JournalError]>,
    next: IteratorResult<[string, Uint8Array | JournalError]>,
  ) {
    this.journal = journal;
    this.birth = birth;
    this.where = `filesystem ${id} (${birth.args.name})`;
    this.#entries = entries;
    this.#next = next;
  }

  /** Reads everything before the first batch. */
  async #readHead(): Promise<void> {
    while (this.#next.done !== true) {
      const [key, value] = this.#next.value;
      if (key.startsWith(journalKeys.batches)) return;
      if (key === journalKeys.tail) this.last = tailRecord.decode(demand(value), this.#of(key));
      else if (key.startsWith(journalKeys.skips)) this.skips.add(seqOf(key));
      else if (isManifest(key))
        this.manifests.push(manifestRecord.decode(demand(value), this.#of(key)));
      else if (value instanceof Uint8Array) this.#hold(key, value);
      this.#next = await this.#entries.next();
    }
  }

  #hold(key: string, piece: Uint8Array): void {
    if (this.#heldBytes + piece.length > heldBytesMax) return;
    this.#pieces.set(key, piece);
    this.#heldBytes += piece.length;
  }

  #of(key: string): string {
    return `${key} of ${this.where}`;
  }

  /** The number of the first entry that is stored; null if none is. */
  get #first(): number | null {
    return this.#next.done === true ? null : seqOf(this.#next.value[0]);
  }

  /** No snapshot has the state before the first entry. */
  get isCut(): boolean {
    if (this.manifests.length > 0) return false;
    const first = this.#first;
    if (this.birth.forkOf !== undefined) return true;
    return first === null ? (this.last?.[0] ?? 0) > 0 : first !== 1;
  }

  /**
   * Where a replay can begin, earliest first: at the birth while no batch is deleted, and at the
   * newest two snapshots. A fork begins at its first snapshot.
   */
  starts(): Start[] {
    const first = this.#first;
    const [oldest] = this.manifests;
    if (this.isCut)
      throw new JournalError(
        'damaged',
        `the journal of ${this.where} begins with entry ${first ?? 1}, and no snapshot has the ` +
          'state before it',
      );
    const newest = this.manifests.slice(-2);
    const whole =
      this.birth.forkOf === undefined &&
      (oldest === undefined || (first === 1 && this.manifests.length < 2));
    return whole ? ['birth', ...newest] : newest;
  }

  /** Reads the machine from a snapshot. */
  snapshot(manifest: Manifest): Promise<Kernel> {
    return readSnapshot(
      this.journal,
      manifest,
      async (key) => this.#pieces.get(key) ?? (await this.journal.get(key)),
    );
  }

  /** Can be called only once, because it continues the one pass over the journal. */
  async *batches(): AsyncGenerator<{ seq: number; body: Uint8Array }> {
    for (; this.#next.done !== true; this.#next = await this.#entries.next()) {
      const [key, value] = this.#next.value;
      yield { seq: seqOf(key), body: demand(value) };
    }
  }

  async close(): Promise<void> {
    await this.#entries.return?.();
  }
}

/** Throws the error that prevented the value from being read. */
function demand(value: Uint8Array | JournalError): Uint8Array {
  if (value instanceof JournalError) throw value;
  return value;
}
