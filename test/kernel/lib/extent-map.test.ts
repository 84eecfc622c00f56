import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkExtentMap,
  createExtentMap,
  type Extent,
  type ExtentMap,
  eachExtent,
  findExtent,
  insertExtent,
  lastExtent,
  lookupBlock,
  nextExtent,
  previousExtent,
  removeRange,
  setState,
  shiftExtents,
} from '../../../src/kernel/lib/extent-map.ts';
import { assert, Panic } from '../../../src/kernel/panic.ts';
import { toPfn, toPgOff } from '../../../src/kernel/units.ts';

const extent = (pgoff: number, pfn: number, pages: number, written = true): Extent => ({
  pgoff: toPgOff(pgoff),
  pfn: toPfn(pfn),
  pages,
  written,
});

/** The naive model: page of the file → pfn * 2 + written, in a plain Map. */
type Model = Map<number, number>;

function modelExtents(model: Model, first = 0, last = Number.MAX_SAFE_INTEGER): Extent[] {
  const found: Extent[] = [];
  for (const [pgoff, block] of [...model].sort((a, b) => a[0] - b[0])) {
    if (pgoff < first || pgoff > last) continue;
    const [pfn, written] = [block >> 1, (block & 1) === 1];
    const tail = found.at(-1);
    const joins =
      tail &&
      tail.pgoff + tail.pages === pgoff &&
      tail.pfn + tail.pages === pfn &&
      tail.written === written;
    if (joins) tail.pages++;
    else found.push(extent(pgoff, pfn, 1, written));
  }
  return found;
}

const same = (a: unknown, b: unknown, law: string): void =>
  assert(JSON.stringify(a) === JSON.stringify(b), law);

function collect(map: ExtentMap, first = 0, last = Number.MAX_SAFE_INTEGER): Extent[] {
  const found: Extent[] = [];
  eachExtent(map, toPgOff(first), toPgOff(last), (e) => found.push(e));
  return found;
}

type Step =
  | { do: 'insert'; at: number; pfn: number; pages: number; written: boolean }
  | { do: 'remove'; at: number; pages: number }
  | { do: 'convert'; at: number; pages: number; written: boolean }
  | { do: 'shift'; at: number; delta: number };

function run(map: ExtentMap, model: Model, step: Step): void {
  switch (step.do) {
    case 'insert':
      for (let i = 0; i < step.pages; i++) if (model.has(step.at + i)) return;
      insertExtent(map, extent(step.at, step.pfn, step.pages, step.written));
      for (let i = 0; i < step.pages; i++)
        model.set(step.at + i, (step.pfn + i) * 2 + (step.written ? 1 : 0));
      return;
    case 'remove': {
      const removed: Extent[] = [];
      removeRange(map, toPgOff(step.at), step.pages, (e) => removed.push(e));
      same(
        removed,
        modelExtents(model, step.at, step.at + step.pages - 1),
        'what is removed was mapped, ascending',
      );
      for (const key of [...model.keys()])
        if (key >= step.at && key < step.at + step.pages) model.delete(key);
      return;
    }
    case 'convert':
      setState(map, toPgOff(step.at), step.pages, step.written ? 'written' : 'unwritten');
      for (const [key, block] of model) {
        if (key >= step.at && key < step.at + step.pages)
          model.set(key, (block & ~1) | (step.written ? 1 : 0));
      }
      return;
    case 'shift': {
      const moved = [...model].filter(([key]) => key >= step.at);
      const inTheWay =
        moved.length > 0 &&
        [...model.keys()].some((key) => key < step.at && key >= minKey(moved) + step.delta);
      if (moved.length > 0 && (inTheWay || minKey(moved) + step.delta < 0)) return;
      shiftExtents(map, toPgOff(step.at), step.delta);
      for (const [key] of moved) model.delete(key);
      for (const [key, block] of moved) model.set(key + step.delta, block);
    }
  }
}

const minKey = (entries: [number, number][]): number =>
  entries.reduce((least, [key]) => Math.min(least, key), Infinity);

function probe(map: ExtentMap, model: Model, pgoff: number): void {
  const all = modelExtents(model);
  const covering = all.find((e) => e.pgoff <= pgoff && pgoff < e.pgoff + e.pages) ?? null;
  const at = toPgOff(pgoff);
  same(lookupBlock(map, at), model.get(pgoff) ?? -1, 'a page is where the model has it');
  same(findExtent(map, at), covering, 'findExtent gives the covering extent');
  same(
    nextExtent(map, at),
    covering ?? all.find((e) => e.pgoff > pgoff) ?? null,
    'nextExtent covers or follows',
  );
  same(
    previousExtent(map, at),
    all.findLast((e) => e.pgoff < pgoff) ?? null,
    'previousExtent begins before',
  );
  same(lastExtent(map), all.at(-1) ?? null, 'lastExtent is the last');
}

const steps = (span: number): fc.Arbitrary<Step> => {
  const at = fc.nat(span);
  const pages = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: span }));
  const written = fc.boolean();
  return fc.oneof(
    // The block follows the page in one of three strides, so that neighbours often join.
    {
      weight: 4,
      arbitrary: fc
        .record({
          do: fc.constant('insert' as const),
          at,
          pages: fc.integer({ min: 1, max: 6 }),
          written,
          pfn: fc.nat(2),
        })
        .map((s) => ({ ...s, pfn: s.at + s.pfn * 100_000 })),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), at, pages }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('convert' as const), at, pages, written }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('shift' as const),
        at,
        delta: fc.integer({ min: -8, max: 8 }),
      }),
    },
  );
};

describe('extent map', () => {
  it('agrees with a page by page model', () => {
    fc.assert(
      fc.property(
        fc.array(steps(60), { maxLength: 60, size: 'max' }),
        fc.array(fc.nat(80), { maxLength: 8 }),
        (script, probes) => {
          const [map, model] = [createExtentMap(), new Map<number, number>()];
          for (const step of script) {
            run(map, model, step);
            checkExtentMap(map);
          }
          same(collect(map), modelExtents(model), 'the map and the model hold the same extents');
          same(map.pages, model.size, 'the map counts its pages');
          for (const pgoff of probes) {
            probe(map, model, pgoff);
            same(
              collect(map, pgoff, pgoff + 9),
              modelExtents(model, pgoff, pgoff + 9),
              'eachExtent clips to its range',
            );
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('agrees with the model over many leaves', () => {
    fc.assert(
      fc.property(
        fc.array(steps(4000), { minLength: 20, maxLength: 60, size: 'max' }),
        fc.integer({ min: 600, max: 1500 }),
        (script, size) => {
          const [map, model] = [createExtentMap(), new Map<number, number>()];
          // Every second page first, then a part of the gaps from the end, so that leaves fill,
          // halve and go away.
          for (let i = 0; i < size; i++)
            run(map, model, {
              do: 'insert',
              at: i * 2,
              pfn: 900_000 - i * 2,
              pages: 1,
              written: true,
            });
          for (let i = size - 1; i > size / 3; i--)
            run(map, model, {
              do: 'insert',
              at: i * 2 + 1,
              pfn: 10_000 + i * 2,
              pages: 1,
              written: false,
            });
          checkExtentMap(map);
          for (const step of script) {
            run(map, model, step);
            checkExtentMap(map);
          }
          same(collect(map), modelExtents(model), 'the map and the model hold the same extents');
        },
      ),
      { numRuns: 30 },
    );
  });

  it('joins at the seam of a collapse, also far behind it', () => {
    const map = createExtentMap();
    insertExtent(map, extent(0, 100, 4));
    insertExtent(map, extent(10, 104, 4));
    for (let i = 0; i < 1000; i++) insertExtent(map, extent(20 + i * 2, 5000 - i, 1));
    shiftExtents(map, toPgOff(10), -6);
    checkExtentMap(map);
    expect(findExtent(map, toPgOff(5))).toEqual(extent(0, 100, 8));
    expect(lastExtent(map)).toEqual(extent(20 + 999 * 2 - 6, 5000 - 999, 1));
  });

  it('survives structuredClone, which shares nothing', () => {
    const map = createExtentMap();
    for (let i = 0; i < 1000; i++) insertExtent(map, extent(i * 3, i * 2, 1));
    const copy = structuredClone(map);
    checkExtentMap(copy);
    same(collect(copy), collect(map), 'the copy holds the same extents');
    removeRange(copy, toPgOff(0), 2 ** 41, () => {});
    insertExtent(copy, extent(7, 1, 2));
    checkExtentMap(copy);
    checkExtentMap(map);
    expect([map.extents, copy.extents]).toEqual([1000, 1]);
  });

  it('holds the far end of a sparse file', () => {
    const map = createExtentMap();
    insertExtent(map, extent(2 ** 41 - 1, 2 ** 31 - 1, 1));
    insertExtent(map, extent(0, 0, 1, false));
    checkExtentMap(map);
    expect(lookupBlock(map, toPgOff(2 ** 41 - 1))).toBe((2 ** 31 - 1) * 2 + 1);
    expect(lookupBlock(map, toPgOff(2 ** 40))).toBe(-1);
    setState(map, toPgOff(0), 2 ** 41, 'written');
    const removed: Extent[] = [];
    removeRange(map, toPgOff(0), 2 ** 41, (e) => removed.push(e));
    expect(removed.map((e) => [e.pgoff, e.written])).toEqual([
      [0, true],
      [2 ** 41 - 1, true],
    ]);
    expect(map).toEqual(createExtentMap());
  });

  it('panics when a law of the caller is broken', () => {
    const map = createExtentMap();
    insertExtent(map, extent(10, 0, 10));
    expect(() => insertExtent(map, extent(19, 50, 1))).toThrow(Panic);
    expect(() => insertExtent(map, extent(5, 50, 6))).toThrow(Panic);
    expect(() => insertExtent(map, extent(5, 50, 20))).toThrow(Panic);
    expect(() => insertExtent(map, extent(5, 50, 0))).toThrow(Panic);
    expect(() => shiftExtents(map, toPgOff(10), -11)).toThrow(Panic);
    expect(() => shiftExtents(map, toPgOff(15), -1)).toThrow(Panic);
  });

  it('finds broken maps', () => {
    const breakings: ((map: ExtentMap) => void)[] = [
      (map) => map.extents++,
      (map) => map.pages++,
      (map) => map.firsts.pop(),
      (map) => (map.firsts[0] = 1),
      (map) =>
        map.leaves.push({ ...structuredClone(map.leaves[0] as ExtentMap['leaves'][0]), count: 0 }),
      (map) => map.leaves[0]?.pgoff.fill(0),
      (map) => map.leaves[0]?.run.fill(0, 1, 2),
      (map) => map.leaves[0]?.run.set([1], 3),
    ];
    for (const breaking of breakings) {
      const map = createExtentMap();
      for (let i = 0; i < 3; i++) insertExtent(map, extent(i, i * 2, 1));
      checkExtentMap(map);
      breaking(map);
      expect(() => checkExtentMap(map)).toThrow(Panic);
    }
  });
});
