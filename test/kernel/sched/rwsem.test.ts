// The locks of an inode are granted in the order of arrival, to all readers together.
import { describe, expect, test } from 'vitest';
import type { Task } from '../../../src/kernel/state.ts';
import type { TaskId } from '../../../src/kernel/units.ts';
import { waitsFor } from '../../../src/kernel/waits/wait-graph.ts';
import { letters, type Machine, machine, page, type Ran } from '../../machine.ts';

/** A stepped machine with a file `a`, so that operations can stand in the middle of their locks. */
function standing(): Machine {
  const m = machine({ scheduler: 'stepped' });
  m.create('a');
  m.settle(m.write('a', letters('AB'), 0).task);
  return m;
}

const states = (m: Machine, ...ran: Ran[]): string[] => ran.map(({ task }) => m.opState(task));

describe('SL8 who gets a lock next', () => {
  test('SL8 readers share, and a reader behind a queued writer waits', () => {
    const m = standing();
    const [r1, r2] = [m.read('a'), m.read('a')];
    for (const { task } of [r1, r2]) m.step(task);
    expect(m.file('a').iRwsem.readers).toEqual([r1.task, r2.task]);
    const w = m.write('a', letters('C'), 0);
    const r3 = m.read('a');
    for (const { task } of [w, r3]) m.step(task);
    expect(states(m, w, r3)).toEqual(['D i_rwsem', 'D i_rwsem']);
    m.settle(r1.task);
    expect(states(m, w, r3)).toEqual(['D i_rwsem', 'D i_rwsem']); // r2 reads still.
    m.settle(r2.task);
    expect(states(m, w, r3)).toEqual(['R', 'D i_rwsem']);
    expect(m.file('a').iRwsem.writer).toBe(w.task); // Handed over: it has the lock before it runs.
    m.settle();
    expect(states(m, w, r3)).toEqual(['done', 'done']);
  });

  test('SL8 readers are granted together, also those behind a queued writer', () => {
    const m = standing();
    const w1 = m.write('a', letters('C'), 0);
    m.step(w1.task);
    const write = () => m.write('a', letters('D'), 0);
    const queue = [m.read('a'), m.read('a'), write(), m.read('a'), write()];
    for (const { task } of queue) m.step(task);
    expect(states(m, ...queue)).toEqual(queue.map(() => 'D i_rwsem'));
    m.settle(w1.task);
    expect(states(m, ...queue)).toEqual(['R', 'R', 'D i_rwsem', 'R', 'D i_rwsem']);
    const readers = [0, 1, 3].map((at) => queue[at]?.task);
    expect(m.file('a').iRwsem.readers).toEqual(readers);
    m.settle();
    expect(states(m, ...queue)).toEqual(queue.map(() => 'done'));
    const order = m.seen('operation.done').map(({ task }) => task);
    expect(order.slice(-2)).toEqual([queue[2]?.task, queue[4]?.task]);
  });

  test('SL8 a reader behind two writers waits for the first only if that one is the head', () => {
    const m = standing();
    const w1 = m.write('a', letters('C'), 0);
    m.step(w1.task);
    const write = () => m.write('a', letters('D'), 0);
    const queue = [write(), m.read('a'), write(), m.read('a')];
    for (const { task } of queue) m.step(task);
    const blockers = ({ task }: { task: number }) =>
      waitsFor(m.k, m.k.tasks.get(task as TaskId) as Task).map(({ to }) => `op_${to}`);
    const [first, reader, second, last] = queue.map(({ task }) => `op_${task}`);
    const head = `op_${w1.task}`;
    expect(blockers(queue[1] as Ran)).toEqual(expect.arrayContaining([head, first]));
    expect(blockers(queue[3] as Ran)).not.toContain(second);
    expect(blockers(queue[2] as Ran)).toEqual(expect.arrayContaining([head, last, reader]));
  });

  test('SL8 no new task overtakes a queued one, not even with nowait', () => {
    const m = standing();
    const r = m.read('a');
    m.step(r.task);
    const w = m.write('a', letters('C'), 0);
    m.step(w.task);
    const late = m.read('a', 0, page, { nowait: true });
    m.step(late.task);
    expect(states(m, w, late)).toEqual(['D i_rwsem', 'EAGAIN']);
  });

  test('SL8 faults share the fault lock, and queue up behind a layout change that wants it', () => {
    const m = standing();
    const mapping = m.map('a', 2);
    const [f1, f2] = [m.fault(mapping, 0, 'read'), m.fault(mapping, page, 'read')];
    for (const { task } of [f1, f2]) m.stepTo(task, 'entry');
    expect(m.file('a').invalidateLock.readers).toEqual([f1.task, f2.task]);
    const t = m.truncate('a', 0);
    m.step(t.task);
    m.step(t.task);
    const f3 = m.fault(mapping, 0, 'read');
    m.settle(f3.task);
    expect(states(m, t, f3)).toEqual(['D invalidate_lock', 'D invalidate_lock']);
    m.settle(f1.task);
    m.settle(f2.task);
    m.settle();
    expect(states(m, f1, f2, t, f3)).toEqual(['done', 'done', 'done', 'SIGBUS']);
  });

  test('SL8 two faults of one page: the second waits for the entry lock, and both map one frame', () => {
    const m = standing();
    const [one, two] = [m.map('a', 2), m.map('a', 2)];
    const [f1, f2, f3] = [
      m.fault(one, 0, 'write'),
      m.fault(two, 0, 'write'),
      m.fault(two, 0, 'read'),
    ] as [Ran, Ran, Ran];
    m.stepTo(f1.task, 'map');
    m.settle(f2.task);
    m.settle(f3.task);
    expect(states(m, f2, f3)).toEqual(['D entry 0', 'D entry 0']);
    m.step(f1.task);
    expect(states(m, f2, f3)).toEqual(['R', 'D entry 0']); // WAKE_NEXT: one of them.
    m.settle();
    expect(states(m, f1, f2, f3)).toEqual(['done', 'done', 'done']);
    expect(m.k.entryQueues.size).toBe(0);
  });

  test('SL8 a task that ends by a signal or a failure releases its locks', () => {
    const m = machine({ strategy: 'wait-for-refs' });
    m.create('a');
    m.write('a', letters('AB'), 0);
    m.pinned(m.map('a', 2), 0, page);
    const t = m.truncate('a', 0);
    const queue = [m.fault(1, page, 'read'), m.read('a'), m.truncate('a', 0, { timeoutMs: 3 })];
    m.advance(3); // Seen by the third once it has its lock.
    expect(states(m, ...queue)).toEqual(['D invalidate_lock', 'D i_rwsem', 'D i_rwsem']);
    m.cancel(t.task);
    expect(states(m, t, ...queue)).toEqual(['EINTR', 'done', 'done', 'EINTR']);
    const { iRwsem, invalidateLock } = m.file('a');
    expect([iRwsem, invalidateLock]).toEqual([
      { writer: 0, readers: [], queue: [] },
      { writer: 0, readers: [], queue: [] },
    ]);
  });
});
