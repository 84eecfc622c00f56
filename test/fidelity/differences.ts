// What is another thing here than on Linux, and why: what docs/fidelity.md lists as different.
// Those who read it find the reason in the last column but one, and in the last a test that holds
// what is here.

type Difference = [
  what: string,
  linux: string,
  here: string,
  ...shown: [file: string, title: string][],
];

const s17 = 'scenarios/s17-huge-page.test.ts';
const s25 = 'scenarios/s25-power-failure.test.ts';
const s27 = 'scenarios/s27-poison.test.ts';
const s31 = 'scenarios/s31-two-inodes.test.ts';
const pmd = 'kernel/fs/dax-pmd.test.ts';
const space = 'fidelity/space-and-limits.test.ts';
const bounds = 'kernel/bounds.test.ts';
const errnos = 'fidelity/errno-matrix.test.ts';

const waiting: Difference[] = [
  ['mmap_lock', 'faults and munmap of one process meet there', 'none: a mapping stands for itself'],
  [
    'inode_dio_wait',
    'a truncate waits for direct I/O on the file itself',
    'none: an I/O is a pin of its buffer, nothing else',
  ],
  [
    'Freeze protection, journal lock',
    'between the locks of the file',
    'none: they decide nothing about pins',
  ],
  [
    'The scan for busy pages',
    'walks mapping entries, waits for locked ones, yields to the scheduler',
    'walks the blocks of the file in one step: whoever holds an entry lock holds invalidate_lock shared, so there is none to wait for',
  ],
  [
    'A strategy that never waits, over an entry of 2 MiB',
    'there is none: an entry is deleted only when all of it is idle',
    'deletes the entry although another of its pages is pinned and stays in the file; so the scan looks at blocks, and the next strategy finds that pin',
    [s17, 'S17 a pin on a page that stays is found by the next strategy'],
  ],
  [
    'The second file of an exchange is busy',
    'the call spins on a processor in state R, and no signal ends it',
    'it looks again with each command and timer of the filesystem, counted in retries; nowait and failOnDeadlock do not wait',
    [s31, 'S31 second %s'],
    [s31, 'S31 what spins is in state R'],
  ],
  [
    'An exchange under wait-for-refs',
    'there is none',
    'sleeps on a page of either file with what it has taken by then: up to i_rwsem and invalidate_lock of both, since to hold the locks is what that strategy is about',
    [s31, 'S31 second %s'],
  ],
  [
    'Signals',
    'with a handler, with SA_RESTART, and those that kill',
    'cancel is the first, with restart the second; none kills, so get_user_pages is never EINTR',
    ['scenarios/s08-victims.test.ts', 'S10 %s with SA_RESTART'],
  ],
  [
    'The end of a process',
    'closes, unmaps and lets go',
    'an owner is a name: mappings and pins go by munmap, unpin, holdMs, umount with force or a power cycle',
  ],
  [
    'Who waits for whom',
    'nobody knows',
    'an owner is one thread; cycles are found and named, EDEADLK, nowait and timeoutMs are ours',
    ['scenarios/s08-victims.test.ts', 'S09 deadlock over i_rwsem'],
  ],
  [
    'Hung tasks',
    'lines in the log after 120 s',
    'a view, for any number of seconds, which also names the pins at the head of the wait',
    ['fidelity/blocking-matrix.test.ts', 'SL6 %s: the victims in state D'],
  ],
  [
    'wchan, stack',
    'the one place where the waiter shows',
    'step, sleepingOn and blockedBy of the operation',
  ],
  [
    'busy-extents, wait-for-refs, detach-and-wait, refuse',
    'were proposed in 2017 and not merged',
    'follow the mails; where those are silent, docs/spec.md decides',
    ['scenarios/s01-deadlock.test.ts', 'S01 wait-for-refs: a deadlock, and it is named'],
  ],
  [
    'Busy extents',
    'a tree, a lock and a generation for each allocation group; discards; entries leave with the checkpoint of the log',
    'one list and one generation, no discards; entries leave with the commit, or with the last put',
    ['scenarios/s29-last-put.test.ts', 'S29'],
  ],
  [
    'umount under busy-extents and detach-and-wait',
    'there is none (XFS waits for its busy extents)',
    'EBUSY while anything is kept back',
    ['scenarios/s11-eviction.test.ts', 'S16 EBUSY with pins'],
  ],
];

const pinning: Difference[] = [
  [
    'get_user_pages of 0 pages',
    '0',
    'EINVAL: a pin of nothing has no id to give back',
    [errnos, 'BR5 what the wire cannot carry'],
  ],
  [
    'GUP-fast',
    'walks page tables without a lock, looks again, falls back to the slow path',
    'one path, a page a step: no step comes between the look and the reference',
    ['scenarios/s01-deadlock.test.ts', 'S01 stepped %s'],
  ],
  [
    'FOLL_GET and FOLL_PIN',
    'count 1 and 1,024; nr_foll_pin_acquired does not see vmsplice, and lags by processor',
    'every pin counts 1 and is in pinsAcquired at once',
  ],
  [
    'Which users take long-term pins',
    'RDMA, vfio, v4l2 and registered io_uring buffers always; direct I/O and vmsplice never',
    'kind is a name; longterm is asked for, with any of them',
    ['kernel/ops/gup.test.ts', 'GP2 FOLL_LONGTERM comes before the rights'],
  ],
  [
    'Other VMAs',
    'VM_IO, PFNMAP, secretmem and unreadable ones are EFAULT; FOLL_FORCE',
    'a VMA is a mapping of a file that can be read',
  ],
  [
    'SIGSEGV',
    'a signal',
    'EFAULT outside a mapping, EACCES for a store to a read-only one',
    [errnos, 'BR5 a load, a store, a read, a write'],
  ],
];

const faults: Difference[] = [
  [
    '2 MiB pages',
    'from 6.15 on one folio by the source, busy as a whole; before, each page by itself',
    'each page by itself; with folioGranularity, on either kernel, as a whole (FG1)',
    [s17, 'S17 $column, busy by $name'],
  ],
  [
    'A write fault into 2 MiB of hole or unwritten blocks',
    'allocates all 512 of them and maps 2 MiB (measured)',
    'allocates and maps 4 KiB, as everywhere else',
    [pmd, 'FT6 an unwritten extent: the zero page for a read, 4 KiB for a write'],
  ],
  [
    'A fault of 4 KiB beside one of 2 MiB that has locked its entry and not stored it yet',
    'waits for the lock of the 2 MiB (by the source, not measured)',
    'does not wait; the larger one finds the entry of 4 KiB and falls back. Only single steps can show it',
    [pmd, 'FT7 a fault of 4 KiB does not wait for one of 2 MiB'],
  ],
  [
    'The address of a mapping',
    'decides the fault size together with the offset',
    'none: taken to be congruent to the offset',
    [pmd, 'FT6 the offset of the mapping need not be aligned'],
  ],
  [
    'munmap, mprotect, mremap of a part',
    'cut a mapping in two, and an entry of 2 MiB with it',
    'munmap takes the mapping as a whole; there are no others',
  ],
  [
    'mmap on a kind without DAX',
    'goes through the page cache',
    'EOPNOTSUPP (MM1)',
    ['kernel/ops/block-rules.test.ts', 'MM1 %s on %s has no DAX to map'],
  ],
  [
    'Which files are DAX',
    'mount options inode, always, never; FS_XFLAG_DAX, STATX_ATTR_DAX',
    'every file of XFS and ext4, and of ext2 on 6.12, as with dax=always',
  ],
  [
    'MAP_SYNC',
    'a write fault that dirties metadata syncs them first',
    'kept with a shared mapping and ignored in a private one; it adds nothing, since transactions commit at once',
    [space, 'MM2 MAP_SYNC is ignored'],
  ],
];

const blocks: Difference[] = [
  [
    'Transactions',
    'commit later, in the journal; ext4 commits and tries again before ENOSPC',
    'commit at once',
  ],
  [
    'Zero-out on ext4',
    'a write may convert up to 8 unwritten neighbours, which hangs on physical placement',
    'off, as with extent_max_zeroout_kb=0, with which the recordings were made; extentMaxZerooutKb of mkfs turns it on (ZO2)',
    ['kernel/fs/zero-out.test.ts', 'ZO2 off by default'],
  ],
  [
    'Length of an extent',
    'XFS 2^21-1 blocks, ext4 32,768 (not measured)',
    'no limit: only st_blocks of very large files could show it, and zero-out, which takes over to a written neighbour of that length here',
  ],
  [
    'Metadata blocks of the extent map',
    'taken from free space; on ext4 the leaf sometimes stays when extents go',
    'counted in st_blocks, not taken from free space, and gone with the extents',
    ['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP'],
  ],
  [
    'Where blocks are placed',
    'allocation groups, buddy bitmaps, locality',
    'the next free block behind the one before, aligned to 2 MiB where the range is: physical addresses and the order of reuse differ, offsets and states do not. On fewer than 1,000 of the 12,000 lines st_blocks differs by that one leaf block',
    ['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP'],
  ],
  [
    'reflink, dedupe',
    'break both layouts and share blocks',
    'none: exchange-range takes the same locks in the same order (S31), and a block keeps one owner; UNSHARE therefore only preallocates',
    [s31, 'S31 nobody pins anything'],
  ],
  [
    'XFS_IOC_EXCHANGE_RANGE',
    'TO_EOF, DRY_RUN, FILE1_WRITTEN, DSYNC, and XFS_IOC_COMMIT_RANGE; the i_rwsems by address',
    'none of the flags; both kinds of locks by inode number',
    [s31, 'XR1 $what is $rule, after the wait'],
  ],
  [
    'Sizes and offsets',
    'to 2^63-1 on XFS',
    'to 2^53-1, what JSON carries exactly; ext4 has its own 2^44-4096',
    [space, 'RG2 $kind $kernel: $bytesMax bytes, and not one more'],
  ],
  [
    'File names',
    '1 to 255 bytes, any but / and NUL',
    '1 to 255 of the characters that a URL takes as they are: letters, digits, dot, dash, underscore, tilde',
    ['http/names.test.ts', 'cannot be called what a URL cannot say, nor more than 255 characters'],
  ],
  [
    'Extents, pages and bytes of one call, private copies, operations',
    'bounded by memory',
    'bounded by settings: EAGAIN, EFBIG, EINVAL, ENOMEM, SIGBUS with rules LM1 to LM7; fiemap tells 10,000 extents',
    [bounds, 'LM1 a full table of operations'],
  ],
  [
    'statfs',
    'also f_type, f_bsize, f_files, f_ffree, f_namelen; XFS cleans up inodes first',
    'f_blocks, f_bfree, f_bavail; an inode takes no space, so there is no end of them',
    [space, 'UM1 the native figures'],
  ],
  [
    'f_bavail on ext4',
    'less the reserve of root, and the 2 % (4,096 blocks at most) that ext4 keeps for itself',
    'less the reserve of root, 5 % as by mke2fs; every caller is root (SF1)',
    [space, 'SF1 $kind: f_bavail'],
  ],
  [
    'st_blocks, quota',
    'quota by user and project',
    'quotas are by tenant; blocks are charged in the entry that allocates and given back in the one that frees, and two filesystems in one turn may go over together',
  ],
  [
    'Times',
    'mtime, ctime, atime; a store moves them with its write fault, DMA never',
    'one time of modification and one ETag, which every store, and DMA into the file, moves',
  ],
  [
    'Descriptors, directories',
    'many',
    'one flat directory without a lock and no descriptors: the last reference is a name, a mapping or a running call; a rename or unlink in state D does not hold up other names',
    ['scenarios/s11-eviction.test.ts', 'S12 a permanent hang under modern'],
  ],
  [
    'btrfs',
    'has no COLLAPSE, INSERT and UNSHARE (not measured)',
    'takes every mode: it stands for a kind without DAX',
    ['kernel/ops/block-rules.test.ts', 'ST2 %s has no busy list'],
  ],
  [
    'ext2',
    'no journal: a power cut needs fsck; FIEMAP ends extents at indirect blocks, which are taken from free space',
    'recovers as the others do; joins extents; indirect blocks are counted in st_blocks alone',
    ['fidelity/ext2.test.ts', '$what'],
  ],
];

const device: Difference[] = [
  [
    'Stores',
    'the cache, CLWB, a fence, the queue of the memory controller, the medium',
    'a line of 64 bytes is dirty or on the medium: clwb is CLWB and its fence; write, zeroing and DMA go past the cache to the medium',
    [s25, 'S25 sync, write and DMA go to the medium'],
  ],
  [
    'fsync after a layout change',
    'finds what to write back by the dirty tags of mapping entries, which from 6.15 on go with the layout (by the source, not measured)',
    'by the lines themselves: msync flushes whatever is dirty in the range',
    [s25, 'S25 msync flushes the pages of the file'],
  ],
  [
    'What a crash leaves of the last calls',
    'what the journal had committed',
    'all that was answered: one of the outcomes that Linux can have',
    [s25, 'S25 detach-and-wait: between detach and free'],
  ],
  [
    'A new media error',
    'shows when it is touched or scrubbed; memory_failure() signals who has the page mapped (BUS_MCEERR_AO), XFS finds all owners by its reverse map, and one in metadata shuts the filesystem down',
    'is known at once, as after a machine check: the page is unmapped, an event names its one owner, and SIGBUS comes with the next touch; one in metadata does nothing',
    [s27, 'S27 a poisoned page is unmapped everywhere'],
    [s27, 'S27 metadata can be poisoned'],
  ],
  [
    'Zeroing a part of a poisoned page',
    'EIO. XFS has freed the whole pages of a punch by then, and refuses to grow the file over a bad EOF block; ext4 frees nothing, and on 6.12 ignores the error where truncate, allocate and write grow the file (measured)',
    'goes through and repairs nothing',
    [s27, 'S27 zeroing a part of it goes through'],
  ],
  [
    'A read over an extent, and then one with a poisoned page',
    'is short: EIO only within one extent (measured)',
    'is EIO as a whole',
    [s27, 'S27 a poisoned page is unmapped everywhere'],
  ],
  [
    'The list of bad blocks',
    '512 ranges',
    '262,144 blocks of 512 bytes, then ENOSPC (PO6)',
    [bounds, 'PO6 the list of bad blocks is bounded'],
  ],
];

export const differs: Record<string, Difference[]> = {
  'Waiting and waking': waiting,
  Pinning: pinning,
  'Mappings and faults': faults,
  'Blocks, sizes, names': blocks,
  'The device': device,
};

/** Named in the notes on Linux, and left out. */
export const missing = [
  'virtiofs: its window of 2 MiB is what `breakScope: range` stands for (S30), and there is no host behind it.',
  'Pages of 1 GiB; device-dax, sector and raw namespaces; labels, regions, BTT.',
  'ndctl, daxctl and sysfs: `badblocks` is a view with the same numbers.',
  'FUSE, process_vm_readv, perf and AF_XDP as users of pins: a pin is a pin.',
  'swap files, immutable and append-only files, links, xattrs, permissions.',
  'The page cache, and with it O_DIRECT as a choice, delayed allocation and writeback.',
];
