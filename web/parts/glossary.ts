// One line for each term of the field that the page uses; `Term` shows it on hover and focus.
export const glossary = {
  extent: 'A run of blocks that are contiguous in the file and on the device.',
  pin: 'A reference that a device holds on pages, taken by get_user_pages. It may read and write them at any time until it drops the reference.',
  mapping: 'A range of a file that a process has mapped into its memory with mmap.',
  invalidate_lock:
    'A lock of the file that page faults take shared and layout changes take exclusive.',
  i_rwsem: 'A lock of the file that reads take shared and writes and layout changes exclusive.',
  waitqueue: 'Where operations sleep that wait for a page. Pages share buckets by a hash.',
  'busy extent': 'Blocks that have left their file but cannot be allocated yet.',
  detached: 'Blocks that have left their file while pinned. They become free at the last unpin.',
  S: 'The operation sleeps and a signal can end the wait.',
  D: 'The operation sleeps and no signal can end the wait.',
  deadlock: 'Operations that wait for each other in a cycle. None of them can go on by itself.',
  hung: 'In state D for more than 120 s. Linux reports such a task in the kernel log.',
  poisoned: 'A media error: reading the page is a SIGBUS.',
  'delayed free': 'The block has left its file while pinned; the last unpin frees it.',
  unwritten: 'Allocated blocks that nothing was written to yet. They read as zeros.',
  'no new references':
    'wait-for-refs refuses new references to these pages while it waits for the pins they have.',
  stepped:
    'The scheduler takes a step only when it is told to, so an order of steps can be chosen.',
  strategy: 'What the filesystem does when it must free a block that is still pinned.',
} as const;

export type TermName = keyof typeof glossary;

/** Where the docs say more, below /docs/. test/docs/site.test.ts follows each of them. */
export const docsOfTerm: Partial<Record<TermName, string>> = {
  extent: 'concepts#layout',
  pin: 'concepts#pin',
  mapping: 'concepts#mapping',
  invalidate_lock: 'concepts#two-locks',
  i_rwsem: 'concepts#two-locks',
  waitqueue: 'concepts#waitqueue',
  'busy extent': 'strategies/busy-extents',
  detached: 'strategies/detach-and-wait',
  S: 'concepts#two-locks',
  D: 'concepts#two-locks',
  deadlock: 'concepts#the-cycle',
  hung: 'how-to/stuck-truncate',
  'delayed free': 'strategies/busy-extents',
  'no new references': 'strategies/wait-for-refs',
  stepped: 'rewind',
  strategy: 'strategies/',
};
