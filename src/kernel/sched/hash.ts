// Linux's hashes from an address to a waitqueue bucket. Unrelated pages can share a bucket and then
// wake each other's waiters for nothing. The same addresses collide as on x86-64. Computed in
// 32-bit limbs, because BigInt costs a hundred times as much.
import type { Ino, Pfn, PgOff } from '../units.ts';

// The limbs of GOLDEN_RATIO_64, 0x61C8864680B583EB. The lower one is as int32.
const goldenHigh = 0x61c88646;
const goldenLow = 0x80b583eb | 0;

// The addresses of struct pages (64 bytes each) and slab objects without address randomization. The
// lower half of each is zero.
const vmemmapHigh = 0xffffea00;
const directMapHigh = 0xffff8880;

const entryBucketBits = 12;

/**
 * Mirrors folio_waitqueue(): hash_ptr() of the page's struct. `bits` is 0 to 16; with 0 there is
 * one bucket.
 */
export function bucketOfPage(pfn: Pfn, bits: number): number {
  return hash64(vmemmapHigh + Math.floor(pfn / 2 ** 26), pfn << 6, bits);
}

/**
 * Mirrors dax_entry_waitqueue(): hash_long(mapping ^ index) to 4096 buckets, where the mappings are
 * 1024 bytes apart.
 */
export function bucketOfEntry(ino: Ino, pgoff: PgOff): number {
  const high = (directMapHigh + Math.floor(ino / 2 ** 22)) ^ Math.floor(pgoff / 2 ** 32);
  return hash64(high, (ino << 10) ^ pgoff, entryBucketBits);
}

/**
 * The top `bits` bits of high:low * GOLDEN_RATIO_64 mod 2^64. Only the upper half of the product is
 * needed.
 */
function hash64(high: number, low: number, bits: number): number {
  if (bits === 0) return 0;
  const upper = mulHigh(low, goldenLow) + Math.imul(low, goldenHigh) + Math.imul(high, goldenLow);
  return upper >>> (32 - bits);
}

/** The upper half of the unsigned product of two 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // No sum reaches 2^32, so each is exact and `>>>` does not truncate it.
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + (middle >>> 16) + (carried >>> 16);
}
