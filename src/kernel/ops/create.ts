import { z } from 'zod';
import { createInode, findFile } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { zBytes } from '../units.ts';
import { fileRecord, zFile } from '../views/file-record.ts';
import { defineOp, done, fail } from './define.ts';
import { zFileName } from './name.ts';

export const create = defineOp({
  name: 'create',
  summary: 'Create a file',
  doc: 'A new, empty file; with sizeBytes it is that long and one hole.',
  on: 'filesystem',
  route: { method: 'POST', path: 'files', status: 201 },
  body: 'json',
  reply: 'json',
  args: z.strictObject({ name: zFileName, sizeBytes: zBytes.default(0) }),
  result: zFile,
  errors: ['EEXIST', 'EFBIG', 'EDQUOT'],
  sleeps: false,
  atomic: true,
  charges: 'files',
  grows: true,
  first: 'create',
  steps: {
    create(k, { args }) {
      if (findFile(k, args.name) !== null)
        return fail('EEXIST', 'CR1', `there is a file ${args.name} already`);
      const { bytesMax } = personalityOf(k.geometry);
      if (args.sizeBytes > bytesMax)
        return fail('EFBIG', 'RG2', `sizeBytes is above ${bytesMax}, the largest file here`);
      return done(fileRecord(k, createInode(k, args.name, args.sizeBytes)));
    },
  },
});
