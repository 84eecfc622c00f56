// The differences between filesystem kinds and kernel versions, as data. Code reads this table and
// never compares a kind or a version by name.
import type { IdleRule, Kind, LinuxVersion, LockMode } from '../../state.ts';
import { pageSize } from '../../units.ts';

/**
 * FIEMAP_EXTENT_MERGED: the extents are single blocks that the filesystem merged for the answer.
 */
const fiemapMerged = 0x1000;

export interface Personality {
  /** The default strategy, and the idle rule of this kernel. */
  strategy: 'break-layouts' | 'none';
  idleRule: IdleRule;
  /** Files can be mapped with DAX. */
  dax: boolean;
  /** MAP_SYNC with MAP_SHARED_VALIDATE; a kind without it answers EOPNOTSUPP. */
  mapSync: boolean;
  /** Its vm_operations have a huge_fault. */
  hugeFaults: boolean;
  /** dax_layout_busy_page_range() finds no pins in a file without mappings: up to 6.14. */
  scanNeedsMapping: boolean;
  /**
   * From 6.15, breaking a layout deletes the mapping entries that it found idle. Earlier kernels
   * delete only those of pages that leave the file.
   */
  breakDeletesEntries: boolean;
  /**
   * It has a list for freed blocks that must not be allocated yet (xfs_extent_busy, ext4's
   * bb_free_root).
   */
  busyState: boolean;
  /** It supports fallocate, and with `unshare` also UNSHARE_RANGE. */
  fallocate: boolean;
  unshare: boolean;
  /** XFS_IOC_EXCHANGE_RANGE, from 6.10. */
  exchangeRange: boolean;
  /** Preallocation breaks layouts. XFS breaks them for every mode. */
  allocateBreaksLayout: boolean;
  /** Largest file, bytes. */
  bytesMax: number;
  /**
   * How far a punch must reach to remove the EOF block too: 'at' is `end >= size`, 'past' is `end >
   * size`.
   */
  punchTakesEofBlock: 'at' | 'past' | 'never';
  /**
   * A punch beyond EOF frees blocks that were preallocated there (XFS). If false, it does nothing
   * (ext4).
   */
  punchBeyondEof: boolean;
  /** lseek(SEEK_DATA, SEEK_HOLE) takes i_rwsem shared. */
  seekLocks: boolean;
  /** lseek finds holes. Otherwise the file is data up to its end (generic_file_llseek). */
  seekHoles: boolean;
  /** How FIEMAP takes i_rwsem. */
  fiemapLock: LockMode | 'none';
  /**
   * FIEMAP flags on every extent, and whether the length of the request is cut to the size of the
   * file first.
   */
  fiemapFlags: number;
  fiemapCutsLength: boolean;
  /**
   * How the block map is stored. Entries that do not fit into the inode take metadata blocks, which
   * st_blocks counts.
   */
  map: { kind: 'extents'; inInode: number; perLeaf: number } | { kind: 'indirect' };
  /**
   * collapse ends with a truncate to the new size, which drops blocks and private copies past it.
   */
  collapseDropsPastEof: boolean;
  /**
   * collapse and insert drop private copies after the offset, as truncate_pagecache() does.
   * truncate_pagecache_range() leaves them.
   */
  shiftTakesPrivate: boolean;
  /**
   * What happens out of space. `partial` allocates as it goes and leaves what it got. `reserve`
   * reserves all blocks first: a write reserves for one hole, or for its whole rest if it grows the
   * file; fallocate reserves for its whole range, even for pages that have blocks.
   */
  outOfSpace: 'partial' | 'reserve';
  /**
   * A write that begins after EOF first zeroes what mappings stored in the rest of the EOF block.
   */
  writeZeroesTail: boolean;
  /** A truncate to a larger size zeroes that rest too. */
  truncateUpZeroesTail: boolean;
  /** A write of 0 bytes takes i_rwsem like any other. */
  emptyWriteLocks: boolean;
  /** A write into an unwritten extent may also convert blocks beside it, see zero-out.ts. */
  zeroOut: boolean;
  /** khungtaskd names the owner of the rw-semaphore: in kernels after 6.12. */
  hungTaskNamesOwner: boolean;
  /** Percent of the blocks that statfs reserves for root: mke2fs -m. */
  rootReservePercent: number;
}

const xfs: Personality = {
  strategy: 'break-layouts',
  idleRule: 'modern',
  dax: true,
  mapSync: true,
  hugeFaults: true,
  scanNeedsMapping: false,
  breakDeletesEntries: true,
  busyState: true,
  fallocate: true,
  unshare: true,
  exchangeRange: true,
  allocateBreaksLayout: true,
  bytesMax: Number.MAX_SAFE_INTEGER,
  punchTakesEofBlock: 'never',
  punchBeyondEof: true,
  seekLocks: false,
  seekHoles: true,
  fiemapLock: 'shared',
  fiemapFlags: 0,
  fiemapCutsLength: false,
  map: { kind: 'extents', inInode: 12, perLeaf: 251 },
  collapseDropsPastEof: true,
  shiftTakesPrivate: false,
  outOfSpace: 'reserve',
  writeZeroesTail: true,
  truncateUpZeroesTail: true,
  emptyWriteLocks: false,
  zeroOut: false,
  hungTaskNamesOwner: true,
  rootReservePercent: 0,
};

const ext4: Personality = {
  ...xfs,
  unshare: false,
  exchangeRange: false,
  allocateBreaksLayout: false,
  bytesMax: 2 ** 44 - pageSize,
  punchTakesEofBlock: 'at',
  punchBeyondEof: false,
  seekLocks: true,
  map: { kind: 'extents', inInode: 4, perLeaf: 340 },
  collapseDropsPastEof: false,
  shiftTakesPrivate: true,
  outOfSpace: 'partial',
  emptyWriteLocks: true,
  zeroOut: true,
  rootReservePercent: 5,
};

/**
 * From its file_operations, inode_operations and super.c in 6.12: no journal, no busy list, no
 * fallocate, no layout breaking (blocks are freed under the pin), and faults of 4 KiB only.
 * Indirect blocks bound the file size: of the 2^29-1 blocks that i_blocks can count, 524,801 hold
 * pointers.
 */
const ext2: Personality = {
  ...ext4,
  strategy: 'none',
  mapSync: false,
  hugeFaults: false,
  busyState: false,
  fallocate: false,
  bytesMax: (2 ** 29 - 1 - 524_801) * pageSize,
  seekLocks: false,
  seekHoles: false,
  fiemapLock: 'exclusive',
  fiemapFlags: fiemapMerged,
  fiemapCutsLength: true,
  map: { kind: 'indirect' },
  writeZeroesTail: false,
  truncateUpZeroesTail: false,
  zeroOut: false,
};
const btrfs: Personality = {
  ...xfs,
  strategy: 'none',
  dax: false,
  busyState: false,
  exchangeRange: false,
};

/** The differences of Linux 6.12 that all kinds share: fs/dax.c before the page counts of 6.15. */
const linux612 = {
  idleRule: 'classic',
  scanNeedsMapping: true,
  breakDeletesEntries: false,
  hungTaskNamesOwner: false,
} as const;

const table: Record<Kind, Record<LinuxVersion, Personality>> = {
  xfs: { '6.12': { ...xfs, ...linux612 }, '7.3': xfs },
  ext4: {
    '6.12': {
      ...ext4,
      ...linux612,
      fiemapLock: 'none',
      punchTakesEofBlock: 'past',
      writeZeroesTail: false,
    },
    '7.3': ext4,
  },
  ext2: { '6.12': { ...ext2, ...linux612 }, '7.3': { ...ext2, dax: false } },
  btrfs: { '6.12': { ...btrfs, ...linux612 }, '7.3': btrfs },
};

export function personalityOf(geometry: { kind: Kind; kernel: LinuxVersion }): Personality {
  return table[geometry.kind][geometry.kernel];
}
