// A deadlock as steps in the order of time, and in the columns of lockdep.
import { expect, test } from 'vitest';
import type { Cycle } from '../../../src/kernel/records/cycle.ts';
import { waitGraph } from '../../../src/kernel/views/wait-graph.ts';
import { letters, type Machine, machine, page } from '../../machine.ts';
import { story } from '../../scenarios/story.ts';

function cyclesIn(m: Machine): Cycle[] {
  const seen = waitGraph.read(m.k, {}, {}, m.k.nowMs);
  if (!seen.ok) throw new Error(seen.failure.why);
  return (waitGraph.result.parse(seen.result) as { cycles: Cycle[] }).cycles;
}

test('DL2 S01 under wait-for-refs: who took what and waits for what, and since when', () => {
  const m = story('wait-for-refs');
  m.pinned(m.mapping, 0, page, { owner: 'G' });
  m.advance(5);
  const punch = m.punch('a', 0, 2 * page, { owner: 'T' }).task;
  m.advance(7);
  const gup = m.pin(m.mapping, page, page, { owner: 'G' }).task;
  const [cycle] = cyclesIn(m);
  const nic = { operation: `op_${gup}`, op: 'pin', owner: 'G' };
  const file = { operation: `op_${punch}`, op: 'punch-hole', owner: 'T' };
  const lock = 'lock:a:invalidate_lock';
  expect(cycle?.steps).toEqual([
    { ...nic, does: 'holds', node: 'page:2', pin: 'pin_1', sinceMs: 0 },
    { ...file, does: 'holds', node: lock, mode: 'exclusive', sinceMs: 5 },
    { ...file, does: 'wants', node: 'page:2', sinceMs: 5 },
    { ...nic, does: 'wants', node: lock, mode: 'shared', sinceMs: 12 },
  ]);
  expect(cycle?.columns).toBe(
    [
      `  op_${gup} pin (G)                 op_${punch} punch-hole (T)`,
      '  ----                         ----',
      '  pin(page:2);',
      '                               lock(a:invalidate_lock);',
      '                               wait(page:2);',
      '  rlock(a:invalidate_lock);',
      '',
      '   *** DEADLOCK ***',
      '',
    ].join('\n'),
  );
  expect(m.seen('deadlock.detected').map(({ data }) => data.steps)).toEqual([cycle?.steps]);
});

test('DL2 an operation that waits for a pin of its own owner has one column', () => {
  const m = story('break-layouts.fixed');
  m.pinned(m.mapping, 0, page, { owner: 'G' });
  const { task } = m.truncate('a', 0, { owner: 'G' });
  expect(cyclesIn(m)[0]?.columns?.split('\n')).toEqual([
    `  op_${task} truncate (G)`,
    '  ----',
    '  pin(page:2);',
    '  wait(page:2);',
    '',
    '   *** DEADLOCK ***',
    '',
  ]);
});

test('DL2 a reader behind a queued writer: the queue is what it waits for, and nobody holds it', () => {
  const m = story('break-layouts.fixed');
  m.pinned(m.mapping, 0, page, { owner: 'G' });
  const truncate = m.truncate('a', 0, { owner: 'T' }).task;
  const write = m.write('a', letters('w'), 0, { owner: 'W' }).task;
  const read = m.read('a', 0, 1, { owner: 'G' }).task;
  const queued = cyclesIn(m).find(({ nodes }) => nodes.includes(`op_${write}`));
  expect(queued?.steps.map(({ operation, does, node }) => [operation, does, node])).toEqual([
    [`op_${read}`, 'holds', 'page:2'],
    [`op_${truncate}`, 'holds', 'lock:a:i_rwsem'],
    [`op_${truncate}`, 'wants', 'page:2'],
    [`op_${write}`, 'wants', 'lock:a:i_rwsem'],
    [`op_${read}`, 'wants', 'lock:a:i_rwsem'],
  ]);
});

test('DL2 more than 8 operations have steps, at most 16 waits of them, and no columns', () => {
  const m = machine({ strategy: 'break-layouts', blocks: 1024 });
  const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
  for (const [i, name] of names.entries()) {
    m.create(name);
    m.write(name, letters('X'), 0);
    m.map(name, 1);
    m.pinned(i + 1, 0, page, { owner: `o${i}` });
  }
  for (const [i] of names.entries())
    m.truncate(names[(i + 1) % names.length] as string, 0, { owner: `o${i}` });
  const [cycle] = cyclesIn(m);
  expect(cycle?.steps.length).toBe(32);
  expect(cycle?.columns).toBeNull();
});
