// docs/fidelity.md, made from the tables that the tests run and from the two lists below.
import { type Beside, beside, boxes, type Cells, type Waits, waits } from './blocking-table.ts';
import { differs, missing } from './differences.ts';
import { exchange, fallocate, gup, type Row, touches, truncateAndSeek } from './errno-table.ts';
import { unsaid } from './wire-table.ts';

/** Files below test/, and a part of the title of a test in each. */
export type Shown = [file: string, title: string][];

interface Same {
  what: string;
  shown: Shown;
}

export const same: Same[] = [
  {
    what: 'Errno, size, content, extents and st_blocks after each of 12,000 recorded operations, over HTTP: four logs, XFS and ext4, 6.12 and 7.3',
    shown: [['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP']],
  },
  {
    what: 'The same logs with pages pinned at random, under each of the six strategies: 72,000 lines with the same errnos, sizes, extents and content',
    shown: [['fidelity/oplogs-strategies.test.ts', '$kind, seed $seed, on $kernel, with pins']],
  },
  {
    what: 'What each operation does to blocks and size, rule by rule',
    shown: [['kernel/ops/block-rules.test.ts', 'BR2 $rule']],
  },
  {
    what: 'Who runs and who blocks, in state D, beside a call that waits',
    shown: [['fidelity/blocking-matrix.test.ts', 'SL6 beside a %s']],
  },
  {
    what: 'Which calls wait for a pin anywhere in the file',
    shown: [['fidelity/blocking-matrix.test.ts', 'LC1 with a page pinned']],
  },
  {
    what: 'Nothing of the file or of statfs changes before the wait is over',
    shown: [['fidelity/blocking-matrix.test.ts', 'LC4 %s: st_size, st_blocks and statfs']],
  },
  {
    what: 'A signal to the waiter is EINTR and nothing has changed, SA_RESTART waits on; nothing reaches state D',
    shown: [
      ['fidelity/blocking-matrix.test.ts', 'SL3 %s: a signal is EINTR'],
      ['scenarios/s08-victims.test.ts', 'S10 %s with SA_RESTART: keeps waiting'],
    ],
  },
  {
    what: 'A page faulted back in during the wait: 6.12 ends with the unpin, 7.3 sleeps on until munmap',
    shown: [
      ['fidelity/blocking-matrix.test.ts', 'ST6 %s: 6.12 ends with the unpin'],
      ['scenarios/s03-pins.test.ts', 'S06 modern hangs until munmap'],
    ],
  },
  {
    what: 'Starvation by pins that overlap in time',
    shown: [['scenarios/s03-pins.test.ts', 'S07 starves D']],
  },
  {
    what: 'Eviction under a pin: 6.12 frees the block with a warning, and the next owner of it is read through the old pin; 7.3 hangs, deaf to signals, and umount is EBUSY',
    shown: [
      ['fidelity/eviction-leak.test.ts', 'on 6.12: freed under the pin'],
      ['fidelity/eviction-leak.test.ts', 'on 7.3: it hangs'],
      ['scenarios/s11-eviction.test.ts', 'S12 a permanent hang under modern'],
    ],
  },
  {
    what: 'The hung-task detector names the victims and never the waiter; 7.3 adds who owns the rw-semaphore',
    shown: [
      ['fidelity/blocking-matrix.test.ts', 'SL6 %s: the victims in state D, never the waiter'],
    ],
  },
  {
    what: 'The errno of each borderline call; VFS checks before the wait, those of the filesystem after it',
    shown: [
      ['fidelity/errno-matrix.test.ts', 'BR5 fallocate'],
      ['scenarios/s32-errors-after-the-wait.test.ts', 'S32 wrong in the eyes of the filesystem'],
    ],
  },
  {
    what: 'The order in which get_user_pages looks, and how many pages it gives',
    shown: [
      ['fidelity/errno-matrix.test.ts', 'BR5 get_user_pages'],
      ['kernel/ops/gup.test.ts', 'GP6 as many pages as can be had'],
    ],
  },
  {
    what: 'FOLL_LONGTERM is EOPNOTSUPP before any page is touched',
    shown: [['scenarios/s11-eviction.test.ts', 'S14 refused before any page']],
  },
  {
    what: 'A device that fills up halfway, the largest file, MAP_SYNC on a private mapping, statfs',
    shown: [
      ['fidelity/space-and-limits.test.ts', 'AL3 preallocation: ext4 keeps what fits'],
      ['fidelity/space-and-limits.test.ts', 'the largest file'],
      ['fidelity/space-and-limits.test.ts', 'MM2 MAP_SYNC is ignored'],
      ['fidelity/space-and-limits.test.ts', 'UM1 the native figures'],
    ],
  },
  {
    what: 'Out of space, ext4: a short write, preallocation and zero-range keep what they got; XFS: reserves for a hole, for the rest of a write that grows the file, for a whole range, and zero-range loses its content',
    shown: [
      ['fidelity/space-and-limits.test.ts', 'AL4 a write over blocks and two holes that $what'],
      ['fidelity/space-and-limits.test.ts', 'AL1 preallocation over blocks that are there'],
      ['fidelity/space-and-limits.test.ts', 'AL5 zero-range without room'],
    ],
  },
  {
    what: '6.12 sees no pin in a file that nobody has mapped: blocks are freed and moved under it; with any mapping, a private one too, and on 7.3 it waits',
    shown: [
      ['fidelity/unmapped.test.ts', 'waits while any other mapping is there'],
      ['fidelity/unmapped.test.ts', 'two pins, asleep on page 0'],
    ],
  },
  {
    what: 'rename waits in state D; over a name that is taken it evicts: 7.3 waits for the pin, 6.12 frees under it',
    shown: [
      ['kernel/ops/rename.test.ts', 'it is in state D behind the truncate'],
      ['kernel/ops/rename.test.ts', 'over a file with a pinned page that nobody maps'],
    ],
  },
  {
    what: 'What a mapping stored behind EOF: zeroed as the file grows, but by a write on ext4 of 6.12; behind the write it stays',
    shown: [['fidelity/huge-again.test.ts', 'a write beyond: read back on ext4 of 6.12 alone']],
  },
  {
    what: 'msync: EINVAL, ENOMEM, 0; CLWB faults as a load does (by the manual of the processor)',
    shown: [
      ['kernel/ops/clwb.test.ts', '$what: $is'],
      ['kernel/ops/clwb.test.ts', 'after $what'],
    ],
  },
  {
    what: 'ext2 on 6.12 by its file_operations and inode_operations (by the source: Debian builds no ext2)',
    shown: [
      ['fidelity/ext2.test.ts', 'a %s fault in 2 MiB of blocks is 4 KiB'],
      ['fidelity/ext2.test.ts', 'truncate reaches it and not a byte more'],
    ],
  },
  {
    what: 'The whole range is looked at again after each wake-up; no wake-up is lost; pages let go from the last to the first cost one wake-up',
    shown: [
      ['scenarios/s18-close-race.test.ts', 'S18 page 0 is let go after the scan'],
      ['scenarios/s18-close-race.test.ts', 'S24 a wake-up between any two steps is not lost'],
      ['scenarios/s19-release-order.test.ts', 'S19 $column: $order, $wakeups wake-ups'],
    ],
  },
  {
    what: 'The hashed waitqueues: 256 buckets, keyed, the hash of wait_bit.c',
    shown: [
      ['kernel/sched/hash.test.ts', 'waitqueue hash'],
      ['scenarios/s23-one-bucket.test.ts', 'S23 keyed'],
    ],
  },
  {
    what: 'Private copies survive',
    shown: [['scenarios/s28-private-copies.test.ts', 'S28 %s: a page that was copied survives']],
  },
  {
    what: 'The size of a fault: 2 MiB or 4 KiB by the rules of fs/dax.c; what joins, what splits, what goes as a whole; when 2 MiB are possible again after 4 KiB',
    shown: [
      ['kernel/fs/dax-pmd.test.ts', 'FT6 2 MiB where everything fits'],
      ['kernel/fs/dax-pmd.test.ts', 'FT7 a real one is never split'],
      ['fidelity/huge-again.test.ts', 'the mapping that had 4 KiB pages never goes up, on either'],
      ['fidelity/huge-again.test.ts', '%s: a new mapping gets'],
      ['scenarios/s17-huge-page.test.ts', 'busy by $name: the punch beside the pin'],
      ['model/huge.test.ts', 'FT6 laws and content with 2 MiB pages'],
    ],
  },
  {
    what: 'Exchange of two files: the order of locks and of checks, the wait for the first, starting over for the second (measured); the errnos (by the source)',
    shown: [
      ['scenarios/s31-two-inodes.test.ts', 'S31 first %s'],
      ['scenarios/s31-two-inodes.test.ts', 'S31 second %s'],
      ['scenarios/s31-two-inodes.test.ts', 'XR1 $what is $rule, after the wait'],
    ],
  },
  {
    what: 'Zero-out on ext4, where it is asked for (by the source; the recordings were made without it)',
    shown: [['kernel/fs/zero-out.test.ts', 'ZO2 $what']],
  },
  {
    what: 'Poison: SIGBUS, EFAULT, EIO, what a write repairs and where it ends (EHWPOISON by the source)',
    shown: [
      ['scenarios/s27-poison.test.ts', 'S27 a poisoned page is unmapped'],
      ['scenarios/s27-poison.test.ts', 'S27 PO3 a write of $what'],
    ],
  },
  {
    what: 'A power failure in the wait leaves the old state',
    shown: [['scenarios/s25-power-failure.test.ts', 'the old state is fully intact']],
  },
];

const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const links = (shown: Shown): string =>
  shown.map(([file, title]) => `[${file}](../test/${file}): ${title}`).join('<br>');
const cellsOf = <T extends string>(cells: Cells<T>): string[] => boxes.map((box) => cells[box]);
const besideRow = ({ op, here, linux }: Beside): string[] => [op, here ?? '', ...cellsOf(linux)];
const waitsRow = ({ op, linux, ends }: Waits): string[] => [
  op,
  ...boxes.map((box) =>
    [linux[box], ...(ends === undefined || ends[box] === 'done' ? [] : [ends[box]])].join(', '),
  ),
];
const errnoRow = ({ call, xfs, ext4 }: Row): string[] => [call, xfs, ext4 ?? xfs];
const errnos = (title: string, rows: Row[]): string =>
  `### ${title}\n\n${table(['call', 'XFS', 'ext4'], rows.map(errnoRow))}`;

export function fidelityDocument(): string {
  const parts = [
    `# How near to Linux

What is measured against is Linux 6.12.111 and 7.3.4 with XFS and ext4 mounted \`dax=always\` on an emulated pmem device. A row of the first
table names the tests that show it; the tables after the second are the ones that tests run, cell by cell. What Linux does by its
source, and nobody measured, says so: that is what the project's notes on the source of 7.3 say, and no kernel was run for it. \`npx vitest run test/fidelity/document.test.ts -u\` writes this page.`,
    `## The same\n\n${table(
      ['what', 'shown by'],
      same.map(({ what, shown }) => [what, links(shown)]),
    )}`,
    `## Different

Each on purpose, or for want of what it would take; where a test holds what is here, it is named.`,
    ...Object.entries(differs).map(
      ([title, rows]) =>
        `### ${title}\n\n${table(
          ['what', 'Linux', 'here', 'shown by'],
          rows.map(([what, linux, here, ...shown]) => [what, linux, here, links(shown)]),
        )}`,
    ),
    `### Not there at all\n\n${missing.map((one) => `- ${one}`).join('\n')}`,
    `## Beside a truncate or a punch hole that sleeps on a pin

\`D\` is asleep on i_rwsem, uninterruptible. The waiter itself is in state S. rename and unlink are in state D, too.\n\n${table(['call', 'here', ...boxes], beside.map(besideRow))}`,
    `## With a page pinned somewhere in the file

Measured, as all of it, through a mapping: on 6.12 a pin in a file that nobody has mapped makes no call wait (below).\n\n${table(['call', ...boxes], waits.map(waitsRow))}`,
    `## Errnos

The same on 6.12 and 7.3. The file has 8 pages, the device 64 blocks. Where the measured matrix has no row (poison, two errors in one
call), a cell follows the order of checks in the source.`,
    errnos('fallocate', fallocate),
    errnos('ftruncate, pwrite, lseek, FIEMAP', truncateAndSeek),
    errnos(
      'XFS_IOC_EXCHANGE_RANGE (by the source; ext4 was measured and says ENOTTY, an ioctl that it does not know)',
      exchange,
    ),
    errnos('get_user_pages', gup),
    errnos('Loads, stores, reads and writes', touches),
    `### What the wire cannot carry

\`status errno rule\` is what comes back instead.\n\n${table(
      ['call', 'Linux', 'here'],
      unsaid.map(({ call, linux, here }) => [call, linux, here]),
    )}`,
  ];
  return `${parts.join('\n\n')}\n`;
}
