// B, Hellwig's second idea: stop new references to the pages, then wait for the old ones inside the truncate, with both locks held. It
// deadlocks by design where the holder of a pin needs another page of the file: scenario S01.
import { z } from 'zod';
import { eachExtent } from '../fs/extent.ts';
import { pageFlags, pinsOver, setFlag } from '../mm/page.ts';
import { unmapRange } from '../mm/pagetable.ts';
import type { Inode, Kernel } from '../state.ts';
import { type Pfn, type PgOff, toPfn, toPgOff } from '../units.ts';
import { zLongterm } from './longterm.ts';
import { concerned, defineStrategy, type LayoutRange } from './strategy.ts';

export const waitForRefs = defineStrategy({
  name: 'wait-for-refs',
  summary: 'B: stop new references, wait inside the truncate with the locks held',
  doc: `The caller sleeps, interruptible, with i_rwsem and invalidate_lock held until every page that leaves the file has been let go. No
starvation, since nobody can take a new reference; but a fault anywhere in the file blocks for as long, and a holder that needs such a fault
before it lets go is a deadlock.`,
  options: z.strictObject({
    newRefs: z
      .enum(['block', 'fail'])
      .default('block')
      .describe('get_user_pages on a stopped page: sleep in the fault, or EAGAIN.'),
    longterm: zLongterm,
  }),
  needsBusyState: false,
  idleRule: () => 'fixed',
  failsNewRefs: (options) => options.newRefs === 'fail',
  breaksBeforeChecks: false,
  breakLayout(k, _task, inode, range) {
    const pages = concerned(range);
    if (pages === null) return { kind: 'broken' };
    unmapRange(k, inode, pages.first, pages.last);
    if (k.counts.pinnedPages === 0) return { kind: 'broken' };
    const busy = stopNewRefs(k, inode, range, true);
    if (busy !== null) return { kind: 'sleep', ...busy, holdLocks: true };
    stopNewRefs(k, inode, range, false);
    return { kind: 'broken' };
  },
  abandon(k, inode, range) {
    stopNewRefs(k, inode, range, false);
  },
  destination: 'free',
  eviction: () => 'wait',
});

/** Marks or unmarks every page of the range; returns the first pinned one. */
function stopNewRefs(k: Kernel, inode: Inode, range: LayoutRange, stop: boolean): { pfn: Pfn; pgoff: PgOff } | null {
  let busy: { pfn: Pfn; pgoff: PgOff } | null = null;
  const pages = concerned(range);
  if (pages === null) return busy;
  eachExtent(inode.extents, pages.first, pages.last, (extent) => {
    for (let page = 0; page < extent.pages; page++) {
      const pfn = toPfn(extent.pfn + page);
      setFlag(k, pfn, pageFlags.stopNewRefs, stop);
      if (busy === null && pinsOver(k, pfn) > 0) busy = { pfn, pgoff: toPgOff(extent.pgoff + page) };
    }
  });
  return busy;
}
