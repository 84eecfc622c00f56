// The result of each wrong or borderline call, measured on ext4 and XFS, and the order of the
// checks of get_user_pages. The file has 8 pages, the device 64 blocks. errno-matrix.test.ts
// compares the machine with each cell, on 6.12 and 7.3.
import { fillUp, letters, type Machine, okOf, page, type Ran } from '../machine.ts';

export interface Row {
  call: string;
  xfs: string;
  /** Where it is another one. */
  ext4?: string;
  prepare?: (m: Machine) => void;
  act: (m: Machine) => Ran;
  /** Goes behind the word. */
  see?: (m: Machine, ran: Ran) => string;
}

const max = Number.MAX_SAFE_INTEGER;
const bytesMax = { xfs: max, ext4: 2 ** 44 - page };
const size = (m: Machine): string => `size ${m.file('a').sizeBytes / page} pages`;
const unshare = (m: Machine, offset: number, length: number, keepSize = false) =>
  m.call('allocate', { file: 'a' }, { offset, length, unshare: true, keepSize });
/** A read fault of an unwritten block leaves the mapping entry of the zero page. */
const loadedUnwritten = (m: Machine): void => {
  m.zero('a', page, 3 * page);
  m.load(m.map('a', 8), 2 * page, page);
};
const seek = (m: Machine, whence: string, offset: number) =>
  m.call('seek', { file: 'a' }, { whence, offset });
const found = (_m: Machine, ran: Ran) =>
  ran.outcome?.ok ? `at page ${Number(okOf(ran).offset) / page}` : '';

export const fallocate: Row[] = [
  { call: 'PUNCH, len 0', xfs: 'EINVAL', act: (m) => m.punch('a', 0, 0) },
  { call: 'ZERO, len 0', xfs: 'EINVAL', act: (m) => m.zero('a', 0, 0) },
  { call: 'COLLAPSE, len 0', xfs: 'EINVAL', act: (m) => m.collapse('a', 0, 0) },
  { call: 'INSERT, len 0', xfs: 'EINVAL', act: (m) => m.insert('a', 0, 0) },
  { call: 'mode 0, len 0', xfs: 'EINVAL', act: (m) => m.allocate('a', 0, 0) },
  { call: 'UNSHARE, len 0', xfs: 'EINVAL', act: (m) => unshare(m, 0, 0) },
  { call: 'PUNCH, off + len overflows', xfs: 'EFBIG', act: (m) => m.punch('a', max, max) },
  { call: 'ZERO, off + len overflows', xfs: 'EFBIG', act: (m) => m.zero('a', max, max) },
  { call: 'COLLAPSE, off + len overflows', xfs: 'EFBIG', act: (m) => m.collapse('a', max, max) },
  { call: 'INSERT, off + len overflows', xfs: 'EFBIG', act: (m) => m.insert('a', max, max) },
  { call: 'mode 0, off + len overflows', xfs: 'EFBIG', act: (m) => m.allocate('a', max, max) },
  { call: 'UNSHARE, off + len overflows', xfs: 'EFBIG', act: (m) => unshare(m, max, max) },
  {
    call: 'PUNCH above 16 TiB',
    xfs: 'done',
    ext4: 'EFBIG',
    act: (m) => m.punch('a', 2 ** 44, page),
  },
  { call: 'PUNCH inside a block', xfs: 'done', act: (m) => m.punch('a', 100, 200) },
  { call: 'PUNCH beyond EOF', xfs: 'done', act: (m) => m.punch('a', 20 * page, page) },
  { call: 'ZERO', xfs: 'done, size 8 pages', act: (m) => m.zero('a', page, page), see: size },
  {
    call: 'ZERO past EOF',
    xfs: 'done, size 10 pages',
    act: (m) => m.zero('a', 7 * page, 3 * page),
    see: size,
  },
  {
    call: 'ZERO past EOF, KEEP_SIZE',
    xfs: 'done, size 8 pages',
    act: (m) => m.zero('a', 7 * page, 3 * page, true),
    see: size,
  },
  {
    call: 'COLLAPSE, aligned, inside',
    xfs: 'done, size 6 pages',
    act: (m) => m.collapse('a', page, 2 * page),
    see: size,
  },
  { call: 'COLLAPSE, misaligned offset', xfs: 'EINVAL', act: (m) => m.collapse('a', 1, page) },
  { call: 'COLLAPSE, misaligned length', xfs: 'EINVAL', act: (m) => m.collapse('a', page, 1) },
  {
    call: 'COLLAPSE that reaches EOF',
    xfs: 'EINVAL',
    act: (m) => m.collapse('a', 6 * page, 2 * page),
  },
  { call: 'COLLAPSE past EOF', xfs: 'EINVAL', act: (m) => m.collapse('a', 9 * page, page) },
  {
    call: 'INSERT, aligned, off < EOF',
    xfs: 'done, size 10 pages',
    act: (m) => m.insert('a', page, 2 * page),
    see: size,
  },
  { call: 'INSERT, misaligned offset', xfs: 'EINVAL', act: (m) => m.insert('a', 1, page) },
  { call: 'INSERT, misaligned length', xfs: 'EINVAL', act: (m) => m.insert('a', page, 1) },
  { call: 'INSERT at EOF', xfs: 'EINVAL', act: (m) => m.insert('a', 8 * page, page) },
  { call: 'INSERT beyond EOF', xfs: 'EINVAL', act: (m) => m.insert('a', 9 * page, page) },
  { call: 'INSERT, huge', xfs: 'done', ext4: 'EFBIG', act: (m) => m.insert('a', 0, 2 ** 44) },
  {
    call: 'INSERT, huge and misaligned',
    xfs: 'EINVAL',
    act: (m) => m.insert('a', 1, 2 ** 44 - 2 * page),
  },
  {
    call: 'INSERT that grows past 16 TiB',
    xfs: 'done',
    ext4: 'EFBIG',
    act: (m) => m.insert('a', 0, 2 ** 44 - 2 * page),
  },
  { call: 'UNSHARE', xfs: 'done', ext4: 'EOPNOTSUPP', act: (m) => unshare(m, 0, page) },
  {
    call: 'UNSHARE, KEEP_SIZE',
    xfs: 'done',
    ext4: 'EOPNOTSUPP',
    act: (m) => unshare(m, 0, page, true),
  },
  {
    call: 'mode 0, 1 TiB on a small device',
    xfs: 'ENOSPC, size 8 pages',
    ext4: 'ENOSPC, size 62 pages',
    act: (m) => m.allocate('a', 0, 2 ** 40),
    see: size,
  },
  {
    call: 'mode 0 with KEEP_SIZE, 1 TiB on a small device',
    xfs: 'ENOSPC, 8 blocks',
    ext4: 'ENOSPC, 62 blocks',
    act: (m) => m.allocate('a', 0, 2 ** 40, true),
    see: (m) => `${m.k.counts.blocksUsed} blocks`,
  },
];

export const truncateAndSeek: Row[] = [
  {
    call: 'ftruncate above 16 TiB',
    xfs: 'done',
    ext4: 'EFBIG',
    act: (m) => m.truncate('a', 2 ** 44),
  },
  { call: 'ftruncate to 2^53-1', xfs: 'done', ext4: 'EFBIG', act: (m) => m.truncate('a', max) },
  {
    call: 'ftruncate to the largest ext4 file',
    xfs: 'done',
    act: (m) => m.truncate('a', bytesMax.ext4),
  },
  {
    call: 'pwrite above 16 TiB',
    xfs: 'done',
    ext4: 'EFBIG',
    act: (m) => m.write('a', letters('w'), 2 ** 44),
  },
  { call: 'SEEK_DATA at EOF', xfs: 'ENXIO', act: (m) => seek(m, 'data', 8 * page) },
  { call: 'SEEK_HOLE at EOF', xfs: 'ENXIO', act: (m) => seek(m, 'hole', 8 * page) },
  {
    call: 'SEEK_HOLE: the virtual one at EOF',
    xfs: 'done, at page 8',
    act: (m) => seek(m, 'hole', 0),
    see: found,
  },
  {
    call: 'SEEK_DATA over an unwritten extent',
    xfs: 'done, at page 3',
    prepare: (m) => void m.zero('a', page, 2 * page),
    act: (m) => seek(m, 'data', page),
    see: found,
  },
  {
    call: 'SEEK_HOLE: an unwritten extent',
    xfs: 'done, at page 1',
    prepare: (m) => void m.zero('a', page, 2 * page),
    act: (m) => seek(m, 'hole', 0),
    see: found,
  },
  {
    call: 'SEEK_DATA over an unwritten extent of which page 2 was loaded',
    xfs: 'done, at page 2',
    prepare: loadedUnwritten,
    act: (m) => seek(m, 'data', page),
    see: found,
  },
  {
    call: 'SEEK_HOLE: behind that page',
    xfs: 'done, at page 3',
    prepare: loadedUnwritten,
    act: (m) => seek(m, 'hole', 2 * page),
    see: found,
  },
  {
    call: 'SEEK_HOLE: before that page',
    xfs: 'done, at page 1',
    prepare: loadedUnwritten,
    act: (m) => seek(m, 'hole', 0),
    see: found,
  },
  {
    call: 'SEEK_DATA over a hole of which page 2 was loaded',
    xfs: 'done, at page 4',
    prepare: (m) => {
      m.punch('a', page, 3 * page);
      m.load(m.map('a', 8), 2 * page, page);
    },
    act: (m) => seek(m, 'data', page),
    see: found,
  },
  {
    call: 'SEEK_DATA with no data left',
    xfs: 'ENXIO',
    prepare: (m) => void m.punch('a', 4 * page, 4 * page),
    act: (m) => seek(m, 'data', 4 * page),
  },
  {
    call: 'FIEMAP: flags LAST and UNWRITTEN',
    xfs: 'done, 0x0 0x801',
    prepare: (m) => void m.zero('a', page, 7 * page),
    act: (m) => m.call('fiemap', { file: 'a' }, {}),
    see: (_m, ran) =>
      (okOf(ran).extents as { fe_flags: number }[])
        .map(({ fe_flags }) => `0x${fe_flags.toString(16)}`)
        .join(' '),
  },
];

/** XFS_IOC_EXCHANGE_RANGE of `a` and `b`, which has 8 pages too. */
const swap = (m: Machine, offset: number, withOffset: number, length: number, other = 'b') =>
  m.exchange('a', other, { offset, withOffset, length });
const odd = (m: Machine) => {
  m.truncate('a', 7 * page + 100);
  m.truncate('b', 4 * page + 100);
};
const no = 'EOPNOTSUPP';
export const exchange: Row[] = [
  { call: 'aligned, inside', xfs: 'done', ext4: no, act: (m) => swap(m, page, 3 * page, 2 * page) },
  { call: 'len 0', xfs: 'done', ext4: no, act: (m) => swap(m, 0, 0, 0) },
  { call: 'misaligned offset', xfs: 'EINVAL', ext4: no, act: (m) => swap(m, 100, 0, page) },
  {
    call: 'misaligned offset of the other',
    xfs: 'EINVAL',
    ext4: no,
    act: (m) => swap(m, 0, 100, page),
  },
  { call: 'misaligned length, inside', xfs: 'EINVAL', ext4: no, act: (m) => swap(m, 0, 0, 100) },
  {
    call: 'misaligned length, to EOF of both',
    xfs: 'done',
    ext4: no,
    prepare: odd,
    act: (m) => swap(m, 7 * page, 4 * page, 100),
  },
  {
    call: 'misaligned length, to EOF of one',
    xfs: 'EINVAL',
    ext4: no,
    prepare: odd,
    act: (m) => swap(m, 0, 4 * page, 100),
  },
  { call: 'start beyond EOF, len 0', xfs: 'EINVAL', ext4: no, act: (m) => swap(m, 9 * page, 0, 0) },
  { call: 'end beyond EOF', xfs: 'EINVAL', ext4: no, act: (m) => swap(m, 7 * page, 0, 2 * page) },
  { call: 'off + len overflows', xfs: 'EINVAL', ext4: no, act: (m) => swap(m, max, 0, page) },
  {
    call: 'one file, apart',
    xfs: 'done',
    ext4: no,
    act: (m) => swap(m, 0, 4 * page, 4 * page, 'a'),
  },
  {
    call: 'one file, overlapping',
    xfs: 'EINVAL',
    ext4: no,
    act: (m) => swap(m, 0, page, 2 * page, 'a'),
  },
];

/**
 * map_1 is read-write and shared, map_2 read-only, map_3 private; all of 12 pages. Page 2 is a
 * hole, page 8 is beyond EOF.
 */
const rw = 1;
const ro = 2;
const cow = 3;
const longterm = { longterm: true, kind: 'rdma' };
const at = (n: number) => n * page;
const taken = (_m: Machine, ran: Ran) =>
  ran.outcome?.ok ? `${(okOf(ran).pages as unknown[]).length} of 2 pages` : '';
const fill = (m: Machine) => {
  fillUp(m);
};
const poison = (m: Machine) => {
  const [first] = okOf(m.fault(rw, 0, 'read')).pages as { pfn: number }[];
  okOf(m.call('poison', {}, { block: (first?.pfn ?? 0) * 8 }));
};

export const gup: Row[] = [
  { call: 'no VMA', xfs: 'EFAULT', act: (m) => m.pin(rw, at(12), page) },
  {
    call: 'no VMA, LONGTERM, WRITE on a read-only one',
    xfs: 'EFAULT',
    act: (m) => m.pin(ro, at(12), page, {}, longterm),
  },
  { call: 'LONGTERM', xfs: 'EOPNOTSUPP', act: (m) => m.pin(rw, 0, page, {}, longterm) },
  {
    call: 'LONGTERM, private mapping',
    xfs: 'EOPNOTSUPP',
    act: (m) => m.pin(cow, 0, page, {}, longterm),
  },
  {
    call: 'LONGTERM, WRITE on a read-only VMA',
    xfs: 'EOPNOTSUPP',
    act: (m) => m.pin(ro, 0, page, {}, longterm),
  },
  {
    call: 'LONGTERM, beyond EOF',
    xfs: 'EOPNOTSUPP',
    act: (m) => m.pin(rw, at(8), page, {}, longterm),
  },
  {
    call: 'LONGTERM, zero page',
    xfs: 'EOPNOTSUPP',
    prepare: (m) => void m.fault(rw, at(2), 'read'),
    act: (m) => m.pin(rw, at(2), page, {}, longterm),
  },
  { call: 'WRITE on a read-only VMA', xfs: 'EFAULT', act: (m) => m.pin(ro, 0, page) },
  {
    call: 'WRITE on a read-only VMA, beyond EOF',
    xfs: 'EFAULT',
    act: (m) => m.pin(ro, at(8), page),
  },
  { call: 'only a page beyond EOF', xfs: 'EFAULT', act: (m) => m.pin(rw, at(8), page) },
  {
    call: 'a page and one beyond EOF',
    xfs: 'done, 1 of 2 pages',
    act: (m) => m.pin(rw, at(7), 2 * page),
    see: taken,
  },
  {
    call: 'a page and a hole, WRITE',
    xfs: 'done, 2 of 2 pages',
    act: (m) => m.pin(rw, at(1), 2 * page),
    see: taken,
  },
  {
    call: 'a page and a hole, WRITE, device full',
    xfs: 'done, 1 of 2 pages',
    prepare: fill,
    act: (m) => m.pin(rw, at(1), 2 * page),
    see: taken,
  },
  {
    call: 'only a hole, WRITE, device full',
    xfs: 'EFAULT',
    prepare: fill,
    act: (m) => m.pin(rw, at(2), page),
  },
  { call: 'a poisoned page', xfs: 'EFAULT', prepare: poison, act: (m) => m.pin(rw, 0, page) },
  {
    call: 'a poisoned page, FOLL_HWPOISON',
    xfs: 'EHWPOISON',
    prepare: poison,
    act: (m) => m.pin(rw, 0, page, {}, { hwpoison: true }),
  },
];

export const touches: Row[] = [
  { call: 'load beyond EOF', xfs: 'SIGBUS', act: (m) => m.load(rw, at(8), 1) },
  { call: 'store beyond EOF', xfs: 'SIGBUS', act: (m) => m.store(rw, at(8), new Uint8Array(1)) },
  {
    call: 'store to a hole, device full',
    xfs: 'SIGBUS',
    prepare: fill,
    act: (m) => m.store(rw, at(2), new Uint8Array(1)),
  },
  {
    call: 'load of a hole, device full',
    xfs: 'done',
    prepare: fill,
    act: (m) => m.load(rw, at(2), 1),
  },
  { call: 'load of a poisoned page', xfs: 'SIGBUS', prepare: poison, act: (m) => m.load(rw, 0, 1) },
  {
    call: 'pread of a range with a poisoned page',
    xfs: 'EIO',
    prepare: poison,
    act: (m) => m.read('a', 0, 8 * page),
  },
  {
    call: 'pwrite of a part of it',
    xfs: 'EFAULT',
    prepare: poison,
    act: (m) => m.write('a', new Uint8Array(1), 7),
  },
  {
    call: 'pwrite of the whole page',
    xfs: 'done',
    prepare: poison,
    act: (m) => m.write('a', letters('w'), 0),
  },
  {
    call: 'store through a read-only mapping (SIGSEGV)',
    xfs: 'EACCES',
    act: (m) => m.store(ro, 0, new Uint8Array(1)),
  },
  { call: 'load outside the mapping (SIGSEGV)', xfs: 'EFAULT', act: (m) => m.load(rw, at(12), 1) },
];
