// Generates docs/fidelity.md from the tables that the tests run and from the two lists below.
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
    what:
      'Errno, size, content, extents and st_blocks after each of 12,000 recorded operations, ' +
      'over HTTP: four logs, XFS and ext4, 6.12 and 7.3',
    shown: [['fidelity/oplogs-http.test.ts', 'BR1 the recorded logs over HTTP']],
  },
  {
    what:
      'The same logs with pages pinned at random, under each of the six strategies: 72,000 ' +
      'lines with the same errnos, sizes, extents and content',
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
    what:
      'A signal to the waiting call gives EINTR and no change; with SA_RESTART the call waits ' +
      'again; a signal has no effect in state D',
    shown: [
      ['fidelity/blocking-matrix.test.ts', 'SL3 %s: a signal is EINTR'],
      ['scenarios/s08-victims.test.ts', 'S10 %s with SA_RESTART: keeps waiting'],
    ],
  },
  {
    what:
      'A page is faulted back in during the wait: on 6.12 the wait ends with the unpin, on 7.3 ' +
      'only with munmap',
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
    what:
      'Eviction under a pin: 6.12 frees the block with a warning, and the old pin can read the ' +
      'next owner of the block; 7.3 hangs uninterruptibly, and umount is EBUSY',
    shown: [
      ['fidelity/eviction-leak.test.ts', 'on 6.12: freed under the pin'],
      ['fidelity/eviction-leak.test.ts', 'on 7.3: it hangs'],
      ['scenarios/s11-eviction.test.ts', 'S12 a permanent hang under modern'],
    ],
  },
  {
    what:
      'The hung-task detector reports the tasks that queue behind the waiting call, never that ' +
      'call itself; 7.3 also reports the owner of the rw-semaphore',
    shown: [
      ['fidelity/blocking-matrix.test.ts', 'SL6 %s: the victims in state D, never the waiter'],
    ],
  },
  {
    what:
      'The errno of each borderline call; the checks of the VFS come before the wait, those of ' +
      'the filesystem after it',
    shown: [
      ['fidelity/errno-matrix.test.ts', 'BR5 fallocate'],
      ['scenarios/s32-errors-after-the-wait.test.ts', 'S32 wrong in the eyes of the filesystem'],
    ],
  },
  {
    what: 'The order of the checks of get_user_pages, and how many pages it returns',
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
    what:
      'Out of space. ext4: a write is short; preallocation and zero-range keep the blocks that ' +
      'they got. XFS: reserves blocks for a hole, for the rest of a write that makes the file ' +
      'longer, and for a whole range; zero-range loses its content',
    shown: [
      ['fidelity/space-and-limits.test.ts', 'AL4 a write over blocks and two holes that $what'],
      ['fidelity/space-and-limits.test.ts', 'AL1 preallocation over blocks that are there'],
      ['fidelity/space-and-limits.test.ts', 'AL5 zero-range without room'],
    ],
  },
  {
    what:
      '6.12 finds no pin in a file without a mapping, and frees and moves blocks under the pin. ' +
      'With any mapping, even a private one, it waits; 7.3 always waits',
    shown: [
      ['fidelity/unmapped.test.ts', 'waits while any other mapping is there'],
      ['fidelity/unmapped.test.ts', 'two pins, asleep on page 0'],
    ],
  },
  {
    what:
      'rename waits in state D. A rename over an existing name evicts that file: 7.3 waits for ' +
      'its pins, 6.12 frees blocks under them',
    shown: [
      ['kernel/ops/rename.test.ts', 'it is in state D behind the truncate'],
      ['kernel/ops/rename.test.ts', 'over a file with a pinned page that nobody maps'],
    ],
  },
  {
    what:
      'Bytes that a mapping stored beyond the end of the file are zeroed when the file grows, ' +
      'except by a write on ext4 on 6.12. Bytes beyond such a write stay',
    shown: [['fidelity/huge-again.test.ts', 'a write beyond: read back on ext4 of 6.12 alone']],
  },
  {
    what: 'msync: EINVAL, ENOMEM, 0. CLWB faults like a load (according to the processor manual)',
    shown: [
      ['kernel/ops/clwb.test.ts', '$what: $is'],
      ['kernel/ops/clwb.test.ts', 'after $what'],
    ],
  },
  {
    what:
      'ext2 on 6.12, according to its file_operations and inode_operations (from the source, ' +
      'because Debian does not build ext2)',
    shown: [
      ['fidelity/ext2.test.ts', 'a %s fault in 2 MiB of blocks is 4 KiB'],
      ['fidelity/ext2.test.ts', 'truncate reaches it and not a byte more'],
    ],
  },
  {
    what:
      'The whole range is scanned again after each wake-up. No wake-up is lost. If pages are ' +
      'released from the last to the first, there is one wake-up',
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
    what:
      'The size of a fault, 2 MiB or 4 KiB, by the rules of fs/dax.c; which entries are joined, ' +
      'split or removed as a whole; when 2 MiB are possible again after 4 KiB',
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
    what:
      'Exchange of two files: the order of locks and checks, the wait for the first file, the ' +
      'retry for the second (measured); the errnos (from the source)',
    shown: [
      ['scenarios/s31-two-inodes.test.ts', 'S31 first %s'],
      ['scenarios/s31-two-inodes.test.ts', 'S31 second %s'],
      ['scenarios/s31-two-inodes.test.ts', 'XR1 $what is $rule, after the wait'],
    ],
  },
  {
    what: 'Zero-out on ext4 if it is enabled (from the source; the recordings were made without it)',
    shown: [['kernel/fs/zero-out.test.ts', 'ZO2 $what']],
  },
  {
    what:
      'Poison: SIGBUS, EFAULT, EIO, what a write repairs and where it ends (EHWPOISON from the ' +
      'source)',
    shown: [
      ['scenarios/s27-poison.test.ts', 'S27 a poisoned page is unmapped'],
      ['scenarios/s27-poison.test.ts', 'S27 PO3 a write of $what'],
    ],
  },
  {
    what: 'A power failure during the wait leaves the old state',
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
    `# Comparison with Linux

Pinhole is compared with Linux 6.12.111 and 7.3.4, with XFS and ext4 mounted \`dax=always\` on an emulated pmem device.

- The first table lists what is the same, with the tests that show it.
- The second group of tables lists what differs.
- The remaining tables are those that the tests run, cell by cell.

"From the source" means that nobody measured it: it is what the source of 7.3 says.
\`npx vitest run test/fidelity/document.test.ts -u\` writes this page.`,
    `## The same\n\n${table(
      ['what', 'shown by'],
      same.map(({ what, shown }) => [what, links(shown)]),
    )}`,
    `## Different

These differences are deliberate, or not built yet. The last column names the tests that check what Pinhole does.`,
    ...Object.entries(differs).map(
      ([title, rows]) =>
        `### ${title}\n\n${table(
          ['what', 'Linux', 'here', 'shown by'],
          rows.map(([what, linux, here, ...shown]) => [what, linux, here, links(shown)]),
        )}`,
    ),
    `### Not simulated\n\n${missing.map((one) => `- ${one}`).join('\n')}`,
    `## Calls during a truncate or punch hole that sleeps on a pin

\`D\` means: sleeps on i_rwsem, uninterruptibly. The truncate or punch hole itself sleeps in state S. rename and unlink
sleep in state D, too.\n\n${table(['call', 'here', ...boxes], beside.map(besideRow))}`,
    `## With a page pinned somewhere in the file

All of this was measured through a mapping. On 6.12 no call waits for a pin in a file without a
mapping.\n\n${table(['call', ...boxes], waits.map(waitsRow))}`,
    `## Errnos

The errnos are the same on 6.12 and 7.3. The file has 8 pages, the device 64 blocks. Cells that were not measured (poison, two errors in one
call) follow the order of checks in the source.`,
    errnos('fallocate', fallocate),
    errnos('ftruncate, pwrite, lseek, FIEMAP', truncateAndSeek),
    errnos(
      'XFS_IOC_EXCHANGE_RANGE (from the source; ext4 was measured and gives ENOTTY, because ' +
        'it does not know the ioctl)',
      exchange,
    ),
    errnos('get_user_pages', gup),
    errnos('Loads, stores, reads and writes', touches),
    `### Calls that HTTP cannot express

The last column shows the answer of Pinhole: \`status errno rule\`.\n\n${table(
      ['call', 'Linux', 'here'],
      unsaid.map(({ call, linux, here }) => [call, linux, here]),
    )}`,
  ];
  return `${parts.join('\n\n')}\n`;
}
