// Questions that are answered by running a copy of the machine. http/explain.test.ts covers HTTP;
// this file covers spinning operations.
import { describe, expect, test } from 'vitest';
import type { Kernel, Target } from '../../src/kernel/state.ts';
import type { TaskId } from '../../src/kernel/units.ts';
import type { View } from '../../src/kernel/views/define.ts';
import { operation as operationView } from '../../src/kernel/views/operations.ts';
import { waitGraph } from '../../src/kernel/views/wait-graph.ts';
import { otherStrategies, queuedBehind, released } from '../../src/kernel/what-if.ts';
import { letters, machine, page } from '../machine.ts';
import { story } from '../scenarios/story.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test looks into a record by its fields
function read(view: View, k: Kernel, target: Target): any {
  const seen = view.read(k, target, {}, k.nowMs);
  if (!seen.ok) throw new Error(seen.failure.why);
  return view.result.parse(seen.result);
}

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
    expect(released(m.k, id, 0)).toEqual({
      pins,
      mappings: [],
      signals: [],
      order: [{ do: 'unpin', id: 'pin_1' }],
      enough: true,
    });
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

const G = { owner: 'G' };
const T = { owner: 'T' };

describe('ST6 under the modern rule the mappings that were faulted back in are in the way too', () => {
  function asleep(options: Parameters<typeof story>[1] = {}) {
    const m = story('break-layouts.modern', options);
    const pin = m.pinned(m.mapping, 0, page, G);
    const { task } = m.truncate('a', 0, T);
    m.fault(m.mapping, 0, 'read');
    return { ...m, pin, truncate: task as TaskId };
  }

  test('DL3 S06 the munmap ends the wait, and it does', () => {
    const m = asleep();
    m.unpin(m.pin);
    expect(released(m.k, m.truncate, 0)).toEqual({
      pins: [],
      mappings: [{ mapping: 'map_1', owner: null, ino: 2 }],
      signals: [],
      order: [{ do: 'munmap', id: 'map_1' }],
      enough: true,
    });
    m.munmap(m.mapping);
    expect(m.opState(m.truncate)).toBe('done');
  });

  test('DL3 S06 before the put: first the pin, then each mapping, in their order', () => {
    const m = asleep();
    const second = m.map('a', 8, { owner: 'H' });
    m.map('a', 8);
    m.fault(second, 0, 'read');
    expect(released(m.k, m.truncate, 0)).toMatchObject({
      pins: [{ pin: 'pin_1', owner: 'G' }],
      mappings: [{ mapping: 'map_1' }, { mapping: 'map_2', owner: 'H' }],
      order: [
        { do: 'unpin', id: 'pin_1' },
        { do: 'munmap', id: 'map_1' },
        { do: 'munmap', id: 'map_2' },
      ],
      enough: true,
    });
    for (const end of [() => m.unpin(m.pin), () => m.munmap(1)]) {
      end();
      expect(m.opState(m.truncate)).toBe('S page 2');
    }
    m.munmap(2);
    expect(m.opState(m.truncate)).toBe('done');
  });

  test('S06 its record and the wait graph name the mapping, and the page how often it is mapped', () => {
    const m = asleep();
    m.unpin(m.pin);
    const record = read(operationView, m.k, { operation: m.truncate });
    expect(record).toMatchObject({
      sleepingOn: { page: { pfn: 2, pins: 0, mappings: 1 } },
      blockedBy: [{ mapping: 'map_1', pgoff: 0 }],
    });
    const graph = read(waitGraph, m.k, {});
    expect(graph.nodes).toContainEqual({
      id: 'map_1',
      kind: 'mapping',
      label: 'shared mapping',
      owner: null,
      file: 'a',
      ino: 2,
    });
    expect(graph.edges).toEqual([
      { from: `op_${m.truncate}`, to: 'page:2', because: 'sleeps on it' },
      { from: 'page:2', to: 'map_1', because: 'is mapped by it' },
    ]);
    expect(graph.cycles).toEqual([]);
  });

  test('S06 under another rule no mapping is named', () => {
    const m = story('break-layouts.fixed');
    m.pinned(m.mapping, 0, page, G);
    const { task } = m.truncate('a', 0, T);
    m.fault(m.mapping, 0, 'read');
    expect(released(m.k, task as TaskId, 0)).toMatchObject({ mappings: [], enough: true });
    expect(read(waitGraph, m.k, {}).nodes.map(({ kind }: { kind: string }) => kind)).toEqual([
      'operation',
      'page',
      'pin',
    ]);
  });

  test('FG1 a folio: the mapping of any of its pages is named', () => {
    const m = machine({
      strategy: { name: 'break-layouts', idleRule: 'modern' },
      blocks: 2048,
      folioGranularity: true,
    });
    m.create('a');
    m.allocate('a', 0, 512 * page);
    m.write('a', letters('A'.repeat(512)), 0);
    const map = m.map('a', 512);
    m.fault(map, 0, 'read');
    const pin = m.pinned(map, 7 * page, page, G);
    const { task } = m.truncate('a', 0, T);
    expect(m.opState(task)).toMatch(/^S page/);
    const other = m.map('a', 512);
    m.fault(other, 9 * page, 'read');
    m.unpin(pin);
    expect(m.opState(task)).toMatch(/^S page/);
    expect(released(m.k, task as TaskId, 0)).toMatchObject({
      order: [{ do: 'munmap', id: `map_${other}` }],
      enough: true,
    });
  });
});

test('DL3 S01 where no pin can be released, a signal to the nearest operation in state S ends the wait', () => {
  const m = story('wait-for-refs', { scheduler: 'stepped' });
  const gup = m.pin(m.mapping, 0, 2 * page, G).task as TaskId;
  const punch = m.punch('a', 0, 2 * page, T).task as TaskId;
  m.stepTo(gup, 'page');
  m.step(gup);
  m.stepTo(gup, 'page');
  m.step(gup);
  m.settle(punch);
  m.settle(gup);
  expect([m.opState(punch), m.opState(gup)]).toEqual(['S page 2', 'D invalidate_lock']);
  for (const id of [gup, punch])
    expect(released(m.k, id, 0)).toEqual({
      pins: [],
      mappings: [],
      signals: [{ operation: `op_${punch}`, op: 'punch-hole', owner: 'T' }],
      order: [{ do: 'cancel', id: `op_${punch}` }],
      enough: true,
    });
  m.cancel(punch);
  m.settle();
  expect([m.opState(punch), m.opState(gup)]).toEqual(['EINTR', 'done']);
});
