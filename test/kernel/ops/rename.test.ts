// rename(2) locks the renamed and the replaced file (vfs_rename), and evicts the file that loses
// its name. Measured on 6.12.111 and 7.3.4, ext4 and XFS.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, machine, okOf, page, type Ran, wordOf } from '../../machine.ts';
import { space } from '../../scenarios/story.ts';

const boxes = (['xfs', 'ext4'] as const).flatMap((kind) =>
  (['6.12', '7.3'] as const).map((kernel) => ({ kind, kernel })),
);
const rename = (m: Machine, file: string, name: string, more: object = {}, by = {}): Ran =>
  m.call('rename', { file }, { name, ...more }, by);
const T = { owner: 'T' };

/** File `a`, then `b`, each of 4 pages; page 0 of `pinned` is pinned through map_1. */
function two(
  options: Parameters<typeof machine>[0],
  pinned: 'a' | 'b',
): { m: Machine; pin: number } {
  const m = machine({ blocks: 64, forgiving: true, ...options });
  for (const name of ['a', 'b']) {
    m.create(name);
    m.write(name, letters(name.repeat(4)), 0);
  }
  m.map(pinned, 4);
  return { m, pin: m.pinned(1, 0, page, { owner: 'P' }) };
}

describe.each(boxes)('SL6 $kind $kernel: rename beside a call that sleeps', (box) => {
  test('it is in state D behind the truncate, and done after it', () => {
    const { m, pin } = two(box, 'a');
    const truncate = m.truncate('a', 0, T);
    const { task } = rename(m, 'a', 'g');
    expect(m.opState(task)).toBe('D i_rwsem');
    expect(m.k.names.has('g')).toBe(false);
    m.unpin(pin);
    expect([m.opState(truncate.task), m.opState(task)]).toEqual(['done', 'done']);
    expect(m.file('g').sizeBytes).toBe(0);
  });

  test('to its own name it waits for nobody; of another file it runs', () => {
    const { m } = two(box, 'a');
    m.truncate('a', 0, T);
    expect(wordOf(rename(m, 'a', 'a'))).toBe('done');
    expect(wordOf(rename(m, 'b', 'c'))).toBe('done');
  });

  test('over a file beside whose truncate it stands, it is in state D too', () => {
    const { m, pin } = two(box, 'b');
    m.truncate('b', page, T);
    const { task } = rename(m, 'a', 'b', { replace: true });
    expect(m.opState(task)).toBe('D i_rwsem');
    m.munmap(1);
    m.unpin(pin);
    expect(m.opState(task)).toBe('done');
    expect(m.file('b').ino).toBe(2);
  });

  test('over a file with a pinned page that nobody maps: 7.3 waits in state D, 6.12 frees under the pin', () => {
    const { m, pin } = two(box, 'b');
    m.munmap(1);
    const { task } = rename(m, 'a', 'b', { replace: true }, T);
    if (box.kernel === '6.12') {
      expect(m.outcome(task)).toMatchObject({
        ok: true,
        result: { name: 'b', ino: 2, replaced: { ino: 3, blocksFreed: 4 } },
      });
      expect(m.seen('warning.raised')).toHaveLength(1);
    } else {
      expect(m.opState(task)).toMatch(/^D page/);
      expect(space(m).used).toBe(8);
      expect(wordOf(m.cancel(task))).toBe('EBUSY');
      // The name is taken already, as on Linux.
      expect(m.file('b').ino).toBe(2);
      m.unpin(pin);
      expect(m.outcome(task)).toMatchObject({
        ok: true,
        result: { replaced: { ino: 3, blocksFreed: 4 } },
      });
    }
    expect(space(m).used).toBe(4);
  });
});

describe('CR1 a name that is taken', () => {
  test('is EEXIST by default, also behind a lock that it waited for', () => {
    const { m, pin } = two({}, 'a');
    expect(wordOf(rename(m, 'a', 'b'))).toBe('EEXIST');
    m.truncate('a', 0, T);
    const { task } = rename(m, 'a', 'g');
    m.create('g');
    m.unpin(pin);
    expect(m.opState(task)).toBe('EEXIST');
    expect([...m.k.names.keys()].sort()).toEqual(['a', 'b', 'g']);
  });

  test('with replace it goes, with its blocks; one that is mapped lives on', () => {
    const { m } = two({}, 'a');
    expect(okOf(rename(m, 'a', 'b', { replace: true }))).toMatchObject({
      name: 'b',
      ino: 2,
      replaced: { ino: 3, blocksFreed: 4 },
    });
    expect(m.seen('file.unlinked').map(({ data }) => data.ino)).toEqual([3]);
    expect(m.seen('file.renamed').map(({ data }) => data)).toEqual([
      { ino: 2, from: 'a', to: 'b', replaced: 3 },
    ]);
    m.create('c');
    expect(okOf(rename(m, 'c', 'b', { replace: true }))).toMatchObject({
      replaced: { ino: 2, blocksFreed: 0 },
    });
    expect(m.k.inodes.get(2 as never)?.nlink).toBe(0);
    m.munmap(1);
    expect(m.k.counts.files).toBe(2); // Its one page is pinned: the munmap sleeps.
  });

  test('a name that another file gets during the wait is still replaced', () => {
    const { m, pin } = two({}, 'a');
    m.truncate('a', 0, T);
    const { task } = rename(m, 'a', 'g', { replace: true });
    m.create('g');
    m.unpin(pin);
    expect(m.outcome(task)).toMatchObject({
      ok: true,
      result: { name: 'g', replaced: { ino: 4 } },
    });
  });
});

describe('UL1 names that change while a call waits', () => {
  test('a second rename, and an unlink, of a file that was renamed meanwhile', () => {
    const { m, pin } = two({}, 'a');
    m.truncate('a', 0, T);
    const first = rename(m, 'a', 'x');
    const second = rename(m, 'a', 'y');
    const unlink = m.unlink('a', { owner: 'U' });
    m.unpin(pin);
    expect([first, second, unlink].map(({ task }) => m.opState(task))).toEqual([
      'done',
      'ENOENT',
      'ENOENT',
    ]);
    expect([...m.k.names.keys()].sort()).toEqual(['b', 'x']);
  });

  test('a rename of a file that was unlinked meanwhile', () => {
    const { m, pin } = two({}, 'a');
    m.truncate('a', 0, T);
    m.unlink('a', { owner: 'U' });
    const { task } = rename(m, 'a', 'x');
    m.unpin(pin);
    expect(m.opState(task)).toBe('ENOENT');
  });

  test('RN1 the name went to a third file: nothing was changed, and the file that lost it is evicted', () => {
    const { m, pin } = two({}, 'a');
    m.truncate('a', 0, T);
    const { task } = rename(m, 'a', 'b', { replace: true });
    m.unlink('b');
    m.create('b');
    m.unpin(pin);
    expect(m.outcome(task)).toMatchObject({ failure: { errno: 'ESTALE', rule: 'RN1' } });
    expect([...m.k.names.keys()].sort()).toEqual(['a', 'b']);
    expect(m.k.inodes.has(3 as never)).toBe(false);
  });
});

describe('RS1, SL2: an eviction that would have to wait, under refuse or nowait', () => {
  test('refuse is EBUSY, nowait EAGAIN, and the names stay', () => {
    for (const [strategy, by, word] of [
      ['refuse', {}, 'EBUSY'],
      ['break-layouts', { nowait: true }, 'EAGAIN'],
    ] as const) {
      const { m } = two({ strategy }, 'b');
      m.munmap(1);
      expect(wordOf(rename(m, 'a', 'b', { replace: true }, by))).toBe(word);
      expect([m.file('a').ino, m.file('b').ino]).toEqual([2, 3]);
    }
  });

  test.each(['busy-extents', 'detach-and-wait'])('%s keeps the pinned block back', (strategy) => {
    const { m, pin } = two({ strategy }, 'b');
    m.munmap(1);
    const { replaced } = okOf(rename(m, 'a', 'b', { replace: true })) as {
      replaced: Record<string, number>;
    };
    expect(replaced).toMatchObject({
      ino: 3,
      blocksFreed: 3,
      [strategy === 'busy-extents' ? 'blocksBusy' : 'blocksDetached']: 1,
    });
    m.unpin(pin);
    expect(space(m)).toMatchObject({ used: 4, busy: 0, detached: 0 });
  });
});

test('XR5 two renames over each other take the locks in one order, and both end', () => {
  const m = machine({ blocks: 64, scheduler: 'stepped' });
  for (const name of ['a', 'b']) m.create(name);
  m.settle();
  const one = rename(m, 'a', 'b', { replace: true }, { owner: 'A' });
  const other = rename(m, 'b', 'a', { replace: true }, { owner: 'B' });
  m.stepTo(one.task, 'lockOther');
  m.settle();
  expect([one, other].map(({ task }) => m.opState(task)).sort()).toEqual(['ENOENT', 'done']);
  expect(m.seen('deadlock.detected')).toEqual([]);
});
