// The view of locks: every lock of every operation, whichever file it belongs to.
import { describe, expect, it } from 'vitest';
import { locks } from '../../../src/kernel/views/locks.ts';
import { letters, type Machine, machine, page } from '../../machine.ts';
import { story } from '../../scenarios/story.ts';

const G = { owner: 'G' };

// biome-ignore lint/suspicious/noExplicitAny: a test looks into a record by its fields
function listOf(m: Machine, query: object = {}): any[] {
  const seen = locks.read(m.k, {}, query, m.k.nowMs);
  if (!seen.ok) throw new Error(seen.failure.why);
  return (locks.result.parse(seen.result) as { items: object[] }).items;
}

const brief = (m: Machine, query: object = {}) =>
  listOf(m, query).map(({ lock, file, holders, queue }) => ({
    lock,
    file,
    holders: holders.map(({ operation }: { operation: string }) => operation),
    queue: queue.map(({ operation }: { operation: string }) => operation),
  }));

function twoFiles(): Machine {
  const m = machine({ strategy: { name: 'break-layouts', idleRule: 'fixed' } });
  for (const name of ['a', 'b', 'c']) {
    m.create(name);
    m.write(name, letters('ABCD'), 0);
  }
  return m;
}

describe('an exchange of two files', () => {
  it.each(['a', 'b'])('has its locks on both while it waits for a pin of %s', (pinned) => {
    const m = twoFiles();
    m.pinned(m.map(pinned, 4), 0, page, G);
    const { task } = m.exchange('a', 'b', { length: page }, { owner: 'T' });
    const id = `op_${task}`;
    expect(brief(m)).toEqual([
      { lock: 'i_rwsem', file: 'a', holders: [id], queue: [] },
      { lock: 'i_rwsem', file: 'b', holders: [id], queue: [] },
    ]);
    expect(brief(m, { file: 'b' })).toEqual([
      { lock: 'i_rwsem', file: 'b', holders: [id], queue: [] },
    ]);
    const { task: write } = m.write('b', letters('w'), 0);
    expect(brief(m, { file: 'b' })[0]?.queue).toEqual([`op_${write}`]);
  });

  it('has all four locks while it sleeps under wait-for-refs, and those that wait for it', () => {
    const m = twoFiles();
    m.strategy('wait-for-refs');
    m.pinned(m.map('b', 4), 0, page, G);
    m.exchange('a', 'b', { length: page });
    expect(brief(m).map(({ lock, file }) => `${file} ${lock}`)).toEqual([
      'a i_rwsem',
      'a invalidate_lock',
      'b i_rwsem',
      'b invalidate_lock',
    ]);
  });

  it('shows the lock of the first file to an exchange that still waits for it', () => {
    const m = twoFiles();
    m.pinned(m.map('a', 4), 0, page, G);
    const { task: truncate } = m.truncate('a', 0);
    const { task } = m.exchange('b', 'a', { length: page });
    expect(brief(m)).toEqual([
      { lock: 'i_rwsem', file: 'a', holders: [`op_${truncate}`], queue: [`op_${task}`] },
    ]);
  });
});

it('a rename has its locks on both files', () => {
  const m = twoFiles();
  m.pinned(m.map('b', 4), 0, page, G);
  const { task: truncate } = m.truncate('b', 0);
  const { task } = m.call('rename', { file: 'a' }, { name: 'b', replace: true });
  expect(brief(m)).toEqual([
    { lock: 'i_rwsem', file: 'a', holders: [`op_${task}`], queue: [] },
    { lock: 'i_rwsem', file: 'b', holders: [`op_${truncate}`], queue: [`op_${task}`] },
  ]);
});

it('the lock of a mapping entry is listed with its holder and its queue', () => {
  const m = story('break-layouts.fixed', { scheduler: 'stepped' });
  const first = m.fault(m.mapping, 0, 'read', G).task;
  const second = m.fault(m.mapping, 0, 'read').task;
  m.stepTo(first, 'map');
  m.settle(second);
  expect(m.opState(second)).toBe('D entry 0');
  expect(listOf(m)).toEqual([
    {
      lock: 'entry',
      file: 'a',
      ino: 2,
      pgoff: 0,
      holders: [{ operation: `op_${first}`, op: 'fault', mode: 'exclusive' }],
      queue: [{ operation: `op_${second}`, op: 'fault', mode: 'exclusive' }],
    },
    expect.objectContaining({ lock: 'invalidate_lock', file: 'a' }),
  ]);
});
