import { expect, it } from 'vitest';
import { cellText, frameText } from '../../web/device/frame-words.ts';
import {
  corrected,
  pinnedIntervals,
  type Run,
  segmentAt,
  segmentsOf,
} from '../../web/device/segments.ts';

const runs: Run[] = [
  { pfn: 0, pages: 2, state: 'metadata' },
  { pfn: 2, pages: 6, state: 'used', ino: 2, file: 'a', pgoff: 10, flags: ['written'] },
  { pfn: 8, pages: 4, state: 'busy', ino: 2 },
  { pfn: 12, pages: 4, state: 'free' },
];
const none = { busy: new Map(), detached: new Map(), incomplete: [] };
const shown = (picture: Parameters<typeof corrected>[1]) =>
  corrected(segmentsOf(runs), picture).map(({ pfn, end, state, pgoff }) => [
    pfn,
    end,
    state,
    pgoff,
  ]);

it('shows frames as free that have left the busy list', () => {
  expect(shown(none)).toEqual([
    [0, 2, 'metadata', null],
    [2, 8, 'used', 10],
    [8, 12, 'free', null],
    [12, 16, 'free', null],
  ]);
});

// used     2 3 4 5 6 7
// detached     4 5
// busy                 8 9 (10 11 are free now)
it('cuts a run where a newer one begins and ends, and keeps the pages of the file', () => {
  expect(shown({ ...none, busy: new Map([[8, 2]]), detached: new Map([[4, 2]]) })).toEqual([
    [0, 2, 'metadata', null],
    [2, 4, 'used', 10],
    [4, 6, 'detached', null],
    [6, 8, 'used', 14],
    [8, 10, 'busy', null],
    [10, 12, 'free', null],
    [12, 16, 'free', null],
  ]);
});

it('follows a newer run over the border of two older ones', () => {
  expect(shown({ ...none, busy: new Map([[6, 8]]) })).toEqual([
    [0, 2, 'metadata', null],
    [2, 6, 'used', 10],
    [6, 8, 'busy', null],
    [8, 12, 'busy', null],
    [12, 14, 'busy', null],
    [14, 16, 'free', null],
  ]);
});

it('covers each frame once, whatever the picture says', () => {
  for (let at = 0; at < 16; at += 1)
    for (let pages = 1; at + pages <= 16; pages += 1) {
      const segments = corrected(segmentsOf(runs), { ...none, busy: new Map([[at, pages]]) });
      let next = 0;
      for (const { pfn, end } of segments) {
        expect(pfn).toBe(next);
        expect(end).toBeGreaterThan(pfn);
        next = end;
      }
      expect(next).toBe(16);
    }
});

it('leaves detached frames alone of which the picture does not have all', () => {
  const detached: Run[] = [{ pfn: 0, pages: 4, state: 'detached', ino: 2 }];
  const picture = { ...none, incomplete: ['detachedExtents'] };
  expect(corrected(segmentsOf(detached), picture)[0]?.state).toBe('detached');
});

it('finds the segment of a frame, and none outside', () => {
  const segments = segmentsOf(runs);
  expect([0, 1, 2, 7, 8, 15].map((pfn) => segmentAt(segments, pfn)?.pfn)).toEqual([
    0, 0, 2, 2, 8, 12,
  ]);
  expect(segmentAt(segments, 16)).toBeNull();
  expect(segmentAt([], 0)).toBeNull();
});

it('says a frame and a cell in words', () => {
  const map = {
    pages: 16,
    first: 0,
    end: 16,
    segments: segmentsOf(runs),
    pinned: pinnedIntervals({
      pins: new Map([
        ['pin_1', { runs: [{ pfn: 3, pages: 2 }] }],
        ['pin_2', { runs: [{ pfn: 3, pages: 1 }] }],
      ]),
    }),
    waited: new Set([3]),
    ownersOmitted: false,
  };
  const nameOf = () => 'a';
  expect(frameText(map, 3, nameOf)).toBe('pfn 3 · page 11 of a · 2 pins · somebody waits for it');
  expect(frameText(map, 8, nameOf)).toBe('pfn 8 · was in a · busy');
  expect(frameText(map, 12, nameOf)).toBe('pfn 12 · free');
  expect(frameText(map, 99, nameOf)).toBe('pfn 99: not read');
  expect(cellText(map, 0, 8)).toBe('pfn 0–7 · 2 metadata, 6 used');
});
