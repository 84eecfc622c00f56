// Which calls wait for a pin, and which calls wait behind a waiting call: two tables that were
// measured on Linux 6.12 and 7.3, on ext4 and XFS. A cell is what Linux did;
// blocking-matrix.test.ts compares the machine with each cell.
import type { Kind, LinuxVersion } from '../../src/kernel/state.ts';
import { views } from '../../src/kernel/views/index.ts';
import { letters, type Machine, page, type Ran } from '../machine.ts';

export const boxes = ['xfs 6.12', 'xfs 7.3', 'ext4 6.12', 'ext4 7.3'] as const;
export type Box = (typeof boxes)[number];
export type Cells<T> = Record<Box, T>;

export function partsOf(box: Box): { kind: Kind; kernel: LinuxVersion } {
  const [kind, kernel] = box.split(' ') as [Kind, LinuxVersion];
  return { kind, kernel };
}

const all = <T>(cell: T): Cells<T> => ({
  'xfs 6.12': cell,
  'xfs 7.3': cell,
  'ext4 6.12': cell,
  'ext4 7.3': cell,
});
const byKind = <T>(xfs: T, ext4: T): Cells<T> => ({
  'xfs 6.12': xfs,
  'xfs 7.3': xfs,
  'ext4 6.12': ext4,
  'ext4 7.3': ext4,
});

export type Story = Machine & { mapping: number };
const V = { owner: 'V' };

/** A read-only view takes no lock: it answers or it does not. */
export function look(m: Machine, view: string): Record<string, unknown> {
  const read = views.get(view)?.read(m.k, { file: 'a' }, { pageSize: 100, seconds: 10 }, m.k.nowMs);
  if (read?.ok !== true) throw new Error(`view ${view}`);
  return read.result as Record<string, unknown>;
}

export interface Beside {
  op: string;
  /** What stands for it here, where that is not plain. */
  here?: string;
  linux: Cells<'runs' | 'D' | 'EOPNOTSUPP'>;
  /** Null: a view. */
  run: ((m: Story) => Ran) | null;
  view?: string;
}

/** While a truncate or a punch sleeps on a pin of the same file. */
export const beside: Beside[] = [
  {
    op: 'page fault, read',
    linux: all('runs'),
    run: (m) => m.fault(m.mapping, 5 * page, 'read', V),
  },
  {
    op: 'page fault, write',
    linux: all('runs'),
    run: (m) => m.fault(m.mapping, 6 * page, 'write', V),
  },
  {
    op: 'page fault of the pinned page',
    linux: all('runs'),
    run: (m) => m.fault(m.mapping, 4 * page, 'write', V),
  },
  {
    op: 'mmap',
    linux: all('runs'),
    run: (m) => m.call('mmap', { file: 'a' }, { offset: 0, length: page, access: 'read' }, V),
  },
  { op: 'fstat', here: 'view file', linux: all('runs'), run: null, view: 'file' },
  { op: 'statfs', here: 'view filesystem', linux: all('runs'), run: null, view: 'filesystem' },
  {
    op: 'fsync',
    here: 'flush, how: msync',
    linux: all('runs'),
    run: (m) => m.call('flush', { mapping: m.mapping }, { how: 'msync' }, V),
  },
  { op: 'sync', linux: all('runs'), run: (m) => m.call('sync', {}, {}, V) },
  { op: 'pread', linux: all('D'), run: (m) => m.read('a', 0, page, V) },
  { op: 'pwrite', linux: all('D'), run: (m) => m.write('a', letters('w'), 0, V) },
  { op: 'ftruncate', linux: all('D'), run: (m) => m.truncate('a', 2 * page, V) },
  {
    op: 'open(O_TRUNC)',
    here: 'write without offset',
    linux: all('D'),
    run: (m) => m.write('a', letters('w'), undefined, V),
  },
  {
    op: 'FIEMAP',
    here: 'operation fiemap',
    linux: { ...all('D'), 'ext4 6.12': 'runs' },
    run: (m) => m.call('fiemap', { file: 'a' }, {}, V),
  },
  {
    op: 'lseek(SEEK_HOLE)',
    here: 'operation seek',
    linux: byKind('runs', 'D'),
    run: (m) => m.call('seek', { file: 'a' }, { whence: 'hole' }, V),
  },
  {
    op: 'EXCHANGE_RANGE',
    linux: byKind('D', 'EOPNOTSUPP'),
    run: (m) => m.exchange('a', 'younger', { length: page }, V),
  },
];

export interface Waits {
  op: string;
  linux: Cells<'waits' | 'spins' | 'at once'>;
  /** How it ends. */
  ends?: Cells<string>;
  run: (m: Story) => Ran;
}

/** With one page pinned, somewhere in the file: page 4 of 8, which most of these do not touch. */
export const waits: Waits[] = [
  {
    op: 'truncate down, behind the pinned page',
    linux: all('waits'),
    run: (m) => m.truncate('a', 6 * page, V),
  },
  { op: 'truncate down, over it', linux: all('waits'), run: (m) => m.truncate('a', page, V) },
  { op: 'truncate up', linux: all('waits'), run: (m) => m.truncate('a', 20 * page, V) },
  {
    op: 'truncate to the same size',
    linux: all('waits'),
    run: (m) => m.truncate('a', 8 * page, V),
  },
  {
    op: 'open(O_TRUNC)',
    linux: all('waits'),
    run: (m) => m.write('a', letters('w'), undefined, V),
  },
  {
    op: 'PUNCH over the pinned page',
    linux: all('waits'),
    run: (m) => m.punch('a', 4 * page, page, V),
  },
  { op: 'PUNCH elsewhere', linux: all('waits'), run: (m) => m.punch('a', 0, page, V) },
  { op: 'PUNCH inside a block', linux: all('waits'), run: (m) => m.punch('a', 100, 200, V) },
  { op: 'PUNCH beyond EOF', linux: all('waits'), run: (m) => m.punch('a', 40 * page, page, V) },
  { op: 'ZERO', linux: all('waits'), run: (m) => m.zero('a', 0, page, false, V) },
  { op: 'ZERO past EOF', linux: all('waits'), run: (m) => m.zero('a', 9 * page, page, false, V) },
  { op: 'COLLAPSE', linux: all('waits'), run: (m) => m.collapse('a', 6 * page, page, V) },
  { op: 'INSERT', linux: all('waits'), run: (m) => m.insert('a', 6 * page, page, V) },
  {
    op: 'COLLAPSE, misaligned',
    linux: all('waits'),
    ends: all('EINVAL'),
    run: (m) => m.collapse('a', 1, page, V),
  },
  {
    op: 'COLLAPSE to EOF',
    linux: all('waits'),
    ends: all('EINVAL'),
    run: (m) => m.collapse('a', 6 * page, 2 * page, V),
  },
  {
    op: 'INSERT, misaligned',
    linux: all('waits'),
    ends: all('EINVAL'),
    run: (m) => m.insert('a', page, 1, V),
  },
  {
    op: 'INSERT at EOF',
    linux: all('waits'),
    ends: all('EINVAL'),
    run: (m) => m.insert('a', 8 * page, page, V),
  },
  {
    op: 'fallocate mode 0',
    linux: byKind('waits', 'at once'),
    run: (m) => m.allocate('a', 8 * page, page, false, V),
  },
  {
    op: 'fallocate KEEP_SIZE',
    linux: byKind('waits', 'at once'),
    run: (m) => m.allocate('a', 8 * page, page, true, V),
  },
  {
    op: 'UNSHARE',
    linux: byKind('waits', 'at once'),
    ends: byKind('done', 'EOPNOTSUPP'),
    run: (m) => m.call('allocate', { file: 'a' }, { offset: 0, length: page, unshare: true }, V),
  },
  {
    op: 'read of the pinned page',
    linux: all('at once'),
    run: (m) => m.read('a', 4 * page, page, V),
  },
  {
    op: 'write over the pinned page',
    linux: all('at once'),
    run: (m) => m.write('a', letters('w'), 4 * page, V),
  },
  {
    op: 'write past EOF',
    linux: all('at once'),
    run: (m) => m.write('a', letters('w'), 9 * page, V),
  },
  {
    op: 'fsync',
    linux: all('at once'),
    run: (m) => m.call('flush', { mapping: m.mapping }, { how: 'msync' }, V),
  },
  {
    op: 'EXCHANGE_RANGE with a file of a higher inode number',
    linux: byKind('waits', 'at once'),
    ends: byKind('done', 'EOPNOTSUPP'),
    run: (m) => m.exchange('a', 'younger', { length: page }, V),
  },
  {
    op: 'EXCHANGE_RANGE with a file of a lower one',
    linux: byKind('spins', 'at once'),
    ends: byKind('done', 'EOPNOTSUPP'),
    run: (m) => m.exchange('older', 'a', { length: page }, V),
  },
];
