// An operation with nowait that drops the last reference does not sleep, and the file is still
// evicted.
import { expect, test } from 'vitest';
import { letters, machine, page } from '../../machine.ts';

test('UL3 a munmap with nowait that loses a race with unlink leaves the eviction to the machine', () => {
  const m = machine({
    strategy: { name: 'break-layouts', idleRule: 'modern' },
    scheduler: 'stepped',
  });
  m.create('a');
  m.settle(m.write('a', letters('A'), 0).task);
  const mapping = m.map('a', 1);
  m.settle(m.pin(mapping, 0, page).task);
  const unlink = m.unlink('a');
  const munmap = m.munmap(mapping, { nowait: true });
  m.stepTo(munmap.task, 'evict'); // The name is still there: nothing to refuse.
  m.settle(unlink.task);
  m.settle();
  expect([m.opState(unlink.task), m.opState(munmap.task)]).toEqual(['done', 'done']);
  expect([...m.k.tasks.values()].map(({ op, interruptible }) => [op, interruptible])).toEqual([
    ['evict', false],
  ]);
  m.unpin(1);
  m.settle();
  expect([m.k.inodes.size, m.k.counts.blocksUsed, m.k.tasks.size]).toEqual([0, 0, 0]);
});
