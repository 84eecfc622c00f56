// S32: the filesystem checks its arguments under the locks, after the layout was broken; the VFS
// checks come before any lock. So a misaligned collapse first waits for a pin and then fails, while
// a length of 0 fails at once. Strategies that do not break the layout first fail at once in both
// cases.
import { describe, expect, test } from 'vitest';
import { type By, idOf, letters, type Machine, page, type Ran, wordOf } from '../machine.ts';
import { blockOf, breaking, type Column, contentOf, everyColumn, golden, story } from './story.ts';

const T = { owner: 'T' };
const drains: Column[] = ['busy-extents', 'wait-for-refs', 'detach-and-wait'];

interface Row {
  name: string;
  run(m: Machine, by?: By): Ran;
  errno: string;
  kind?: 'ext4';
  /** Page 3 is not in the range that moves. */
  beyond?: true;
}

const late: Row[] = [
  {
    name: 'collapse, misaligned length',
    run: (m, by) => m.collapse('a', 0, 100, by),
    errno: 'EINVAL',
  },
  {
    name: 'collapse, misaligned offset',
    run: (m, by) => m.collapse('a', 100, page, by),
    errno: 'EINVAL',
  },
  {
    name: 'collapse to the end of the file',
    run: (m, by) => m.collapse('a', 2 * page, 6 * page, by),
    errno: 'EINVAL',
  },
  {
    name: 'collapse past the end of the file',
    run: (m, by) => m.collapse('a', 2 * page, 9 * page, by),
    errno: 'EINVAL',
  },
  {
    name: 'insert, misaligned length',
    run: (m, by) => m.insert('a', 0, page + 1, by),
    errno: 'EINVAL',
  },
  {
    name: 'insert, misaligned offset',
    run: (m, by) => m.insert('a', 1, page, by),
    errno: 'EINVAL',
  },
  {
    name: 'insert above the largest file',
    run: (m, by) => m.insert('a', 0, 2 ** 44 - 2 * page, by),
    errno: 'EFBIG',
    kind: 'ext4',
  },
  {
    name: 'insert at the end of the file',
    run: (m, by) => m.insert('a', 8 * page, page, by),
    errno: 'EINVAL',
    beyond: true,
  },
  {
    name: 'insert past the end of the file',
    run: (m, by) => m.insert('a', 9 * page, page, by),
    errno: 'EINVAL',
    beyond: true,
  },
];
const inRange = late.filter(({ beyond }) => beyond !== true);
const each = (columns: Column[], rows: Row[]) =>
  columns.flatMap((column) => rows.map((row) => ({ column, ...row })));

const huge = Number.MAX_SAFE_INTEGER;
const early: Row[] = [
  { name: 'collapse of nothing', run: (m) => m.collapse('a', 100, 0, T), errno: 'EINVAL' },
  { name: 'insert of nothing', run: (m) => m.insert('a', 0, 0, T), errno: 'EINVAL' },
  { name: 'punch of nothing', run: (m) => m.punch('a', 0, 0, T), errno: 'EINVAL' },
  { name: 'zero of nothing', run: (m) => m.zero('a', 0, 0, false, T), errno: 'EINVAL' },
  { name: 'allocate nothing', run: (m) => m.allocate('a', 0, 0, false, T), errno: 'EINVAL' },
  {
    name: 'collapse beyond every file',
    run: (m) => m.collapse('a', huge, page, T),
    errno: 'EFBIG',
  },
  { name: 'insert beyond every file', run: (m) => m.insert('a', huge, 1, T), errno: 'EFBIG' },
  { name: 'punch beyond every file', run: (m) => m.punch('a', 1, huge, T), errno: 'EFBIG' },
  { name: 'zero beyond every file', run: (m) => m.zero('a', huge, huge, false, T), errno: 'EFBIG' },
  {
    name: 'allocate beyond every file',
    run: (m) => m.allocate('a', huge, page, false, T),
    errno: 'EFBIG',
  },
  {
    name: 'collapse of a file that is not there',
    run: (m) => m.collapse('b', 100, 0, T),
    errno: 'ENOENT',
  },
];

function pinned(column: Column, row: Pick<Row, 'kind'>) {
  const m = story(column, row.kind === undefined ? {} : { kind: row.kind });
  const pfn = blockOf(m, 'a', 3);
  const held = idOf(m.pin(m.mapping, 3 * page, page, { owner: 'P' }));
  const { version } = m.file('a');
  return {
    ...m,
    pfn,
    held,
    expectUnchanged(): void {
      expect(contentOf(m, 'a')).toBe('ABCDEFGH');
      expect(m.file('a')).toMatchObject({ sizeBytes: 8 * page, version });
      expect(m.k.counts.blocksUsed).toBe(8);
    },
  };
}

/** Every column of one row has a trace, and every row of one column. */
const told = ({ name }: Row): boolean => name === 'collapse, misaligned length';
const slug = (name: string): string => name.replaceAll(/[^a-z]+/g, '-');

describe('S32 wrong in the eyes of the filesystem, with page 3 pinned', () => {
  test.each(each(breaking, late))('S32 $column: $name waits, then fails', async (row) => {
    const m = pinned(row.column, row);
    const { task } = row.run(m, T);
    expect(m.opState(task)).toBe(`S page ${m.pfn}`);
    m.unpin(m.held);
    expect(m.opState(task)).toBe(row.errno);
    m.expectUnchanged();
    if (row.column === 'break-layouts.modern' || told(row))
      await golden(m, `S32.${slug(row.name)}.${row.column}`);
  });

  // busy-extents, wait-for-refs and detach-and-wait sit where the blocks go, behind the checks of
  // the filesystem (ST10).
  const atOnce = late.filter(({ beyond }) => beyond === true);
  test.each([...each([...drains, 'none'], late), ...each(['refuse'], atOnce)])(
    'S32 $column: $name fails at once',
    async (row) => {
      const m = pinned(row.column, row);
      expect(wordOf(row.run(m, T))).toBe(row.errno);
      expect(m.seen('task.blocked')).toEqual([]);
      m.expectUnchanged();
      if (told(row)) await golden(m, `S32.${slug(row.name)}.${row.column}`);
    },
  );

  test.each(inRange)(
    'S32 refuse: $name is EBUSY, and its own error only without pins',
    async (row) => {
      const m = pinned('refuse', row);
      expect(wordOf(row.run(m, T))).toBe('EBUSY');
      m.unpin(m.held);
      expect(wordOf(row.run(m, T))).toBe(row.errno);
      m.expectUnchanged();
      if (told(row)) await golden(m, `S32.${slug(row.name)}.refuse`);
    },
  );
});

test.each(each(drains, late))(
  'ST10 $column: $name with nowait gives its own error, although a page is pinned',
  (row) => {
    const m = pinned(row.column, row);
    expect(wordOf(row.run(m, { ...T, nowait: true }))).toBe(row.errno);
    m.expectUnchanged();
  },
);

describe('S32 a wait that ends with an error never reaches the check', () => {
  test.each(each(breaking, inRange))('S32 $column: $name is interrupted', (row) => {
    const m = pinned(row.column, row);
    const { task } = row.run(m, T);
    m.cancel(task);
    expect(m.opState(task)).toBe('EINTR');
    m.expectUnchanged();
    m.unpin(m.held);
  });

  test.each(each(breaking, inRange))('S32 $column: $name begins again after SA_RESTART', (row) => {
    const m = pinned(row.column, row);
    const { task } = row.run(m, T);
    m.cancel(task, true);
    expect(m.opState(task)).toBe(`S page ${m.pfn}`);
    m.unpin(m.held);
    expect(m.opState(task)).toBe(row.errno);
    m.expectUnchanged();
  });

  test.each(each(breaking, inRange))('S32 $column: $name with nowait', (row) => {
    const m = pinned(row.column, row);
    expect(wordOf(row.run(m, { ...T, nowait: true }))).toBe('EAGAIN');
    m.expectUnchanged();
  });
});

describe('S32 wrong for the VFS: no call waits, under any strategy', () => {
  test.each(each(everyColumn, early))('S32 $column: $name', (row) => {
    const m = pinned(row.column, row);
    expect(wordOf(row.run(m))).toBe(row.errno);
    expect(m.seen('task.blocked')).toEqual([]);
    expect(m.seen('layout.busy')).toEqual([]);
    m.expectUnchanged();
  });

  test.each(each(breaking, early))(
    'S32 $column: $name, while a truncate of the file waits',
    (row) => {
      const m = pinned(row.column, row);
      const truncate = m.truncate('a', 0);
      expect(wordOf(row.run(m))).toBe(row.errno);
      expect(m.opState(truncate.task)).toMatch(/^S page/);
      m.expectUnchanged();
    },
  );

  // inode_newsize_ok() and generic_write_checks() look under i_rwsem, before any layout is broken
  // (measured).
  const underTheLock: Row[] = [
    {
      name: 'truncate above the largest file',
      run: (m) => m.truncate('a', 2 ** 44, T),
      errno: 'EFBIG',
      kind: 'ext4',
    },
    {
      name: 'write at the largest size',
      run: (m) => m.write('a', letters('w'), 2 ** 44, T),
      errno: 'EFBIG',
      kind: 'ext4',
    },
  ];
  test.each(each(everyColumn, underTheLock))('RG2 $column: $name waits for no pin', (row) => {
    const m = pinned(row.column, row);
    expect(wordOf(row.run(m))).toBe(row.errno);
    expect(m.seen('task.blocked')).toEqual([]);
    m.expectUnchanged();
  });

  test.each(each(breaking, underTheLock))(
    'RG2 $column: $name waits in state D behind a truncate that waits',
    (row) => {
      const m = pinned(row.column, row);
      m.truncate('a', 8 * page);
      const { task } = row.run(m);
      expect(m.opState(task)).toBe('D i_rwsem');
      m.unpin(m.held);
      expect(m.opState(task)).toBe(row.errno);
    },
  );

  test('S32 a negative offset does not come as far as the machine', () => {
    const m = pinned('break-layouts.modern', {});
    expect(() => m.collapse('a', -page, page, T)).toThrow('offset');
    expect(() => m.truncate('a', -1, T)).toThrow('sizeBytes');
  });
});
