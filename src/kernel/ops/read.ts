// pread. It takes i_rwsem shared, so it queues behind a truncate that sleeps.
import { z } from 'zod';
import { poisonedPage, readBytes } from '../fs/file-data.ts';
import { etagOf } from '../fs/inode.ts';
import { zData } from '../records/contract.ts';
import { zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, goto } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';

export const read = defineOp({
  name: 'read',
  summary: 'Read the content of a file',
  doc:
    'Holes and unwritten blocks read as zero. A range that reaches beyond the end of the file ' +
    'is cut there.',
  on: 'file',
  route: { method: 'GET', path: 'content', status: 200 },
  gives: 'bytes',
  etag: true,
  range: true,
  args: z.strictObject({
    offset: zBytes.default(0),
    length: zBytes.optional().describe('To the end of the file by default.'),
  }),
  result: z.object({ data: zData, sizeBytes: zCount, etag: z.string() }),
  errors: ['EIO'],
  first: 'lock',
  steps: {
    // A read of 0 bytes returns in the VFS, before any lock.
    lock(k, task) {
      if (task.args.length === 0) return goto('copy');
      return lockThen(k, task, theInode(k, task), 'i_rwsem', 'shared', 'copy');
    },
    copy(k, task) {
      const inode = theInode(k, task);
      const { offset, length } = task.args;
      const rest = Math.max(0, inode.sizeBytes - offset);
      const bytes = Math.min(length ?? rest, rest, k.limits.bytesPerRead);
      const bad = poisonedPage(k, inode, offset, offset + bytes);
      if (bad !== null) return fail('EIO', 'PO2', `page ${bad} of ${inode.name} is poisoned`);
      const data = readBytes(k, inode, offset, bytes);
      return done({ data, sizeBytes: inode.sizeBytes, etag: etagOf(inode) });
    },
  },
});
