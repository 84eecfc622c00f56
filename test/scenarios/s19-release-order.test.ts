// S19: eight pages with one pin each, released in one order or another. An operation that sleeps on
// the first busy page is woken once for each page that is the first busy one when its pin is
// released: once in descending order, eight times in ascending order.
import { describe, expect, test } from 'vitest';
import { okOf, page, wordOf } from '../machine.ts';
import { blockOf, breaking, type Column, golden, space, story } from './story.ts';

const T = { owner: 'T' };
const waiting: Column[] = ['wait-for-refs', 'detach-and-wait', ...breaking];

const pages = [0, 1, 2, 3, 4, 5, 6, 7];
const orders = [
  { order: 'descending', released: pages.toReversed(), wakeups: 1 },
  { order: 'ascending', released: pages, wakeups: 8 },
  // 0, 1, 2, 4 and 6; of 3, 5 and 7 nobody is told.
  { order: 'mixed', released: [3, 0, 1, 7, 2, 5, 4, 6], wakeups: 5 },
];
const everyOrder = waiting.flatMap((column) => orders.map((row) => ({ column, ...row })));

function pinned(column: Column, scheduler: 'auto' | 'stepped' = 'auto') {
  const m = story(column, { scheduler });
  // pin_1 holds page 0 and so on.
  for (const pgoff of pages)
    m.settle(m.pin(m.mapping, pgoff * page, page, { owner: `P${pgoff}` }).task);
  return m;
}

describe('S19 truncate to nothing under eight pins', () => {
  test.each(everyOrder)(
    'S19 $column: $order, $wakeups wake-ups',
    async ({ column, order, released, wakeups }) => {
      const m = pinned(column);
      const { task } = m.truncate('a', 0, T);
      for (const pgoff of released) {
        expect(m.opState(task)).toMatch(/^S page/);
        m.unpin(pgoff + 1);
      }
      // C looks at its detached list, not at the file.
      const looks = column === 'detach-and-wait' ? 1 : wakeups + 1;
      expect(okOf({ task, outcome: m.outcome(task) })).toMatchObject({
        wakeups,
        scans: looks,
        blocksFreed: 8,
        blocksDetached: 0,
      });
      expect(m.seen('waitqueue.wakeup')).toHaveLength(wakeups);
      expect(m.k.counts).toMatchObject({ wakeups, spuriousWakeups: 0 });
      expect(space(m)).toMatchObject({ used: 0, detached: 0 });
      if (order !== 'mixed') await golden(m, `S19.${order}.${column}`);
    },
  );

  test.each(orders)(
    'S19 busy-extents: $order, eight worker runs, and the last one frees',
    async ({ order, released }) => {
      const m = pinned('busy-extents');
      const first = blockOf(m, 'a', 0);
      expect(okOf(m.truncate('a', 0, T))).toMatchObject({
        blocksFreed: 0,
        blocksBusy: 8,
        wakeups: 0,
        scans: 1,
      });
      for (const pgoff of released) {
        expect(m.k.busy.pages).toBe(8);
        m.unpin(pgoff + 1);
      }
      expect(m.seen('page.worker_queued').map(({ data }) => data.pfn)).toEqual(
        released.map((pgoff) => first + pgoff),
      );
      expect(m.seen('extent.freed').map(({ data }) => data)).toMatchObject([
        { pfn: first, pages: 8, from: 'busy' },
      ]);
      expect(m.k.busyGeneration).toBe(1);
      expect(space(m)).toMatchObject({ used: 0, busy: 0 });
      if (order !== 'mixed') await golden(m, `S19.${order}.busy-extents`);
    },
  );

  test.each(orders)(
    'S19 busy-extents: $order, each run of the worker is a step',
    ({ released }) => {
      const m = pinned('busy-extents', 'stepped');
      m.settle(m.truncate('a', 0, T).task);
      for (const pgoff of released) m.unpin(pgoff + 1);
      expect(m.seen('extent.freed')).toEqual([]);
      for (let runs = 1; runs <= 8; runs++) {
        // Nobody pins the run any more: the first worker run frees it.
        expect(m.k.busy.pages).toBe(runs === 1 ? 8 : 0);
        expect(okOf(m.step('kworker'))).toMatchObject({ op: 'kworker', step: 'release' });
      }
      expect(m.seen('extent.freed')).toHaveLength(1);
      expect(okOf(m.step())).toMatchObject({ task: null });
    },
  );

  test.each(orders)(
    'S19 refuse: $order, EBUSY until the last pin is released',
    async ({ order, released }) => {
      const m = pinned('refuse');
      for (const pgoff of released) {
        expect(wordOf(m.truncate('a', 0, T))).toBe('EBUSY');
        m.unpin(pgoff + 1);
      }
      expect(okOf(m.truncate('a', 0, T))).toMatchObject({ blocksFreed: 8, wakeups: 0 });
      if (order === 'descending') await golden(m, 'S19.refuse');
    },
  );

  test('S19 none: eight blocks are freed under eight pins, each with a warning', async () => {
    const m = pinned('none');
    expect(okOf(m.truncate('a', 0, T))).toMatchObject({ blocksFreed: 8 });
    expect(m.seen('warning.raised')).toHaveLength(8);
    for (const pgoff of pages) m.unpin(pgoff + 1);
    expect(m.seen('page.worker_queued')).toEqual([]);
    await golden(m, 'S19.none');
  });
});
