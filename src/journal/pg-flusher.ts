// Appends commits to the database, all that wait with one statement, one statement at a time.
//
// Only an answer without a warning counts. Everything else leaves it unknown what was stored: the
// connection broke, the wait for the standby was called off, or the filesystem was not taken. Then
// the flusher raises the epochs of the filesystems, which waits for what is still under way and shuts
// it out, and reads from their places whether the append is in. If not, it is sent again.
import { crc32 } from 'node:zlib';
import { JournalError } from './journal-error.ts';
import { type Line, pause } from './pg-line.ts';
import { type Connection, codeOf } from './pg-primary.ts';
import { sealName } from './pg-reader.ts';
import { append, look, raise } from './pg-statements.ts';
import { seal } from './sealed.ts';
import type { Change, Done, PlaceChange } from './store.ts';

/** Where the journal of a filesystem ends: the number of the last append, and a checksum of all. */
interface End {
  flush: number;
  chain: number;
}

/** A filesystem that this process owns, as far as the database has acknowledged it. */
export interface Held extends End {
  fs: string;
  epoch: number;
  /** The first append makes the place. */
  isNew: boolean;
  /** Commits that wait or are under way, and the flusher that has them. */
  pending: number;
  flusher: Flusher | null;
  /** It is being given away, so it takes no more commits. */
  closing: boolean;
  /** Why it is not owned any more. */
  left: JournalError | null;
  /** Called when no commit is pending. */
  idle: (() => void)[];
}

/** A row of the table of places. */
export interface PlaceEnd extends End {
  [column: string]: unknown;
  fs: string;
  epoch: number;
  owner?: string | null;
}

export interface Commit {
  held: Held;
  changes: readonly Change[];
  records: readonly Change[];
  place: PlaceChange | undefined;
  done: Done;
  bytes: number;
}

export interface FlushHost {
  readonly owner: string;
  readonly kernelVersion: number;
  /** Waiting commits are given up, because the store is being closed. */
  readonly givesUp: boolean;
  /** The number of the next group of commits. */
  nextGroup(): number;
  /** Says that the database does not answer, or (null) that it does. */
  trouble(error: unknown): void;
  /** Whether keys of the server changed that other servers have in memory. */
  isShared(key: string): boolean;
  changed(version: number): void;
  setFull(full: boolean): void;
  /** The filesystem has another owner, or the database has lost its appends. */
  left(held: Held, error: JournalError): void;
  removed(held: Held): void;
  flushed(ms: number, commits: number, bytes: number): void;
}

type What = 'kept' | 'made' | 'unnamed' | 'removed';

/** All commits of one filesystem in a statement. */
interface Group {
  held: Held;
  commits: Commit[];
  what: What;
  sent: End;
  /** An attempt was not answered, so it may be stored. */
  doubt: boolean;
}

/** Bytes of one statement, unless one commit has more. */
const bytesPerFlush = 8 * 1024 * 1024;

const diskFull = '53100';
/** A name that is used, and data that the database does not take: the others are sent without it. */
const unique = '23505';
const ofOneCommit = (code: string | null): boolean => code !== null && /^2[123]/.test(code);

const fullError = (): JournalError => new JournalError('full', 'the disk of the database is full');
export const movedError = (fs: string): JournalError =>
  new JournalError('moved', `another server owns filesystem ${fs}`);
export const lostError = (fs: string, had: End, found: End | undefined): JournalError =>
  new JournalError(
    'lost',
    `engine-lost-entries: the database acknowledged append ${had.flush} of ${fs}, and now ` +
      (found === undefined
        ? 'has nothing of it'
        : found.flush < had.flush
          ? `ends with append ${found.flush}`
          : 'has others in its place'),
  );

export const isSame = (a: End, b: End): boolean => a.flush === b.flush && a.chain === b.chain;

export class Flusher {
  readonly #host: FlushHost;
  readonly #line: Line;
  #waiting: Commit[] = [];
  #scheduled = false;
  #flushing = false;
  #idle: (() => void)[] = [];

  constructor(host: FlushHost, line: Line) {
    this.#host = host;
    this.#line = line;
  }

  add(commit: Commit): void {
    this.#waiting.push(commit);
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#flushing && !this.#scheduled) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Refuses what waits; what is under way goes on. */
  refuse(error: JournalError): void {
    for (const commit of this.#waiting.splice(0)) end([commit], error);
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      while (this.#waiting.length > 0) await this.#send(this.#take());
    } finally {
      this.#flushing = false;
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** The commits of the next statement, by filesystem. */
  #take(): Group[] {
    const groups = new Map<Held, Group>();
    let bytes = 0;
    let count = 0;
    for (const commit of this.#waiting) {
      const { held, place } = commit;
      const group = groups.get(held);
      const what = whatOf(held, place);
      if (group !== undefined && group.what !== 'kept' && what !== 'kept') break;
      if (count > 0 && bytes + commit.bytes > bytesPerFlush) break;
      bytes += commit.bytes;
      count += 1;
      if (group === undefined) {
        const sent = { flush: held.flush + 1, chain: 0 };
        groups.set(held, { held, commits: [commit], what, sent, doubt: false });
      } else {
        group.commits.push(commit);
        if (what !== 'kept') group.what = what;
      }
    }
    this.#waiting.splice(0, count);
    return [...groups.values()].filter((group) => {
      const { left } = group.held;
      if (left !== null) end(group.commits, left);
      return left === null;
    });
  }

  /** Returns when all are settled. */
  async #send(groups: Group[]): Promise<void> {
    let open = groups;
    for (let attempt = 0; open.length > 0; attempt++) {
      const failure = await this.#append(open);
      open = open.filter(({ commits }) => commits.length > 0);
      if (open.length === 0) return;
      const code = failure === null ? null : codeOf(failure);
      if (code === diskFull) return this.#refuseAsFull(open);
      if (ofOneCommit(code)) {
        const [group, more] = open as [Group, Group?];
        if (more === undefined && !group.doubt && !isDivisible(group))
          return this.#refuseOne(group, failure as Error);
        if (more === undefined && group.doubt) {
          // An earlier attempt may have stored it, and be what the database now finds.
          open = await this.#clearUp(open);
          group.doubt = false;
          continue;
        }
        for (const part of open.flatMap(dividedOf)) await this.#send([part]);
        return;
      }
      if (failure !== null) {
        this.#host.trouble(failure);
        if (code === null) for (const group of open) group.doubt = true;
        else await pause(attempt);
      }
      open = await this.#clearUp(open);
    }
  }

  /** Settles what is stored, and returns why the rest may not be; null if it was refused. */
  async #append(open: readonly Group[]): Promise<Error | null> {
    const { owner, kernelVersion } = this.#host;
    const group = this.#host.nextGroup();
    const { values, bytes } = parametersOf(open, { owner, kernelVersion, group }, (key) =>
      this.#host.isShared(key),
    );
    const begin = performance.now();
    try {
      const connection = await this.#line.get();
      const rows = await connection.change<{ fs: string; version: number | null }>(append, values);
      const taken = new Set(rows.map(({ fs }) => fs));
      const version = rows[0]?.version ?? null;
      if (version !== null) this.#host.changed(version);
      if (taken.size > 0) {
        this.#host.trouble(null);
        this.#host.setFull(false);
      }
      let commits = 0;
      for (const one of open) {
        if (!taken.has(one.held.fs)) continue;
        commits += one.commits.length;
        this.#settle(one);
      }
      if (commits > 0) this.#host.flushed(performance.now() - begin, commits, bytes);
      return null;
    } catch (error) {
      return error as Error;
    }
  }

  /** Learns what became of the appends. Returns those that are not stored and can be sent again. */
  async #clearUp(open: readonly Group[]): Promise<Group[]> {
    const fs = open.map(({ held }) => held.fs);
    for (let attempt = 0; ; attempt++) {
      if (this.#host.givesUp) {
        for (const { commits } of open) end(commits, unknownError('the store was closed'));
        return [];
      }
      try {
        const connection = await this.#line.get();
        const rows = new Map<string, PlaceEnd>();
        const mine = await connection.change<PlaceEnd>(raise, [fs, this.#host.owner]);
        for (const row of mine) rows.set(row.fs, { ...row, owner: this.#host.owner });
        const rest = fs.filter((one) => !rows.has(one));
        if (rest.length > 0)
          for (const row of await connection.run<PlaceEnd>(look, [rest])) rows.set(row.fs, row);
        const again: Group[] = [];
        for (const group of open)
          if (await this.#isOpen(connection, group, rows.get(group.held.fs))) again.push(group);
        this.#host.trouble(null);
        return again;
      } catch (error) {
        this.#host.trouble(error);
        await pause(attempt);
      }
    }
  }

  /** Settles the group, or returns true if it is not stored and can be sent again. */
  async #isOpen(connection: Connection, group: Group, row: PlaceEnd | undefined): Promise<boolean> {
    const { held, sent, doubt, what } = group;
    const { owner } = this.#host;
    if (row === undefined) {
      if (what === 'removed' && doubt) this.#settle(group);
      else if (held.isNew) return true;
      else this.#leave(group, lostError(held.fs, held, undefined));
      return false;
    }
    const isMine = row.owner === owner;
    if (isMine) held.epoch = row.epoch;
    if (doubt && isSame(row, sent)) {
      this.#settle(group);
      if (!isMine) this.#host.left(held, movedError(held.fs));
      return false;
    }
    if (isSame(row, held)) {
      group.doubt = false;
      if (!isMine) this.#leave(group, movedError(held.fs));
      return isMine;
    }
    if (isMine || row.flush <= held.flush) this.#leave(group, lostError(held.fs, held, row));
    else if (!doubt) this.#leave(group, movedError(held.fs));
    else if (await isStored(connection, group)) {
      this.#settle(group);
      this.#host.left(held, movedError(held.fs));
    } else {
      // The new owner may have deleted what was stored.
      end(group.commits, unknownError(`another server owns filesystem ${held.fs}`));
      this.#host.left(held, movedError(held.fs));
    }
    return false;
  }

  #settle(group: Group): void {
    const { held, sent, what } = group;
    held.flush = sent.flush;
    held.chain = sent.chain;
    held.isNew = false;
    if (what === 'removed') this.#host.removed(held);
    end(group.commits, null);
  }

  #leave(group: Group, error: JournalError): void {
    end(group.commits, error);
    this.#host.left(group.held, error);
  }

  /** Also what waits: the order would be broken if a later commit were stored. */
  #refuseAsFull(open: readonly Group[]): void {
    this.#host.setFull(true);
    for (const { commits } of open) end(commits, fullError());
    this.refuse(fullError());
  }

  #refuseOne({ commits, what, held }: Group, failure: Error): void {
    const isTaken = codeOf(failure) === unique;
    if (isTaken && what === 'made') this.#host.removed(held);
    const made = what === 'made' ? 'made a filesystem of this name' : 'stored a key of this name';
    end(
      commits,
      isTaken
        ? new JournalError('taken', `another server ${made}`, failure)
        : new JournalError(
            'failed',
            `the database refuses the change: ${failure.message}`,
            failure,
          ),
    );
  }
}

/** Commits after the one that makes or removes a place stand or fall with it. */
const isDivisible = ({ what, commits }: Group): boolean => what === 'kept' && commits.length > 1;

/** One group for each commit, in the same order. */
const dividedOf = (group: Group): Group[] =>
  isDivisible(group)
    ? group.commits.map((commit) => ({ ...group, commits: [commit], sent: { ...group.sent } }))
    : [group];

const unknownError = (why: string): JournalError =>
  new JournalError('failed', `it is unknown whether the change is stored: ${why}`);

function whatOf(held: Held, place: PlaceChange | undefined): What {
  if (place === 'unnamed' || place === 'removed') return place;
  return held.isNew ? 'made' : 'kept';
}

/** Takes the commits out of the array, and calls all callbacks even if one of them throws. */
function end(commits: Commit[], error: JournalError | null): void {
  for (const { held, done } of commits.splice(0)) {
    held.pending -= 1;
    try {
      done(error);
    } catch (thrown) {
      setImmediate(() => {
        throw thrown;
      });
    }
    if (held.pending === 0) for (const resolve of held.idle.splice(0)) resolve();
  }
}

/** Whether the newest value of the group is in the database. */
async function isStored(connection: Connection, { held, commits }: Group): Promise<boolean> {
  const last = commits.flatMap(({ changes }) => changes).findLast(({ value }) => value !== null);
  if (last === undefined) return false;
  const sealed = seal(sealName(held.fs, last.key), last.value as Uint8Array);
  const rows = await connection.run(
    'select from record where fs = $1 and key = $2 and value = $3',
    [held.fs, last.key, sealed],
  );
  return rows.length > 0;
}

/** The parameters of the statement `append`. Sets the ends of the groups. */
function parametersOf(
  groups: readonly Group[],
  { owner, kernelVersion, group }: { owner: string; kernelVersion: number; group: number },
  isShared: (key: string) => boolean,
): { values: unknown[]; bytes: number } {
  const parts: Uint8Array[] = [];
  const rows = {
    n: [] as number[],
    server: [] as boolean[],
    key: [] as string[],
    at: [] as number[],
    length: [] as (number | null)[],
    fresh: [] as boolean[],
  };
  let bytes = 0;
  let shared = 0;
  const add = (n: number, fs: string, { key, value, isNew }: Change, chain: number): number => {
    const sealed = value === null ? null : seal(sealName(fs, key), value);
    rows.n.push(n);
    rows.server.push(fs === '');
    rows.key.push(key);
    rows.at.push(bytes);
    rows.length.push(sealed?.length ?? null);
    rows.fresh.push(isNew === true);
    const after = crc32(key, chain);
    if (sealed === null) return after;
    parts.push(sealed);
    bytes += sealed.length;
    return crc32(sealed, after);
  };
  for (const [index, { held, commits, sent }] of groups.entries()) {
    let { chain } = held;
    for (const { changes, records } of commits) {
      for (const change of changes)
        chain = add(index + 1, isServer(held) ? '' : held.fs, change, chain);
      for (const change of records) chain = add(index + 1, '', change, chain);
      for (const { key } of isServer(held) ? changes : records) if (isShared(key)) shared = 1;
    }
    sent.flush = held.flush + 1;
    sent.chain = chain;
  }
  const named = groups.map(({ commits, what }) => {
    const place = what === 'made' ? commits[0]?.place : undefined;
    return typeof place === 'object' ? place : null;
  });
  const values = [
    groups.map(({ held }) => held.fs),
    groups.map(({ held }) => held.epoch),
    groups.map(({ sent }) => sent.flush),
    groups.map(({ sent }) => sent.chain),
    groups.map(({ what }) => what),
    named.map((place) => place?.tenant ?? null),
    named.map((place) => place?.name ?? null),
    owner,
    group,
    kernelVersion,
    Buffer.concat(parts, bytes),
    rows.n,
    rows.server,
    rows.key,
    rows.at,
    rows.length,
    shared,
    named.map((place) => place?.number ?? 0),
    rows.fresh,
  ];
  return { values, bytes };
}

/** The place of a process guards the changes of the server's keys that belong to no filesystem. */
export const guardOf = (owner: string): string => `node:${owner}`;
const isServer = ({ fs }: Held): boolean => fs.startsWith('node:');
