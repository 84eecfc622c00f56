// Questions that are answered by running a copy of the machine. http/explain.test.ts covers HTTP;
// this file covers spinning operations.
import { expect, test } from 'vitest';
import type { TaskId } from '../../src/kernel/units.ts';
import { otherStrategies, queuedBehind, released } from '../../src/kernel/what-if.ts';
import { letters, machine, page } from '../machine.ts';

/** An exchange of `a` and `b` spins on page 1 of `b`, and a read of `a` is queued behind it. */
function spinning() {
  const m = machine({ strategy: { name: 'break-layouts', idleRule: 'fixed' } });
  for (const name of ['a', 'b']) {
    m.create(name);
    m.write(name, letters('ABCD'), 0);
  }
  m.pinned(m.map('b', 4), page, page, { owner: 'G' });
  const { task } = m.exchange('a', 'b', { length: 4 * page });
  expect(m.opState(task)).toMatch(/^R spins/);
  const read = m.read('a', 0, 1);
  expect(m.opState(read.task)).toBe('D i_rwsem');
  return { ...m, exchange: task as TaskId, reading: read.task as TaskId };
}

test('XR5 the pin that a spinning exchange waits for would release it, and the read behind it', () => {
  const m = spinning();
  const pins = [{ pin: 'pin_1', owner: 'G', kind: 'direct-io', ino: 3 }];
  for (const id of [m.exchange, m.reading])
    expect(released(m.k, id, 0)).toEqual({ pins, enough: true });
  expect(queuedBehind(m.k, m.exchange, 10)).toMatchObject([{ operation: `op_${m.reading}` }]);
  expect(m.opState(m.exchange)).toMatch(/^R spins/);
});

test('XR5 what a spinning exchange would do under the other strategies', () => {
  const m = spinning();
  // As its record says, in state R.
  const outcomes = Object.fromEntries(
    otherStrategies(m.k, m.exchange, 0).map((other) => [other.strategy, other.outcome]),
  );
  expect(outcomes).toEqual({
    'busy-extents': 'sleeping',
    'wait-for-refs': 'sleeping',
    'detach-and-wait': 'sleeping',
    refuse: 'failed',
    none: 'done',
  });
});
