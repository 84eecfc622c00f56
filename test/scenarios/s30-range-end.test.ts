// S30, the wrong range of virtiofs (2020 to 2025): (0, 0) was meant as "the whole file" but scanned
// only page 0. Here the end of a range is an inclusive byte, or the largest offset.
import { expect, test } from 'vitest';
import { page } from '../machine.ts';
import { blockOf, contentOf, story } from './story.ts';

const ranged = { strategy: { name: 'break-layouts', idleRule: 'modern', breakScope: 'range' } };

test.each([
  { range: '(0, 0)', length: 1, content: 'ABCDEFGH' },
  { range: '(0, 4095)', length: page, content: '.BCDEFGH' },
])('S30 $range scans page 0 alone, and frees no more than it scanned', ({ length, content }) => {
  const m = story('break-layouts.modern', ranged);
  m.pinned(m.mapping, 3 * page, page);
  const punch = m.punch('a', 0, length);
  expect(m.opState(punch.task)).toBe('done');
  expect(contentOf(m, 'a').slice(1)).toBe(content.slice(1));
  expect(blockOf(m, 'a', 3)).not.toBe(-1);
});

test('S30 (0, max) waits for page 3', () => {
  const m = story('break-layouts.modern', ranged);
  const pin = m.pinned(m.mapping, 3 * page, page);
  const truncate = m.truncate('a', 0);
  expect(m.opState(truncate.task)).toBe(`S page ${blockOf(m, 'a', 3)}`);
  m.unpin(pin);
  expect(m.opState(truncate.task)).toBe('done');
});

test('S30 a range that ends in page 3 waits for it, one that ends before does not', () => {
  for (const [length, state] of [
    [3 * page, 'done'],
    [3 * page + 1, 'S'],
    [4 * page, 'S'],
  ] as const) {
    const m = story('break-layouts.modern', ranged);
    m.pinned(m.mapping, 3 * page, page);
    expect(m.opState(m.punch('a', 0, length).task)[0]).toBe(state[0]);
  }
});
