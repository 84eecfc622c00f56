// The original bug: blocks are freed under a pin, and their next owner shares them with a device.
import { z } from 'zod';
import { unmapRange } from '../mm/pagetable.ts';
import { zLongterm } from './longterm.ts';
import { concerned, defineStrategy } from './strategy.ts';

export const none = defineStrategy({
  name: 'none',
  summary: 'no protection: blocks are freed under the pin',
  doc:
    'A layout change never waits, and its blocks are free at once. Each block that is freed ' +
    'under a pin raises a warning event.',
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: false,
  sleepsWithLocks: false,
  idleRule: () => 'fixed',
  breaksBeforeChecks: true,
  breakLayout(k, _task, inode, range) {
    const pages = concerned(range);
    if (pages !== null) unmapRange(k, inode, pages.first, pages.last);
    return { kind: 'broken' };
  },
  destination: 'free',
  eviction: () => 'take',
});
