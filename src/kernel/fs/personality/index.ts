// What differs between filesystem kinds and kernels, as data. Code asks this table; it never asks for a kind or a version by name.
import type { IdleRule, Kind, LinuxVersion } from '../../state.ts';
import { pageSize } from '../../units.ts';

export interface Personality {
  /** Default strategy, and the idle rule that its kernel has. */
  strategy: 'break-layouts' | 'none';
  idleRule: IdleRule;
  /** Can its files be mapped with DAX at all? */
  dax: boolean;
  /** Has it a place for blocks that are free in the books only (xfs_extent_busy, ext4's bb_free_root)? */
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
  /** A punch that reaches this far past EOF takes the EOF block too: 'at' `end >= size`, 'past' `end > size`, 'never'. */
  punchTakesEofBlock: 'at' | 'past' | 'never';
  /** A punch beyond EOF does nothing (ext4) or frees what was preallocated there (XFS). */
  punchBeyondEof: boolean;
  /** lseek(SEEK_DATA, SEEK_HOLE) takes i_rwsem shared. */
  seekLocks: boolean;
  /** FIEMAP takes i_rwsem shared. */
  fiemapLocks: boolean;
  /** Extents that fit into the inode; more of them need blocks of metadata, `extentsPerLeaf` in each. */
  extentsInInode: number;
  extentsPerLeaf: number;
  /** collapse ends with a truncate to the new size, which drops blocks and private copies past it. */
  collapseDropsPastEof: boolean;
  /** collapse and insert take private copies behind the offset, as truncate_pagecache() does; truncate_pagecache_range() leaves them. */
  shiftTakesPrivate: boolean;
  /** fallocate that runs out of space keeps what it got. */
  allocateKeepsPartial: boolean;
  /** A write into an unwritten extent may convert what is beside it. */
  zeroOut: boolean;
  /** Part of the blocks that statfs keeps back for root: mke2fs -m. */
  rootReservePercent: number;
}

const xfs: Personality = {
  strategy: 'break-layouts',
  idleRule: 'modern',
  dax: true,
  busyState: true,
  fallocate: true,
  unshare: true,
  exchangeRange: true,
  allocateBreaksLayout: true,
  bytesMax: Number.MAX_SAFE_INTEGER,
  punchTakesEofBlock: 'never',
  punchBeyondEof: true,
  seekLocks: false,
  fiemapLocks: true,
  extentsInInode: 12,
  extentsPerLeaf: 251,
  collapseDropsPastEof: true,
  shiftTakesPrivate: false,
  allocateKeepsPartial: false,
  zeroOut: false,
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
  extentsInInode: 4,
  extentsPerLeaf: 340,
  collapseDropsPastEof: false,
  shiftTakesPrivate: true,
  allocateKeepsPartial: true,
  zeroOut: true,
  rootReservePercent: 5,
};

/** No journal, no busy list, no fallocate; DAX until its removal. It frees under the pin. */
const ext2: Personality = { ...ext4, strategy: 'none', busyState: false, fallocate: false, zeroOut: false, bytesMax: 2 ** 41 };
const btrfs: Personality = { ...xfs, strategy: 'none', dax: false, busyState: false, exchangeRange: false };

const table: Record<Kind, Record<LinuxVersion, Personality>> = {
  xfs: { '6.12': { ...xfs, idleRule: 'classic' }, '7.3': xfs },
  ext4: { '6.12': { ...ext4, idleRule: 'classic', fiemapLocks: false, punchTakesEofBlock: 'past' }, '7.3': ext4 },
  ext2: { '6.12': { ...ext2, idleRule: 'classic' }, '7.3': { ...ext2, dax: false } },
  btrfs: { '6.12': { ...btrfs, idleRule: 'classic' }, '7.3': btrfs },
};

export function personalityOf(geometry: { kind: Kind; kernel: LinuxVersion }): Personality {
  return table[geometry.kind][geometry.kernel];
}
