// One connection that is opened when it is needed, and again after it broke.
import { setTimeout as delay } from 'node:timers/promises';
import { JournalError } from './journal-error.ts';
import type { Connection, Primary } from './pg-primary.ts';

/** After a failed attempt the next one waits, at most so long. */
const pauseMsMax = 1000;

export const pause = (attempt: number): Promise<void> =>
  delay(Math.min(pauseMsMax, 25 * 2 ** attempt));

export interface LineOptions {
  primary: Primary;
  /** The name of this process in pg_stat_activity. */
  application: string;
  /** Called when a connection was renewed, before anything else uses it. */
  renewed?: (connection: Connection) => Promise<void>;
  /** Called for each connection, before anything else uses it. */
  opened?: (connection: Connection) => Promise<void>;
}

export class Line {
  readonly #options: LineOptions;
  #connection: Connection | null = null;
  #opening: Promise<Connection> | null = null;
  #closed = false;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Rejects if the database cannot be reached. */
  get(): Promise<Connection> {
    const open = this.#connection;
    if (open !== null && !open.broken) return Promise.resolve(open);
    this.#opening ??= this.#open(open).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Waits until the database can be reached. Rejects after close(). */
  async wait(onTrouble: (error: unknown) => void): Promise<Connection> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.get();
      } catch (error) {
        if (this.#closed) throw error;
        onTrouble(error);
        await pause(attempt);
      }
    }
  }

  async #open(before: Connection | null): Promise<Connection> {
    if (this.#closed) throw closed();
    const { primary, application, renewed, opened } = this.#options;
    const connection = await primary.connect();
    try {
      if (before !== null) {
        // Its session may still wait for a standby, and hold the locks that the next statement
        // needs. What it had committed is replicated before that statement is acknowledged.
        await connection.run(
          'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and application_name = $2',
          [before.pid, application],
        );
        await renewed?.(connection);
      }
      await opened?.(connection);
      if (this.#closed) throw closed();
    } catch (error) {
      connection.destroy(new Error('not used'));
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => {});
    await this.#connection?.close();
  }
}

const closed = (): JournalError => new JournalError('failed', 'the store is closed');
