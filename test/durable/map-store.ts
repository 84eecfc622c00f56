// A store that keeps everything in maps: the whole of what the interface asks for.
import { JournalError } from '../../src/journal/journal-error.ts';
import type { Change, Done, Journal, Range, Store } from '../../src/journal/store.ts';

type Values = Map<string, Uint8Array>;

function sorted(values: Values, part: string, { from = part, to }: Range = {}) {
  const isIn = (key: string): boolean => (part.endsWith('/') ? key.startsWith(part) : key === part);
  return [...values]
    .filter(([key]) => isIn(key) && key >= from && (to === undefined || key < to))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

class MapJournal implements Journal {
  readonly #store: MapStore;
  readonly #values: Values;

  constructor(store: MapStore, values: Values) {
    this.#store = store;
    this.#values = values;
  }

  commit(changes: readonly Change[], done: Done, records: readonly Change[] = []): void {
    this.#store.take(this.#values, changes, records, done);
  }

  put(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.commit(changes, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    return this.#values.get(key) ?? null;
  }

  async *entries(prefix: string, range?: Range): AsyncGenerator<[string, Uint8Array]> {
    yield* sorted(this.#values, prefix, range);
  }

  async *keys(prefix: string, range?: Range): AsyncGenerator<string> {
    for (const [key] of sorted(this.#values, prefix, range)) yield key;
  }

  async *all(parts: readonly string[]): AsyncGenerator<[string, Uint8Array]> {
    for (const part of parts) yield* sorted(this.#values, part);
  }

  async drop(keys: AsyncIterable<string> | Iterable<string>): Promise<void> {
    const changes: Change[] = [];
    for await (const key of keys) changes.push({ key, value: null });
    await this.put(changes);
  }
}

interface Commit {
  values: Values;
  changes: readonly Change[];
  records: readonly Change[];
  done: Done;
}

/** It outlives its close(), as a disk outlives a process. */
export class MapStore implements Store {
  readonly durability = 'memory';
  readonly name = 'the store in memory';
  readonly losses = null;
  readonly full = false;
  readonly #records: Values = new Map();
  readonly #journals = new Map<string, Values>();
  readonly records: Journal = new MapJournal(this, this.#records);
  onFlush: Store['onFlush'] = () => {};
  #group = 0;
  #waiting: Commit[] = [];

  get next() {
    return { group: this.#group + 1, position: this.#waiting.length };
  }

  journal(id: string): Journal {
    const values = this.#journals.get(id) ?? new Map();
    this.#journals.set(id, values);
    return new MapJournal(this, values);
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

  take(values: Values, changes: readonly Change[], records: readonly Change[], done: Done): void {
    this.#waiting.push({ values, changes, records, done });
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#group += 1;
    const taken = this.#waiting.splice(0);
    for (const { values, changes, records } of taken) {
      for (const { key, value } of changes) set(values, key, value);
      for (const { key, value } of records) set(this.#records, key, value);
    }
    for (const { done } of taken) done(null);
  }

  accept(): void {}

  fail(error: unknown): JournalError {
    return new JournalError('failed', 'the store in memory failed', error);
  }

  async close(): Promise<void> {
    while (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function set(values: Values, key: string, value: Uint8Array | null): void {
  if (value === null) values.delete(key);
  else values.set(key, value.slice());
}
