// Option A, the proposal of Hellwig and Chinner: remove the blocks from the file at once, put the
// pinned ones on the extent busy list, and let a work item free them after the last put. The caller
// never waits for a pin.
import { z } from 'zod';
import { drainWhatMoves } from './drain.ts';
import { zLongterm } from './longterm.ts';
import { defineStrategy } from './strategy.ts';

export const busyExtents = defineStrategy({
  name: 'busy-extents',
  summary: 'A: take blocks out of the file at once, keep them on the busy list until the last put',
  doc:
    'The call returns at once, and the file shows the new layout at once. Pinned blocks stay ' +
    'on the busy list: they cannot be allocated until their last reference drops and a worker ' +
    'frees them. So du falls at once, and reusable space rises with the last put; until then ' +
    'no file owns the space and nobody can use it. collapse and insert wait, like ' +
    'break-layouts, for pins on the blocks that they move, but not for pins on the blocks ' +
    'that collapse removes.',
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: true,
  sleepsWithLocks: false,
  idleRule: () => 'fixed',
  breaksBeforeChecks: false,
  breakLayout: (k, _task, inode, range) => drainWhatMoves(k, inode, range),
  destination: 'busy',
  eviction: () => 'take',
});
