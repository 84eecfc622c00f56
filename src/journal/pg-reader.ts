// Reads records from PostgreSQL. A reading that fails because the connection broke is repeated, so a
// caller waits while the database is away.
import { JournalError } from './journal-error.ts';
import { type Connection, codeOf, type Statement } from './pg-primary.ts';
import { unseal } from './sealed.ts';
import type { Range } from './store.ts';

export interface ReaderHost {
  /** A connection that several readings share. Waits until there is one. */
  shared(): Promise<Connection>;
  /** A connection for one reading; `release` must be called. */
  own(): Promise<{ connection: Connection; release(): void }>;
}

type Rows = { key: string; value: Buffer }[];
interface Bounds {
  from: string;
  to: string;
}

const rowsPerRead = 128;
const keysPerRead = 1024;

/** A name for the checksum: a value must not be taken for that of another filesystem. */
export const sealName = (fs: string, key: string): string => (fs === '' ? key : `${fs}/${key}`);

/** Before the first key after those that begin with the prefix: `0` follows the slash. */
const endOf = (part: string): string =>
  part.endsWith('/') ? `${part.slice(0, -1)}0` : `${part}\u0001`;

const boundsOf = (part: string, { from = part, to = endOf(part) }: Range = {}): Bounds => ({
  from,
  to,
});

const get: Statement = { name: 'get', text: 'select value from record where fs = $1 and key = $2' };
const keysIn: Statement = {
  name: 'keys_in',
  text: `select key from record where fs = $1 and key >= $2 and key < $3 and key > $4
order by key limit ${keysPerRead}`,
};
/** The first rows of each part, so that a reading of many parts costs no more than one. */
const pageOf: Statement = {
  name: 'page_of',
  text: `select r.key, r.value
from unnest($2::text[], $3::text[]) with ordinality as p (lo, hi, n) cross join lateral (
  select key, value from record
  where fs = $1 and key >= p.lo and key < p.hi and (p.n > 1 or key > $4)
  order by key limit ${rowsPerRead}
) r order by p.n, r.key limit ${rowsPerRead}`,
};

export class PgReader {
  readonly #host: ReaderHost;
  readonly #fs: string;

  /** The empty `fs` stands for the keys of the server. */
  constructor(host: ReaderHost, fs: string) {
    this.#host = host;
    this.#fs = fs;
  }

  async get(key: string): Promise<Uint8Array | null> {
    const [row] = await this.#shared<{ value: Buffer }>(get, [this.#fs, key]);
    return row === undefined ? null : unseal(sealName(this.#fs, key), row.value);
  }

  async *keys(prefix: string, range: Range = {}): AsyncGenerator<string> {
    const { from, to } = boundsOf(prefix, range);
    for (let last = ''; ; ) {
      const rows = await this.#shared<{ key: string }>(keysIn, [
        this.#fs,
        last > from ? last : from,
        to,
        last,
      ]);
      for (const { key } of rows) yield key;
      const end = rows.at(-1);
      if (end === undefined || rows.length < keysPerRead) return;
      last = end.key;
    }
  }

  async *entries(prefix: string, range: Range = {}): AsyncGenerator<[string, Uint8Array]> {
    for await (const [key, value] of this.#rows([boundsOf(prefix, range)])) {
      if (value instanceof JournalError) throw value;
      yield [key, value];
    }
  }

  all(parts: readonly string[]): AsyncGenerator<[string, Uint8Array | JournalError]> {
    return this.#rows(parts.map((part) => boundsOf(part)));
  }

  /**
   * What one statement can read is read with one, which sees the state of one moment. More is read
   * in a transaction, for the same reason.
   */
  async *#rows(parts: Bounds[]): AsyncGenerator<[string, Uint8Array | JournalError]> {
    const first = await this.#shared<Rows[number]>(pageOf, this.#page(parts, ''));
    if (first.length < rowsPerRead) {
      yield* this.#unsealed(first);
      return;
    }
    // The first rows are read again, because the transaction may see a later state.
    let { connection, release } = await this.#host.own();
    try {
      for (;;) {
        try {
          await connection.run('begin isolation level repeatable read read only');
          break;
        } catch (error) {
          if (codeOf(error) !== null) throw error;
          release();
          ({ connection, release } = await this.#host.own());
        }
      }
      let left = parts;
      let last = '';
      for (;;) {
        const rows = await reading(connection.run<Rows[number]>(pageOf, this.#page(left, last)));
        yield* this.#unsealed(rows);
        const end = rows.at(-1);
        if (end === undefined || rows.length < rowsPerRead) break;
        left = left.slice(left.findIndex(({ from, to }) => end.key >= from && end.key < to));
        last = end.key;
      }
    } finally {
      await connection.run('rollback').catch(() => {});
      release();
    }
  }

  #page(parts: readonly Bounds[], last: string): unknown[] {
    const froms = parts.map(({ from }, i) => (i === 0 && last > from ? last : from));
    return [this.#fs, froms, parts.map(({ to }) => to), last];
  }

  *#unsealed(rows: Rows): Generator<[string, Uint8Array | JournalError]> {
    for (const { key, value } of rows) {
      try {
        yield [key, unseal(sealName(this.#fs, key), value)];
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        yield [key, error];
      }
    }
  }

  async #shared<T extends Record<string, unknown>>(
    statement: Statement,
    values: readonly unknown[],
  ): Promise<T[]> {
    for (;;) {
      const connection = await this.#host.shared();
      try {
        return await connection.run<T>(statement, values);
      } catch (error) {
        // Repeated if the connection broke; shared() waits for another one.
        if (codeOf(error) !== null) throw unreadable(error);
      }
    }
  }
}

/** A reading in a transaction cannot go on elsewhere, so it fails. Its caller may begin again. */
async function reading<T>(rows: Promise<T>): Promise<T> {
  try {
    return await rows;
  } catch (error) {
    throw unreadable(error);
  }
}

const unreadable = (error: unknown): JournalError =>
  new JournalError(
    codeOf(error) === null ? 'failed' : 'damaged',
    `the database cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    error,
  );
