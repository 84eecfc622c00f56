import { expect, it } from 'vitest';
import { isAbout } from '../../web/device/frame-events.ts';

const frame = { pfn: 10, ino: 2, pgoff: 3 };
const about = (type: string, data: object) => isAbout({ type: `pinhole.${type}`, data }, frame);

it('finds the events that name the frame, alone or in a run', () => {
  expect(about('page.idle', { pfn: 10 })).toBe(true);
  expect(about('page.idle', { pfn: 11 })).toBe(false);
  expect(about('extent.busy', { pfn: 8, pages: 3 })).toBe(true);
  expect(about('extent.busy', { pfn: 8, pages: 2 })).toBe(false);
  expect(about('task.blocked', { on: 'page', pfn: 10 })).toBe(true);
  expect(about('task.blocked', { on: 'lock', lock: 'i_rwsem' })).toBe(false);
});

it('finds a pin by its runs, not by the bytes of the file', () => {
  const bytes = { ino: 2, offset: 0, length: 65_536 };
  expect(about('page.pinned', { ...bytes, runs: [{ pfn: 9, pages: 2 }] })).toBe(true);
  expect(about('page.pinned', { ...bytes, runs: [{ pfn: 20, pages: 2 }] })).toBe(false);
  expect(about('page.pinned', { ...bytes, runs: [{ pfn: null, pages: 16 }] })).toBe(false);
});

it('finds what happened to the bytes of the file that it holds', () => {
  expect(about('page.unmapped', { ino: 2, offset: 12_288, length: 4096 })).toBe(true);
  expect(about('page.unmapped', { ino: 2, offset: 16_384, length: 4096 })).toBe(false);
  expect(about('page.unmapped', { ino: 3, offset: 12_288, length: 4096 })).toBe(false);
  const free = { pfn: 10, ino: null, pgoff: null };
  const unmapped = { type: 'pinhole.page.unmapped', data: { offset: 0, length: 4096 } };
  expect(isAbout(unmapped, free)).toBe(false);
});
