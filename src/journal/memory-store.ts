// A store in memory. It has what a volatile server keeps of each filesystem's past, and lets tests
// use durable/ without a disk.
import { JournalError } from './journal-error.ts';
import type { Change, Done, Journal, Range, Store } from './store.ts';

/** Memory of a key and its place in the map, beside the value. */
const bytesPerKey = 200;

type Values = Map<string, Uint8Array>;

class MemoryJournal implements Journal {
  readonly #store: MemoryStore;
  readonly #id: string | null;

  /** A null `id` stands for the keys of the server. */
  constructor(store: MemoryStore, id: string | null) {
    this.#store = store;
    this.#id = id;
  }

  commit(changes: readonly Change[], done: Done, records: readonly Change[] = []): void {
    this.#store.take(this.#id, changes, records, done);
  }

  put(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.commit(changes, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    return this.#store.valuesOf(this.#id).get(key) ?? null;
  }

  async *entries(prefix: string, range?: Range): AsyncGenerator<[string, Uint8Array]> {
    yield* this.#sorted(prefix, range);
  }

  async *keys(prefix: string, range?: Range): AsyncGenerator<string> {
    for (const [key] of this.#sorted(prefix, range)) yield key;
  }

  async *all(parts: readonly string[]): AsyncGenerator<[string, Uint8Array]> {
    // Every part is read now, because the caller expects the state of one moment.
    const read = parts.map((part) => this.#sorted(part));
    for (const entries of read) yield* entries;
  }

  async drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void> {
    const changes: Change[] = [];
    for await (const key of keys) changes.push({ key, value: null });
    if (changes.length > 0) await this.put(changes);
  }

  #sorted(part: string, { from = part, to }: Range = {}): [string, Uint8Array][] {
    const isIn = (key: string): boolean =>
      part.endsWith('/') ? key.startsWith(part) : key === part;
    return [...this.#store.valuesOf(this.#id)]
      .filter(([key]) => isIn(key) && key >= from && (to === undefined || key < to))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Its contents survive close(), as those of a disk survive a process. */
export class MemoryStore implements Store {
  readonly durability = 'memory';
  readonly name = 'the store in memory';
  readonly losses = null;
  readonly full = false;
  readonly #records: Values = new Map();
  readonly #journals = new Map<string, Values>();
  readonly #bytes = new Map<string, number>();
  readonly records: Journal = new MemoryJournal(this, null);
  onFlush: Store['onFlush'] = () => {};
  readonly #keepsRecords: boolean;
  #group = 0;

  /** A volatile server keeps its records elsewhere, and never reads those of its log. */
  constructor({ keepsRecords = true } = {}) {
    this.#keepsRecords = keepsRecords;
  }

  get next() {
    return { group: this.#group + 1, position: 0 };
  }

  journal(id: string): Journal {
    return new MemoryJournal(this, id);
  }

  async journals(kinds: readonly string[]): Promise<Map<string, Set<string>>> {
    const found = new Map<string, Set<string>>();
    for (const [id, values] of this.#journals) {
      const own = new Set([...values.keys()].map((key) => key.split('/')[0] ?? ''));
      const asked = new Set(kinds.filter((kind) => own.has(kind)));
      if (asked.size > 0) found.set(id, asked);
    }
    return found;
  }

  valuesOf(id: string | null): ReadonlyMap<string, Uint8Array> {
    return this.#valuesOf(id);
  }

  #valuesOf(id: string | null): Values {
    return id === null ? this.#records : (this.#journals.get(id) ?? new Map());
  }

  /** A commit is complete, and a group of its own, when this returns. */
  take(
    id: string | null,
    changes: readonly Change[],
    records: readonly Change[],
    done: Done,
  ): void {
    this.#group += 1;
    const values = this.#valuesOf(id);
    let bytes = 0;
    for (const { key, value } of changes) bytes += set(values, key, value);
    if (this.#keepsRecords) for (const { key, value } of records) set(this.#records, key, value);
    if (id !== null) this.#put(id, values, bytes);
    done(null);
  }

  #put(id: string, values: Values, moreBytes: number): void {
    if (values.size === 0) {
      this.#journals.delete(id);
      this.#bytes.delete(id);
      return;
    }
    this.#journals.set(id, values);
    this.#bytes.set(id, (this.#bytes.get(id) ?? 0) + moreBytes);
  }

  bytesOf(id: string): number {
    return this.#bytes.get(id) ?? 0;
  }

  forget(id: string): void {
    const values = this.#valuesOf(id);
    let bytes = 0;
    for (const key of values.keys()) if (key.includes('/')) bytes += set(values, key, null);
    this.#put(id, values, bytes);
  }

  accept(): void {}

  fail(error: unknown): JournalError {
    return new JournalError('failed', 'the store in memory failed', error);
  }

  async close(): Promise<void> {}
}

/** Returns by how many bytes the memory of `values` changes. */
function set(values: Values, key: string, value: Uint8Array | null): number {
  const before = values.get(key);
  const was = before === undefined ? 0 : before.length + bytesPerKey;
  if (value === null) {
    values.delete(key);
    return -was;
  }
  values.set(key, value);
  return value.length + bytesPerKey - was;
}
