// The first of the five options of October 2017: fail the truncate. No call waits, but callers do
// not expect the error.
import { z } from 'zod';
import { failure } from '../errno.ts';
import { scan } from '../fs/layout.ts';
import { blockersMax, pinBlockers } from '../waits/wait-graph.ts';
import { zLongterm } from './longterm.ts';
import { concerned, defineStrategy } from './strategy.ts';

export const refuse = defineStrategy({
  name: 'refuse',
  summary: 'EBUSY at once while a page in the range is pinned',
  doc:
    'A layout change over a pinned page fails with EBUSY and changes nothing. unlink of a file ' +
    'with a pinned page fails too.',
  options: z.strictObject({ longterm: zLongterm }),
  needsBusyState: false,
  sleepsWithLocks: false,
  idleRule: () => 'fixed',
  breaksBeforeChecks: true,
  breakLayout(k, _task, inode, range) {
    const pages = concerned(range);
    if (pages === null) return { kind: 'broken' };
    const busy = scan(k, inode, pages.first, pages.last);
    if (busy === null) return { kind: 'broken' };
    const why =
      `page ${busy.pgoff} of ${inode.name} (pfn ${busy.pfn}) is pinned, and the strategy is ` +
      'refuse';
    const blockedBy = pinBlockers(k, busy.pfn, k.nowMs, blockersMax);
    return { kind: 'refuse', failure: { ...failure('EBUSY', 'RS1', why), blockedBy } };
  },
  destination: 'free',
  eviction: () => 'refuse',
});
