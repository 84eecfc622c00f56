// Where tenants and tokens are kept: `tenant/<name>`, `token/<id>`, and the key under which tokens
// are hashed.
import { decode, encode } from '../journal/codec.ts';
import type { Store } from '../journal/level-store.ts';

export interface Records {
  /**
   * Together or not at all; null deletes. Fulfilled when it is durable, rejected with a
   * JournalError.
   */
  put(changes: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Nothing outlives the process. */
export const noRecords: Records = { put: () => Promise.resolve() };

export function storedRecords(store: Store): Records {
  return {
    put: (changes) =>
      store.put(
        Object.entries(changes).map(([key, value]) => ({
          key,
          value: value === null ? null : encode(value),
        })),
      ),
  };
}

/** What is kept under keys that begin with `prefix`. */
export async function recordsOf<T>(store: Store, prefix: string): Promise<T[]> {
  const records: T[] = [];
  for await (const [, body] of store.entries(prefix)) records.push(decode(body) as T);
  return records;
}
