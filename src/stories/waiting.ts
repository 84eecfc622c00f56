// S01 to S10: waiting for a pin.
import {
  loop,
  page,
  pin,
  punch,
  read,
  type Story,
  thread,
  threePages,
  touch,
  truncate,
  unpin,
} from './story.ts';

const filesystem = {};
const setup = threePages;

export const waiting: readonly Story[] = [
  {
    id: 'S01',
    title: 'The deadlock of the mail',
    text:
      'A device driver G wants pages 0 and 1 of a file. It takes them one after the other and ' +
      'releases page 0 only when it has both. Between the two, T punches a hole over both pages. ' +
      'T must not free a block that a device may still write to. Under wait-for-refs T holds the ' +
      'lock invalidate_lock while it waits for page 0. G needs that lock to get page 1. Each ' +
      'waits for the other, and nobody can go on.',
    questions: [
      'G has page 0, and T has both locks. What does G need next, and who holds it?',
      'Which of the two could give way without losing data?',
      'break-layouts drops invalidate_lock before it sleeps. What must T do when it wakes up?',
    ],
    filesystem,
    setup,
    threads: [thread('T', punch(0, 2)), thread('G', pin(0, 2), unpin)],
  },
  {
    id: 'S02',
    title: 'No pins',
    text:
      'Nobody has pinned anything. T punches page 0 and then truncates the file, and U punches ' +
      'page 1. Nobody has to wait for a page, so all strategies do the same. The two only queue ' +
      'for the locks of the file.',
    questions: [
      'Which locks do T and U both need?',
      'Does the order of the two change what is left of the file?',
    ],
    filesystem,
    setup,
    threads: [thread('T', punch(0, 1), truncate(0)), thread('U', punch(1, 1))],
  },
  {
    id: 'S03',
    title: 'A pin inside the range',
    text:
      'P pins page 0 for a device and releases it later. T truncates the file to nothing. The ' +
      'block of page 0 must not be given to anybody else before the device is done. The ' +
      'strategies differ in who waits: T itself, or only the block.',
    questions: [
      'When does T return under each strategy?',
      'What size does another process see while the pin is held?',
      'Who frees the block if T does not wait?',
    ],
    filesystem,
    setup,
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin)],
  },
  {
    id: 'S04',
    title: 'A pin outside the range',
    text:
      'P has pinned page 0, and T punches page 2. The two have nothing to do with each other. ' +
      'Only break-layouts waits, because Linux looks for busy pages in the whole file.',
    questions: [
      'Why does Linux look at the whole file?',
      'What would a scan of the range alone have to know?',
    ],
    filesystem,
    setup,
    threads: [thread('T', punch(2, 1)), thread('P', pin(0), unpin)],
  },
  {
    id: 'S05',
    title: 'A fault of another page during the wait',
    text:
      'T waits for the pin on page 0. Meanwhile F touches page 1 of the same file. Whether F ' +
      'gets the old data, an error, or has to wait as well depends on what T holds while it ' +
      'sleeps.',
    questions: [
      'F reads page 1 while T sleeps. What does it see under each strategy?',
      'Under break-layouts F gets the old page. Who takes it away again?',
    ],
    filesystem,
    setup,
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin), thread('F', touch(1))],
  },
  {
    id: 'S06',
    title: 'The pinned page is faulted back in',
    text:
      'T has taken page 0 out of all page tables and sleeps, because P has pinned it. F touches ' +
      'page 0 again, so it is in a page table once more. P releases its pin. In newer kernels ' +
      'that entry counts as a reference like a pin: the release finds the page still in use and ' +
      'wakes nobody. T sleeps on until the mapping is removed.',
    questions: [
      'Which two kinds of references does the page have before the release?',
      'What can still wake T up after P has released the page?',
      'Does the scan before the sleep count the same references as the wake-up?',
    ],
    filesystem,
    setup,
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin), thread('F', touch(0))],
  },
  {
    id: 'S07',
    title: 'Pins that leapfrog',
    text:
      'P pins page 0, Q pins page 1, and each releases its page and takes it again, for ever. ' +
      'One of the two pages is pinned at any time. A truncate that waits until no page is ' +
      'pinned can wait for ever, although each single pin is short.',
    questions: [
      'Each pin is short. Why does T not get its turn?',
      'Which strategies stop new references, and what does that cost P and Q?',
      'How many more scans does T make with each round?',
    ],
    filesystem,
    setup,
    threads: [thread('T', punch(0, 2)), loop('P', pin(0), unpin), loop('Q', pin(1), unpin)],
  },
  {
    id: 'S08',
    title: 'Victims of the wait',
    text:
      'T waits for the pin of P with the lock of the file in its hands. R wants to read the ' +
      'file and then to truncate it. R has nothing to do with the pin, but it queues behind T. ' +
      'It cannot even be killed while it waits for that lock.',
    questions: [
      'Which lock does R wait for, and in which state?',
      'Under which strategies does R not wait at all?',
    ],
    filesystem,
    setup,
    threads: [
      thread('T', truncate(0)),
      thread('P', pin(0), unpin),
      thread('R', read, truncate(page)),
    ],
  },
  {
    id: 'S09',
    title: 'The holder of the pin reads the file',
    text:
      'P pins page 0, then reads the file, then releases the page. T truncates in between and ' +
      'waits for the pin with the lock i_rwsem held. P needs that lock for its read and so ' +
      'never comes to the release. Only a signal to T ends this.',
    questions: [
      'Draw the circle: who waits for what, and who holds it?',
      'Why can the signal go to T but not to P?',
      'detach-and-wait waits as well. Why is there no deadlock?',
    ],
    filesystem,
    setup,
    threads: [thread('T', truncate(0)), thread('P', pin(0), read, unpin)],
  },
  {
    id: 'S10',
    title: 'A signal to the waiter',
    text:
      'T waits for the pin of P, and somebody presses Ctrl-C. Where nothing has changed yet, T ' +
      'ends with EINTR and the file is as before. Where the blocks have left the file already, ' +
      'T reports success and leaves the rest to the reaper.',
    questions: [
      'What has T changed before it sleeps, under each strategy?',
      'May a call report EINTR after it has changed the file?',
    ],
    filesystem,
    setup,
    threads: [
      thread('T', truncate(0)),
      thread('P', pin(0), unpin),
      thread('C', { op: 'cancel', on: {}, args: {}, cancels: 0 }),
    ],
  },
];

/** S07 with two pins instead of endless ones, for the page of explored verdicts. */
export const leapfrogEnded: Pick<Story, 'filesystem' | 'setup' | 'threads'> = {
  filesystem,
  setup,
  threads: [thread('T', punch(0, 2)), thread('P', pin(0), unpin, pin(0), unpin)],
};
