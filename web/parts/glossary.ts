// One line for each term of the field that the page uses; `Term` shows it on hover and focus.
export const glossary = {
  page: 'A page is 4 KiB of a file. On a DAX filesystem it is the persistent memory itself.',
  pfn: 'The page frame number: which 4 KiB of the device.',
  pgoff: 'The page offset: which 4 KiB of the file.',
  extent: 'A run of blocks that are contiguous in the file and on the device.',
  pin: 'A reference that a device holds on pages, taken by get_user_pages. It may read and write them at any time until it drops the reference.',
  mapping: 'A range of a file that a process has mapped into its memory with mmap.',
  invalidate_lock:
    'A lock of the file that page faults take shared and layout changes take exclusive.',
  i_rwsem: 'A lock of the file that reads take shared and writes and layout changes exclusive.',
  entry: 'The lock on one page of a file that a fault takes while it maps the page.',
  waitqueue: 'Where operations sleep that wait for a page. Pages share buckets by a hash.',
  'break layout':
    'Before blocks leave a file, all pages are unmapped and the operation waits for their pins.',
  'busy extent': 'Blocks that have left their file but cannot be allocated yet.',
  detached: 'Blocks that have left their file while pinned. They become free at the last unpin.',
  S: 'The operation sleeps and a signal can end the wait.',
  D: 'The operation sleeps and no signal can end the wait.',
  R: 'The operation runs, or spins on a page.',
  deadlock: 'Operations that wait for each other in a circle. None of them can go on by itself.',
  hung: 'In state D for more than 120 s. Linux writes a line of it into the kernel log.',
  poisoned: 'A media error: reading the page is a SIGBUS.',
  'delayed free': 'The block has left its file while pinned; the last unpin frees it.',
  stepped:
    'The scheduler takes a step only when it is told to, so an order of steps can be chosen.',
  strategy: 'What the filesystem does when it must free a block that is still pinned.',
} as const;

export type TermName = keyof typeof glossary;
