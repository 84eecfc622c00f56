// C, Kara's synthesis: take the blocks from the inode in a committed transaction, drop every lock, then wait for the pins, then free.
import { z } from 'zod';
import { eachExtent } from '../fs/extent.ts';
import { pinsOver } from '../mm/page.ts';
import { type Pfn, type PgOff, toPfn, toPgOff } from '../units.ts';
import { drainWhatMoves } from './drain.ts';
import { zLongterm } from './longterm.ts';
import { defineStrategy } from './strategy.ts';

export const detachAndWait = defineStrategy({
  name: 'detach-and-wait',
  summary: 'C: detach the blocks, drop the locks, then wait and free',
  doc: `The file shows the new layout as soon as the blocks are detached; nobody else waits. The caller sleeps, interruptible and without a
lock, until the detached pages are idle, and frees them. A signal ends the wait: the call returns success and the reaper frees the rest.
collapse and insert wait like break-layouts for pins on what they move.`,
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: true,
  idleRule: () => 'fixed',
  breaksBeforeChecks: false,
  breakLayout(k, task, inode, range) {
    const verdict = drainWhatMoves(k, inode, range);
    if (verdict.kind !== 'broken' || !task.nowait || range.leave === null || k.counts.pinnedPages === 0) return verdict;
    // It is not to sleep: say so now, before anything is detached.
    let busy: { pfn: Pfn; pgoff: PgOff } | null = null;
    const { first, last } = range.leave;
    eachExtent(inode.extents, first, last, (extent) => {
      for (let page = 0; busy === null && page < extent.pages; page++) {
        const pfn = toPfn(extent.pfn + page);
        if (pinsOver(k, pfn) > 0) busy = { pfn, pgoff: toPgOff(extent.pgoff + page) };
      }
    });
    return busy === null ? verdict : { kind: 'sleep', ...(busy as { pfn: Pfn; pgoff: PgOff }), holdLocks: false };
  },
  destination: 'detached',
  eviction: () => 'take',
});
