// pread: i_rwsem shared, so it queues up behind a truncate that sleeps.
import { z } from 'zod';
import { readBytes } from '../fs/file-data.ts';
import { zBytes } from '../units.ts';
import { defineOp, done } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';

export const read = defineOp({
  name: 'read',
  summary: 'Read the content of a file',
  doc: 'Holes and unwritten blocks read as zero. A range that reaches past the end is cut there.',
  on: 'file',
  route: { method: 'GET', path: 'content', status: 200 },
  body: 'none',
  reply: 'bytes',
  args: z.strictObject({ offset: zBytes.default(0), length: zBytes.optional().describe('To the end of the file by default.') }),
  result: z.object({ data: z.instanceof(Uint8Array), sizeBytes: z.int() }),
  errors: ['ENOENT', 'EINVAL', 'EAGAIN', 'EDEADLK', 'ENODEV', 'EDQUOT'],
  sleeps: true,
  atomic: false,
  first: 'lock',
  steps: {
    lock: (k, task) => lockThen(k, task, theInode(k, task), 'i_rwsem', 'shared', 'copy'),
    copy(k, task) {
      const inode = theInode(k, task);
      const { offset, length } = task.args;
      const rest = Math.max(0, inode.sizeBytes - offset);
      const data = readBytes(k, inode, offset, Math.min(length ?? rest, k.limits.bytesPerRead));
      return done({ data, sizeBytes: inode.sizeBytes });
    },
  },
});
