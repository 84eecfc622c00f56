// Flushing stores to the medium: CLWB and a fence on a mapped range, or msync, which flushes whole
// pages of the file. CLWB is checked, and faults, like a load of one byte (Intel SDM), so it walks
// the pages as `load` does. A cache is indexed by physical address, so unmapping a page drops none
// of its lines, and any mapping of the frame can write them back.
import { z } from 'zod';
import { flushPage } from '../dev/pmem.ts';
import { type Failure, failure } from '../errno.ts';
import { eachExtent } from '../lib/extent-map.ts';
import type { Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, pageCeil, pageOf, pageSize, toPfn, toPgOff, zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, failWith, goto, type TaskOf, type Verdict } from './define.ts';
import { theInode } from './layout-change.ts';
import { checkInside, theMapping, type WalkLocals, walkErrors, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.default(0).describe('In bytes from the start of the mapping.'),
  length: zBytes.optional().describe('To the end of the mapping by default.'),
  how: z.enum(['clwb', 'msync']).default('clwb'),
});
type Args = z.infer<typeof args>;

const result = z.object({ linesFlushed: zCount.describe('64-byte lines that were dirty.') });
type FlushResult = z.infer<typeof result>;

interface FlushLocals extends WalkLocals {
  linesFlushed?: number;
}

const lengthOf = ({ offset, length }: Args, mapping: Mapping): number =>
  length ?? Math.max(0, byteOf(mapping.pages) - offset);

/**
 * vfs_fsync_range(), as msync calls it: flushes what any mapping stored to the file pages under
 * [offset, end) of this mapping. Does nothing for a private mapping.
 */
function fsyncRange(
  k: Kernel,
  inode: Inode,
  { shared, first }: Mapping,
  offset: number,
  end: number,
): number {
  let linesFlushed = 0;
  if (!shared || k.pmem.dirtyLines === 0 || end <= offset) return linesFlushed;
  eachExtent(
    inode.extents,
    toPgOff(first + pageOf(offset)),
    toPgOff(first + pageOf(end - 1)),
    ({ pfn, pages }) => {
      for (let page = 0; page < pages; page++)
        linesFlushed += flushPage(k, toPfn(pfn + page), 0, pageSize);
    },
  );
  return linesFlushed;
}

/**
 * msync(2), in its order: it checks the address, accepts an empty range, flushes the mapped pages,
 * and only then fails if some pages were not mapped.
 */
function msync(k: Kernel, task: TaskOf<Args>): Verdict<never, FlushResult> {
  const mapping = theMapping(k, task);
  if (mapping === null) return fail('ENOENT', 'MM4', 'the mapping was removed meanwhile');
  const { offset } = task.args;
  if (offset % pageSize !== 0)
    return fail('EINVAL', 'MS1', `offset ${offset} is not a multiple of ${pageSize}`);
  const bytes = byteOf(mapping.pages);
  const length = lengthOf(task.args, mapping);
  if (length === 0) return done({ linesFlushed: 0 });
  // Compared without a sum: offset + length may be above 2^53.
  const inside = offset < bytes && length <= bytes - offset;
  const linesFlushed = fsyncRange(
    k,
    theInode(k, task),
    mapping,
    offset,
    inside ? offset + length : bytes,
  );
  if (inside) return done({ linesFlushed });
  const why =
    `bytes ${offset} to ${offset + length} reach beyond the mapping, which has ${bytes} bytes; ` +
    'the mapped part was flushed';
  return fail('ENOMEM', 'MS2', why);
}

/** The checks of clwb before it touches a page. */
function checkClwb(k: Kernel, { offset }: Args, length: number, mapping: Mapping): Failure | null {
  const refused = checkInside(mapping, offset, length);
  if (refused !== null) return refused;
  const max = k.limits.pagesPerPin;
  if (pageCeil(offset + length) - pageOf(offset) <= max) return null;
  const most = `${max} pages, the maximum of one call`;
  const why = `the range has more than ${most}; msync accepts any range`;
  return failure('EINVAL', 'LM5', why, max);
}

const walk = walkSteps<Args, FlushResult, FlushLocals>({
  begin(k, task, mapping) {
    const { offset } = task.args;
    const length = lengthOf(task.args, mapping);
    task.locals.linesFlushed = 0;
    return checkClwb(k, task.args, length, mapping) ?? { offset, length, access: 'read' };
  },
  page(k, task, mapping, pgoff, pfn) {
    // The zero page and private copies are ordinary memory, which a power loss clears anyway.
    if (pfn < 0) return;
    const { offset } = task.args;
    const pageStart = byteOf(pgoff - mapping.first);
    const from = Math.max(offset, pageStart);
    const to = Math.min(offset + lengthOf(task.args, mapping), pageStart + pageSize);
    const flushed = flushPage(k, pfn, from - pageStart, to - from);
    task.locals.linesFlushed = (task.locals.linesFlushed ?? 0) + flushed;
  },
  stopped: (_k, _task, why) => failWith(why),
  finish: (_k, task) => done({ linesFlushed: task.locals.linesFlushed ?? 0 }),
});

export const flush = defineOp({
  name: 'flush',
  summary: 'Flush stores of a mapping to the medium',
  doc:
    'clwb writes back the cache lines of the byte range. It faults in pages and fails like a ' +
    'load: beyond the last page of the file it is a SIGBUS, and the bytes before are flushed. ' +
    'msync flushes whole pages of the range, mapped or not, whoever stored to them, also beyond ' +
    'the end of the file; for a private mapping it flushes nothing. Its offset must be a ' +
    'multiple of the page size.',
  on: 'mapping',
  route: { method: 'POST', path: 'flush', status: 200 },
  args,
  result,
  errors: ['EINVAL', ...walkErrors],
  locals: {} as FlushLocals,
  first: 'flush',
  steps: {
    ...walk,
    flush(k, task) {
      return task.args.how === 'msync' ? msync(k, task) : goto('begin');
    },
  },
});
