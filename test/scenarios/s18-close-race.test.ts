// S18 and S24: a pin is released between the steps of a wait (steps D1 to D6 of docs/steps.md:
// scan, enqueue, test, sleep, relock). Whatever happens between two of them, no wake-up is lost,
// and one idle page says nothing about the others.
import { describe, expect, test } from 'vitest';
import { okOf, page } from '../machine.ts';
import { blockOf, breaking, type Column, contentOf, golden, space, story } from './story.ts';

const T = { owner: 'T' };
const waiting: Column[] = ['wait-for-refs', 'detach-and-wait', ...breaking];

/** A truncate to nothing, not yet begun; page 0 is pinned by pin_1 and page 5 by pin_2. */
function race(column: Column) {
  const m = story(column, { scheduler: 'stepped' });
  const [first, other] = [blockOf(m, 'a', 0), blockOf(m, 'a', 5)];
  m.settle(m.pin(m.mapping, 0, page, { owner: 'P0' }).task);
  m.settle(m.pin(m.mapping, 5 * page, page, { owner: 'P5' }).task);
  const { task } = m.truncate('a', 0, T);
  return {
    ...m,
    first,
    other,
    t: task,
    /** Steps T to a point of its wait for page 0. */
    to(point: string): void {
      if (point === 'asleep' || point === 'relock') m.settle(task);
      else m.stepTo(task, point);
      if (point !== 'relock') return;
      m.unpin(1);
      expect(m.task(task)?.step).toBe('relock');
    },
    /** Nobody takes more steps than a look at each page needs. */
    rest(): void {
      expect(m.settle()).toBeLessThan(16);
    },
    ended: () => okOf({ task, outcome: m.outcome(task) }),
  };
}

const beforeSleep = ['lock', 'lockMapping', 'scan', 'enqueue', 'test', 'sleep', 'asleep'];
const points = (column: Column): string[] =>
  column === 'detach-and-wait'
    ? [...beforeSleep.slice(0, 3), 'change', 'commit', 'drain', ...beforeSleep.slice(3)]
    : beforeSleep;
const everyPoint = waiting.flatMap((column) =>
  points(column).map((point) => [column, point] as const),
);

describe('S18 page 0 is let go after the scan found it and before the wait tests it: page 5 is still pinned', () => {
  test.each(waiting)('S18 %s', async (column) => {
    const m = race(column);
    m.stepTo(m.t, 'enqueue');
    m.unpin(1);
    m.rest();
    expect(m.opState(m.t)).toBe(`S page ${m.other}`);
    expect(m.seen('extent.freed')).toEqual([]);
    m.unpin(2);
    m.rest();
    expect(m.ended()).toMatchObject({
      blocksFreed: 8,
      blocksDetached: 0,
      wakeups: 1,
      sizeBytes: 0,
    });
    expect(space(m)).toMatchObject({ used: 0, busy: 0, detached: 0 });
    await golden(m, `S18.${column}`);
  });

  test.each(breaking)(
    'S18 %s: each scan finds only the first busy page, so there are three',
    (column) => {
      const m = race(column);
      m.stepTo(m.t, 'enqueue');
      m.unpin(1);
      m.rest();
      m.unpin(2);
      m.rest();
      expect(m.seen('layout.busy').map(({ data }) => data.pgoff)).toEqual([0, 5]);
      expect(m.ended()).toMatchObject({ scans: 3 });
    },
  );

  test.each(['scan', 'change', 'commit', 'done'])(
    'S18 busy-extents: released before %s, and only page 5 stays on the list',
    (point) => {
      const m = race('busy-extents');
      if (point === 'done') m.settle(m.t);
      else m.stepTo(m.t, point);
      m.unpin(1);
      m.rest();
      expect(m.opState(m.t)).toBe('done');
      expect([...m.k.busyByAge]).toEqual([m.other]);
      expect(space(m)).toMatchObject({ used: 0, busy: 1 });
      m.unpin(2);
      m.rest();
      expect(space(m)).toMatchObject({ used: 0, busy: 0 });
    },
  );
});

describe('S24 a wake-up between any two steps is not lost', () => {
  test.each(everyPoint)(
    'S24 %s: page 0 is released before %s, and T waits for page 5',
    (column, point) => {
      const m = race(column);
      m.to(point);
      m.unpin(1);
      m.rest();
      expect(m.opState(m.t)).toBe(`S page ${m.other}`);
      m.unpin(2);
      m.rest();
      expect(m.opState(m.t)).toBe('done');
      expect(m.k.pageQueues.size).toBe(0);
      expect(m.k.counts.spuriousWakeups).toBe(0);
    },
  );

  test.each([...everyPoint, ...waiting.map((column) => [column, 'relock'] as const)])(
    'S24 %s: page 5 is released before %s, and T waits for page 0 only',
    (column, point) => {
      const m = race(column);
      m.to(point);
      m.unpin(2);
      if (point !== 'relock') {
        m.rest();
        expect(m.opState(m.t)).toBe(`S page ${m.first}`);
        m.unpin(1);
      }
      m.rest();
      expect(m.ended()).toMatchObject({ blocksFreed: 8, wakeups: 1 });
      expect(m.k.pageQueues.size).toBe(0);
    },
  );

  test.each(waiting)(
    'S24 %s: between the test and the sleep, T does not sleep at all',
    async (column) => {
      const m = race(column);
      m.stepTo(m.t, 'sleep');
      m.unpin(1);
      expect(m.seen('waitqueue.wakeup').map(({ data }) => data.woken)).toEqual([[`op_${m.t}`]]);
      m.step(m.t);
      expect(m.task(m.t)?.step).toBe('relock');
      expect(m.seen('task.blocked')).toEqual([]);
      m.rest();
      expect(m.opState(m.t)).toBe(`S page ${m.other}`);
      m.unpin(2);
      m.rest();
      expect(m.opState(m.t)).toBe('done');
      await golden(m, `S24.${column}`);
    },
  );

  test.each(breaking)(
    'S24 %s: pinned again between the wake-up and the test, T tests and sleeps again',
    (column) => {
      const m = race(column);
      m.to('relock');
      m.settle(m.pin(m.mapping, 0, page, { owner: 'P0' }).task);
      m.rest();
      expect(m.opState(m.t)).toBe(`S page ${m.first}`);
      expect(m.k.counts.spuriousWakeups).toBe(1);
      expect(m.ended).toThrow('has not ended');
      m.unpin(3);
      // S06: the page is mapped again, so its count is 1.
      if (column === 'break-layouts.modern') m.munmap(m.mapping);
      m.rest();
      expect(m.opState(m.t)).toBe(`S page ${m.other}`);
      m.unpin(2);
      m.rest();
      expect(m.opState(m.t)).toBe('done');
    },
  );
});

describe('S24 a signal between any two steps is not lost either', () => {
  const interrupted = waiting.flatMap((column) =>
    ['enqueue', 'test', 'sleep', 'asleep', 'relock'].map((point) => [column, point] as const),
  );
  test.each(interrupted)('S24 %s: a signal before %s', (column, point) => {
    const m = race(column);
    m.to(point);
    m.cancel(m.t);
    m.rest();
    expect(m.k.pageQueues.size).toBe(0);
    if (column === 'detach-and-wait') {
      const left = point === 'relock' ? 1 : 2;
      expect(m.ended()).toMatchObject({ blocksFreed: 8 - left, blocksDetached: left });
    } else {
      expect(m.opState(m.t)).toBe('EINTR');
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
    }
    if (point !== 'relock') m.unpin(1);
    m.unpin(2);
    m.rest();
    expect(space(m)).toMatchObject({ used: column === 'detach-and-wait' ? 0 : 8, detached: 0 });
  });
});
