// The scan for pinned pages of a file with many extents: it starts from the pins and finds what a
// walk over the extents finds.
import { expect, test } from 'vitest';
import { busyByExtents, busyByPins, firstBusy } from '../../../src/kernel/fs/dax.ts';
import { lastPage, toPgOff } from '../../../src/kernel/units.ts';
import { idOf, type Machine, machine, okOf, page } from '../../machine.ts';

const extents = 200;

/** Every second page of the file `a` has a block. */
function fragmented(strategy = 'break-layouts'): { m: Machine; mapping: number } {
  const m = machine({ strategy, blocks: 1024, forgiving: true, checkEvery: 50 });
  m.create('a', 2 * extents * page);
  const mapping = m.map('a', 2 * extents);
  for (let at = 0; at < extents; at++)
    okOf(m.call('fault', { mapping }, { offset: 2 * at * page, length: 1, access: 'write' }));
  return { m, mapping };
}

const all = { first: toPgOff(0), last: lastPage, referencesMax: 100 };

test('[PH3] the first pinned page of a range is found by the pins', () => {
  const { m, mapping } = fragmented();
  const pins = [300, 40, 222, 398].map((at) => idOf(m.pin(mapping, at * page, page)));
  const a = m.file('a');
  const busyIn = (first: number, last: number) => {
    const found = firstBusy(m.k, a, toPgOff(first), toPgOff(last));
    expect(found).toEqual(busyByExtents(m.k, a, toPgOff(first), toPgOff(last)));
    return found?.pgoff;
  };
  expect(busyByPins(m.k, a, all)?.busy?.pgoff).toBe(40);
  expect(busyIn(0, 399)).toBe(40);
  expect(busyIn(40, 40)).toBe(40);
  expect(busyIn(41, 221)).toBeUndefined();
  expect(busyIn(41, 222)).toBe(222);
  expect(busyIn(223, 397)).toBe(300);
  expect(busyIn(301, 399)).toBe(398);
  okOf(m.unpin(pins[1] as number));
  expect(busyIn(0, 399)).toBe(222);
});

test('the pins of another file keep no page of this one busy', () => {
  const { m } = fragmented();
  m.create('b', page);
  const other = m.map('b', 1);
  m.pin(other, 0, page);
  expect(busyByPins(m.k, m.file('a'), all)).toEqual({ busy: null });
  expect(firstBusy(m.k, m.file('a'), all.first, all.last)).toBeNull();
});

test('a frame that moved under its pin is found by a walk', () => {
  const { m, mapping } = fragmented('none');
  m.pin(mapping, 100 * page, page);
  okOf(m.call('collapse-range', { file: 'a' }, { offset: 0, length: 2 * page }));
  expect(busyByPins(m.k, m.file('a'), all)).toBeNull();
  expect(firstBusy(m.k, m.file('a'), all.first, all.last)?.pgoff).toBe(98);
});

test('a frame that left its file under a pin is not busy in it', () => {
  const { m, mapping } = fragmented('busy-extents');
  m.pin(mapping, 100 * page, page);
  okOf(m.call('punch-hole', { file: 'a' }, { offset: 100 * page, length: page }));
  expect(busyByPins(m.k, m.file('a'), all)).toEqual({ busy: null });
});

test('more references than a walk is worth are not searched', () => {
  const { m, mapping } = fragmented();
  m.pin(mapping, 100 * page, page);
  m.pin(mapping, 100 * page, page);
  expect(busyByPins(m.k, m.file('a'), { ...all, referencesMax: 1 })).toBeNull();
});
