import { expect, it } from 'vitest';
import {
  byteAt,
  closestBorder,
  drawable,
  type Extent,
  frameOf,
  lanesOf,
  moved,
  orphanPages,
  pagesOfRange,
  piecesOf,
  rangeBetween,
  ticksOf,
  wholeOf,
  xOf,
  zoomed,
} from '../../web/file/ruler.ts';

const page = 4096;
const scale = { from: 0, to: 16 * page, left: 50, width: 800 };
const extents: Extent[] = [
  { offset: page, length: 2 * page, pfn: 10, state: 'written' },
  { offset: 4 * page, length: page, pfn: 20, state: 'unwritten' },
];

it('turns pixels into bytes and back', () => {
  expect(xOf(scale, 8 * page)).toBe(450);
  expect(byteAt(scale, 450)).toBe(8 * page);
  expect(byteAt(scale, -100)).toBe(0);
  expect(byteAt(scale, 9999)).toBe(16 * page);
});

it('snaps a drag to pages in both directions, and takes one page at least', () => {
  expect(rangeBetween(page + 10, 3 * page - 10)).toEqual({ offset: page, length: 2 * page });
  expect(rangeBetween(3 * page - 10, page + 10)).toEqual({ offset: page, length: 2 * page });
  expect(rangeBetween(page, page)).toEqual({ offset: page, length: page });
  expect(closestBorder(page + 1)).toBe(page);
  expect(closestBorder(2 * page - 1)).toBe(2 * page);
});

it('leaves room beyond the end of the file', () => {
  expect(wholeOf(0)).toEqual({ from: 0, to: page });
  expect(wholeOf(16 * page)).toEqual({ from: 0, to: 18 * page });
  expect(wholeOf(16 * page + 1).to).toBeGreaterThan(17 * page);
});

it('zooms around the middle and stays within the file', () => {
  const whole = { from: 0, to: 64 * page };
  expect(zoomed(whole, whole, 0.5)).toEqual({ from: 16 * page, to: 48 * page });
  expect(zoomed({ from: 0, to: 32 * page }, whole, 2)).toEqual(whole);
  expect(zoomed({ from: 0, to: 4 * page }, whole, 0.5)).toEqual({ from: 0, to: 4 * page });
  expect(moved(60 * page, whole, 8 * page)).toEqual({ from: 56 * page, to: 64 * page });
  expect(moved(-5, whole, 8 * page)).toEqual({ from: 0, to: 8 * page });
});

it('has as many ticks as there is room for, on borders of pages', () => {
  expect(ticksOf({ from: 0, to: 4 * page, left: 0, width: 800 })).toEqual([
    0,
    page,
    2 * page,
    3 * page,
    4 * page,
  ]);
  for (const to of [1, 7, 100, 65_536, 16_777_216])
    for (const width of [100, 300, 1200]) {
      const ticks = ticksOf({ from: 0, to: to * page, left: 0, width });
      expect(ticks.length).toBeLessThanOrEqual(width / 72 + 1);
      expect(ticks.every((at) => at % page === 0)).toBe(true);
    }
});

// page   0    1 2      3    4          5
//        hole written  hole unwritten  hole
it('finds the holes between extents', () => {
  expect(
    piecesOf(extents, 6 * page, { from: 0, to: 6 * page }).map(({ state, offset, length }) => [
      state,
      offset / page,
      length / page,
    ]),
  ).toEqual([
    ['hole', 0, 1],
    ['written', 1, 2],
    ['hole', 3, 1],
    ['unwritten', 4, 1],
    ['hole', 5, 1],
  ]);
  expect(piecesOf(extents, 6 * page, { from: 3 * page, to: 4 * page })).toHaveLength(1);
  expect(piecesOf([], 2 * page, { from: 0, to: 2 * page })).toHaveLength(1);
});

it('draws at most one piece a pixel', () => {
  const many: Extent[] = Array.from({ length: 10_000 }, (_, i) => ({
    offset: 2 * i * page,
    length: page,
    pfn: i,
    state: 'written',
  }));
  const small = { from: 0, to: 20_000 * page, left: 0, width: 300 };
  const pieces = piecesOf(many, small.to, small);
  expect(pieces).toHaveLength(20_000);
  expect(drawable(pieces, small).length).toBeLessThanOrEqual(302);
});

it('puts ranges that overlap into lanes of their own, and counts the rest', () => {
  const range = (offset: number, length: number) => ({ offset, length });
  const { lanes, left } = lanesOf([range(0, 4), range(2, 4), range(4, 2), range(3, 1)], 2);
  expect(lanes).toEqual([[range(0, 4), range(4, 2)], [range(2, 4)]]);
  expect(left).toBe(1);
});

it('finds the frame of a byte, and none in a hole', () => {
  expect([0, 1, 2, 3, 4, 5].map((at) => frameOf(extents, at * page))).toEqual([
    null,
    10,
    11,
    null,
    20,
    null,
  ]);
  expect(frameOf([], 0)).toBeNull();
});

it('counts the pages of a pin that the file no longer has', () => {
  const pin = (pfn: number | null, pages: number) => ({ offset: page, runs: [{ pfn, pages }] });
  expect(orphanPages(pin(10, 2), extents)).toBe(0);
  expect(orphanPages(pin(10, 3), extents)).toBe(1);
  expect(orphanPages(pin(30, 2), extents)).toBe(2);
  expect(orphanPages(pin(null, 2), extents)).toBe(0);
});

it('names the pages that a range touches', () => {
  expect(pagesOfRange({ offset: page, length: page })).toBe('page 1');
  expect(pagesOfRange({ offset: page, length: page + 1 })).toBe('pages 1 to 2');
  expect(pagesOfRange({ offset: 10, length: 1 })).toBe('page 0');
});
