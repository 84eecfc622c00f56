// Shows whether a key is missing: every flush records the number of keys and the sum of their
// checksums.
import { crc32 } from 'node:zlib';
import { decode } from './codec.ts';
import { type Level, reading, unseal } from './sealed.ts';

export const groupKey = 'group';

/** Counts every key except the bulk ones, of which there are too many. */
export class Census {
  readonly #keys = new Set<string>();
  #sum = 0;

  add(key: string): void {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#sum = (this.#sum + crc32(key)) >>> 0;
  }

  delete(key: string): void {
    if (this.#keys.delete(key)) this.#sum = (this.#sum - crc32(key)) >>> 0;
  }

  get total(): readonly [count: number, sum: number] {
    return [this.#keys.size, this.#sum];
  }
}

/** What each flush records: its number, and the census after it. */
export type GroupRecord = [group: number, count: number, sum: number];

/**
 * Reads every key that is not bulk, wherever it stands, because a flipped bit can move a key.
 * `missing` is a message if the keys differ from those of the last flush, else null. Rejects if
 * LevelDB cannot read a block.
 */
export async function censusOf(
  level: Level,
  bulk: readonly string[],
): Promise<{ group: number; census: Census; missing: string | null }> {
  const census = new Census();
  let told: GroupRecord | null = null;
  let from = '';
  for (const prefix of [...bulk, null]) {
    const iterator = level.iterator({ gte: from, ...(prefix === null ? {} : { lt: prefix }) });
    for (;;) {
      const some = await reading('the store', () => iterator.nextv(256));
      if (some.length === 0) break;
      for (const [key, sealed] of some) {
        // Every other value is checked by its reader, so that the damage of one filesystem does not
        // refuse the whole store.
        if (key === groupKey) told = decode(unseal(key, sealed)) as GroupRecord;
        else census.add(key);
      }
    }
    await iterator.close();
    if (prefix !== null) from = `${prefix}\uffff`;
  }
  const [group, count, sum] = told ?? [0, 0, 0];
  const [found, foundSum] = census.total;
  const same = count === found && sum === foundSum;
  const missing = same
    ? null
    : `the store does not have the keys of flush ${group}: ${found} instead of ${count}, or others`;
  return { group, census, missing };
}
