// S29: the last put of a page whose block has left its file runs in any context, so it takes no lock and frees nothing: it queues work.
import { describe, expect, test } from 'vitest';
import { page } from '../machine.ts';
import { blockOf, golden, type Story, space, story } from './story.ts';

const G = { owner: 'G' };
const T = { owner: 'T' };

/** Pins pages of `a`, each with a pin of its own, in a stepped machine. */
function pinnedPages(m: Story, ...pages: number[]): number[] {
  return pages.map((at) => {
    const gup = m.pin(m.mapping, at * page, page, G);
    m.settle(gup.task);
    return m.k.nextPin - 1;
  });
}

describe('S29 the last put only queues work', () => {
  test('S29 W3: the last put between insert and commit is left to the commit', async () => {
    const m = story('busy-extents', { scheduler: 'stepped' });
    const [pin] = pinnedPages(m, 0) as [number];
    const pfn = blockOf(m, 'a', 0);
    const punch = m.punch('a', 0, page, T);
    m.stepTo(punch.task, 'commit');
    expect([...m.k.busyByAge]).toEqual([pfn]);
    m.unpin(pin);
    expect(m.k.workqueue).toEqual([pfn]); // No lock was taken, nothing was freed.
    m.step('kworker');
    expect(space(m)).toMatchObject({ busy: 1 });
    m.settle();
    expect(m.outcome(punch.task)).toMatchObject({ result: { blocksFreed: 1, blocksBusy: 0 } });
    expect(m.seen('extent.freed').filter(({ data }) => data.pfn === pfn)).toHaveLength(1);
    expect(space(m)).toMatchObject({ used: 7, busy: 0 });
    await golden(m, 'S29.put-before-commit');
  });

  test('S29 W3: the same with the worker after the commit', () => {
    const m = story('busy-extents', { scheduler: 'stepped' });
    const [pin] = pinnedPages(m, 0) as [number];
    const punch = m.punch('a', 0, page, T);
    m.stepTo(punch.task, 'commit');
    m.unpin(pin);
    m.settle(punch.task);
    expect(space(m)).toMatchObject({ used: 7, busy: 0 });
    m.step('kworker');
    expect(m.seen('extent.freed')).toHaveLength(1);
  });

  test('S29 two puts on one run: exactly one removal', async () => {
    const m = story('busy-extents', { scheduler: 'stepped' });
    const [pin0, pin1] = pinnedPages(m, 0, 1) as [number, number];
    const punch = m.punch('a', 0, 2 * page, T);
    m.settle(punch.task);
    expect(space(m)).toMatchObject({ busy: 2 });
    m.unpin(pin0);
    m.unpin(pin1);
    expect(m.k.workqueue).toHaveLength(2);
    m.settle();
    expect(m.seen('extent.freed').map(({ data }) => data.pages)).toEqual([2]);
    expect(space(m)).toMatchObject({ busy: 0 });
    expect(m.k.busyGeneration).toBe(1);
    await golden(m, 'S29.two-puts');
  });

  test('S29 work left over from an earlier life of the block does not touch the next one', () => {
    const m = story('busy-extents', { scheduler: 'stepped' });
    const [pin] = pinnedPages(m, 0) as [number];
    const pfn = blockOf(m, 'a', 0);
    const punch = m.punch('a', 0, page, T);
    m.stepTo(punch.task, 'commit');
    m.unpin(pin); // Queued …
    m.settle(punch.task); // … and freed by the commit. The worker has not run.
    const [again] = pinnedPages(m, 0) as [number]; // The same block, for the same page.
    expect(blockOf(m, 'a', 0)).toBe(pfn);
    m.settle(m.punch('a', 0, page, T).task);
    expect(space(m)).toMatchObject({ used: 7, busy: 1 });
    m.step('kworker');
    m.unpin(again);
    m.settle();
    expect(space(m)).toMatchObject({ used: 7, busy: 0 });
  });
});
