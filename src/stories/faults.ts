// S25 to S32: power, neighbours, poison, private copies, the ends of ranges, two files, errors.
import {
  by,
  create,
  load,
  map,
  page,
  pin,
  punch,
  release,
  type Story,
  store,
  thread,
  threePages,
  truncate,
  unpin,
  write,
} from './story.ts';

const filesystem = {};
const pinned = [...threePages, by('P', pin(0))];

export const faults: readonly Story[] = [
  {
    id: 'S25',
    title: 'Power failure',
    text:
      'T truncates a file with a pinned page, and the power fails at any moment. After the ' +
      'restart there are no pins any more. Each block is either in the file or free: nothing is ' +
      'lost, and nothing has two owners.',
    questions: [
      'Which changes of T are there after the restart, under each strategy?',
      'Who frees the blocks that detach-and-wait had detached?',
    ],
    filesystem,
    setup: pinned,
    threads: [
      thread('T', truncate(0)),
      thread('X', { op: 'power-cycle', on: {}, args: { drop: 'none' } }),
    ],
  },
  {
    id: 'S26',
    title: 'Neighbours',
    text:
      'T waits for a pin on the file a. U truncates the file b of the same filesystem. The two ' +
      'share neither a lock nor a page, so U never waits for T.',
    questions: [
      'What do the two files share at all?',
      'Does U still finish if the pin is never released?',
    ],
    filesystem,
    setup: [...pinned, create('b'), write('b', 'XY'), map('b', 2)],
    threads: [thread('T', truncate(0)), thread('U', truncate(0, 'b')), thread('P', release(1))],
  },
  {
    id: 'S27',
    title: 'Poison',
    text:
      'A media error hits the page that P has pinned, while T truncates the file. The page is ' +
      'taken out of all page tables, but the pin stays, and T has to wait for it like for any ' +
      'other. A later owner of the block gets it zeroed and repaired.',
    questions: [
      'What does a load from the page give now, and what does the device get?',
      'Is the block free after the truncate? Is it good?',
    ],
    filesystem,
    setup: pinned,
    threads: [
      thread('T', truncate(0)),
      thread('X', { op: 'poison', on: {}, args: { block: 19, count: 1 } }),
      thread('P', release(1)),
    ],
  },
  {
    id: 'S28',
    title: 'Private copies',
    text:
      'A process has a private mapping. It has written to page 0 and so has a copy of its own, ' +
      'and it has only read page 1. T punches both. The copy must keep its bytes, and page 1 ' +
      'must read as zero. Linux 4.18 to 5.2 threw such copies away.',
    questions: [
      'To whom does the copy belong: to the file or to the process?',
      'What does V read from page 1 before and after the punch?',
    ],
    filesystem,
    setup: [
      create('a'),
      write('a', 'ABC'),
      map('a', 3, { shared: false }),
      by('V', store(0, 'Z')),
      by('V', load(1)),
    ],
    threads: [thread('T', punch(0, 2)), thread('V', load(0), load(1))],
  },
  {
    id: 'S29',
    title: 'The last put',
    text:
      'Two pins hold page 0, and T truncates the file. The last release may come from an ' +
      'interrupt, where no lock can be taken and no block freed. So it only queues work, and a ' +
      'worker frees the block later. The worker can run between any two steps of T.',
    questions: [
      'What does the release do itself, and what does it leave to the worker?',
      'What if T has not committed yet when the worker runs?',
    ],
    filesystem,
    setup: [...pinned, by('Q', pin(0))],
    threads: [thread('T', truncate(0)), thread('P', release(1)), thread('Q', release(2))],
  },
  {
    id: 'S30',
    title: 'The end of a range',
    text:
      'Page 2 is pinned. T first punches the two pages before it, then a range that ends within ' +
      'it. Code that confuses the end of a range with the beginning of the next looks at one ' +
      'page too few. virtiofs once looked at page 0 only, and the pinned page was freed.',
    questions: [
      'Is the last byte of a range in the range?',
      'Does a punch of half a page free its block?',
    ],
    filesystem,
    setup: [...threePages, by('P', pin(2))],
    threads: [
      thread('T', punch(0, 2), {
        op: 'punch-hole',
        on: { file: 'a' },
        args: { offset: page, length: page + 100 },
      }),
      thread('P', release(1)),
    ],
  },
  {
    id: 'S31',
    title: 'Two files',
    text:
      'T exchanges a page of a with a page of b, and the page of b is pinned. T needs the locks ' +
      'of both files and must not sleep with both of them held. So it drops them, and starts ' +
      'over and over, until the pin is gone. Nothing deadlocks, but T does not rest either.',
    questions: [
      'In which order does T take the four locks?',
      'What does T cost the machine while the pin is held?',
    ],
    filesystem,
    setup: [...threePages, create('b'), write('b', 'X'), map('b', 1), by('P', pin(0, 1, {}, 2))],
    threads: [
      thread('T', {
        op: 'exchange-range',
        on: { file: 'a' },
        args: { with: 'b', offset: 0, withOffset: 0, length: page },
      }),
      thread('P', release(1)),
    ],
  },
  {
    id: 'S32',
    title: 'Errors after the wait',
    text:
      'Page 0 is pinned, and T asks for a collapse whose offset is not a multiple of the block ' +
      'size. The call can only fail. On Linux it first waits for the pin and then answers ' +
      'EINVAL, because the filesystem checks its arguments under its locks.',
    questions: [
      'Which checks could come before the wait?',
      'G pins page 1 in the meantime. Does T wait for that, too?',
    ],
    filesystem,
    setup: pinned,
    threads: [
      thread('T', { op: 'collapse-range', on: { file: 'a' }, args: { offset: 100, length: page } }),
      thread('P', release(1)),
      thread('G', pin(1), unpin),
    ],
  },
];
