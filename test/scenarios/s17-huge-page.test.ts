// S17: one page of a 2 MiB entry is pinned and another page of it is punched. Pins are counted per
// 4 KiB page, so only strategies that look at more than the punched page wait. With
// folioGranularity the 2 MiB are one folio, as since Linux 6.15, and busy as a whole.
import { describe, expect, test } from 'vitest';
import { mapping as mappingView } from '../../src/kernel/views/mappings.ts';
import { idOf, type MachineOptions, machine, okOf, page, wordOf } from '../machine.ts';
import {
  blockOf,
  breaking,
  type Column,
  columns,
  everyColumn,
  golden,
  perColumn,
  safeColumns,
  space,
} from './story.ts';

const T = { owner: 'T' };
const G = { owner: 'G' };
const huge = 512;
const pinnedPage = 3;
const punchedPage = 7;

/** A file of 2 MiB in one aligned extent, with a mapping that one fault has filled. */
function hugeStory(column: Column, options: MachineOptions = {}) {
  const except = column === 'none' ? (['law 1'] as const) : [];
  const m = machine({ strategy: columns[column], blocks: 2048, except, ...options });
  m.create('a');
  m.write('a', new Uint8Array(huge * page).fill(0x41), 0);
  const mapping = m.map('a', huge);
  const touched = okOf(m.fault(mapping, pinnedPage * page, 'write')).pages;
  expect(touched).toEqual([expect.objectContaining({ pgoff: pinnedPage, sizeBytes: 2 ** 21 })]);
  return { ...m, mapping };
}

const bytesAt = (m: ReturnType<typeof hugeStory>, pgoff: number): string =>
  String.fromCharCode((okOf(m.read('a', pgoff * page, 1)).data as Uint8Array)[0] as number);

const granularities = [
  {
    name: 'page',
    folioGranularity: false,
    words: perColumn('done', 'done', 'done', 'asleep', 'asleep', 'asleep', 'done', 'done'),
  },
  {
    name: 'folio',
    folioGranularity: true,
    words: perColumn('done', 'asleep', 'asleep', 'asleep', 'asleep', 'asleep', 'EBUSY', 'done'),
  },
];
const cells = granularities.flatMap(({ words, ...rest }) =>
  everyColumn.map((column) => ({ ...rest, column, word: words[column] })),
);

test.each(cells)(
  'S17 $column, busy by $name: the punch beside the pin is $word',
  async ({ name, folioGranularity, column, word }) => {
    const m = hugeStory(column, { folioGranularity });
    const head = blockOf(m, 'a', 0);
    const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
    const punch = m.punch('a', punchedPage * page, page, T);
    expect(wordOf(punch)).toBe(word);
    if (word === 'asleep')
      expect(m.opState(punch.task)).toBe(`S page ${folioGranularity ? head : head + pinnedPage}`);
    const busy = column === 'busy-extents' && folioGranularity ? 1 : 0;
    const detached = column === 'detach-and-wait' && folioGranularity ? 1 : 0;
    expect(space(m)).toMatchObject({ busy, detached });
    // The pinned page stays in the file whatever becomes of the other.
    expect(okOf(m.dmaWrite(pin, Uint8Array.of(0x78)))).toMatchObject({ pagesOrphan: 0 });
    m.unpin(pin);
    if (word === 'EBUSY') {
      expect(wordOf(m.punch('a', punchedPage * page, page, T))).toBe('done');
    } else {
      expect(m.opState(punch.task)).toBe('done');
    }
    expect([pinnedPage, punchedPage, punchedPage + 1].map((pgoff) => bytesAt(m, pgoff))).toEqual([
      'x',
      '\0',
      'A',
    ]);
    expect(blockOf(m, 'a', punchedPage)).toBe(-1);
    expect(space(m)).toMatchObject({ used: huge - 1, busy: 0, detached: 0 });
    expect(m.seen('warning.raised')).toEqual([]);
    await golden(m, `S17.${name}.${column}`);
  },
);

describe('S17 a 2 MiB entry is removed as a whole', () => {
  test.each(safeColumns)(
    'S17 %s: after the punch every page is faulted in again, by 4 KiB',
    (column) => {
      const m = hugeStory(column);
      expect(wordOf(m.punch('a', punchedPage * page, page))).toBe('done');
      const all = { offset: 0, length: 2 ** 21, pages: huge };
      expect(m.seen('page.unmapped').map(({ data }) => data)).toEqual([
        { ...all, mappings: [{ mapping: 'map_1', ...all }] },
      ]);
      expect(m.file('a').entries.entries).toBe(0);
      expect(okOf(m.fault(m.mapping, 100 * page, 'read')).pages).toEqual([
        expect.objectContaining({ sizeBytes: page }),
      ]);
      expect(m.seen('page.pmd_faulted').at(-1)?.data).toMatchObject({
        result: 'FALLBACK',
        why: 'blocks',
      });
    },
  );

  test.each(breaking)(
    'S17 %s over the range only: the pin on another page of the entry is waited for',
    (column) => {
      const m = hugeStory(column, { strategy: { ...columns[column], breakScope: 'range' } });
      const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
      const { task } = m.punch('a', punchedPage * page, page, T);
      expect(m.opState(task)).toBe(`S page ${blockOf(m, 'a', pinnedPage)}`);
      m.unpin(pin);
      expect(m.opState(task)).toBe('done');
    },
  );

  test('S17 a pin on a page that stays is found by the next strategy, though its entry is gone', () => {
    const m = hugeStory('busy-extents');
    const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
    expect(wordOf(m.punch('a', punchedPage * page, page))).toBe('done');
    m.strategy('break-layouts');
    const { task } = m.truncate('a', 0, T);
    expect(m.opState(task)).toBe(`S page ${blockOf(m, 'a', pinnedPage)}`);
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
  });
});

describe('FG1 one folio', () => {
  const folio = { folioGranularity: true };

  test('FG1 the punched block is handed out only after the last put of any page of the folio', () => {
    const m = hugeStory('busy-extents', folio);
    const block = blockOf(m, 'a', punchedPage);
    const pins = [pinnedPage, 500].map((pgoff) => m.pinned(m.mapping, pgoff * page, page, G));
    expect(okOf(m.punch('a', punchedPage * page, page))).toMatchObject({
      blocksFreed: 0,
      blocksBusy: 1,
    });
    expect(okOf(m.write('a', new Uint8Array(page).fill(0x42), punchedPage * page))).toMatchObject({
      bytesWritten: page,
    });
    expect(blockOf(m, 'a', punchedPage)).not.toBe(block);
    m.unpin(pins[0] as number);
    expect(space(m).busy).toBe(1);
    expect(m.k.folios.size).toBe(1);
    m.unpin(pins[1] as number);
    expect(space(m).busy).toBe(0);
    expect(m.k.folios.size).toBe(0);
    expect(m.seen('page.worker_queued').map(({ data }) => data.pfn)).toEqual([block]);
  });

  test('FG1 eviction puts all 512 on the busy list, and the last put frees them', () => {
    const m = hugeStory('busy-extents', folio);
    const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
    m.munmap(m.mapping);
    m.unlink('a');
    expect(space(m)).toMatchObject({ used: 0, busy: huge });
    m.unpin(pin);
    expect(space(m)).toMatchObject({ used: 0, busy: 0 });
    const paged = hugeStory('busy-extents');
    const other = paged.pinned(paged.mapping, pinnedPage * page, page, G);
    paged.munmap(paged.mapping);
    paged.unlink('a');
    expect(space(paged)).toMatchObject({ used: 0, busy: 1 });
    paged.unpin(other);
  });

  test('FG1 an operation sleeps on the first page of the folio, and is blocked by a pin of another page', () => {
    const m = hugeStory('break-layouts.modern', folio);
    m.pinned(m.mapping, pinnedPage * page, page, G);
    const refused = m.punch('a', punchedPage * page, page, { nowait: true });
    expect(refused.outcome).toMatchObject({
      failure: { errno: 'EAGAIN', blockedBy: [{ owner: 'G', pgoff: pinnedPage }] },
    });
  });

  test.each([false, true])(
    'S06 with 2 MiB, folioGranularity %s: any page faulted back keeps the modern sleeper asleep',
    (folioGranularity) => {
      const m = hugeStory('break-layouts.modern', { folioGranularity });
      const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
      const { task } = m.truncate('a', 0, T);
      expect(okOf(m.fault(m.mapping, 100 * page, 'read')).pages).toEqual([
        expect.objectContaining({ sizeBytes: 2 ** 21 }),
      ]);
      m.unpin(pin);
      expect(m.opState(task)).toMatch(/^S page/);
      m.munmap(m.mapping);
      expect(m.opState(task)).toBe('done');
    },
  );

  test('FG1 the folio comes apart with the last put: who slept on its first page looks again', () => {
    // busy-extents took the entry from over a pinned page that stays; a page of 4 KiB was faulted
    // back in under the sleeper.
    const m = hugeStory('busy-extents', folio);
    const pin = m.pinned(m.mapping, pinnedPage * page, page, G);
    m.punch('a', punchedPage * page, page);
    m.strategy({ name: 'break-layouts', idleRule: 'modern' });
    const { task } = m.truncate('a', 0, T);
    expect(m.opState(task)).toBe(`S page ${blockOf(m, 'a', 0)}`);
    m.fault(m.mapping, 100 * page, 'read');
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
  });

  test('FG1 a fault of 2 MiB under a sleeper of one page hands the sleeper to the folio', () => {
    // Under none a page can be pinned and have no entry: it was moved. Then the strategy changes.
    const m = hugeStory('none', folio);
    m.insert('a', 0, 2 ** 21);
    const pin = m.pinned(
      idOf(
        m.call('mmap', { file: 'a' }, { offset: 2 ** 21, length: 4 * page, access: 'read-write' }),
      ),
      0,
      page,
      G,
    );
    m.collapse('a', 0, 2 ** 21);
    m.strategy({ name: 'break-layouts', idleRule: 'fixed' });
    const { task } = m.truncate('a', 0, T);
    const pfn = blockOf(m, 'a', 0);
    expect(m.opState(task)).toBe(`S page ${pfn}`);
    const again = m.map('a', huge);
    expect(okOf(m.fault(again, 9 * page, 'read')).pages).toEqual([
      expect.objectContaining({ sizeBytes: 2 ** 21 }),
    ]);
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
  });
});

test('S17 the page table shows one row of 2 MiB', () => {
  const m = hugeStory('busy-extents');
  const view = mappingView.read(m.k, { mapping: m.mapping }, { pageSize: 100 }, 0);
  const head = blockOf(m, 'a', 0);
  expect(view).toMatchObject({ ok: true, result: { pagesPresent: huge, pmdsPresent: 1 } });
  const { pageTable } = (view as unknown as { result: { pageTable: object[] } }).result;
  expect(pageTable).toEqual([
    { pgoff: 0, pfn: head, zeroPage: false, writable: true, copied: false, sizeBytes: 2 ** 21 },
  ]);
});
