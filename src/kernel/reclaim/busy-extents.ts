// A, Hellwig's and Chinner's idea: free the blocks in the books at once, keep the pinned ones on
// the extent busy list, and let the last put give them back through a work item. The caller never
// waits for a pin.
import { z } from 'zod';
import { drainWhatMoves } from './drain.ts';
import { zLongterm } from './longterm.ts';
import { defineStrategy } from './strategy.ts';

export const busyExtents = defineStrategy({
  name: 'busy-extents',
  summary: 'A: take blocks out of the file at once, keep them on the busy list until the last put',
  doc: `The call returns at once; the file shows the new layout at once. Pinned blocks stay on the busy list and cannot be allocated until
their last reference drops, when a worker frees them. du falls at once, reusable space rises with the last put: space that no file owns and
nobody can use, for as long as somebody pins. collapse and insert wait like break-layouts
for pins on what they move, not for those on what collapse takes out.`,
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: true,
  idleRule: () => 'fixed',
  breaksBeforeChecks: false,
  breakLayout: (k, _task, inode, range) => drainWhatMoves(k, inode, range),
  destination: 'busy',
  eviction: () => 'take',
});
