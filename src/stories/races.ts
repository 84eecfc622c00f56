// S18 to S24: finer races.
import {
  allocate,
  by,
  collapse,
  create,
  map,
  page,
  pin,
  release,
  type Story,
  thread,
  threePages,
  truncate,
  write,
} from './story.ts';

const filesystem = {};
const pinned = (...pages: number[]) => [...threePages, ...pages.map((at) => by('P', pin(at)))];

export const races: readonly Story[] = [
  {
    id: 'S18',
    title: 'The close race',
    text:
      'P has pinned pages 0 and 2. T finds page 0 busy. Before T looks again, P releases page ' +
      '0. A loop that takes “I did not have to sleep” for “nothing is busy” would now free page ' +
      '2 under its pin, as ext4 did for some weeks in 2018. T has to scan again from the start.',
    questions: [
      'What does T know after page 0 has become idle?',
      'Why is a fresh scan needed even if T never slept?',
    ],
    filesystem,
    setup: pinned(0, 2),
    threads: [thread('T', truncate(0)), thread('P', release(1), release(2))],
  },
  {
    id: 'S19',
    title: 'The order of release',
    text:
      'All three pages are pinned, and P releases them from the first to the last. T waits for ' +
      'the first busy page that it finds. With this order it is woken by each release and scans ' +
      'again each time. With the other order one wake-up is enough.',
    questions: [
      'How many wake-ups does T get with each order?',
      'Does busy-extents free the blocks one by one?',
    ],
    filesystem,
    setup: pinned(0, 1, 2),
    threads: [thread('T', truncate(0)), thread('P', release(1), release(2), release(3))],
  },
  {
    id: 'S20',
    title: 'A truncate that frees nothing',
    text:
      'Page 1 is pinned. T sets the file to the size that it has, and then makes it longer. No ' +
      'block leaves the file, so nobody would have to wait. break-layouts waits all the same, ' +
      'because Linux breaks the layout before it looks at the sizes.',
    questions: ['Which check comes first on Linux?', 'Who could be hurt if T did not wait here?'],
    filesystem,
    setup: pinned(1),
    threads: [thread('T', truncate(3 * page), truncate(5 * page)), thread('P', release(1))],
  },
  {
    id: 'S21',
    title: 'Preallocation',
    text:
      'Page 1 is pinned, and T asks for blocks in advance, up to page 4. XFS breaks the layout ' +
      'for that and waits, ext4 does not. Under the other strategies the call returns at once.',
    questions: [
      'Which pages does the call change?',
      'Open the story with kind: ext4. What is different?',
    ],
    filesystem,
    setup: pinned(1),
    threads: [thread('T', allocate(0, 5)), thread('P', release(1))],
  },
  {
    id: 'S22',
    title: 'Collapse under a pin',
    text:
      'T takes page 0 out of the file, and the pages behind it move forward. Page 2 is pinned. ' +
      'If it moved under the pin, the device would write to the right block but at the wrong ' +
      'place of the file. So here even busy-extents has to wait.',
    questions: [
      'Where is page 2 after the collapse?',
      'Why does a busy list not help against a block that moves?',
    ],
    filesystem,
    setup: pinned(2),
    threads: [thread('T', collapse(0, 1)), thread('P', release(1))],
  },
  {
    id: 'S23',
    title: 'Two waiters in one bucket',
    text:
      'T and U wait for pages of two files. The kernel keeps its wait queues in a table, and ' +
      'here both pages fall into the same row. Without keys each release wakes both, and the ' +
      'one whose page is still pinned goes to sleep again.',
    questions: [
      'How does a waiter find out that it was woken for nothing?',
      'Open the story with waitqueue.keyed: true. How many wake-ups are there now?',
    ],
    filesystem: { waitqueue: { buckets: 1, keyed: false } },
    setup: [
      ...threePages,
      create('b'),
      write('b', 'X'),
      map('b', 1),
      by('P', pin(0)),
      by('Q', pin(0, 1, {}, 2)),
    ],
    threads: [
      thread('T', truncate(0)),
      thread('U', truncate(0, 'b')),
      thread('P', release(1)),
      thread('Q', release(2)),
    ],
  },
  {
    id: 'S24',
    title: 'A wake-up between test and sleep',
    text:
      'T sees that page 0 is busy and is about to sleep. Just then P releases the page. If T ' +
      'joined the queue only after the test, nobody would ever wake it. So it joins the queue ' +
      'first, then tests, then sleeps.',
    questions: [
      'Take the steps of T one by one. Where would the release have to fall to be lost?',
      'What does T see when it wants to sleep and was woken already?',
    ],
    filesystem,
    setup: pinned(0),
    threads: [thread('T', truncate(0)), thread('P', release(1))],
  },
];
