// Option C, Kara's synthesis: remove the blocks from the inode in a committed transaction, drop
// every lock, wait for the pins, and then free the blocks.
import { z } from 'zod';
import { firstBusy } from '../fs/dax.ts';
import { drainWhatMoves } from './drain.ts';
import { zLongterm } from './longterm.ts';
import { defineStrategy } from './strategy.ts';

export const detachAndWait = defineStrategy({
  name: 'detach-and-wait',
  summary: 'C: detach the blocks, drop the locks, then wait and free',
  doc:
    'The file shows the new layout as soon as the blocks are detached, and nobody else waits. ' +
    'The caller sleeps, interruptibly and without a lock, until the detached pages are idle, ' +
    'and frees them. A signal ends the wait: the call returns success, and the reaper frees ' +
    'the rest. collapse and insert wait, like break-layouts, for pins on the blocks that they ' +
    'move.',
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: true,
  sleepsWithLocks: false,
  idleRule: () => 'fixed',
  breaksBeforeChecks: false,
  breakLayout(k, task, inode, range) {
    const verdict = drainWhatMoves(k, inode, range);
    if (verdict.kind !== 'broken' || !task.nowait || range.leave === null) return verdict;
    // With nowait the operation must fail now, because it may not fail after blocks were detached.
    const busy = firstBusy(k, inode, range.leave.first, range.leave.last);
    return busy === null ? verdict : { kind: 'sleep', ...busy, holdLocks: false };
  },
  destination: 'detached',
  eviction: () => 'take',
});
