import { expect, it } from 'vitest';
import { cellsOf, differs, fullness, has, stateOf } from '../../web/device/cells.ts';
import {
  boxOf,
  cellsInView,
  frameAt,
  heightOf,
  layoutOf,
  levelsOf,
  levelThatFits,
  scrollMax,
  scrollTo,
} from '../../web/device/layout.ts';
import { type Run, segmentsOf } from '../../web/device/segments.ts';

const runs: Run[] = [
  { pfn: 0, pages: 2, state: 'metadata' },
  { pfn: 2, pages: 3, state: 'used', ino: 2, pgoff: 0, flags: ['written'] },
  { pfn: 5, pages: 1, state: 'used', ino: 3, pgoff: 7, flags: ['unwritten', 'poisoned'] },
  { pfn: 6, pages: 10, state: 'free' },
];
const shown = { segments: segmentsOf(runs), pinned: [{ pfn: 3, end: 5 }], waited: [4] };

it('shows one frame in a cell exactly', () => {
  const cells = cellsOf(shown, { first: 0, per: 1, count: 16 });
  expect([0, 2, 6].map((cell) => stateOf(cells, cell))).toEqual(['metadata', 'used', 'free']);
  expect([...cells.ino.slice(0, 7)]).toEqual([0, 0, 2, 2, 2, 3, 0]);
  expect([...cells.pgoff.slice(0, 7)]).toEqual([-1, -1, 0, 1, 2, 7, -1]);
  expect([2, 3, 4, 5].map((cell) => has(cells.marks[cell] ?? 0, 'pinned'))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(has(cells.marks[4] ?? 0, 'waited')).toBe(true);
  expect(has(cells.marks[5] ?? 0, 'poisoned')).toBe(true);
});

it('counts the frames of a cell, names the largest file in it and keeps every mark', () => {
  const cells = cellsOf(shown, { first: 0, per: 8, count: 2 });
  expect(cells.pages.metadata[0]).toBe(2);
  expect(cells.pages.used[0]).toBe(4);
  expect(cells.pages.free[0]).toBe(2);
  expect(fullness(cells, 0)).toBe(0.75);
  expect(fullness(cells, 1)).toBe(0);
  expect(stateOf(cells, 0)).toBe('used');
  expect(cells.ino[0]).toBe(2);
  for (const mark of ['unwritten', 'poisoned', 'pinned', 'waited'] as const)
    expect(has(cells.marks[0] ?? 0, mark)).toBe(true);
});

it('shows a single used frame among many free ones', () => {
  const lone: Run[] = [
    { pfn: 0, pages: 999, state: 'free' },
    { pfn: 999, pages: 1, state: 'busy' },
  ];
  const of = { segments: segmentsOf(lone), pinned: [], waited: [] };
  const cells = cellsOf(of, { first: 0, per: 1000, count: 1 });
  expect(stateOf(cells, 0)).toBe('busy');
});

it('shows frames that were not read as nothing, and begins in the middle', () => {
  const cells = cellsOf(shown, { first: 4, per: 1, count: 20 });
  expect(cells.ino[0]).toBe(2);
  expect(stateOf(cells, 11)).toBe('free');
  expect(stateOf(cells, 12)).toBeNull();
});

it('tells which cells differ', () => {
  const window = { first: 0, per: 1, count: 16 };
  const before = cellsOf(shown, window);
  const now = cellsOf({ ...shown, waited: [3] }, window);
  const changed = [...before.ino.keys()].filter((cell) => differs(before, now, cell));
  expect(changed).toEqual([3, 4]);
});

it('draws 16 million frames in a bounded number of cells', () => {
  const pages = 16_777_216;
  const area = { pages, width: 1200, height: 500, scale: 1 };
  const level = levelsOf(area)[levelThatFits(area)] ?? { cell: 0, per: 0 };
  const layout = layoutOf(area, level);
  expect(heightOf(layout)).toBeLessThanOrEqual(500);
  const { first, count } = cellsInView(layout, 0);
  expect(first).toBe(0);
  expect(count).toBeLessThan(10_000);
  expect(count * layout.per).toBeGreaterThanOrEqual(pages);
});

it('shows 10,000 frames one by one in a window of 1280 by 800', () => {
  const area = { pages: 10_000, width: 1240, height: 560, scale: 1 };
  expect(levelsOf(area)[levelThatFits(area)]).toEqual({ cell: 7, per: 1 });
});

it('shows a small device in large cells, and in a narrow window in rows of four', () => {
  const wide = { pages: 16, width: 1200, height: 500, scale: 1 };
  expect(layoutOf(wide, levelsOf(wide)[levelThatFits(wide)]!)).toMatchObject({ cell: 96, rows: 2 });
  const narrow = { ...wide, width: 360 };
  const layout = layoutOf(narrow, levelsOf(narrow)[levelThatFits(narrow)]!);
  expect(layout).toMatchObject({ columns: 4, rows: 4 });
});

it('finds the frame under a point, where its box was drawn', () => {
  const area = { pages: 1000, width: 500, height: 200, scale: 1 };
  for (const level of levelsOf(area)) {
    const layout = layoutOf(area, level);
    for (const top of [0, scrollMax(layout) / 2, scrollMax(layout)])
      for (let pfn = 0; pfn < 1000; pfn += level.per) {
        const { x, y, size } = boxOf(layout, top, pfn);
        if (y < 0) continue;
        expect(frameAt(layout, top, x + size / 2, y + size / 2)).toBe(pfn);
      }
  }
  const layout = layoutOf(area, { cell: 20, per: 1 });
  expect(frameAt(layout, 0, 3, 3)).toBeNull();
  expect(frameAt(layout, 0, 499, 3)).toBeNull();
  expect(frameAt(layout, 0, layout.left + 1, layout.rows * 20 + 1)).toBeNull();
});

it('scrolls as little as brings a frame into view', () => {
  const layout = layoutOf({ pages: 1000, width: 500, height: 200, scale: 1 }, { cell: 20, per: 1 });
  expect(scrollTo(layout, 0, 0)).toBe(0);
  const last = scrollTo(layout, 0, 999);
  expect(last).toBe(scrollMax(layout));
  expect(scrollTo(layout, last, 999)).toBe(last);
  expect(scrollTo(layout, last, 0)).toBe(0);
});
