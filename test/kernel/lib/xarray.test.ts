import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkXArray,
  createXArray,
  eachEntry,
  eraseRange,
  load,
  store,
  type XArray,
} from '../../../src/kernel/lib/xarray.ts';
import { assert, Panic } from '../../../src/kernel/panic.ts';

type Entries = [number, number][];

function collect(xa: XArray, first = 0, last = Number.MAX_SAFE_INTEGER): Entries {
  const found: Entries = [];
  eachEntry(xa, first, last, (index, value) => {
    found.push([index, value]);
  });
  return found;
}

/** The naive model is a Map. */
const modelEntries = (
  model: Map<number, number>,
  first = 0,
  last = Number.MAX_SAFE_INTEGER,
): Entries =>
  [...model].filter(([index]) => index >= first && index <= last).sort((a, b) => a[0] - b[0]);

const same = (a: unknown, b: unknown, law: string): void =>
  assert(JSON.stringify(a) === JSON.stringify(b), law);

/**
 * Small indexes often meet in a window, large ones are far apart, and some are at the end of the
 * largest file.
 */
const index = fc.oneof(
  fc.nat(40),
  fc.nat(1200),
  fc.nat(60).map((n) => n * 512 + 511),
  fc.nat(600).map((n) => 2 ** 41 - 1 - n),
);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
  { weight: 2, arbitrary: fc.constant(0) },
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('store' as const), at: index, value }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), at: index, to: index }) },
);

describe('xarray', () => {
  it('agrees with a Map', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80, size: 'max' }),
        fc.array(fc.tuple(index, index), { maxLength: 8 }),
        (script, probes) => {
          const [xa, model] = [createXArray(), new Map<number, number>()];
          for (const s of script) {
            if (s.do === 'store') {
              store(xa, s.at, s.value);
              if (s.value === 0) model.delete(s.at);
              else model.set(s.at, s.value);
            } else {
              const erased: Entries = [];
              eraseRange(xa, s.at, s.to, (at, old) => erased.push([at, old]));
              same(erased, modelEntries(model, s.at, s.to), 'what is erased was there, ascending');
              for (const [at] of erased) model.delete(at);
            }
            checkXArray(xa);
          }
          same(collect(xa), modelEntries(model), 'the array and the model hold the same entries');
          assert(xa.entries === model.size, 'the array counts its entries');
          for (const [first, last] of probes) {
            assert(load(xa, first) === (model.get(first) ?? 0), 'load agrees with the model');
            same(
              collect(xa, first, last),
              modelEntries(model, first, last),
              'a walk keeps to its range',
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('agrees with a Map over many leaves', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(3000), { minLength: 200, maxLength: 1500, size: 'max' }),
        fc.nat(1500),
        fc.nat(3000),
        (order, drop, from) => {
          const [xa, model] = [createXArray(), new Map<number, number>()];
          const at = (n: number) => n * 700;
          for (const n of order) store(xa, at(n), n + 1);
          for (const n of order) model.set(at(n), n + 1);
          checkXArray(xa);
          same(collect(xa), modelEntries(model), 'the array and the model hold the same entries');
          for (const n of order.slice(0, drop)) store(xa, at(n), 0);
          for (const n of order.slice(0, drop)) model.delete(at(n));
          checkXArray(xa);
          for (const n of order)
            assert(load(xa, at(n)) === (model.get(at(n)) ?? 0), 'load agrees with the model');
          const erased: Entries = [];
          eraseRange(xa, at(from), at(from + 900), (index, old) => erased.push([index, old]));
          same(
            erased,
            modelEntries(model, at(from), at(from + 900)),
            'what is erased was there, ascending',
          );
          for (const [index] of erased) model.delete(index);
          checkXArray(xa);
          same(
            collect(xa, at(100)),
            modelEntries(model, at(100)),
            'the array and the model hold the same entries',
          );
          eachEntry(xa, 0, 2 ** 41, (index) => store(xa, index, 0));
          same(xa, createXArray(), 'an array that was emptied is an empty array');
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets the visitor erase the visited entry, and others, and store behind it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(index, { maxLength: 60, size: 'max' }),
        fc.array(fc.tuple(index, fc.integer({ min: 0, max: 1 }))),
        (filled, changes) => {
          const [xa, model] = [createXArray(), new Map<number, number>()];
          for (const at of filled) store(xa, at, 7);
          for (const at of filled) model.set(at, 7);
          let visits = 0;
          let expected = modelEntries(model)[0]?.[0];
          eachEntry(xa, 0, 2 ** 41, (at) => {
            assert(at === expected, 'the walk visits what follows the visited entry');
            if (visits % 3 !== 0) {
              store(xa, at, 0);
              model.delete(at);
            }
            const change = changes[visits++];
            if (change) store(xa, change[0], change[1]);
            if (change?.[1]) model.set(change[0], change[1]);
            else if (change) model.delete(change[0]);
            expected = modelEntries(model, at + 1)[0]?.[0];
          });
          assert(expected === undefined, 'the walk visits every entry');
          checkXArray(xa);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('stops when the visitor says false', () => {
    const xa = createXArray();
    for (const at of [3, 600, 5000]) store(xa, at, at);
    const seen: number[] = [];
    eachEntry(xa, 0, 9999, (at) => {
      seen.push(at);
      if (at === 600) return false;
    });
    expect(seen).toEqual([3, 600]);
  });

  it('keeps small mappings small and gives empty chunks back', () => {
    const xa = createXArray();
    for (let at = 0; at < 8; at++) store(xa, 1024 + at, 1);
    expect(xa.leaves[0]?.chunks.map((chunk) => chunk.slots.length)).toEqual([8]);
    store(xa, 1024 + 63, 1);
    expect(xa.leaves[0]?.chunks.map((chunk) => chunk.slots.length)).toEqual([64]);
    store(xa, 1024 + 64, 1);
    expect(xa.leaves[0]?.chunks.map((chunk) => chunk.slots.length)).toEqual([512]);
    eraseRange(xa, 0, 2 ** 41);
    expect(xa).toEqual(createXArray());
  });

  it('survives structuredClone, which shares nothing', () => {
    const xa = createXArray();
    for (let at = 0; at < 2000; at += 3) store(xa, at, -at - 1);
    const copy = structuredClone(xa);
    same(collect(copy), collect(xa), 'the copy holds the same entries');
    eraseRange(copy, 1, 2000);
    checkXArray(copy);
    checkXArray(xa);
    expect([xa.entries, copy.entries]).toEqual([667, 1]);
  });

  it('refuses what is not an int32', () => {
    for (const wrong of [2 ** 31, 0.5, Number.NaN])
      expect(() => store(createXArray(), 0, wrong)).toThrow(Panic);
  });

  it('finds broken arrays', () => {
    const breakings: ((xa: XArray) => void)[] = [
      (xa) => xa.entries++,
      (xa) => xa.leaves[0]?.keys.pop(),
      (xa) => xa.leaves[0]?.keys.reverse(),
      (xa) => xa.leaves.push({ keys: [], chunks: [] }),
      (xa) => Object.assign(xa.leaves[0]?.chunks[0] ?? {}, { count: 2 }),
      (xa) => Object.assign(xa.leaves[0]?.chunks[0] ?? {}, { start: 1 }),
      (xa) => Object.assign(xa.leaves[0]?.chunks[0] ?? {}, { slots: new Int32Array(9) }),
      (xa) => xa.leaves[0]?.chunks[0]?.slots.fill(0),
    ];
    for (const breaking of breakings) {
      const xa = createXArray();
      store(xa, 0, 1);
      store(xa, 512, 1);
      checkXArray(xa);
      breaking(xa);
      expect(() => checkXArray(xa)).toThrow(Panic);
    }
  });
});
