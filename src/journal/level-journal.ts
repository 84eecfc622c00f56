// The keys of one filesystem, or of the server, in LevelDB. LevelDB sorts all keys together. The
// kind is the first part, so that the kinds with many keys lie together: `j/7` of filesystem `f` is
// stored as `j/f/7`. Keys of the server are stored unchanged.
import { JournalError } from './journal-error.ts';
import { type Level, reading, unseal } from './sealed.ts';
import type { Change, Done, Journal, Range } from './store.ts';

/** The access to the store that a journal needs. */
export interface LevelAccess {
  /** Rejects with `full` while the store is being reopened. */
  level(): Promise<Level>;
  commit(changes: readonly Change[], done: Done): void;
}

interface LevelIterator {
  nextv(size: number): Promise<[string, Uint8Array][]>;
  close(): Promise<void>;
}

/** Entries of one read from LevelDB. */
const entriesPerRead = 256;
const keysPerRead = 1024;
const keysPerDrop = 256;
/**
 * Keys of one read in journalsIn(). Small, because after the first key of a filesystem the others
 * are not needed.
 */
const keysPerSeek = 64;
/** A key after every key that begins with the prefix, or directly after a whole key. */
const endOf = (part: string): string => `${part}${part.endsWith('/') ? '\uffff' : '\0'}`;

export class LevelJournal implements Journal {
  readonly #store: LevelAccess;
  readonly #id: string | null;

  /** A null `id` stands for the keys of the server. */
  constructor(store: LevelAccess, id: string | null) {
    this.#store = store;
    this.#id = id;
  }

  commit(changes: readonly Change[], done: Done, records: readonly Change[] = []): void {
    const own =
      this.#id === null
        ? changes
        : changes.map(({ key, value }) => ({ key: this.#stored(key), value }));
    this.#store.commit(records.length === 0 ? own : [...own, ...records], done);
  }

  put(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.commit(changes, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    const stored = this.#stored(key);
    const level = await this.#store.level();
    const sealed = await reading(stored, () => level.get(stored));
    return sealed === undefined ? null : unseal(stored, sealed);
  }

  async *entries(prefix: string, range: Range = {}): AsyncGenerator<[string, Uint8Array]> {
    for await (const [stored, sealed] of pagesOf([await this.#iterator(prefix, range)]))
      yield [this.#own(stored), unseal(stored, sealed)];
  }

  async *keys(prefix: string, range: Range = {}): AsyncGenerator<string> {
    const level = await this.#store.level();
    const iterator = await reading(prefix, async () => level.keys(this.#bounds(prefix, range)));
    try {
      for (;;) {
        const some = await reading(prefix, () => iterator.nextv(keysPerRead));
        if (some.length === 0) return;
        for (const key of some) yield this.#own(key);
      }
    } finally {
      await iterator.close();
    }
  }

  async *all(parts: readonly string[]): AsyncGenerator<[string, Uint8Array | JournalError]> {
    const iterators = await Promise.all(parts.map((part) => this.#iterator(part, {})));
    for await (const [stored, sealed] of pagesOf(iterators))
      yield [this.#own(stored), unsealed(stored, sealed)];
  }

  async drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void> {
    let changes: Change[] = [];
    for await (const key of keys) {
      changes.push({ key, value: null });
      if (changes.length < keysPerDrop) continue;
      await this.put(changes);
      changes = [];
    }
    if (changes.length > 0) await this.put(changes);
  }

  async #iterator(part: string, range: Range): Promise<LevelIterator> {
    const level = await this.#store.level();
    return reading(part, async () => level.iterator(this.#bounds(part, range)));
  }

  #bounds(part: string, { from, to }: Range): { gte: string; lt: string } {
    const first = this.#stored(part);
    return {
      gte: from === undefined ? first : this.#stored(from),
      lt: to === undefined ? endOf(first) : this.#stored(to),
    };
  }

  #stored(key: string): string {
    if (this.#id === null) return key;
    const slash = key.indexOf('/');
    return slash < 0
      ? `${key}/${this.#id}`
      : `${key.slice(0, slash)}/${this.#id}${key.slice(slash)}`;
  }

  #own(stored: string): string {
    if (this.#id === null) return stored;
    const kind = stored.indexOf('/');
    const rest = kind + 1 + this.#id.length;
    return stored.slice(0, kind) + stored.slice(rest);
  }
}

/**
 * Reads the iterators one after the other. The first reads of all run in parallel, so that a
 * filesystem with little data is read in the time of one read.
 */
async function* pagesOf(iterators: readonly LevelIterator[]): AsyncGenerator<[string, Uint8Array]> {
  const next = (iterator: LevelIterator) =>
    reading('the store', () => iterator.nextv(entriesPerRead));
  try {
    const firsts = await Promise.all(iterators.map(next));
    for (const [index, iterator] of iterators.entries()) {
      let some = firsts[index] ?? [];
      while (some.length > 0) {
        for (const entry of some) yield entry;
        some = await next(iterator);
      }
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.close()));
  }
}

function unsealed(stored: string, sealed: Uint8Array): Uint8Array | JournalError {
  try {
    return unseal(stored, sealed);
  } catch (error) {
    if (error instanceof JournalError) return error;
    throw error;
  }
}

/**
 * The filesystems that have keys of these kinds, and which kinds each has. Seeks from one
 * filesystem to the next, without reading all keys in between.
 */
export async function journalsIn(
  level: Level,
  kinds: readonly string[],
): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const kind of kinds) {
    const prefix = `${kind}/`;
    const iterator = await reading(prefix, async () =>
      level.keys({ gte: prefix, lt: endOf(prefix) }),
    );
    try {
      for (;;) {
        const some = await reading(prefix, () => iterator.nextv(keysPerSeek));
        if (some.length === 0) break;
        let last = '';
        for (const key of some) {
          last = key.split('/')[1] ?? '';
          found.set(last, (found.get(last) ?? new Set()).add(kind));
        }
        // `0` is the character after the slash, so this seeks to the next filesystem.
        iterator.seek(`${prefix}${last}0`);
      }
    } finally {
      await iterator.close();
    }
  }
  return found;
}
