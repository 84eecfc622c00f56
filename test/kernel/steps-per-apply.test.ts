// One entry of the log takes a bounded number of steps; entries without a command continue it in
// the same order.
import { describe, expect, test } from 'vitest';
import { apply, atRest } from '../../src/kernel/kernel.ts';
import { letters, type Machine, machine, page } from '../machine.ts';
import { contentOf, everyColumn, story } from '../scenarios/story.ts';

/**
 * What happens in a filesystem in a day: faults, pins, sleepers, victims, timers, a worker with
 * something to do.
 */
function aDay(m: Machine & { mapping: number }): void {
  m.fault(m.mapping, 0, 'read', {}, 8 * page);
  const pins = [0, 2, 5].map((at) =>
    m.pinned(m.mapping, at * page, 2 * page, { owner: `nic${at}` }, { holdMs: 50 }),
  );
  m.truncate('a', 3 * page, { timeoutMs: 40 });
  for (let i = 0; i < 5; i++) m.read('a', 0, page, { owner: `reader${i}` });
  // Where the truncate holds the lock that they need, both wake at once, and the longer one comes
  // first.
  m.fault(m.mapping, 3 * page, 'read', { owner: 'long' }, 3 * page);
  m.fault(m.mapping, 6 * page, 'read', { owner: 'short' }, page);
  m.punch('a', page, page, { timeoutMs: 40 });
  m.write('a', letters('XY'), 0, { timeoutMs: 20 });
  m.unpin(pins[0] as number);
  m.advance(30);
  m.create('b', 4 * page);
  m.advance(200);
}

const trace = (m: Machine): unknown =>
  m.events.map(({ type, timeMs, task, data }) => ({ type, timeMs, task, data }));

describe('LM8 a bounded number of steps an entry', () => {
  test.each(everyColumn)(
    '%s: with one step an entry the same happens, at the same times',
    (column) => {
      const whole = story(column);
      const sliced = story(column, { limits: { stepsPerApply: 1 } });
      aDay(whole);
      aDay(sliced);
      expect(trace(sliced)).toEqual(trace(whole));
      expect(sliced.k.seq).toBeGreaterThan(2 * whole.k.seq);
      expect(sliced.k.counts).toEqual(whole.k.counts);
      expect([...sliced.k.names.keys()].map((name) => contentOf(sliced, name))).toEqual(
        [...whole.k.names.keys()].map((name) => contentOf(whole, name)),
      );
    },
  );

  test('a fault of 64 pages takes several entries, and other commands run in between', () => {
    const m = machine({ limits: { stepsPerApply: 100 } });
    m.create('a', 64 * page);
    const mapping = m.map('a', 64);
    const command = {
      op: 'fault',
      on: { mapping },
      args: { offset: 0, length: 64 * page, access: 'read' },
    } as const;
    const { task, replies } = apply(m.k, { seq: m.k.seq + 1, timeMs: 0, command });
    expect(replies).toEqual([]);
    expect(atRest(m.k)).toBe(false);
    const other = apply(m.k, {
      seq: m.k.seq + 1,
      timeMs: 0,
      command: { op: 'create', on: {}, args: { name: 'b', sizeBytes: 0 } },
    });
    expect(other.replies).toMatchObject([{ task: other.task, outcome: { ok: true } }]);
    let entries = 2;
    for (; !atRest(m.k); entries++) {
      const more = apply(m.k, { seq: m.k.seq + 1, timeMs: 0, command: null });
      if (atRest(m.k)) expect(more.replies).toMatchObject([{ task, outcome: { ok: true } }]);
    }
    expect(entries).toBeGreaterThan(2);
    expect(entries).toBeLessThan(10);
  });

  test('one put wakes a thousand: they run in slices', () => {
    const m = story('break-layouts.modern', {
      limits: { stepsPerApply: 50, tasks: 2000 },
      checkEvery: 500,
    });
    const pin = m.pinned(m.mapping, 0, page);
    m.truncate('a', 0);
    for (let i = 0; i < 1000; i++) m.read('a', 0, page);
    const { seq } = m.k;
    m.unpin(pin);
    expect(m.k.tasks.size).toBe(0);
    expect(m.k.seq - seq).toBeGreaterThan(10);
  });

  test('the worker frees the blocks under a large pin in slices', () => {
    const m = machine({ strategy: 'busy-extents', limits: { stepsPerApply: 10 } });
    m.create('a', 64 * page);
    m.write('a', letters('ABCDEFGHIJKLMNOPQRSTUVWXYZ'.repeat(2)), 0);
    const pin = m.pinned(m.map('a', 52), 0, 52 * page);
    m.truncate('a', 0);
    const { seq } = m.k;
    m.unpin(pin);
    expect(m.k.seq - seq).toBeGreaterThan(4);
    expect(m.k.counts.delayedFrees).toBe(0);
    expect(m.k.busy.runs).toBe(0);
  });

  test('timers of one millisecond fire in slices, each at its own time', () => {
    const m = story('break-layouts.modern', { limits: { stepsPerApply: 10 } });
    for (let i = 0; i < 40; i++) m.pin(m.mapping, 0, page, {}, { holdMs: 10 + (i % 2) });
    m.advance(100);
    expect(m.k.pins.size).toBe(0);
    expect(m.k.nowMs).toBe(100);
    expect(m.seen('page.unpinned').map(({ timeMs }) => timeMs)).toEqual([
      ...Array(20).fill(10),
      ...Array(20).fill(11),
    ]);
  });
});
