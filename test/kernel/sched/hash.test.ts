import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/kernel/panic.ts';
import { bucketOfEntry, bucketOfPage } from '../../../src/kernel/sched/hash.ts';
import { type Ino, toPfn, toPgOff } from '../../../src/kernel/units.ts';

const toIno = (n: number): Ino => n as Ino;

/** hash_64() of include/linux/hash.h, copied literally. */
function hash64(value: bigint, bits: number): number {
  return bits === 0
    ? 0
    : Number(BigInt.asUintN(64, value * 0x61c8864680b583ebn) >> BigInt(64 - bits));
}

const pageReference = (pfn: number, bits: number): number =>
  hash64(0xffffea0000000000n + BigInt(pfn) * 64n, bits);
const entryReference = (ino: number, pgoff: number): number =>
  hash64((0xffff888000000000n + BigInt(ino) * 1024n) ^ BigInt(pgoff), 12);

const runs = { numRuns: 20_000 };

describe('waitqueue hash', () => {
  it('puts a page into the same bucket as BigInt arithmetic', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(), fc.nat(2_000_000)),
        fc.integer({ min: 0, max: 16 }),
        (pfn, bits) => {
          assert(
            bucketOfPage(toPfn(pfn), bits) === pageReference(pfn, bits),
            'the bucket of a page is the same as on Linux',
          );
        },
      ),
      runs,
    );
    for (const pfn of [0, 1, 2 ** 26 - 1, 2 ** 26, 2 ** 31 - 1])
      expect(bucketOfPage(toPfn(pfn), 16)).toBe(pageReference(pfn, 16));
  });

  it('puts an entry into the same bucket as BigInt arithmetic', () => {
    const inos = fc.oneof(
      fc.nat(100_000),
      fc.nat({ max: 2 ** 31 - 1 }),
      fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** 50),
    );
    const pgoffs = fc.oneof(
      fc.nat(100_000),
      fc.maxSafeInteger().map((n) => Math.abs(n) % 2 ** 41),
    );
    fc.assert(
      fc.property(inos, pgoffs, (ino, pgoff) => {
        assert(
          bucketOfEntry(toIno(ino), toPgOff(pgoff)) === entryReference(ino, pgoff),
          'the bucket of an entry is the same as on Linux',
        );
      }),
      runs,
    );
  });

  it('has one bucket for 0 bits and spreads neighbours over 256', () => {
    const buckets = new Set<number>();
    for (let pfn = 0; pfn < 4096; pfn++) {
      expect(bucketOfPage(toPfn(pfn), 0)).toBe(0);
      buckets.add(bucketOfPage(toPfn(pfn), 8));
    }
    expect(buckets.size).toBe(256);
  });
});
