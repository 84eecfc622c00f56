import { expect, test } from 'vitest';
import type { Picture } from '../../src/client/picture.ts';
import { relatedTo } from '../../web/state/ids.ts';

/** pin_1 has frames 2 to 5 of file 7; op_1 waits for frame 4, op_2 for a lock of the file. */
const picture = {
  files: new Map([[7, { ino: 7, name: 'a' }]]),
  mappings: new Map([['map_1', { id: 'map_1', ino: 7 }]]),
  pins: new Map([['pin_1', { id: 'pin_1', ino: 7, runs: [{ pfn: 2, pages: 4 }] }]]),
  operations: new Map(
    [
      { id: 'op_1', sleepingOn: { on: 'page', ino: 7, pfn: 4 } },
      { id: 'op_2', sleepingOn: { on: 'lock', ino: 7, lock: 'i_rwsem' } },
    ].map((one) => [one.id, { ...one, state: 'sleeping' }]),
  ),
} as unknown as Picture;

const related = (id: string) => [...relatedTo(picture, id)].sort().join(' ');

test('a pin lights up with its frames, its file and who waits for one of them', () => {
  expect(related('pin_1')).toBe('ino:7 op_1 page:2 page:3 page:4 page:5 pin_1');
});

test('a page lights up with its pins and its waiters, a lock with its waiters', () => {
  expect(related('page:4')).toBe('ino:7 op_1 page:4 pin_1');
  expect(related('page:5')).toBe('ino:7 page:5 pin_1');
  expect(related('lock:a:i_rwsem')).toBe('lock:a:i_rwsem op_2');
});

test('an operation lights up with what it waits for and who has that', () => {
  expect(related('op_1')).toBe('ino:7 op_1 page:4 pin_1');
});

test('10,000 sleepers are looked through once for all frames of a pin', () => {
  let looked = 0;
  const many = Array.from({ length: 10_000 }, (_, n) => ({
    id: `op_${n}`,
    get state() {
      looked += 1;
      return 'sleeping';
    },
    sleepingOn: { on: 'page', ino: 7, pfn: 2 },
  }));
  const operations = new Map(many.map((one) => [one.id, one]));
  const pins = new Map([['pin_1', { id: 'pin_1', ino: 7, runs: [{ pfn: 0, pages: 512 }] }]]);
  relatedTo({ ...picture, pins, operations } as unknown as Picture, 'pin_1');
  expect(looked).toBe(10_000);
});
