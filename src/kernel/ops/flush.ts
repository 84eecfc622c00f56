// Flushing stores to the medium: CLWB and a fence on a mapped range, or msync, which asks the filesystem for whole pages of the file.
import { z } from 'zod';
import { flushPage } from '../dev/pmem.ts';
import { eachExtent } from '../fs/extent.ts';
import { isFrame, pfnOf, pteOf } from '../mm/pagetable.ts';
import { eachEntry } from '../mm/xarray.ts';
import type { Inode, Kernel, Mapping } from '../state.ts';
import { byteOf, pageCeil, pageOf, pageSize, toPfn, toPgOff, zBytes } from '../units.ts';
import { defineOp, done, fail } from './define.ts';
import { theInode } from './layout-change.ts';
import { checkInside, theMapping } from './page-walk.ts';

/** vfs_fsync_range(), as msync calls it: what any mapping stored to these pages of the file. */
function fsyncRange(k: Kernel, inode: Inode, { shared, first }: Mapping, offset: number, length: number): number {
  let linesFlushed = 0;
  if (!shared || k.pmem.dirtyLines === 0) return linesFlushed;
  const last = toPgOff(first + pageCeil(offset + length) - 1);
  eachExtent(inode.extents, toPgOff(first + pageOf(offset)), last, ({ pfn, pages }) => {
    for (let page = 0; page < pages; page++) linesFlushed += flushPage(k, toPfn(pfn + page), 0, pageSize);
  });
  return linesFlushed;
}

export const flush = defineOp({
  name: 'flush',
  summary: 'Flush stores of a mapping to the medium',
  doc: `clwb flushes the cache lines of the byte range, as far as its pages are mapped. msync flushes the whole pages of the range whoever stored to
them, mapped or not; of a private mapping nothing.`,
  on: 'mapping',
  route: { method: 'POST', path: 'flush', status: 200 },
  body: 'json',
  reply: 'json',
  args: z.strictObject({
    offset: zBytes.default(0).describe('From the start of the mapping.'),
    length: zBytes.optional().describe('To the end of the mapping by default.'),
    how: z.enum(['clwb', 'msync']).default('clwb'),
  }),
  result: z.object({ linesFlushed: z.int().describe('64-byte lines that were dirty.') }),
  errors: ['ENOENT', 'EINVAL', 'EFAULT'],
  sleeps: false,
  atomic: true,
  first: 'flush',
  steps: {
    flush(k, task) {
      const mapping = theMapping(k, task);
      if (mapping === null) return fail('ENOENT', 'MM4', 'the mapping was removed meanwhile');
      const { offset, how } = task.args;
      const length = task.args.length ?? Math.max(0, byteOf(mapping.pages) - offset);
      const refused = checkInside(mapping, offset, length);
      if (refused !== null) return { kind: 'fail', failure: refused };
      if (how === 'msync') return done({ linesFlushed: fsyncRange(k, theInode(k, task), mapping, offset, length) });
      let linesFlushed = 0;
      eachEntry(mapping.ptes, pageOf(offset), pageCeil(offset + length) - 1, (index) => {
        const pte = pteOf(mapping, toPgOff(mapping.first + index));
        if (!isFrame(pte)) return;
        const from = Math.max(offset, byteOf(index)) - byteOf(index);
        const to = Math.min(offset + length, byteOf(index) + pageSize) - byteOf(index);
        linesFlushed += flushPage(k, pfnOf(pte), from, to - from);
      });
      return done({ linesFlushed });
    },
  },
});
