// The map of the device says of every frame what the other views say of it.
import { describe, expect, test } from 'vitest';
import { checkRunList, createRunList, insertRun, nextRun } from '../../src/kernel/lib/run-list.ts';
import { mapcountOf, pinsOf } from '../../src/kernel/mm/page.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import { toPfn } from '../../src/kernel/units.ts';
import { dose } from '../dose.ts';
import { machine, page } from '../machine.ts';
import { configOf } from '../sim/config.ts';
import { Driver } from '../sim/driver.ts';
import { look } from '../sim/look.ts';
import { prng } from '../sim/prng.ts';
import { World } from '../sim/world.ts';

interface Run {
  pfn: number;
  pages: number;
  state: string;
  ino?: number;
  file?: string;
  pgoff?: number;
  pins?: number;
  flags?: string[];
}
interface MapAnswer {
  offset: number;
  length: number;
  runs: Run[];
  nextOffset?: number;
  ownersOmitted?: true;
}

const mapOf = (k: Kernel, query: Record<string, unknown> = {}): MapAnswer =>
  look(k, 'map', {}, query) as MapAnswer;

/** The runs without what is equal in all of them, in one line each. */
const lines = (k: Kernel, query: Record<string, unknown> = {}): string[] =>
  mapOf(k, query).runs.map(({ pfn, pages, state, file, ino, pgoff, pins, flags }) =>
    [
      `${pfn}+${pages}`,
      state,
      file ?? (ino === undefined ? '' : `#${ino}`),
      pgoff === undefined ? '' : `@${pgoff}`,
      pins === undefined ? '' : `pins=${pins}`,
      ...(flags ?? []),
    ]
      .filter((part) => part !== '')
      .join(' '),
  );

interface Frame {
  state: string;
  ino: number | undefined;
  pgoff: number | undefined;
  pins: number;
  flags: string;
}

/** Every frame as the runs have it; they must follow each other without a gap. */
function framesOf({ offset, length, runs }: MapAnswer): Frame[] {
  const frames: Frame[] = [];
  let next = offset / page;
  for (const { pfn, pages, state, ino, pgoff, pins = 0, flags = [] } of runs) {
    expect(pfn).toBe(next);
    for (let i = 0; i < pages; i++)
      frames.push({
        state,
        ino,
        pgoff: pgoff === undefined ? undefined : pgoff + i,
        pins,
        flags: flags.join(' '),
      });
    next += pages;
  }
  expect(next).toBe((offset + length) / page);
  return frames;
}

type Owners = Map<number, { ino: number; pgoff: number; written: boolean }>;

/** The owner of every block that a file has. */
function ownersOf(k: Kernel): Owners {
  const owners: Owners = new Map();
  for (const inode of k.inodes.values())
    for (const leaf of inode.extents.leaves)
      for (let slot = 0; slot < leaf.count; slot++) {
        const [pfn = 0, pages = 0, written] = leaf.run.subarray(slot * 3, slot * 3 + 3);
        const pgoff = leaf.base + (leaf.pgoff[slot] ?? 0);
        for (let i = 0; i < pages; i++)
          owners.set(pfn + i, { ino: inode.ino, pgoff: pgoff + i, written: written === 1 });
      }
  return owners;
}

/** The same from the machine itself, frame by frame. */
function expectedOf(k: Kernel): Frame[] {
  const owners = ownersOf(k);
  const left = new Map<number, number | undefined>();
  for (const list of [k.busy, k.detached])
    for (const run of list.leaves.flat())
      for (let i = 0; i < run.pages; i++) left.set(run.pfn + i, run.ino);
  const { items } = look(k, 'pages', {}, { pageSize: 1000 }) as {
    items: { pfn: number; state: string; delayedFree: boolean; stopNewRefs: boolean }[];
  };
  return items.map(({ pfn, state, delayedFree }) => {
    const owner = owners.get(pfn);
    const inode = owner === undefined ? undefined : k.inodes.get(owner.ino as never);
    const stopped = inode?.stoppedRefs ?? null;
    const at = owner?.pgoff ?? -1;
    const flags = [
      owner === undefined ? '' : owner.written ? 'written' : 'unwritten',
      mapcountOf(k, toPfn(pfn)) > 0 ? 'mapped' : '',
      inode?.pmds?.has((at - (at % 512)) as never) === true ? 'huge' : '',
      k.folios.has(Math.floor(pfn / 512)) ? 'folio' : '',
      k.pmem.dirty.has(toPfn(pfn)) ? 'dirty' : '',
      [...k.pmem.badSectors].some((sector) => Math.floor(sector / 8) === pfn) ? 'poisoned' : '',
      delayedFree ? 'delayed-free' : '',
      stopped !== null && at >= stopped.first && at <= stopped.last ? 'stop-new-refs' : '',
      k.pageWaiters.has(toPfn(pfn)) ? 'waited-for' : '',
    ].filter((flag) => flag !== '');
    return {
      state,
      ino: owner?.ino ?? left.get(pfn),
      pgoff: owner?.pgoff,
      pins: pinsOf(k, toPfn(pfn)),
      flags: flags.join(' '),
    };
  });
}

describe('the map of the device', () => {
  test('shows metadata, files and free space as runs', () => {
    const m = machine({ blocks: 64 });
    m.create('a', 0);
    m.allocate('a', 0, 8 * page);
    m.write('a', new Uint8Array(2 * page), 2 * page);
    m.create('b', 0);
    m.write('b', new Uint8Array(page));
    expect(lines(m.k)).toEqual([
      '0+2 metadata',
      '2+2 used a @0 unwritten',
      '4+2 used a @2 written',
      '6+4 used a @4 unwritten',
      '10+1 used b @0 written',
      '11+53 free',
    ]);
  });

  test('shows pins, and what holds blocks back', () => {
    const m = machine({ blocks: 32, strategy: 'busy-extents' });
    m.create('a', 4 * page);
    m.write('a', new Uint8Array(4 * page));
    m.map('a', 4);
    m.pin(1, page, 2 * page);
    expect(lines(m.k)).toEqual([
      '0+2 metadata',
      '2+1 used a @0 written',
      '3+2 used a @1 pins=1 written mapped',
      '5+1 used a @3 written',
      '6+26 free',
    ]);
    m.truncate('a', 0);
    expect(lines(m.k)).toEqual([
      '0+2 metadata',
      '2+1 free',
      '3+2 busy a pins=1 delayed-free',
      '5+27 free',
    ]);
    m.munmap(1);
    m.unlink('a');
    expect(lines(m.k)[2]).toBe('3+2 busy #2 pins=1 delayed-free');
  });

  test('shows what an operation waits for', () => {
    const m = machine({ blocks: 32, strategy: { name: 'wait-for-refs' } });
    m.create('a', 4 * page);
    m.write('a', new Uint8Array(4 * page));
    m.map('a', 4);
    m.pin(1, 0, page);
    m.punch('a', 0, 2 * page);
    expect(lines(m.k)).toEqual([
      '0+2 metadata',
      '2+1 used a @0 pins=1 written stop-new-refs waited-for',
      '3+1 used a @1 written stop-new-refs',
      '4+2 used a @2 written',
      '6+26 free',
    ]);
  });

  test('is cut to the bytes that are asked for, and refuses an offset outside the device', () => {
    const m = machine({ blocks: 64 });
    m.create('a', 0);
    m.allocate('a', 0, 8 * page);
    expect(lines(m.k, { offset: 4 * page + 1, length: page })).toEqual(['4+2 used a @2 unwritten']);
    expect(mapOf(m.k, { offset: 63 * page, length: 2 ** 53 - 1 })).toMatchObject({
      offset: 63 * page,
      length: page,
      runs: [{ pfn: 63, pages: 1, state: 'free' }],
    });
    expect(() => mapOf(m.k, { offset: 64 * page })).toThrow('outside the device');
  });

  test('searches one file for owners if it is told to', () => {
    const m = machine({ blocks: 32 });
    for (const name of ['a', 'b']) {
      m.create(name, 0);
      m.write(name, new Uint8Array(page));
    }
    expect(lines(m.k, { file: 'b' })).toEqual([
      '0+2 metadata',
      '2+1 used',
      '3+1 used b @0 written',
      '4+28 free',
    ]);
    expect(() => mapOf(m.k, { file: 'nope' })).toThrow('no file');
    expect(lines(m.k, { ino: 99 })[1]).toBe('2+2 used');
  });

  test('pages through a fragmented device, and every page begins where the last one ended', () => {
    const blocks = 20_002;
    const m = machine({ blocks, checkEvery: 100_000, limits: { extentsPerFile: 1_000_000 } });
    m.create('a', 0);
    m.allocate('a', 0, 20_000 * page);
    for (let i = 0; i < 10_000; i++) m.punch('a', 2 * i * page, page);
    const frames: Frame[] = [];
    let answers = 0;
    for (let offset: number | undefined = 0; offset !== undefined; answers += 1) {
      const answer = mapOf(m.k, { offset });
      expect(answer.runs.length).toBeLessThanOrEqual(2000);
      expect(answer.nextOffset ?? blocks * page).toBe(answer.offset + answer.length);
      frames.push(...framesOf(answer));
      offset = answer.nextOffset;
    }
    expect(answers).toBeGreaterThanOrEqual(10);
    expect(answers).toBeLessThanOrEqual(14);
    expect(frames).toHaveLength(blocks);
    const owners = ownersOf(m.k);
    expect(owners.size).toBe(10_000);
    for (let pfn = 2; pfn < blocks; pfn++) {
      const owner = owners.get(pfn);
      const state = owner === undefined ? 'free' : 'used';
      expect(frames[pfn]).toMatchObject({ state, ino: owner?.ino, pgoff: owner?.pgoff });
    }
  });

  test('has 1 GiB that is not fragmented in less than 100 kB', () => {
    const m = machine({ blocks: 262_144, checkEvery: 100_000 });
    for (let i = 0; i < 16; i++) {
      m.create(`file-${i}`, 0);
      m.allocate(`file-${i}`, 0, 16_000 * page);
    }
    const answer = mapOf(m.k);
    expect(answer.length).toBe(2 ** 30);
    expect(answer.nextOffset).toBeUndefined();
    expect(JSON.stringify(answer).length).toBeLessThan(100_000);
  });

  const seeds = Array.from({ length: dose(12, 120) }, (_, i) => i + 1);
  test.each(seeds)('agrees with every frame of a simulated run: seed %i', (seed) => {
    const random = prng(seed);
    const world = new World(configOf(random));
    const driver = new Driver(world, random);
    let entries = 0;
    const check = () => {
      entries += 1;
      if (entries % 10 !== 0) return;
      const { k } = world;
      const expected = expectedOf(k);
      expect(framesOf(mapOf(k))).toEqual(expected.slice(0, k.geometry.blocks));
      const at = random.below(k.geometry.blocks);
      const part = framesOf(mapOf(k, { offset: at * page, length: 5 * page }));
      expect(part).toEqual(expected.slice(at, at + 5));
    };
    for (const action of driver.beginning()) world.perform(action);
    for (let action = driver.next(); action !== null; action = driver.next()) {
      world.perform(action);
      check();
    }
    expect(entries).toBeGreaterThan(10);
  });
});

test('a list of runs gives the run at a block, or the next one', () => {
  const list = createRunList<{ pfn: ReturnType<typeof toPfn>; pages: number }>();
  expect(nextRun(list, toPfn(0))).toBeNull();
  const begins = Array.from({ length: 500 }, (_, i) => 10 + 10 * i);
  for (const pfn of begins) insertRun(list, { pfn: toPfn(pfn), pages: 3 });
  checkRunList(list);
  for (let pfn = 0; pfn < 5020; pfn++) {
    const covering = begins.find((begin) => pfn < begin + 3);
    expect(nextRun(list, toPfn(pfn))?.pfn).toBe(covering);
  }
});
