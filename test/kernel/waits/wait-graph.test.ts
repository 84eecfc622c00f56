// Cycles of the wait graph: of one, two and three operations, several at once, and none where
// somebody merely queues.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, machine, page } from '../../machine.ts';

/** Files named by letters, of two pages each, mapped in their order as map_1, map_2 … */
function files(names: string): Machine {
  const m = machine({ strategy: 'break-layouts' });
  for (const name of names) {
    m.create(name);
    m.write(name, letters('XY'), 0);
    m.map(name, 2);
  }
  return m;
}

const cyclesOf = (m: Machine): string[][] =>
  m.seen('deadlock.detected').map(({ data }) => data.cycle);
const first = (mapping: number) => [mapping, 0, page] as const;
const pfnOf = (n: number): number => 2 + 2 * n;

describe('DL1 a sleep that completes a cycle is reported once, beginning with the oldest operation', () => {
  test('DL1 one operation waits for a pin of its own owner', () => {
    const m = files('a');
    m.pinned(...first(1), { owner: 'X' });
    const { task } = m.truncate('a', 0, { owner: 'X' });
    expect(cyclesOf(m)).toEqual([[`op_${task}`, 'page:2', `op_${task}`]]);
  });

  test('DL1 two: each waits for a page that the other has pinned', () => {
    const m = files('ab');
    m.pinned(...first(1), { owner: 'X' });
    m.pinned(...first(2), { owner: 'Y' });
    const x = m.truncate('b', 0, { owner: 'X' });
    expect(cyclesOf(m)).toEqual([]);
    const y = m.truncate('a', 0, { owner: 'Y' });
    expect(cyclesOf(m)).toEqual([
      [`op_${x.task}`, `page:${pfnOf(1)}`, `op_${y.task}`, `page:${pfnOf(0)}`, `op_${x.task}`],
    ]);
  });

  test('DL1 three', () => {
    const m = files('abc');
    const owners = ['X', 'Y', 'Z'];
    for (const [n, owner] of owners.entries()) m.pinned(...first(n + 1), { owner });
    const [x, y, z] = owners.map((owner, n) => m.truncate('bca'[n] as string, 0, { owner }).task);
    expect(cyclesOf(m)).toEqual([
      [
        `op_${x}`,
        `page:${pfnOf(1)}`,
        `op_${y}`,
        `page:${pfnOf(2)}`,
        `op_${z}`,
        `page:${pfnOf(0)}`,
        `op_${x}`,
      ],
    ]);
  });

  test('DL1 one sleep closes two cycles', () => {
    const m = files('abc');
    m.pinned(...first(1), { owner: 'G' });
    m.pinned(...first(1), { owner: 'H' });
    m.pinned(...first(2), { owner: 'T' });
    m.pinned(...first(3), { owner: 'T' });
    const g = m.truncate('b', 0, { owner: 'G' }).task;
    const h = m.truncate('c', 0, { owner: 'H' }).task;
    expect(cyclesOf(m)).toEqual([]); // T is awake and may let go.
    const t = m.truncate('a', 0, { owner: 'T' }).task;
    expect(cyclesOf(m)).toEqual([
      [`op_${g}`, `page:${pfnOf(1)}`, `op_${t}`, `page:${pfnOf(0)}`, `op_${g}`],
      [`op_${h}`, `page:${pfnOf(2)}`, `op_${t}`, `page:${pfnOf(0)}`, `op_${h}`],
    ]);
  });

  test('DL1 a reader behind a queued writer waits for the writer too', () => {
    const m = files('a');
    m.pinned(...first(1), { owner: 'G' });
    const t = m.truncate('a', 0, { owner: 'T' }).task;
    const w = m.write('a', letters('Z'), 0, { owner: 'W' }).task;
    expect(cyclesOf(m)).toEqual([]);
    const g = m.read('a', 0, page, { owner: 'G' }).task;
    const lock = 'lock:a:i_rwsem';
    expect(cyclesOf(m)).toEqual([
      [`op_${t}`, 'page:2', `op_${g}`, lock, `op_${t}`],
      [`op_${t}`, 'page:2', `op_${g}`, lock, `op_${w}`, lock, `op_${t}`],
    ]);
  });

  test('DL1 an owner with a crowd of sleepers, one of whom closes the cycle', () => {
    const m = files('a');
    m.pinned(...first(1), { owner: 'G' });
    const t = m.truncate('a', 0, { owner: 'T' }).task;
    const reads = Array.from({ length: 40 }, () => m.read('a', 0, page, { owner: 'G' }).task);
    expect(cyclesOf(m)).toEqual(
      reads.map((g) => [`op_${t}`, 'page:2', `op_${g}`, 'lock:a:i_rwsem', `op_${t}`]),
    );
  });

  test('DL1 many waiters in one queue do not hide those of another', () => {
    const m = files('abc');
    m.pinned(...first(1), { owner: 'awake' });
    m.truncate('a', 0, { owner: 'T' });
    m.pinned(...first(2), { owner: 'S' });
    const u = m.truncate('b', 0, { owner: 'U' }).task;
    m.pinned(...first(3), { owner: 'G' });
    const g = m.read('b', 0, page, { owner: 'G' }).task;
    for (let n = 0; n < 40; n++) m.read('a', 0, page, { owner: 'G' });
    expect(cyclesOf(m)).toEqual([]);
    const s = m.truncate('c', 0, { owner: 'S' }).task;
    const [b, c] = [pfnOf(1), pfnOf(2)];
    expect(cyclesOf(m)).toEqual([
      [`op_${u}`, `page:${b}`, `op_${s}`, `page:${c}`, `op_${g}`, 'lock:b:i_rwsem', `op_${u}`],
    ]);
  });

  test('DL1 a page under many pins is many cycles, and the report is bounded', () => {
    const m = files('a');
    for (let n = 0; n < 30; n++) m.pinned(...first(1), { owner: 'G' });
    m.truncate('a', 0, { owner: 'T' });
    m.read('a', 0, page, { owner: 'G' });
    expect(cyclesOf(m).length).toBeGreaterThan(0);
    expect(cyclesOf(m).length).toBeLessThanOrEqual(16);
  });
});

describe('DL1 no cycle, no report', () => {
  test('DL1 queueing', () => {
    const m = files('a');
    m.pinned(...first(1), { owner: 'G' });
    for (const owner of ['T', 'U', 'V']) m.truncate('a', 0, { owner });
    for (const owner of ['R', 'S']) m.read('a', 0, page, { owner });
    m.write('a', letters('Z'), 0, { owner: 'W' });
    expect(m.k.sleepers.size).toBe(6);
    expect(cyclesOf(m)).toEqual([]);
  });

  test('DL1 an owner that sleeps on another file, behind an operation that does not sleep', () => {
    const m = files('ab');
    m.pinned(...first(1), { owner: 'G' });
    m.pinned(...first(2), { owner: 'H' });
    m.truncate('b', 0, { owner: 'G' });
    m.truncate('a', 0, { owner: 'T' });
    expect(cyclesOf(m)).toEqual([]);
  });

  test('DL1 pins without an owner are part of no cycle', () => {
    const m = files('a');
    m.pinned(...first(1));
    m.truncate('a', 0);
    m.read('a', 0, page);
    expect(cyclesOf(m)).toEqual([]);
  });
});

describe('SL5 failOnDeadlock', () => {
  test('SL5 the call that completes the cycle ends with EDEADLK, interruptible or not', () => {
    const m = files('ab');
    const failing = { failOnDeadlock: true };
    m.pinned(...first(1), { owner: 'X' });
    m.pinned(...first(2), { owner: 'Y' });
    const x = m.truncate('b', 0, { owner: 'X' });
    expect(m.opState(m.truncate('a', 0, { owner: 'Y', ...failing }).task)).toBe('EDEADLK'); // S
    const t = m.truncate('a', 0, { owner: 'T' });
    expect(m.opState(m.read('a', 0, page, { owner: 'X', ...failing }).task)).toBe('EDEADLK'); // D
    expect([x, t].map(({ task }) => m.opState(task)[0])).toEqual(['S', 'S']);
    m.unpin(1);
    m.unpin(2);
    expect([x, t].map(({ task }) => m.opState(task))).toEqual(['done', 'done']);
  });

  test('SL5 the others in the cycle are left alone', () => {
    const m = files('a');
    m.pinned(...first(1), { owner: 'G' });
    const t = m.truncate('a', 0, { owner: 'T', failOnDeadlock: true });
    const g = m.read('a', 0, page, { owner: 'G' });
    expect(cyclesOf(m)).toHaveLength(1);
    expect([t, g].map(({ task }) => m.opState(task))).toEqual(['S page 2', 'D i_rwsem']);
  });
});
