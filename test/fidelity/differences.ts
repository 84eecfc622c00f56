// The differences from Linux that docs/fidelity.md lists: what Linux does, what Pinhole does and
// why, and the tests that check it.

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
  [
    'mmap_lock',
    'faults and munmap of one process contend for it',
    'not simulated: each mapping is independent',
  ],
  [
    'inode_dio_wait',
    'a truncate waits for direct I/O on the file itself',
    'not simulated: an I/O is only a pin of its buffer',
  ],
  [
    'Freeze protection, journal lock',
    'between the locks of the file',
    'not simulated, because they do not affect pins',
  ],
  [
    'The scan for busy pages',
    'walks mapping entries, waits for locked ones, yields to the scheduler',
    'walks the blocks of the file in one step. No entry can be locked then, because the ' +
      'holder of an entry lock also holds invalidate_lock shared',
  ],
  [
    'A strategy that never waits, over an entry of 2 MiB',
    'does not exist: an entry is deleted only when all of it is idle',
    'deletes the entry although another of its pages is pinned and stays in the file. The ' +
      'scan therefore looks at blocks, so that the next strategy finds that pin',
    [s17, 'S17 a pin on a page that stays is found by the next strategy'],
  ],
  [
    'The second file of an exchange is busy',
    'the call loops on a processor in state R, and no signal ends it',
    'the call scans again with each command and timer of the filesystem and counts retries; ' +
      'with nowait or failOnDeadlock it fails instead',
    [s31, 'S31 second %s'],
    [s31, 'S31 a spinning call is in state R'],
  ],
  [
    'An exchange under wait-for-refs',
    'does not exist',
    'sleeps on a page of either file with the locks that it has by then: up to i_rwsem and ' +
      'invalidate_lock of both, because this strategy waits with its locks held',
    [s31, 'S31 second %s'],
  ],
  [
    'Signals',
    'signals with a handler, with SA_RESTART, and fatal signals',
    'cancel is a signal with a handler, cancel with restart one with SA_RESTART. There are no ' +
      'fatal signals, so get_user_pages is never EINTR',
    ['scenarios/s08-victims.test.ts', 'S10 %s with SA_RESTART'],
  ],
  [
    'A signal to a call in state D',
    'stays pending, and the next interruptible wait of the call ends with EINTR at once ' +
      '(measured by npm run oracle)',
    'cancel is EBUSY (CN1), and nothing stays pending',
    ['scenarios/s08-victims.test.ts', 'S10 %s with SA_RESTART'],
  ],
  [
    'Who gets a free rwsem',
    'a task that runs can take it before the woken waiter does: a call that restarts after a ' +
      'signal often keeps its turn (measured by npm run oracle)',
    'a release hands it over, and a call that restarts queues at the end (SL4, SL8)',
    ['kernel/sched/rwsem.test.ts', 'SL8 no new task overtakes a queued one'],
  ],
  [
    'The end of a process',
    'closes files, unmaps and unpins',
    'an owner is only a name: mappings and pins end by munmap, unpin, holdMs, umount with ' +
      'force or a power cycle',
  ],
  [
    'Who waits for whom',
    'is not recorded',
    'an owner is one thread. Cycles are detected and reported; EDEADLK, nowait and timeoutMs ' +
      'exist only here',
    ['scenarios/s08-victims.test.ts', 'S09 deadlock over i_rwsem'],
  ],
  [
    'Hung tasks',
    'messages in the log after 120 s',
    'a view for any number of seconds, which also names the pins that cause the wait',
    ['fidelity/blocking-matrix.test.ts', 'SL6 %s: the victims in state D'],
  ],
  [
    'wchan, stack',
    'the only place where the waiting call is visible',
    'step, sleepingOn and blockedBy of the operation',
  ],
  [
    'busy-extents, wait-for-refs, detach-and-wait, refuse',
    'were proposed in 2017 and not merged',
    'follow the mails of that discussion; docs/spec.md decides what they leave open',
    ['scenarios/s01-deadlock.test.ts', 'S01 wait-for-refs: a deadlock, and it is named'],
  ],
  [
    'Busy extents',
    'a tree, a lock and a generation for each allocation group; discards; entries leave with ' +
      'the checkpoint of the log',
    'one list and one generation, no discards; entries leave with the commit, or with the last put',
    ['scenarios/s29-last-put.test.ts', 'S29'],
  ],
  [
    'umount under busy-extents and detach-and-wait',
    'does not exist (XFS waits for its busy extents)',
    'EBUSY while busy or detached blocks exist',
    ['scenarios/s11-eviction.test.ts', 'S16 EBUSY with pins'],
  ],
];

const pinning: Difference[] = [
  [
    'get_user_pages of 0 pages',
    '0',
    'EINVAL: an empty pin would have no id to return',
    [errnos, 'BR5 what the wire cannot carry'],
  ],
  [
    'GUP-fast',
    'walks page tables without a lock, checks again, and falls back to the slow path',
    'one path, one page in one step: nothing can happen between the check and the reference',
    ['scenarios/s01-deadlock.test.ts', 'S01 stepped %s'],
  ],
  [
    'FOLL_GET and FOLL_PIN',
    'add 1 and 1,024; nr_foll_pin_acquired does not count vmsplice, and each processor ' +
      'updates it late',
    'every pin adds 1 and is in pinsAcquired at once',
  ],
  [
    'Which users take long-term pins',
    'RDMA, vfio, v4l2 and registered io_uring buffers always; direct I/O and vmsplice never',
    'the same by default; longterm can be true or false with any kind, to play what Linux ' +
      'does not do',
    ['kernel/ops/gup.test.ts', 'GP2 the kind decides FOLL_LONGTERM'],
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
    'from 6.15 on one folio, busy as a whole (from the source); before, each page separately',
    'each page separately; with folioGranularity, on either kernel, as a whole (FG1)',
    [s17, 'S17 $column, busy by $name'],
  ],
  [
    'A write fault into 2 MiB of hole or unwritten blocks',
    'allocates all 512 blocks and maps 2 MiB (measured)',
    'allocates and maps 4 KiB, as everywhere else',
    [pmd, 'FT6 an unwritten extent: the zero page for a read, 4 KiB for a write'],
  ],
  [
    'A fault of 4 KiB beside one of 2 MiB that has locked its entry and not stored it yet',
    'waits for the lock of the 2 MiB entry (from the source, not measured)',
    'does not wait; the 2 MiB fault finds the 4 KiB entry and falls back. Only single steps ' +
      'can show the difference',
    [pmd, 'FT7 a fault of 4 KiB does not wait for one of 2 MiB'],
  ],
  [
    'The address of a mapping',
    'decides the fault size together with the offset',
    'does not exist; faults act as if it were congruent to the offset',
    [pmd, 'FT6 the offset of the mapping need not be aligned'],
  ],
  [
    'munmap, mprotect, mremap of a part',
    'split a mapping, and a 2 MiB entry with it',
    'munmap removes the whole mapping; mprotect and mremap do not exist',
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
    'accepted for a shared mapping and ignored for a private one; it has no effect, because ' +
      'transactions commit at once',
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
    'a write may convert up to 8 unwritten neighbours, depending on their physical placement',
    'off by default, as with extent_max_zeroout_kb=0, which the recordings used; ' +
      'extentMaxZerooutKb of mkfs turns it on (ZO2)',
    ['kernel/fs/zero-out.test.ts', 'ZO2 off by default'],
  ],
  [
    'Length of an extent',
    'XFS 2^21-1 blocks, ext4 32,768 (not measured)',
    'no limit. It could be visible only in st_blocks of very large files, and in zero-out, ' +
      'which merges blocks into a written neighbour that would be full on Linux',
  ],
  [
    'Metadata blocks of the extent map',
    'taken from free space; on ext4 a leaf block sometimes stays when its extents are removed',
    'counted in st_blocks, not taken from free space, and removed with the extents',
    ['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP'],
  ],
  [
    'Where blocks are placed',
    'allocation groups, buddy bitmaps, locality',
    'the next free block after the previous one, aligned to 2 MiB if the range is. Physical ' +
      'addresses and the order of reuse differ; offsets and states do not. On fewer than 1,000 ' +
      'of the 12,000 lines st_blocks differs by that one leaf block',
    ['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP'],
  ],
  [
    'reflink, dedupe',
    'break both layouts and share blocks',
    'not simulated. exchange-range takes the same locks in the same order (S31), and each ' +
      'block keeps one owner. UNSHARE therefore only preallocates',
    [s31, 'S31 no pins'],
  ],
  [
    'XFS_IOC_EXCHANGE_RANGE',
    'TO_EOF, DRY_RUN, FILE1_WRITTEN, DSYNC, and XFS_IOC_COMMIT_RANGE; the i_rwsems by address',
    'none of the flags; both kinds of locks by inode number',
    [s31, 'XR1 $what is $rule, after the wait'],
  ],
  [
    'Sizes and offsets',
    'up to 2^63-1 on XFS',
    'up to 2^53-1, the largest number that JSON carries exactly; ext4 has 2^44-4096',
    [space, 'RG2 $kind $kernel: $bytesMax bytes, and not one more'],
  ],
  [
    'File names',
    '1 to 255 bytes, any but / and NUL',
    '1 to 255 characters that need no escaping in a URL: letters, digits, dot, dash, ' +
      'underscore, tilde',
    ['http/names.test.ts', 'cannot be called what a URL cannot say, nor more than 255 characters'],
  ],
  [
    'Extents, pages and bytes of one call, private copies, operations',
    'limited by memory',
    'limited by settings: EAGAIN, EFBIG, EINVAL, ENOMEM, SIGBUS with rules LM1 to LM7; fiemap ' +
      'returns 10,000 extents',
    [bounds, 'LM1 a full table of operations'],
  ],
  [
    'statfs',
    'also f_type, f_bsize, f_files, f_ffree, f_namelen; XFS cleans up inodes first',
    'f_blocks, f_bfree, f_bavail; inodes take no space, so their number is not limited by it',
    [space, 'UM1 the native figures'],
  ],
  [
    'f_bavail on ext4',
    'subtracts the reserve of root, and 2 % (4,096 blocks at most) that ext4 reserves for itself',
    'subtracts the reserve of root, 5 % as mke2fs sets it; every caller is root (SF1)',
    [space, 'SF1 $kind: f_bavail'],
  ],
  [
    'st_blocks, quota',
    'quota by user and project',
    'quotas by tenant. The entry that allocates charges blocks, and the entry that frees ' +
      'returns them. Two filesystems that run in the same turn can exceed the quota together',
  ],
  [
    'Times',
    'mtime, ctime, atime; a store moves them with its write fault, DMA never',
    'one modification time and one ETag, which change with every store and with DMA into the file',
  ],
  [
    'Descriptors, directories',
    'many',
    'one flat directory without a lock, and no descriptors. The last reference is a name, a ' +
      'mapping or a running call. A rename or unlink in state D does not block other names; in ' +
      'Linux it holds the lock of its directory (measured by npm run oracle)',
    ['scenarios/s11-eviction.test.ts', 'S12 a permanent hang under modern'],
  ],
  [
    'btrfs',
    'has no COLLAPSE, INSERT and UNSHARE (not measured)',
    'supports every mode, because it serves as an example of a kind without DAX',
    ['kernel/ops/block-rules.test.ts', 'ST2 %s has no busy list'],
  ],
  [
    'ext2',
    'no journal: a power cut needs fsck; FIEMAP ends extents at indirect blocks, which are ' +
      'taken from free space',
    'recovers like the other kinds; joins extents; indirect blocks are counted only in st_blocks',
    ['fidelity/ext2.test.ts', '$what'],
  ],
];

const device: Difference[] = [
  [
    'Stores',
    'the cache, CLWB, a fence, the queue of the memory controller, the medium',
    'a line of 64 bytes is dirty or on the medium. clwb is CLWB with its fence; write, ' +
      'zeroing and DMA bypass the cache',
    [s25, 'S25 sync, write and DMA go to the medium'],
  ],
  [
    'fsync after a layout change',
    'finds dirty data by the tags of mapping entries, which from 6.15 on are removed with the ' +
      'layout (from the source, not measured)',
    'finds dirty data by cache line: msync flushes every dirty line of the range',
    [s25, 'S25 msync flushes the pages of the file'],
  ],
  [
    'What a crash leaves of the last calls',
    'the calls that the journal had committed',
    'all calls that were answered, which is one of the possible outcomes on Linux',
    [s25, 'S25 detach-and-wait: between detach and free'],
  ],
  [
    'A new media error',
    'is found by an access or by scrubbing. memory_failure() signals the processes that map ' +
      'the page (BUS_MCEERR_AO), XFS finds all owners with its reverse map, and an error in ' +
      'metadata shuts the filesystem down',
    'is known at once, as after a machine check. The page is unmapped, an event names its one ' +
      'owner, and the next access is SIGBUS. An error in metadata has no effect',
    [s27, 'S27 a poisoned page is unmapped everywhere'],
    [s27, 'S27 metadata can be poisoned'],
  ],
  [
    'Zeroing a part of a poisoned page',
    'EIO. XFS has already freed the whole pages of a punch, and does not grow a file over a ' +
      'bad last block. ext4 frees nothing, and on 6.12 ignores the error when truncate, ' +
      'allocate and write make the file longer (measured)',
    'succeeds and repairs nothing',
    [s27, 'S27 zeroing a part of it goes through'],
  ],
  [
    'A read of a good extent followed by one with a poisoned page',
    'is short; EIO only if both are in one extent (measured)',
    'is EIO',
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

/** Parts of Linux that are not simulated. */
export const missing = [
  'virtiofs. `breakScope: range` stands for its window of 2 MiB (S30); there is no host.',
  'Pages of 1 GiB; device-dax, sector and raw namespaces; labels, regions, BTT.',
  'ndctl, daxctl and sysfs: `badblocks` is a view with the same numbers.',
  'FUSE, process_vm_readv, perf and AF_XDP as users of pins; all pins are alike.',
  'swap files, immutable and append-only files, links, xattrs, permissions.',
  'The page cache, and with it O_DIRECT as a choice, delayed allocation and writeback.',
];
