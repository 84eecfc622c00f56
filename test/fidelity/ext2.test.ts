// ext2 on 6.12 with its own operations (fs/ext2/file.c, inode.c, super.c), which differ from ext4.
// Nothing was measured, because Debian's kernels have no ext2 driver.
import { describe, expect, test } from 'vitest';
import { fileRecord } from '../../src/kernel/records/file.ts';
import {
  bytesOf,
  letters,
  type Machine,
  machine,
  okOf,
  page,
  type Ran,
  wordOf,
} from '../machine.ts';

const ext2 = (more = {}): Machine =>
  machine({ kind: 'ext2', kernel: '6.12', blocks: 256, forgiving: true, ...more });

function lettered(more = {}): Machine {
  const m = ext2(more);
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  m.map('a', 8);
  return m;
}

describe('FT6 ext2 has no faults of 2 MiB', () => {
  test.each(['read', 'write'] as const)('a %s fault in 2 MiB of blocks is 4 KiB', (access) => {
    const m = ext2({ blocks: 4096 });
    m.create('p');
    m.write('p', new Uint8Array(2 ** 22), 0);
    m.map('p', 1024);
    expect(okOf(m.fault(1, 2 ** 21, access)).pages).toMatchObject([{ sizeBytes: page }]);
    expect(m.seen('page.pmd_faulted')).toEqual([]);
  });

  test('a read of 2 MiB of hole is the zero page of 4 KiB, and get_user_pages too', () => {
    const m = ext2();
    m.create('p', 2 ** 22);
    m.map('p', 1024);
    expect(okOf(m.fault(1, 0, 'read')).pages).toMatchObject([{ sizeBytes: page, zeroPage: true }]);
    m.pinned(1, page, page);
    expect(m.seen('page.pmd_faulted')).toEqual([]);
  });
});

describe('RG2 the largest ext2 file', () => {
  const most = 2_196_873_666_560;
  test('truncate reaches it and not a byte more', () => {
    const m = ext2();
    m.create('h');
    expect([m.truncate('h', most), m.truncate('h', most + 1)].map(wordOf)).toEqual([
      'done',
      'EFBIG',
    ]);
  });

  test('create, write and mmap know it', () => {
    const m = ext2();
    expect(wordOf(m.create('h', most + 1))).toBe('EFBIG');
    m.create('h');
    expect(okOf(m.write('h', letters('ww'), most - page))).toMatchObject({
      bytesWritten: page,
      sizeBytes: most,
    });
    expect(wordOf(m.write('h', letters('w'), most))).toBe('EFBIG');
  });
});

describe('RG3 ext2 has no fallocate; the VFS checks come first', () => {
  const modes: [string, (m: Machine, offset: number, length: number) => Ran][] = [
    ['punch', (m, offset, length) => m.punch('a', offset, length)],
    ['zero', (m, offset, length) => m.zero('a', offset, length)],
    ['collapse', (m, offset, length) => m.collapse('a', offset, length)],
    ['insert', (m, offset, length) => m.insert('a', offset, length)],
    ['allocate', (m, offset, length) => m.allocate('a', offset, length)],
    [
      'unshare',
      (m, offset, length) => m.call('allocate', { file: 'a' }, { offset, length, unshare: true }),
    ],
  ];
  test.each(modes)('%s', (_name, run) => {
    const m = lettered();
    expect([run(m, 0, page), run(m, 0, 0), run(m, 2 ** 41, page)].map(wordOf)).toEqual([
      'EOPNOTSUPP',
      'EINVAL',
      'EFBIG',
    ]);
  });

  test('exchange-range, and MAP_SYNC of a shared mapping, are EOPNOTSUPP; a private one ignores it', () => {
    const m = lettered();
    m.create('b');
    expect(wordOf(m.exchange('a', 'b', { length: page }))).toBe('EOPNOTSUPP');
    const sync = (shared: boolean) =>
      m.call(
        'mmap',
        { file: 'a' },
        { offset: 0, length: page, access: 'read', sync: true, shared },
      );
    expect(sync(true).outcome).toMatchObject({ failure: { errno: 'EOPNOTSUPP', rule: 'MM5' } });
    expect(wordOf(sync(false))).toBe('done');
  });
});

describe('ST5 ext2 breaks no layout', () => {
  test.each([
    ['truncate', (m: Machine) => m.truncate('a', 0)],
    ['write of the whole', (m: Machine) => m.write('a', letters('w'))],
    [
      'unlink and munmap',
      (m: Machine) => {
        m.unlink('a');
        return m.munmap(1);
      },
    ],
  ] as [string, (m: Machine) => Ran][])('%s frees under the pin, with a warning', (_name, run) => {
    const m = lettered();
    m.pinned(1, 0, page, { owner: 'P' });
    expect(wordOf(run(m))).toBe('done');
    expect(m.seen('warning.raised')).toHaveLength(1);
    expect(m.seen('task.blocked')).toEqual([]);
  });

  test('it takes the locks all the same: a fault waits for invalidate_lock in single steps', () => {
    const m = lettered({ scheduler: 'stepped' });
    m.settle();
    const { task } = m.truncate('a', 0, { owner: 'T' });
    m.stepTo(task, 'change');
    const fault = m.fault(1, 0, 'read', { owner: 'F' });
    m.settle(fault.task);
    expect(m.opState(fault.task)).toBe('D invalidate_lock');
  });
});

describe('SK1 lseek on ext2 knows no holes and takes no lock', () => {
  test('data is where it was asked for, the hole at the end of the file', () => {
    const m = ext2();
    m.create('a', 8 * page);
    const seek = (whence: string, offset: number) =>
      m.call('seek', { file: 'a' }, { whence, offset });
    expect(okOf(seek('data', 5000))).toEqual({ offset: 5000 });
    expect(okOf(seek('hole', 0))).toEqual({ offset: 8 * page });
    expect([seek('data', 8 * page), seek('hole', 8 * page)].map(wordOf)).toEqual([
      'ENXIO',
      'ENXIO',
    ]);
  });
});

describe('FIEMAP on ext2', () => {
  const fiemap = (m: Machine, given = {}) => m.call('fiemap', { file: 'a' }, given);
  test('extents are MERGED, and the length is cut to the size', () => {
    const m = lettered();
    m.write('a', letters('X'), 20 * page);
    expect(
      (okOf(fiemap(m)).extents as { fe_flags: number }[]).map(({ fe_flags }) => fe_flags),
    ).toEqual([0x1000, 0x1001]);
    m.truncate('a', 2 * page);
    // 3 pages were asked for from page 1 on; the file has 2.
    expect(okOf(fiemap(m, { offset: page, length: 3 * page })).extents).toHaveLength(1);
  });

  test('an empty file has none', () => {
    const m = ext2();
    m.create('a');
    expect(okOf(fiemap(m))).toEqual({ extents: [] });
  });

  test('i_rwsem is taken exclusive: it waits behind a reader', () => {
    const m = lettered({ scheduler: 'stepped' });
    m.settle();
    const read = m.read('a', 0, page, { owner: 'R' });
    m.stepTo(read.task, 'copy');
    const { task } = m.call('fiemap', { file: 'a' }, {}, { owner: 'F' });
    m.settle(task);
    expect(m.opState(task)).toBe('D i_rwsem');
  });
});

describe('EF1 ext2 shows what a mapping stored behind the end', () => {
  const store = (): Machine => {
    const m = ext2();
    m.create('a');
    m.write('a', letters('d').subarray(0, 100), 0);
    m.map('a', 4);
    m.store(1, 100, Buffer.from('gggg'));
    return m;
  };
  test.each([
    ['a write behind it', (m: Machine) => m.write('a', letters('w'), 3 * page)],
    ['a truncate up', (m: Machine) => m.truncate('a', 3 * page)],
    ['a truncate up within the block', (m: Machine) => m.truncate('a', 102)],
  ] as [string, (m: Machine) => Ran][])('%s', (_name, run) => {
    const m = store();
    okOf(run(m));
    const shown = Buffer.from(bytesOf(m.read('a', 100, 4))).toString();
    expect(shown).toBe(m.file('a').sizeBytes === 102 ? 'gg' : 'gggg');
    // dax_truncate_page() zeroes from the new end of the file on.
    if (m.file('a').sizeBytes === 102) expect([...bytesOf(m.load(1, 102, 2))]).toEqual([0, 0]);
  });
});

describe('st_blocks of ext2 counts indirect blocks', () => {
  test.each([
    { pages: [0, 12], meta: 0, what: '12 direct blocks' },
    { pages: [0, 13], meta: 1, what: 'the first indirect one' },
    { pages: [1035, 1], meta: 1, what: 'the last page of the first indirect block' },
    { pages: [1036, 1], meta: 2, what: 'a doubly indirect page' },
    { pages: [1035, 2], meta: 3, what: 'one of each' },
    { pages: [12 + 1024 + 1024 ** 2, 1], meta: 3, what: 'a triply indirect page' },
  ])('$what', ({ pages: [first = 0, count = 0], meta }) => {
    const m = ext2();
    m.create('a');
    m.write('a', letters('x'.repeat(count)), first * page);
    expect(fileRecord(m.k, m.file('a')).blocks512).toBe((count + meta) * 8);
  });
});

test('SF1 the reserve of root is subtracted, and a write is short if the device becomes full', () => {
  const m = ext2({ blocks: 64 });
  m.create('a');
  const free = m.k.space.free;
  expect(okOf(m.write('a', letters('w'.repeat(free + 3)), 0))).toMatchObject({
    bytesWritten: free * page,
  });
});
