// S11 to S17: unlink, space, long-term pins, and pages of 2 MiB.
import {
  allocate,
  by,
  create,
  map,
  munmap,
  pin,
  punch,
  release,
  type Story,
  thread,
  threePages,
  touch,
  truncate,
  unlink,
  unpin,
  write,
} from './story.ts';

const filesystem = {};
/** Page 0 is pinned as pin_1 before the story begins. */
const pinned = [...threePages, by('P', pin(0))];

export const space: readonly Story[] = [
  {
    id: 'S11',
    title: 'Unlink and last close with a pin',
    text:
      'T removes the mapping of a file and then its name, while P has pinned a page for a ' +
      'device. After that nobody can open the file, and its blocks should become free. Linux ' +
      'before 6.15 freed them under the pin, and the device wrote into whatever came next.',
    questions: [
      'Who still refers to the blocks after the unlink?',
      'Which call waits, and can it be killed?',
      'Where would the device write under the classic rule?',
    ],
    filesystem,
    setup: threePages,
    threads: [thread('T', munmap, unlink), thread('P', pin(0), unpin)],
  },
  {
    id: 'S12',
    title: 'Only the waiting process could unpin',
    text:
      'One process pins a page, removes its mapping and the file, and only then wants to ' +
      'release the pin. If the removal waits for the pin, the process waits for itself. It ' +
      'cannot be killed, because the wait takes no signal.',
    questions: [
      'How many tasks are in this deadlock?',
      'Could the kernel know that nobody else can release the pin?',
    ],
    filesystem,
    setup: threePages,
    threads: [thread('P', pin(0), munmap, unlink, unpin)],
  },
  {
    id: 'S13',
    title: 'A block is not reused under its pin',
    text:
      'T truncates a file while P has pinned its first page. W then writes a new file that ' +
      'needs all free blocks. The block under the pin must not be among them, or the device of ' +
      'P writes into the file of W. Only none lets that happen.',
    questions: [
      'Why is it not enough that the page is no longer in the old file?',
      'Which number tells that the block is neither free nor in a file?',
    ],
    filesystem,
    setup: [...pinned, create('b')],
    threads: [
      thread('T', truncate(0)),
      thread('W', write('b', 'NNNNNNNNNNNNN')),
      thread('P', release(1)),
    ],
  },
  {
    id: 'S14',
    title: 'A long-term pin',
    text:
      'P wants to pin a page for as long as it likes, as RDMA does. A truncate could then wait ' +
      'for hours. On DAX files get_user_pages therefore refuses such a pin at once, with ' +
      'EOPNOTSUPP, before it has touched a page.',
    questions: [
      'Why are the pins of a direct-io read harmless and those of RDMA not?',
      'Set the option longterm: allow. What does T wait for now?',
    ],
    filesystem,
    setup: threePages,
    threads: [thread('T', truncate(0)), thread('P', pin(0, 1, { longterm: true }), unpin)],
  },
  {
    id: 'S15',
    title: 'Full, except for space under pins',
    text:
      'The device is full. T truncates the file a, whose pages are pinned, and W wants to write ' +
      'one page to the file b. The blocks of a will be free soon, but not yet. W gets ENOSPC at ' +
      'once instead of waiting for somebody else’s device.',
    questions: [
      'Who owns the blocks of a after the truncate, under each strategy?',
      'Should W wait? For how long?',
    ],
    filesystem,
    setup: [
      create('a'),
      write('a', 'ABC'),
      map('a', 3),
      by('P', pin(0, 3)),
      create('z'),
      write('z', 'ZZZZZZZZZZZ'),
      create('b'),
    ],
    threads: [thread('T', truncate(0)), thread('W', write('b', 'N')), thread('P', release(1))],
  },
  {
    id: 'S16',
    title: 'Unmounting with pins',
    text:
      'U wants to unmount the filesystem, and T truncates a file whose page P has pinned. As ' +
      'long as there is a mapping, a pin, a running call or a block that waits, the answer is ' +
      'EBUSY, and nothing is freed early.',
    questions: [
      'What exactly keeps the filesystem busy after the truncate has returned?',
      'What would force have to do with a call that sleeps?',
    ],
    filesystem,
    setup: pinned,
    threads: [
      thread('T', truncate(0)),
      thread('U', { op: 'umount', on: {}, args: { force: false } }),
      thread('P', release(1)),
    ],
  },
  {
    id: 'S17',
    title: 'A page of 2 MiB',
    text:
      'A file of 2 MiB is mapped by one entry of the page table. P has pinned one page of it, ' +
      'and T punches another. If pins are counted for each 4 KiB page, the two do not touch. ' +
      'Since Linux 6.15 the 2 MiB are one folio, and one pin makes all of it busy.',
    questions: [
      'What is the smallest piece that a pin can hold?',
      'Open the story again with folioGranularity: true. Who waits now?',
    ],
    filesystem: { sizeBytes: 8 * 2 ** 20 },
    setup: [create('a'), allocate(0, 512), map('a', 512), touch(3, 'write'), by('P', pin(3))],
    threads: [thread('T', punch(7, 1)), thread('P', release(1))],
  },
];
