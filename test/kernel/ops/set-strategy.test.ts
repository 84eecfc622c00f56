// The strategy changes between any two steps of an operation. For every pair of strategies no block
// is freed under its pin (the laws are checked after every step), and the operation ends when the
// pins are released.
import { describe, expect, test } from 'vitest';
import { type Choice, letters, type Machine, machine, page } from '../../machine.ts';

const strategies: Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'refuse' },
];
const pairs = strategies.flatMap((from) =>
  strategies.filter((to) => to !== from).map((to) => ({ from, to })),
);

const operations: { op: string; run(m: Machine): number }[] = [
  { op: 'truncate', run: (m) => m.truncate('a', 0).task },
  { op: 'punch', run: (m) => m.punch('a', page, 3 * page).task },
  { op: 'zero', run: (m) => m.zero('a', page, 3 * page).task },
  { op: 'collapse', run: (m) => m.collapse('a', 0, page).task },
  { op: 'insert', run: (m) => m.insert('a', page, page).task },
  { op: 'O_TRUNC', run: (m) => m.write('a', letters('Z')).task },
  {
    op: 'munmap of an unlinked file',
    run: (m) => {
      m.settle(m.unlink('a').task);
      return m.munmap(1).task;
    },
  },
];

describe.each(operations)('set-strategy at every step of $op', ({ run }) => {
  test.each(pairs)('from $from.name to $to.name', ({ from, to }) => {
    for (let at = 0; ; at++) {
      const m = machine({ strategy: from, scheduler: 'stepped', blocks: 20 });
      m.create('a');
      m.settle(m.write('a', letters('ABCDEFGH'), 0).task);
      m.map('a', 8);
      for (const pgoff of [2, 3]) m.settle(m.pin(1, pgoff * page, page, { owner: 'P' }).task);
      const task = run(m);
      let taken = 0;
      for (; taken < at && m.k.runnable.includes(task as never); taken++) m.step(task);
      m.strategy(to);
      m.settle();
      expect(m.seen('warning.raised')).toEqual([]);
      m.unpin(1);
      m.settle();
      m.unpin(2);
      m.settle();
      expect(['done', 'EBUSY', 'ENOENT']).toContain(m.opState(task));
      expect(m.k.tasks.size).toBe(0);
      expect([m.k.busy.pages, m.k.detached.pages]).toEqual([0, 0]);
      if (taken < at) return;
    }
  });
});
