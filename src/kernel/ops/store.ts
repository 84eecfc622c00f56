// Stores through a mapping: the bytes go to the device, through the CPU cache. They are durable
// once flushed.
import { z } from 'zod';
import { writePage } from '../dev/pmem.ts';
import { touch } from '../fs/inode.ts';
import { anonPage, isAnon } from '../mm/anon.ts';
import { assert } from '../panic.ts';
import type { Task } from '../state.ts';
import { byteOf, pageSize, zBytes, zCount } from '../units.ts';
import { defineOp, done, failWith } from './define.ts';
import { theInode } from './layout-change.ts';
import { checkInside, checkWritable, type WalkLocals, walkErrors, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.default(0).describe('In bytes from the start of the mapping.'),
});

function bytesOf(task: Task): Uint8Array {
  assert(task.data !== null, 'a store carries its bytes');
  return task.data;
}

export const store = defineOp({
  name: 'store',
  summary: 'Store bytes through a mapping',
  doc:
    'Faults in pages that are not mapped yet, and allocates blocks for holes. The size of the ' +
    'file does not change: bytes beyond it in the last page are lost with the next truncate. ' +
    'Pages before one that fails keep the stored bytes.',
  on: 'mapping',
  route: { method: 'PUT', path: 'memory', status: 200 },
  takes: 'bytes',
  args,
  result: z.object({ bytesStored: zCount }),
  errors: ['EINVAL', 'EACCES', ...walkErrors],
  grows: true,
  locals: {} as WalkLocals,
  first: 'begin',
  steps: walkSteps<z.infer<typeof args>, { bytesStored: number }>({
    begin(_k, task, mapping) {
      const { offset } = task.args;
      const { length } = bytesOf(task);
      const refused = checkInside(mapping, offset, length) ?? checkWritable(mapping);
      return refused ?? { offset, length, access: 'write' };
    },
    page(k, task, mapping, pgoff, pfn) {
      const bytes = bytesOf(task);
      const { offset } = task.args;
      const pageStart = byteOf(pgoff - mapping.first);
      const from = Math.max(offset, pageStart);
      const to = Math.min(offset + bytes.length, pageStart + pageSize);
      const piece = bytes.subarray(from - offset, to - offset);
      if (isAnon(pfn)) {
        anonPage(k, pfn).bytes.set(piece, from - pageStart);
        return;
      }
      writePage(k, pfn, from - pageStart, piece, 'store');
      touch(k, theInode(k, task));
    },
    stopped: (_k, _task, why) => failWith(why),
    finish: (_k, task) => done({ bytesStored: bytesOf(task).length }),
  }),
});
