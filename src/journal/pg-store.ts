// A store in PostgreSQL that several servers share. cluster-store.ts says what they need of it,
// pg-statements.ts how the database decides who may write, pg-flusher.ts how commits are appended.
//
// While the database is away, commits and readings wait. Only what the store remembers of its
// acknowledged appends shows whether the database lost any: see #checkHeld().
import { randomBytes } from 'node:crypto';
import type { Beat, Channel, ClusterStore, NodeInfo, NodeRow, PlaceRow } from './cluster-store.ts';
import { JournalError } from './journal-error.ts';
import {
  Flusher,
  type FlushHost,
  guardOf,
  type Held,
  isSame,
  lostError,
  movedError,
  type PlaceEnd,
} from './pg-flusher.ts';
import { Line, pause } from './pg-line.ts';
import { type Connection, codeOf, Primary, type Statement, sentenceOf } from './pg-primary.ts';
import { PgReader } from './pg-reader.ts';
import { bringSchema, demandSafeSettings } from './pg-schema.ts';
import * as sql from './pg-statements.ts';
import type { Change, Done, Journal, Order, PlaceChange, Range } from './store.ts';

export interface PgStoreOptions {
  /** URLs of one database: of the primary, and of standbys that may become the primary. */
  urls: readonly string[];
  info: Omit<NodeInfo, 'version'>;
  /** Whether other servers have this key of the server in memory. */
  isShared(key: string): boolean;
  /** The store was failed by its user; nothing is written any more. */
  onFailed(error: JournalError): void;
  onFull?(full: boolean): void;
  /** Why the database does not answer; null when it answers again. */
  onAway?(error: Error | null): void;
  /** When a statement counts as unanswered. */
  answerMs?: number;
  /** How long close() waits for a database that is away. */
  closeMs?: number;
}

/** A commit with more goes over a connection of its own, so that it holds up no other. */
const largeBytes = 256 * 1024;
/** Long readings at the same time. Each has a connection, so that it sees one moment. */
const readingsMax = 3;
const keysPerDrop = 256;
/** How often a full database is asked for room, which takes so many bytes. */
const roomMs = 1000;
const roomBytes = 1024 * 1024;

export class PgStore implements ClusterStore {
  readonly durability = 'engine';
  readonly losses = null;
  readonly owner: string;
  readonly records: Journal;
  readonly #options: PgStoreOptions;
  readonly #primary: Primary;
  readonly #lines: Record<'small' | 'large' | 'read' | 'places' | 'beat', Line>;
  readonly #small: Flusher;
  readonly #large: Flusher;
  readonly #held = new Map<string, Held>();
  /** Filesystems of which the database lost entries. They stay closed in this process. */
  readonly #lost = new Map<string, JournalError>();
  /** This process as a writer of the server's keys. */
  #guard: Held;
  #group = 0;
  #position = 0;
  #version = 0;
  #full = false;
  #away = false;
  #state: 'open' | 'failed' | 'closing' | 'closed' = 'open';
  #givesUp = false;
  #room: NodeJS.Timeout | null = null;
  #readings = 0;
  #readers: (() => void)[] = [];
  /** Changes of places, one after the other, because they have one connection. */
  #changing: Promise<void> = Promise.resolve();
  onFlush: (ms: number, commits: number, bytes: number) => void = () => {};
  onLost: ClusterStore['onLost'] = () => {};
  onNotify: ClusterStore['onNotify'] = () => {};

  /**
   * Checks the database, makes its tables if it has none, and joins the nodes. Owns no filesystem
   * then. Rejects with `database` or `version` if the database cannot be used.
   */
  static async open(options: PgStoreOptions): Promise<PgStore> {
    const store = new PgStore(options);
    try {
      await store.#begin();
      return store;
    } catch (error) {
      await store.#closeLines();
      if (error instanceof JournalError) throw error;
      const { name, user } = store.#primary;
      throw new JournalError('database', sentenceOf(name, user, error), error);
    }
  }

  private constructor(options: PgStoreOptions) {
    const { urls, answerMs = 5000 } = options;
    this.#options = options;
    this.owner = randomBytes(9).toString('hex');
    const application = `pinhole ${this.owner}`;
    const primary = new Primary({ urls, application, answerMs });
    this.#primary = primary;
    const line = () =>
      new Line({ primary, application, renewed: (connection) => this.#checkHeld(connection) });
    this.#lines = {
      small: line(),
      large: line(),
      read: new Line({ primary, application }),
      places: line(),
      beat: new Line({
        primary,
        application,
        opened: (connection) => this.#listen(connection),
        renewed: (connection) => this.#checkHeld(connection),
      }),
    };
    this.#guard = heldOf({ fs: guardOf(this.owner), epoch: 0, flush: 0, chain: 0 });
    const host = this.#flushHost();
    this.#small = new Flusher(host, this.#lines.small);
    this.#large = new Flusher(host, this.#lines.large);
    this.records = this.#journalOf('');
  }

  async #begin(): Promise<void> {
    const connection = await this.#lines.places.get();
    await demandSafeSettings(connection);
    await bringSchema(connection);
    const [control] = await connection.run<{ version: number; ordered: number }>(sql.control);
    this.#version = control?.version ?? 0;
    this.#group = control?.ordered ?? 0;
    await this.#join(this.#options.info);
    await this.#lines.beat.get();
  }

  #flushHost(): FlushHost {
    const store = this;
    return {
      owner: this.owner,
      kernelVersion: this.#options.info.kernelVersion,
      get givesUp() {
        return store.#givesUp;
      },
      nextGroup() {
        store.#group += 1;
        store.#position = 0;
        return store.#group;
      },
      isShared: this.#options.isShared,
      trouble: (error) => this.#trouble(error),
      changed: (version) => {
        this.#version = Math.max(this.#version, version);
      },
      setFull: (full) => this.#setFull(full),
      left: (held, error) => this.#left(held, error),
      removed: (held) => {
        if (this.#held.get(held.fs) === held) this.#held.delete(held.fs);
      },
      flushed: (ms, commits, bytes) => this.onFlush(ms, commits, bytes),
    };
  }

  get name(): string {
    return this.#primary.name;
  }

  get next(): Order {
    return { group: this.#group + 1, position: this.#position };
  }

  get full(): boolean {
    return this.#full;
  }

  get away(): boolean {
    return this.#away;
  }

  get version(): number {
    return this.#version;
  }

  get held(): ReadonlySet<string> {
    return new Set(this.#held.keys());
  }

  bytesOf(): number {
    return 0;
  }

  forget(): void {}

  accept(): void {}

  journal(id: string): Journal {
    return this.#journalOf(id);
  }

  /** Only of those that this process owns. */
  async journals(kinds: readonly string[]): Promise<Map<string, Set<string>>> {
    const rows = await this.#repeat<{ fs: string; kind: string }>(
      {
        name: 'journals',
        text: `select p.fs, k.kind from unnest($1::text[]) as p (fs) cross join unnest($2::text[])
  as k (kind) where exists (select from record r where r.fs = p.fs and r.key = k.kind)
  or exists (select from record r where r.fs = p.fs and r.key > k.kind || '/' and r.key < k.kind || '0')`,
      },
      [[...this.#held.keys()], kinds],
    );
    const found = new Map<string, Set<string>>();
    for (const { fs, kind } of rows) found.set(fs, (found.get(fs) ?? new Set()).add(kind));
    return found;
  }

  #journalOf(fs: string): Journal {
    const reader = new PgReader(
      {
        shared: () => this.#lines.read.wait((error) => this.#trouble(error)),
        own: () => this.#reading(),
      },
      fs,
    );
    const commit: Journal['commit'] = (changes, done, records = [], place) =>
      this.#commit(fs, { changes, done, records, place });
    const put: Journal['put'] = (changes, place) =>
      new Promise((resolve, reject) =>
        commit(changes, (error) => (error === null ? resolve() : reject(error)), [], place),
      );
    return {
      commit,
      put,
      get: (key) => reader.get(key),
      entries: (prefix: string, range?: Range) => reader.entries(prefix, range),
      keys: (prefix: string, range?: Range) => reader.keys(prefix, range),
      all: (parts) => reader.all(parts),
      drop: (keys) => drop(put, keys),
    };
  }

  #commit(
    fs: string,
    given: {
      changes: readonly Change[];
      done: Done;
      records: readonly Change[];
      place: PlaceChange | undefined;
    },
  ): void {
    if (this.#state !== 'open') {
      given.done(
        new JournalError(
          'failed',
          'the store has failed or is closed, and accepts no more changes',
        ),
      );
      return;
    }
    const held = fs === '' ? this.#guard : (this.#held.get(fs) ?? this.#newPlace(fs, given.place));
    const refusal = this.#lost.get(fs) ?? held?.left ?? null;
    if (held === null || held.closing || refusal !== null) {
      given.done(refusal ?? movedError(fs));
      return;
    }
    const bytes = bytesOf(given.changes) + bytesOf(given.records);
    // What follows a large commit must not overtake it.
    if (held.pending === 0 || held.flusher === null)
      held.flusher = fs !== '' && bytes > largeBytes ? this.#large : this.#small;
    held.pending += 1;
    this.#position += 1;
    held.flusher.add({ held, bytes, ...given });
  }

  /** The first commit of a filesystem makes its place; without a name it is that of somebody else. */
  #newPlace(fs: string, place: PlaceChange | undefined): Held | null {
    if (typeof place !== 'object') return null;
    const held = { ...heldOf({ fs, epoch: 1, flush: 0, chain: 0 }), isNew: true };
    this.#held.set(fs, held);
    return held;
  }

  async #reading(): Promise<{ connection: Connection; release(): void }> {
    while (this.#readings >= readingsMax)
      await new Promise<void>((resolve) => this.#readers.push(resolve));
    this.#readings += 1;
    const line = new Line({ primary: this.#primary, application: `pinhole ${this.owner}` });
    const release = () => {
      this.#readings -= 1;
      this.#readers.shift()?.();
      void line.close();
    };
    try {
      const connection = await line.wait((error) => {
        this.#trouble(error);
        if (this.#state === 'closed') void line.close();
      });
      return { connection, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async join(info: Omit<NodeInfo, 'version'>): Promise<void> {
    await this.#join(info);
  }

  async #join({ name, url, release, kernelVersion, leaving }: Omit<NodeInfo, 'version'>) {
    const { owner } = this;
    const values = [owner, name, this.#version, url, release, kernelVersion, leaving];
    const [row] = await this.#change(sql.join, [...values, guardOf(owner)]);
    if (row === undefined) throw movedError(guardOf(owner));
    this.#guard = heldOf(row);
  }

  async beat(info: NodeInfo, timeoutMs: number): Promise<Beat> {
    const { name, version, url, release, kernelVersion, leaving } = info;
    const values = [this.owner, name, version, url, release, kernelVersion, leaving];
    const connection = await this.#lines.beat.get();
    const rows = await connection.run<NodeRow & { current: number; [column: string]: unknown }>(
      sql.beat,
      values,
      { answerMs: timeoutMs },
    );
    this.#trouble(null);
    const nodes = rows.map(({ current: _, ...node }) => node as NodeRow);
    const removed = !nodes.some(({ id }) => id === this.owner);
    return { nodes, version: rows[0]?.current ?? this.#version, removed };
  }

  async removeNode({ id, beat }: Pick<NodeRow, 'id' | 'beat'>): Promise<boolean> {
    return (await this.#change(sql.removeNode, [id, beat, guardOf(id)])).length > 0;
  }

  async nextNumber(): Promise<number> {
    const text = "select nextval('filesystem_number') as number";
    const [row] = await this.#repeat<{ number: number }>({ name: 'number', text }, []);
    return (row as { number: number }).number;
  }

  places(): Promise<PlaceRow[]> {
    return this.#repeat<PlaceRow & Record<string, unknown>>(sql.places, []);
  }

  async placeOf(tenant: string, name: string): Promise<PlaceRow | null> {
    const values = [tenant, name];
    return (await this.#repeat<PlaceRow & Record<string, unknown>>(sql.placeOf, values))[0] ?? null;
  }

  async takeOver(
    { id, beat }: Pick<NodeRow, 'id' | 'beat'>,
    fs: readonly string[],
  ): Promise<string[]> {
    return this.#adopt(fs, sql.takeOver, (wanted) => [this.owner, id, beat, wanted]);
  }

  claim(fs: readonly string[]): Promise<string[]> {
    return this.#adopt(fs, sql.claim, (wanted) => [this.owner, wanted]);
  }

  /**
   * What an attempt without an answer had taken names this process as its owner already, so a raise
   * finds it.
   */
  async #adopt(
    fs: readonly string[],
    statement: Statement,
    valuesOf: (wanted: readonly string[]) => unknown[],
  ): Promise<string[]> {
    const wanted = fs.filter((one) => !this.#held.has(one) && !this.#lost.has(one));
    const taken = await this.#change(statement, valuesOf(wanted));
    const found = new Set(taken.map((row) => row.fs));
    const rest = wanted.filter((one) => !found.has(one) && !this.#held.has(one));
    if (rest.length > 0) taken.push(...(await this.#change(sql.raise, [rest, this.owner])));
    for (const row of taken) {
      this.#group = Math.max(this.#group, Number(row.ordered));
      // Taken by another call meanwhile, and perhaps appended to.
      const held = this.#held.get(row.fs);
      if (held === undefined) this.#held.set(row.fs, heldOf(row));
      else held.epoch = Math.max(held.epoch, row.epoch);
    }
    return taken.map((row) => row.fs);
  }

  async raise(fs: readonly string[]): Promise<string[]> {
    const own = fs.filter((one) => this.#held.has(one));
    const rows = new Map(
      (await this.#change(sql.raise, [own, this.owner])).map((row) => [row.fs, row]),
    );
    for (const one of own) {
      const held = this.#held.get(one);
      const row = rows.get(one);
      if (held === undefined) continue;
      // A flusher that has commits under way raises again and looks what became of them.
      if (row !== undefined) held.epoch = Math.max(held.epoch, row.epoch);
      else if (!held.isNew) this.#left(held, movedError(one));
    }
    return own.filter((one) => this.#held.has(one));
  }

  async give(fs: readonly string[], to: string | null): Promise<string[]> {
    const given: Held[] = [];
    for (const one of fs) {
      const held = this.#held.get(one);
      if (held === undefined) continue;
      held.closing = true;
      given.push(held);
    }
    await Promise.all(given.map(idle));
    const still = given.filter((held) => this.#held.get(held.fs) === held);
    const names = still.map((held) => held.fs);
    await this.#change(sql.give, [names, this.owner, to]);
    for (const held of still) this.#held.delete(held.fs);
    return names;
  }

  dropHeld(fs: readonly string[]): void {
    for (const one of fs) {
      const held = this.#held.get(one);
      if (held === undefined) continue;
      held.left = movedError(one);
      this.#held.delete(one);
    }
  }

  async notify(channel: Channel): Promise<void> {
    await (await this.#lines.beat.get()).run(`notify ${channel}`);
  }

  /** A change of places or nodes; repeated until it is acknowledged, so it must bear repetition. */
  async #change(statement: Statement, values: readonly unknown[]): Promise<PlaceEnd[]> {
    const before = this.#changing;
    let finished: () => void = () => {};
    this.#changing = new Promise((resolve) => {
      finished = resolve;
    });
    await before;
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          const connection = await this.#lines.places.get();
          const rows = await connection.change<PlaceEnd>(statement, values);
          this.#trouble(null);
          return rows;
        } catch (error) {
          if (this.#state === 'closed' || this.#givesUp || isFinal(error)) throw error;
          this.#trouble(error);
          await pause(attempt);
        }
      }
    } finally {
      finished();
    }
  }

  async #repeat<T extends Record<string, unknown>>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<T[]> {
    for (;;) {
      const connection = await this.#lines.read.wait((error) => this.#trouble(error));
      try {
        return await connection.run<T>(statement, values);
      } catch (error) {
        if (codeOf(error) !== null) throw error;
      }
    }
  }

  async #listen(connection: Connection): Promise<void> {
    connection.onMessage((channel) => this.onNotify(channel as Channel));
    await connection.run('listen places; listen control');
    this.onNotify('places');
    this.onNotify('control');
  }

  /**
   * After a break: the database must not have gone back behind what it acknowledged, as it does
   * when a standby without the last commits becomes the primary, or a backup is restored.
   */
  async #checkHeld(connection: Connection): Promise<void> {
    // The ends as they are before the reading; later appends only add to them.
    const all = [...this.#held.values(), this.#guard].filter(({ isNew }) => !isNew);
    const before = all.map((held) => ({ held, flush: held.flush, chain: held.chain }));
    const rows = await connection.run<PlaceEnd>(sql.look, [all.map(({ fs }) => fs)]);
    const found = new Map(rows.map((row) => [row.fs, row]));
    for (const { held, ...had } of before) {
      const row = found.get(held.fs);
      if (row === undefined) {
        // The last append of a filesystem removes its place.
        if (held.pending === 0 && held.left === null)
          this.#left(held, lostError(held.fs, had, row));
      } else if (row.flush < had.flush || (row.flush === had.flush && !isSame(row, had)))
        this.#left(held, lostError(held.fs, had, row));
      else if (row.owner !== this.owner && held.pending === 0)
        this.#left(held, movedError(held.fs));
    }
  }

  #left(held: Held, error: JournalError): void {
    const { fs } = held;
    if (held !== this.#guard && this.#held.get(fs) !== held) return;
    held.left = error;
    this.#held.delete(fs);
    if (error.kind === 'lost') this.#lost.set(fs, error);
    this.onLost(fs, error);
  }

  #trouble(error: unknown): void {
    if (this.#away === (error !== null) || this.#state === 'closed') return;
    this.#away = error !== null;
    this.#options.onAway?.(error as Error | null);
  }

  #setFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.#options.onFull?.(full);
    if (this.#room !== null) clearInterval(this.#room);
    this.#room = full ? setInterval(() => this.#look().catch(() => {}), roomMs).unref() : null;
  }

  /** Writes something large and takes it back. */
  async #look(): Promise<void> {
    const { connection, release } = await this.#reading();
    try {
      await connection.run('begin');
      await connection.run(
        "insert into record select 'room', 'room', convert_to(repeat('x', $1), 'utf8')",
        [roomBytes],
      );
      this.#setFull(false);
    } catch {
      // Still full, or away.
    } finally {
      // Closing the connection takes the transaction back.
      release();
    }
  }

  fail(error: unknown): JournalError {
    const failed = new JournalError('failed', 'the journal could not be written', error);
    if (this.#state !== 'open') return failed;
    this.#state = 'failed';
    this.#small.refuse(failed);
    this.#large.refuse(failed);
    this.#options.onFailed(failed);
    return failed;
  }

  /** Gives back all filesystems, so that another server can take them at once. */
  async close(): Promise<void> {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#state = 'closing';
    const late = setTimeout(() => {
      this.#givesUp = true;
    }, this.#options.closeMs ?? 5000);
    await Promise.all([this.#small.idle(), this.#large.idle()]);
    try {
      await this.#giveBack();
    } catch {
      // Others take over when they see that this process does not beat any more.
    }
    clearTimeout(late);
    this.#state = 'closed';
    if (this.#room !== null) clearInterval(this.#room);
    await this.#closeLines();
  }

  async #giveBack(): Promise<void> {
    if (this.#held.size > 0) await this.give([...this.#held.keys()], null);
    const [own] = await (await this.#lines.beat.get()).run<{ beat: number }>(
      'select beat from node where id = $1',
      [this.owner],
    );
    if (own !== undefined) await this.removeNode({ id: this.owner, beat: own.beat });
  }

  async #closeLines(): Promise<void> {
    await Promise.all(Object.values(this.#lines).map((line) => line.close()));
  }
}

const heldOf = ({ fs, epoch, flush, chain }: PlaceEnd): Held => ({
  fs,
  epoch,
  flush,
  chain,
  isNew: false,
  pending: 0,
  flusher: null,
  closing: false,
  left: null,
  idle: [],
});

const idle = (held: Held): Promise<void> =>
  held.pending === 0 ? Promise.resolve() : new Promise((resolve) => held.idle.push(resolve));

const bytesOf = (changes: readonly Change[]): number =>
  changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);

/** A statement that the database will never take, such as one without a right to it. */
const isFinal = (error: unknown): boolean => /^(42|22|23)/.test(codeOf(error) ?? '');

async function drop(
  put: Journal['put'],
  keys: AsyncIterable<string> | Iterable<string>,
): Promise<void> {
  let changes: Change[] = [];
  for await (const key of keys) {
    changes.push({ key, value: null });
    if (changes.length < keysPerDrop) continue;
    await put(changes);
    changes = [];
  }
  if (changes.length > 0) await put(changes);
}
