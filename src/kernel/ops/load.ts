// Loads through a mapping. They read the device directly, because DAX has no page cache.
import { z } from 'zod';
import { readPage } from '../dev/pmem.ts';
import { failure } from '../errno.ts';
import { anonPage, isAnon, zeroPfn } from '../mm/anon.ts';
import { assert } from '../panic.ts';
import { zData } from '../records/contract.ts';
import { byteOf, pageSize, zBytes } from '../units.ts';
import { defineOp, done, failWith, type TaskOf } from './define.ts';
import { checkInside, type WalkLocals, walkErrors, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.default(0).describe('In bytes from the start of the mapping.'),
  length: zBytes.optional().describe('To the end of the mapping by default.'),
});
type Args = z.infer<typeof args>;

function outOf(task: TaskOf<Args>): Uint8Array {
  assert(task.data !== null, 'a load has its buffer');
  return task.data;
}

export const load = defineOp({
  name: 'load',
  summary: 'Load bytes through a mapping',
  doc:
    'Faults in pages that are not mapped yet. An access beyond the last page of the file is a ' +
    'SIGBUS.',
  on: 'mapping',
  route: { method: 'GET', path: 'memory', status: 200 },
  gives: 'bytes',
  args,
  result: z.object({ data: zData }),
  errors: ['EINVAL', ...walkErrors],
  locals: {} as WalkLocals,
  first: 'begin',
  steps: walkSteps<Args, { data: Uint8Array }>({
    begin(k, task, mapping) {
      const { offset } = task.args;
      const length = task.args.length ?? Math.max(1, byteOf(mapping.pages) - offset);
      const refused = checkInside(mapping, offset, length);
      if (refused !== null) return refused;
      const max = k.limits.bytesPerRead;
      if (length > max) {
        return failure('EINVAL', 'LM4', `length is above ${max}, the maximum of one call`, max);
      }
      task.data = new Uint8Array(length);
      return { offset, length, access: 'read' };
    },
    page(k, task, mapping, pgoff, pfn) {
      if (pfn === zeroPfn) return;
      const out = outOf(task);
      const pageStart = byteOf(pgoff - mapping.first);
      const from = Math.max(task.args.offset, pageStart);
      const to = Math.min(task.args.offset + out.length, pageStart + pageSize);
      const at = from - task.args.offset;
      if (isAnon(pfn))
        out.set(anonPage(k, pfn).bytes.subarray(from - pageStart, to - pageStart), at);
      else readPage(k, pfn, from - pageStart, to - from, out, at);
    },
    stopped: (_k, _task, why) => failWith(why),
    finish: (_k, task) => done({ data: outOf(task) }),
  }),
});
