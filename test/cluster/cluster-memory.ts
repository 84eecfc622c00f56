// A database in memory, and what each of several processes sees of it. It keeps the rules of a
// cluster store: only the owner of a place commits, and a take needs the beat of a dead process.
import type {
  Beat,
  Channel,
  ClusterStore,
  NodeInfo,
  NodeRow,
  PlaceRow,
} from '../../src/journal/cluster-store.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import type { Change, Journal, PlaceChange } from '../../src/journal/store.ts';
import { kernelVersion } from '../../src/kernel/snapshot.ts';

export class ClusterMemory {
  readonly store = new MemoryStore();
  readonly places = new Map<string, PlaceRow>();
  readonly nodes = new Map<string, NodeRow>();
  readonly processes = new Set<ClusterMemoryStore>();
  /** Those of the server. */
  readonly keys = new Set<string>();
  version = 1;
  number = 0;

  /** The store as the process `owner` has it. */
  open(owner: string): ClusterMemoryStore {
    const store = new ClusterMemoryStore(this, owner);
    this.processes.add(store);
    return store;
  }

  tell(channel: Channel): void {
    for (const process of this.processes) process.onNotify(channel);
  }
}

export class ClusterMemoryStore implements ClusterStore {
  readonly durability = 'engine';
  readonly name = 'the database in memory';
  readonly full = false;
  readonly losses = null;
  readonly owner: string;
  onFlush: ClusterStore['onFlush'] = () => {};
  onNotify: ClusterStore['onNotify'] = () => {};
  onLost: ClusterStore['onLost'] = () => {};
  /** Set to make every statement fail, as if the database were away. */
  away = false;
  /** Why this process writes nothing any more. */
  failed: JournalError | null = null;
  /** What this process reads of the journals. */
  onRead: (fs: string, key: string, value: Uint8Array | null) => Uint8Array | null = (
    _fs,
    _key,
    value,
  ) => value;
  readonly #shared: ClusterMemory;
  readonly #epochs = new Map<string, number>();

  constructor(shared: ClusterMemory, owner: string) {
    this.#shared = shared;
    this.owner = owner;
  }

  get next() {
    return this.#shared.store.next;
  }

  get version(): number {
    return this.#shared.version;
  }

  get held(): ReadonlySet<string> {
    return new Set(this.#epochs.keys());
  }

  get records(): Journal {
    const { records } = this.#shared.store;
    const { keys } = this.#shared;
    return journalOf(records, (changes, done) => {
      if (changes.some(({ key, isNew }) => isNew === true && keys.has(key)))
        return done(new JournalError('taken', 'another process stored a key of this name'));
      for (const { key, value } of changes) {
        if (value === null) keys.delete(key);
        else keys.add(key);
      }
      const isControl = changes.some(({ key }) => /^(meta$|tenant\/|token\/)/.test(key));
      if (isControl) this.#shared.version += 1;
      records.commit(changes, done);
    });
  }

  journal(id: string): Journal {
    const own = this.#shared.store.journal(id);
    const journal = journalOf(own, (changes, done, records, change) => {
      const refused = this.failed ?? this.#refusal(id, change);
      if (refused !== null) done(refused);
      else own.commit(changes, done, records);
    });
    return { ...journal, get: async (key) => this.onRead(id, key, await own.get(key)) };
  }

  #refusal(fs: string, change: PlaceChange | undefined): JournalError | null {
    const { places } = this.#shared;
    const place = places.get(fs);
    if (place === undefined) {
      if (typeof change !== 'object') return this.#moved();
      for (const { tenant, name } of places.values())
        if (tenant === change.tenant && name === change.name)
          return new JournalError('taken', `there is a filesystem ${name}`);
      places.set(fs, { ...change, fs, owner: this.owner, epoch: 1, flush: 1, kernelVersion });
      this.#epochs.set(fs, 1);
      return null;
    }
    if (place.owner !== this.owner || this.#epochs.get(fs) !== place.epoch) return this.#moved();
    const named = typeof change === 'object' ? change : change && { tenant: null, name: null };
    if (change === 'removed') places.delete(fs);
    else places.set(fs, { ...place, ...named, flush: place.flush + 1 });
    return null;
  }

  #moved = () => new JournalError('moved', 'another process owns the filesystem');

  journals(kinds: readonly string[]) {
    return this.#shared.store.journals(kinds);
  }

  async join(info: NodeInfo): Promise<void> {
    this.#demand();
    this.#shared.nodes.set(this.owner, { ...info, id: this.owner, beat: 1 });
  }

  async beat(info: NodeInfo): Promise<Beat> {
    this.#demand();
    const { nodes, version } = this.#shared;
    const own = nodes.get(this.owner);
    if (own !== undefined) nodes.set(this.owner, { ...own, ...info, beat: own.beat + 1 });
    return { nodes: [...nodes.values()], version, removed: own === undefined };
  }

  async removeNode({ id, beat }: Pick<NodeRow, 'id' | 'beat'>): Promise<boolean> {
    this.#demand();
    const owns = [...this.#shared.places.values()].some(({ owner }) => owner === id);
    if (owns || this.#shared.nodes.get(id)?.beat !== beat) return false;
    return this.#shared.nodes.delete(id);
  }

  async nextNumber(): Promise<number> {
    this.#demand();
    this.#shared.number += 1;
    return this.#shared.number;
  }

  async places(): Promise<PlaceRow[]> {
    this.#demand();
    return [...this.#shared.places.values()];
  }

  async placeOf(tenant: string, name: string): Promise<PlaceRow | null> {
    const all = await this.places();
    return all.find((place) => place.tenant === tenant && place.name === name) ?? null;
  }

  async takeOver(
    { id, beat }: Pick<NodeRow, 'id' | 'beat'>,
    fs: readonly string[],
  ): Promise<string[]> {
    this.#demand();
    if (this.#shared.nodes.get(id)?.beat !== beat) return [];
    return this.#move(fs, ({ owner }) => owner === id, this.owner);
  }

  async claim(fs: readonly string[]): Promise<string[]> {
    this.#demand();
    const { nodes } = this.#shared;
    return this.#move(fs, ({ owner }) => owner === null || !nodes.has(owner), this.owner);
  }

  async raise(fs: readonly string[]): Promise<string[]> {
    this.#demand();
    const still = this.#move(fs, ({ owner }) => owner === this.owner, this.owner);
    for (const id of fs) {
      if (still.includes(id) || !this.#epochs.delete(id)) continue;
      this.onLost(id, this.#moved());
    }
    return still;
  }

  async give(fs: readonly string[], to: string | null): Promise<string[]> {
    this.#demand();
    return this.#move(fs, ({ owner }) => owner === this.owner, to);
  }

  #move(fs: readonly string[], may: (place: PlaceRow) => boolean, to: string | null): string[] {
    return fs.filter((id) => {
      const place = this.#shared.places.get(id);
      if (place === undefined || !may(place)) return false;
      this.#shared.places.set(id, { ...place, owner: to, epoch: place.epoch + 1 });
      if (to === this.owner) this.#epochs.set(id, place.epoch + 1);
      else this.#epochs.delete(id);
      return true;
    });
  }

  dropHeld(fs: readonly string[]): void {
    for (const id of fs) this.#epochs.delete(id);
  }

  async notify(channel: Channel): Promise<void> {
    this.#demand();
    this.#shared.tell(channel);
  }

  #demand(): void {
    if (this.away) throw new JournalError('failed', 'the database does not answer');
  }

  accept(): void {}
  bytesOf(): number {
    return 0;
  }
  forget(): void {}

  fail(error: unknown): JournalError {
    this.failed = new JournalError('failed', 'the database in memory failed', error);
    return this.failed;
  }

  async close(): Promise<void> {
    this.#shared.processes.delete(this);
  }
}

/** `journal` with another commit. */
function journalOf(journal: Journal, commit: Journal['commit']): Journal {
  const own: Journal = {
    commit,
    put: (changes, place) =>
      new Promise((resolve, reject) => {
        const done = (error: JournalError | null) => (error === null ? resolve() : reject(error));
        commit(changes, done, [], place);
      }),
    get: (key) => journal.get(key),
    entries: (prefix, range) => journal.entries(prefix, range),
    keys: (prefix, range) => journal.keys(prefix, range),
    all: (parts) => journal.all(parts),
    async drop(keys) {
      const changes: Change[] = [];
      for await (const key of keys) changes.push({ key, value: null });
      if (changes.length > 0) await own.put(changes);
    },
  };
  return own;
}
