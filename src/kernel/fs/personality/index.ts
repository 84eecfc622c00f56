// What differs between filesystem kinds and kernels, as data. Code asks this table; it never asks
// for a kind or a version by name.
import type { IdleRule, Kind, LinuxVersion, LockMode } from '../../state.ts';
import { pageSize } from '../../units.ts';

/**
 * FIEMAP_EXTENT_MERGED: the extents are single blocks that the filesystem merged for the answer.
 */
const fiemapMerged = 0x1000;

export interface Personality {
  /** Default strategy, and the idle rule that its kernel has. */
  strategy: 'break-layouts' | 'none';
  idleRule: IdleRule;
  /** Can its files be mapped with DAX at all? */
  dax: boolean;
  /** MAP_SYNC with MAP_SHARED_VALIDATE; a kind without it answers EOPNOTSUPP. */
  mapSync: boolean;
  /** Its vm_operations have a huge_fault. */
  hugeFaults: boolean;
  /**
   * dax_layout_busy_page_range() of its kernel sees no pin in a file that nobody has mapped: to
   * 6.14.
   */
  scanNeedsMapping: boolean;
  /**
   * Breaking a layout deletes the mapping entries that it found idle: from 6.15. Before, only those
   * of pages that leave the file go.
   */
  breakDeletesEntries: boolean;
  /**
   * Has it a place for blocks that are free in the books only (xfs_extent_busy, ext4's
   * bb_free_root)?
   */
  busyState: boolean;
  /** fallocate modes that it knows. */
  fallocate: boolean;
  unshare: boolean;
  /** XFS_IOC_EXCHANGE_RANGE, from 6.10. */
  exchangeRange: boolean;
  /** Does preallocation break layouts? XFS breaks them for every mode. */
  allocateBreaksLayout: boolean;
  /** Largest file, bytes. */
  bytesMax: number;
  /**
   * A punch that reaches this far past EOF takes the EOF block too: 'at' `end >= size`, 'past' `end
   * > size`, 'never'.
   */
  punchTakesEofBlock: 'at' | 'past' | 'never';
  /** A punch beyond EOF does nothing (ext4) or frees what was preallocated there (XFS). */
  punchBeyondEof: boolean;
  /** lseek(SEEK_DATA, SEEK_HOLE) takes i_rwsem shared. */
  seekLocks: boolean;
  /** lseek knows the holes; without, the file is data up to its end (generic_file_llseek). */
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
   * Where the blocks of a file are written down: what does not fit into the inode takes blocks of
   * metadata, which st_blocks counts.
   */
  map: { kind: 'extents'; inInode: number; perLeaf: number } | { kind: 'indirect' };
  /**
   * collapse ends with a truncate to the new size, which drops blocks and private copies past it.
   */
  collapseDropsPastEof: boolean;
  /**
   * collapse and insert take private copies behind the offset, as truncate_pagecache() does;
   * truncate_pagecache_range() leaves them.
   */
  shiftTakesPrivate: boolean;
  /**
   * Out of space. `partial` allocates as it goes and keeps what it got. `reserve` asks for all
   * blocks first: a write for those of the hole, or of its whole rest where it grows the file,
   * fallocate for those of its whole range, there or not.
   */
  outOfSpace: 'partial' | 'reserve';
  /**
   * A write that begins behind EOF first zeroes what mappings stored in the rest of the EOF block.
   */
  writeZeroesTail: boolean;
  /** So does a truncate up. */
  truncateUpZeroesTail: boolean;
  /** A write of 0 bytes takes i_rwsem all the same. */
  emptyWriteLocks: boolean;
  /** A write into an unwritten extent may convert what is beside it. */
  zeroOut: boolean;
  /** khungtaskd names the owner of the rw-semaphore: later than 6.12. */
  hungTaskNamesOwner: boolean;
  /** Part of the blocks that statfs keeps back for root: mke2fs -m. */
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
 * By its file_operations, inode_operations and super.c of 6.12: no journal, no busy list, no
 * fallocate, no layout breaking (it frees under the pin), faults of 4 KiB only. Indirect blocks
 * bound its files: of the 2^29-1 blocks that i_blocks can count, 524,801 are theirs.
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

/** What every kind shares of Linux 6.12: fs/dax.c before the page counts of 6.15. */
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
