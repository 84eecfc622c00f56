// Whether every key is there: their number and the sum of their checksums go with every flush.
import { crc32 } from 'node:zlib';
import { decode } from './codec.ts';
import { type Level, reading, unseal } from './sealed.ts';

export const groupKey = 'group';

/** Of the keys that are looked up by what they begin with. */
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

/** What the last flush said of itself. */
export type GroupRecord = [group: number, count: number, sum: number];

/**
 * Looks at every key but the bulk, also where a flipped bit may have put one; `missing` says where
 * they are not those of the last flush. Rejects where one cannot be read.
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
        const body = unseal(key, sealed);
        if (key === groupKey) told = decode(body) as GroupRecord;
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
    : `the store has ${found} keys where flush ${group} left ${count}, or others than those`;
  return { group, census, missing };
}
