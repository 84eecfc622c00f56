// Option B, Hellwig's second proposal: refuse new references to the pages, then wait for the
// existing ones inside the truncate, with both locks held. It deadlocks by design if the holder of
// a pin needs another page of the file: scenario S01.
import { z } from 'zod';
import { firstBusy } from '../fs/dax.ts';
import { unmapRange } from '../mm/pagetable.ts';
import { zLongterm } from './longterm.ts';
import { concerned, defineStrategy } from './strategy.ts';

export const waitForRefs = defineStrategy({
  name: 'wait-for-refs',
  summary: 'B: refuse new references and wait in the truncate with both locks held',
  doc:
    'The caller sleeps, interruptibly, with i_rwsem and invalidate_lock held, until the last ' +
    'pin on a page that leaves the file is released. It cannot starve, because no new ' +
    'references are given out. But every fault in the file blocks for as long, and an owner ' +
    'that needs such a fault before it unpins is in a deadlock.',
  options: z.strictObject({
    newRefs: z
      .enum(['block', 'fail'])
      .default('block')
      .describe(
        'What get_user_pages does on a page that is closed to new references: sleep in the ' +
          'fault (block), or EAGAIN (fail).',
      ),
    longterm: zLongterm,
  }),
  needsBusyState: false,
  sleepsWithLocks: true,
  idleRule: () => 'fixed',
  failsNewRefs: (options) => options.newRefs === 'fail',
  breaksBeforeChecks: false,
  breakLayout(k, _task, inode, range) {
    const pages = concerned(range);
    if (pages === null) return { kind: 'broken' };
    unmapRange(k, inode, pages.first, pages.last);
    const busy = firstBusy(k, inode, pages.first, pages.last);
    if (busy === null) return { kind: 'broken' };
    inode.stoppedRefs = pages;
    return { kind: 'sleep', ...busy, holdLocks: true };
  },
  abandon(_k, inode) {
    inode.stoppedRefs = null;
  },
  destination: 'free',
  eviction: () => 'wait',
});
