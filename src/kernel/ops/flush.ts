// Flushing stores to the medium: CLWB and a fence on a range, or msync, which does the same for whole pages.
import { z } from 'zod';
import { flushPage } from '../dev/pmem.ts';
import { isFrame, pfnOf, pteOf } from '../mm/pagetable.ts';
import { eachEntry } from '../mm/xarray.ts';
import { byteOf, pageCeil, pageOf, pageSize, toPgOff, zBytes } from '../units.ts';
import { defineOp, done, fail } from './define.ts';
import { checkInside, theMapping } from './page-walk.ts';

export const flush = defineOp({
  name: 'flush',
  summary: 'Flush stores of a mapping to the medium',
  doc: 'clwb flushes the cache lines of the byte range, msync the whole pages of it. Pages that are not mapped have nothing to flush.',
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
      const start = how === 'msync' ? byteOf(pageOf(offset)) : offset;
      const end = how === 'msync' ? byteOf(pageCeil(offset + length)) : offset + length;
      let linesFlushed = 0;
      eachEntry(mapping.ptes, pageOf(start), pageCeil(end) - 1, (index) => {
        const pte = pteOf(mapping, toPgOff(mapping.first + index));
        if (!isFrame(pte)) return;
        const from = Math.max(start, byteOf(index)) - byteOf(index);
        const to = Math.min(end, byteOf(index) + pageSize) - byteOf(index);
        linesFlushed += flushPage(k, pfnOf(pte), from, to - from);
      });
      return done({ linesFlushed });
    },
  },
});
