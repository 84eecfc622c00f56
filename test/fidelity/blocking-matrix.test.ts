// Both tables of blocking-table.ts, with one test for each row. Each row covers XFS and ext4 on
// 6.12 and 7.3 with their default strategies.
import { describe, expect, test } from 'vitest';
import type { TaskId } from '../../src/kernel/units.ts';
import { letters, machine, okOf, page, wordOf } from '../machine.ts';
import { blockOf, contentOf } from '../scenarios/story.ts';
import {
  type Beside,
  type Box,
  beside,
  boxes,
  look,
  partsOf,
  type Story,
  waits,
} from './blocking-table.ts';

/**
 * A file `a` of 8 pages, all of it mapped, page 4 pinned by somebody else; two more, one with a
 * lower inode number and one with a higher.
 */
function pinned(box: Box): { m: Story; pin: number; asleep: string; spins: string } {
  const made = machine({ ...partsOf(box) });
  made.create('older', 8 * page);
  made.create('a');
  made.create('younger', 8 * page);
  made.write('a', letters('ABCDEFGH'), 0);
  const m = { ...made, mapping: made.map('a', 8) };
  const pin = m.pinned(m.mapping, 4 * page, page, { owner: 'device' });
  const pfn = blockOf(m, 'a', 4);
  return { m, pin, asleep: `S page ${pfn}`, spins: `R spins on ${pfn}` };
}

const waiters = {
  truncate: (m: Story) => m.truncate('a', page, { owner: 'T' }),
  'punch-hole': (m: Story) => m.punch('a', 0, page, { owner: 'T' }),
};
const named = Object.entries(waiters);

/** What Linux leaves alone until the wait is over. */
const stat = (m: Story) => {
  const { sizeBytes, blocks512, modifiedMs } = look(m, 'file');
  const { space } = look(m, 'filesystem');
  return JSON.stringify({ sizeBytes, blocks512, modifiedMs, space });
};

/** `runs`, or the state that it sleeps in. */
function wordBeside(m: Story, row: Beside): string {
  if (row.run === null) return Object.keys(look(m, row.view ?? '')).length > 0 ? 'runs' : '';
  const ran = row.run(m);
  if (ran.outcome !== undefined) return wordOf(ran) === 'done' ? 'runs' : wordOf(ran);
  expect(m.opState(ran.task)).toBe('D i_rwsem');
  expect(m.cancel(ran.task).outcome).toMatchObject({ failure: { errno: 'EBUSY', rule: 'CN1' } });
  return 'D';
}

describe.each(named)('SL6 beside a %s that sleeps on a pin', (_, waiter) => {
  test.each(beside)('SL6 $op', (row) => {
    const cells = boxes.map((box) => {
      const { m, asleep } = pinned(box);
      const { task } = waiter(m);
      expect(m.opState(task)).toBe(asleep);
      const word = wordBeside(m, row);
      expect(m.opState(task)).toBe(asleep);
      return [box, word];
    });
    expect(Object.fromEntries(cells)).toEqual(row.linux);
  });

  const opOf = (m: Story, task: number): string => m.k.ended.get(task as TaskId)?.op ?? '';

  test.each(boxes)(
    'SL6 %s: blocked calls run when the pin is released, readers together',
    (box) => {
      const { m, pin } = pinned(box);
      const { task } = waiter(m);
      const blocked = beside
        .filter((row) => row.linux[box] === 'D')
        .map((row) => row.run?.(m).task ?? 0);
      m.unpin(pin);
      expect([task, ...blocked].map((each) => m.opState(each))).toEqual(
        [task, ...blocked].map(() => 'done'),
      );
      const ended = m.seen('operation.done').map((event) => event.task);
      // The first that waits reads, so all that read get i_rwsem before those that write.
      const reads = blocked.filter((each) => /^(read|fiemap|seek)$/.test(opOf(m, each)));
      const writes = blocked.filter((each) => !reads.includes(each));
      expect(opOf(m, blocked[0] as number)).toBe('read');
      expect(ended.filter((each) => each === task || blocked.includes(each))).toEqual([
        task,
        ...reads,
        ...writes,
      ]);
    },
  );

  test.each(boxes)('LC4 %s: st_size, st_blocks and statfs are as before until the end', (box) => {
    const { m, pin } = pinned(box);
    const before = stat(m);
    const { task } = waiter(m);
    expect(stat(m)).toBe(before);
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
    expect(stat(m)).not.toBe(before);
  });

  test.each(boxes)(
    'SL3 %s: a signal is EINTR and nothing has changed; SA_RESTART waits on',
    (box) => {
      const { m, pin, asleep } = pinned(box);
      const before = stat(m);
      const { task } = waiter(m);
      m.cancel(task, true);
      expect(m.opState(task)).toBe(asleep);
      m.cancel(task);
      expect(m.opState(task)).toBe('EINTR');
      expect(stat(m)).toBe(before);
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
      m.unpin(pin);
    },
  );
});

describe('LC1 with a page pinned somewhere in the file', () => {
  test.each(waits)('LC1 $op', (row) => {
    const found = boxes.map((box) => {
      const { m, pin, asleep, spins } = pinned(box);
      const { task, outcome } = row.run(m);
      const words = { [asleep]: 'waits', [spins]: 'spins' };
      const word = outcome === undefined ? words[m.opState(task)] : 'at once';
      m.unpin(pin);
      return [box, word, m.opState(task)];
    });
    expect(found).toEqual(boxes.map((box) => [box, row.linux[box], row.ends?.[box] ?? 'done']));
  });
});

describe('what the hung-task detector says', () => {
  test.each(boxes)('SL6 %s: the victims in state D, never the waiter in state S', (box) => {
    const { m } = pinned(box);
    const waiter = m.truncate('a', 0, { owner: 'T' });
    const read = m.read('a', 0, page, { owner: 'V' });
    m.advance(11_000);
    const { items } = look(m, 'hung-tasks') as {
      items: { operation: string; linux: string[]; culprits: object[] }[];
    };
    expect(items.map(({ operation }) => operation)).toEqual([`op_${read.task}`]);
    const named = `task truncate:${waiter.task} <writer>`;
    // Only 7.3 names the owner of the rw-semaphore.
    expect(items[0]?.linux.some((line) => line.endsWith(named))).toBe(
      partsOf(box).kernel === '7.3',
    );
    expect(items[0]?.culprits).toMatchObject([
      { operation: `op_${waiter.task}`, state: 'S', pins: [{ owner: 'device' }] },
    ]);
  });
});

describe('S06 the pinned page is faulted back in while the truncate sleeps', () => {
  test.each(boxes)('ST6 %s: 6.12 ends with the unpin, 7.3 sleeps on until munmap', (box) => {
    const { m, pin, asleep } = pinned(box);
    const { task } = m.truncate('a', 0, { owner: 'T' });
    okOf(m.fault(m.mapping, 4 * page, 'write'));
    m.unpin(pin);
    expect(m.opState(task)).toBe(partsOf(box).kernel === '7.3' ? asleep : 'done');
    m.munmap(m.mapping);
    expect(m.opState(task)).toBe('done');
  });
});
