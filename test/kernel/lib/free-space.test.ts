import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkFreeSpace,
  createFreeSpace,
  eachFreeRun,
  type FreeSpace,
  giveRun,
  isFree,
  takeAligned,
  takeExact,
  takeRun,
} from '../../../src/kernel/lib/free-space.ts';
import { assert, Panic } from '../../../src/kernel/panic.ts';
import { toPfn } from '../../../src/kernel/units.ts';

/** The naive model: one boolean per block, true is free. */
type Model = boolean[];

function modelTake(
  model: Model,
  hint: number,
  wanted: number,
): { pfn: number; pages: number } | null {
  let pfn = model.indexOf(true, hint);
  if (pfn < 0) pfn = model.indexOf(true);
  if (pfn < 0) return null;
  let pages = 0;
  while (pages < wanted && model[pfn + pages] === true) pages++;
  return { pfn, pages };
}

/**
 * The first run at or after the hint that begins where `pgoff` does within its 512 and covers
 * aligned 512.
 */
function modelTakeAligned(
  model: Model,
  hint: number,
  pgoff: number,
  wanted: number,
): { pfn: number; pages: number } | null {
  const least = pgoff % 512 === 0 ? 512 : 1024 - (pgoff % 512);
  const fits = (pfn: number): boolean => {
    for (let page = 0; page < least; page++) if (model[pfn + page] !== true) return false;
    return pfn % 512 === pgoff % 512;
  };
  const pfns = model.map((_free, pfn) => pfn);
  const pfn = pfns.find((at) => at >= hint && fits(at)) ?? pfns.find((at) => at < hint && fits(at));
  if (pfn === undefined) return null;
  let pages = 0;
  while (pages < wanted && model[pfn + pages] === true) pages++;
  return { pfn, pages };
}

function modelRuns(model: Model): [number, number][] {
  const runs: [number, number][] = [];
  for (let pfn = 0; pfn < model.length; pfn++) {
    if (!model[pfn]) continue;
    if (pfn > 0 && model[pfn - 1]) (runs.at(-1) as [number, number])[1]++;
    else runs.push([pfn, 1]);
  }
  return runs;
}

function compare(space: FreeSpace, model: Model): void {
  checkFreeSpace(space);
  assert(
    space.free === model.filter((free) => free).length,
    'the model counts the same free blocks',
  );
  const runs: [number, number][] = [];
  eachFreeRun(space, (pfn, pages) => runs.push([pfn, pages]));
  assert(
    JSON.stringify(runs) === JSON.stringify(modelRuns(model)),
    'the model has the same free runs',
  );
  for (const [pfn, free] of model.entries())
    assert(isFree(space, toPfn(pfn)) === free, 'isFree agrees with the model');
}

const pages = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3000 }));
const step = fc.record({
  do: fc.constantFrom('take', 'take', 'takeExact', 'give', 'give'),
  at: fc.nat(4200),
  pages,
});

describe('free space', () => {
  it('agrees with an array of booleans', () => {
    fc.assert(
      // Up to 4200 blocks, so that all three levels have more than one word.
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 4200 })),
        fc.array(step, { maxLength: 60, size: 'max' }),
        (blocks, script) => {
          const space = createFreeSpace(blocks);
          const model: Model = new Array(blocks).fill(true);
          for (const { do: verb, at: anywhere, pages: wanted } of script) {
            if (verb === 'take') {
              const expected = modelTake(model, anywhere, wanted);
              const taken = takeRun(space, toPfn(anywhere), wanted);
              assert(
                JSON.stringify(taken) === JSON.stringify(expected),
                'takeRun takes the first free run at or after the hint',
              );
              if (taken) model.fill(false, taken.pfn, taken.pfn + taken.pages);
              continue;
            }
            const at = anywhere % blocks;
            const end = Math.min(at + wanted, blocks);
            const from = verb === 'give';
            // Cut to what the verb may touch: giving wants used blocks, taking free ones.
            let stop = at;
            while (stop < end && model[stop] !== from) stop++;
            if (stop === at) continue;
            if (from) giveRun(space, toPfn(at), stop - at);
            else takeExact(space, toPfn(at), stop - at);
            model.fill(from, at, stop);
          }
          compare(space, model);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds the only free block of a million, also behind the hint', () => {
    const space = createFreeSpace(1_000_000);
    takeExact(space, toPfn(0), 1_000_000);
    expect(takeRun(space, toPfn(0), 1)).toBeNull();
    for (const pfn of [0, 1, 31, 32, 1023, 1024, 32_767, 32_768, 777_777, 999_999]) {
      for (const hint of [0, pfn, pfn + 1, 500_000, 1_000_000]) {
        giveRun(space, toPfn(pfn), 1);
        expect(takeRun(space, toPfn(hint), 8)).toEqual({ pfn, pages: 1 });
      }
    }
    checkFreeSpace(space);
  });

  it('survives structuredClone, which shares nothing', () => {
    const space = createFreeSpace(1000);
    takeExact(space, toPfn(100), 500);
    const copy = structuredClone(space);
    giveRun(copy, toPfn(100), 500);
    checkFreeSpace(copy);
    checkFreeSpace(space);
    expect([space.free, copy.free]).toEqual([500, 1000]);
  });

  it('finds aligned runs as the array of booleans does', () => {
    let found = 0;
    const taking = fc.record({
      at: fc.nat(4200),
      pgoff: fc.nat(2000),
      more: fc.nat(1500),
      used: fc.nat(4200),
      pages: fc.nat(40),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 600, max: 4200 }),
        fc.array(taking, { minLength: 1, maxLength: 12 }),
        (blocks, script) => {
          const space = createFreeSpace(blocks);
          const model: Model = new Array(blocks).fill(true);
          for (const { at, pgoff, more, used, pages: few } of script) {
            const wanted = (pgoff % 512 === 0 ? 512 : 1024 - (pgoff % 512)) + more;
            const expected = modelTakeAligned(model, at % blocks, pgoff, wanted);
            const taken = takeAligned(space, toPfn(at % blocks), pgoff, wanted);
            assert(
              JSON.stringify(taken) === JSON.stringify(expected),
              'takeAligned takes the first fit at or after the hint',
            );
            if (taken !== null) {
              found++;
              model.fill(false, taken.pfn, taken.pfn + taken.pages);
            }
            for (let pfn = used % blocks; pfn < Math.min(blocks, (used % blocks) + few); pfn++) {
              if (model[pfn] === true) takeExact(space, toPfn(pfn), 1);
              model[pfn] = false;
            }
          }
          compare(space, model);
        },
      ),
      { numRuns: 150 },
    );
    expect(found).toBeGreaterThan(50);
  });

  it('panics when a law of the caller is broken', () => {
    const space = createFreeSpace(100);
    takeExact(space, toPfn(40), 20);
    expect(() => takeExact(space, toPfn(30), 11)).toThrow(Panic);
    expect(() => takeExact(space, toPfn(99), 2)).toThrow(Panic);
    expect(() => giveRun(space, toPfn(59), 2)).toThrow(Panic);
    expect(() => giveRun(space, toPfn(50), 0)).toThrow(Panic);
    expect(() => takeRun(space, toPfn(0), 0)).toThrow(Panic);
    expect(() => isFree(space, toPfn(100))).toThrow(Panic);
  });

  it('finds broken bitmaps', () => {
    const breakings: ((space: FreeSpace) => void)[] = [
      (space) => space.free--,
      (space) => space.blocks--,
      (space) => (space.bits[0] = 0),
      (space) => (space.summary[0] = 0),
      (space) => (space.top[0] = 0),
    ];
    for (const breaking of breakings) {
      const space = createFreeSpace(1000);
      breaking(space);
      expect(() => checkFreeSpace(space)).toThrow(Panic);
    }
  });
});
