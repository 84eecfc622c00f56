// The cost of the kernel's data structures, in ns per operation: `npx tsx load/structures.ts`. The
// sizes are those of the largest file and device; the order of operations is random but the same in
// every run.
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createExtentMap,
  type ExtentMap,
  eachExtent,
  insertExtent,
  lookupBlock,
  removeRange,
  setState,
  shiftExtents,
} from '../src/kernel/lib/extent-map.ts';
import {
  checkFreeSpace,
  createFreeSpace,
  type FreeSpace,
  giveRun,
  takeExact,
  takeRun,
} from '../src/kernel/lib/free-space.ts';
import {
  createRunList,
  findRun,
  insertRun,
  type Run,
  removeRun,
} from '../src/kernel/lib/run-list.ts';
import { createXArray, eachEntry, load, store, type XArray } from '../src/kernel/lib/xarray.ts';
import { bucketOfEntry, bucketOfPage } from '../src/kernel/sched/hash.ts';
import { type Ino, type Pfn, toPfn, toPgOff } from '../src/kernel/units.ts';

let seed = 1;
/** xorshift32: a number from 0 to below `below`. */
function draw(below: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % below;
}

/** Keeps results alive, so that the work is not optimized away. */
let sink = 0;

/**
 * Runs `work(count)` until half a second is spent, after one run to warm up; prints the median of
 * the runs.
 */
function measure(name: string, count: number, work: (count: number) => void): void {
  work(count);
  const runs: number[] = [];
  const begin = performance.now();
  while (runs.length < 5 || performance.now() - begin < 500) {
    const start = performance.now();
    work(count);
    runs.push(((performance.now() - start) * 1e6) / count);
  }
  runs.sort((a, b) => a - b);
  const median = runs[runs.length >> 1] as number;
  console.log(`${name.padEnd(64)} ${median.toFixed(1).padStart(10)} ns`);
}

/** `extents` extents of 4 pages that cannot join: the blocks descend while the pages ascend. */
function filledMap(extents: number): ExtentMap {
  const map = createExtentMap();
  for (let i = 0; i < extents; i++) {
    insertExtent(map, {
      pgoff: toPgOff(i * 4),
      pfn: toPfn((extents - i) * 5),
      pages: 4,
      written: false,
    });
  }
  return map;
}

function extentFigures(extents: number): void {
  const map = filledMap(extents);
  const pages = extents * 4;
  const size = `${extents.toLocaleString('en')} extents`;
  const places = Float64Array.from({ length: 1 << 16 }, () => draw(pages));
  const place = (i: number) => toPgOff(places[i & 0xffff] as number);
  measure(`extent: fill a map with ${size}, per extent`, extents, filledMap);
  measure(`extent: lookupBlock, random, ${size}`, 100_000, (count) => {
    for (let i = 0; i < count; i++) sink += lookupBlock(map, place(i));
  });
  measure(`extent: convert one page and back (split + merge), ${size}`, 10_000, (count) => {
    for (let i = 0; i < count; i++) {
      setState(map, place(i), 1, 'written');
      setState(map, place(i), 1, 'unwritten');
    }
  });
  measure(`extent: punch one page and map it again (split + merge), ${size}`, 10_000, (count) => {
    for (let i = 0; i < count; i++) {
      removeRange(map, place(i), 1, (extent) => {
        sink += extent.pages;
      });
      const at = place(i);
      const pfn = toPfn((extents - Math.floor(at / 4)) * 5 + (at % 4));
      insertExtent(map, { pgoff: at, pfn, pages: 1, written: false });
    }
  });
  measure(`extent: shift the whole tail by one page and back, ${size}`, 20, (count) => {
    for (let i = 0; i < count; i++) {
      shiftExtents(map, toPgOff(2), 1);
      shiftExtents(map, toPgOff(3), -1);
    }
  });
  measure(`extent: walk all, per extent, ${size}`, extents, () => {
    eachExtent(map, toPgOff(0), toPgOff(2 ** 41), (extent) => {
      sink += extent.pages;
    });
  });
}

function spaceFigures(): void {
  const blocks = 1_000_000;
  const space = createFreeSpace(blocks);
  const hints = Int32Array.from({ length: 1 << 16 }, () => draw(blocks));
  const hint = (i: number): Pfn => toPfn(hints[i & 0xffff] as number);
  const takeGive = (run: FreeSpace, wanted: number) => (count: number) => {
    for (let i = 0; i < count; i++) {
      const taken = takeRun(run, hint(i), wanted);
      if (taken === null) throw new Error('the device is full');
      sink += taken.pfn;
      giveRun(run, taken.pfn, taken.pages);
    }
  };
  measure('free space: take + give 1 page, empty device', 100_000, takeGive(space, 1));
  measure('free space: take + give 512 pages, empty device', 100_000, takeGive(space, 512));
  while (space.free > blocks / 50) takeRun(space, toPfn(draw(blocks)), 1);
  checkFreeSpace(space);
  measure('free space: take + give 1 page, 98 % full', 100_000, takeGive(space, 1));
  // Each page that is taken is another one than the page that is given back, as in a device that is
  // in use.
  const held: Pfn[] = [];
  for (let i = 0; i < 1000; i++) held.push(takeRun(space, hint(i), 1)?.pfn ?? toPfn(0));
  measure('free space: take one page + give another, 98 % full', 100_000, (count) => {
    for (let i = 0; i < count; i++) {
      const slot = i % held.length;
      giveRun(space, held[slot] as Pfn, 1);
      held[slot] = takeRun(space, hint(i), 1)?.pfn ?? toPfn(0);
    }
  });
  const full = createFreeSpace(blocks);
  takeExact(full, toPfn(1), blocks - 1);
  measure(
    'free space: take + give the only free page, far from the hint',
    100_000,
    takeGive(full, 1),
  );
}

function runListFigures(): void {
  const list = createRunList<Run>();
  const runs = Array.from({ length: 100_000 }, (_, i): Run => ({ pfn: toPfn(i * 3), pages: 2 }));
  for (const run of runs) insertRun(list, run);
  measure('run list: findRun, random, 100,000 runs', 100_000, (count) => {
    for (let i = 0; i < count; i++) sink += findRun(list, toPfn(draw(300_000)))?.pages ?? 0;
  });
  measure('run list: remove + insert, random, 100,000 runs', 10_000, (count) => {
    for (let i = 0; i < count; i++) {
      const run = runs[draw(runs.length)] as Run;
      removeRun(list, run);
      insertRun(list, run);
    }
  });
}

function xarrayFigures(): void {
  measure('xarray: create, store 4, load 4, erase 4, per array', 10_000, (count) => {
    for (let i = 0; i < count; i++) {
      const xa = createXArray();
      for (let at = 0; at < 4; at++) store(xa, at, i + 1);
      for (let at = 0; at < 4; at++) sink += load(xa, at);
      for (let at = 0; at < 4; at++) store(xa, at, 0);
    }
  });
  for (const [name, stride] of [
    ['dense', 1],
    ['sparse, one in 4096', 4096],
  ] as const) {
    const xa = createXArray();
    const entries = stride === 1 ? 1_000_000 : 20_000;
    for (let i = 0; i < entries; i++) store(xa, i * stride, i + 1);
    const size = `${entries.toLocaleString('en')} entries, ${name}`;
    measure(`xarray: load, random, ${size}`, 100_000, (count) => {
      for (let i = 0; i < count; i++) sink += load(xa, draw(entries) * stride);
    });
    measure(`xarray: erase + store, random, ${size}`, 100_000, (count) => {
      for (let i = 0; i < count; i++) {
        const at = draw(entries) * stride;
        store(xa, at, 0);
        store(xa, at, i + 1);
      }
    });
    measure(`xarray: walk all, per entry, ${size}`, entries, () => {
      eachEntry(xa, 0, 2 ** 41, (_, value) => {
        sink += value;
      });
    });
  }
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const before = process.memoryUsage();
  const many: XArray[] = [];
  for (let i = 0; i < 50_000; i++) {
    const xa = createXArray();
    store(xa, i, 1);
    many.push(xa);
  }
  collectGarbage();
  const after = process.memoryUsage();
  const bytes =
    (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / many.length;
  console.log(
    `${'xarray: memory of one with one entry'.padEnd(64)} ${bytes.toFixed(0).padStart(10)} bytes`,
  );
}

function hashFigures(): void {
  measure('hash: bucketOfPage', 100_000, (count) => {
    for (let i = 0; i < count; i++) sink += bucketOfPage(toPfn(i), 8);
  });
  measure('hash: bucketOfEntry', 100_000, (count) => {
    for (let i = 0; i < count; i++) sink += bucketOfEntry((i & 1023) as Ino, toPgOff(i));
  });
}

for (const extents of [1000, 100_000, 1_000_000]) extentFigures(extents);
spaceFigures();
runListFigures();
xarrayFigures();
hashFigures();
if (Number.isNaN(sink)) throw new Error('a result was not a number');
