import { z } from 'zod';
import { createInode, findFile } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { fileRecord, zFile } from '../records/file.ts';
import { zBytes } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';
import { zFileName } from './name.ts';

export const create = defineAtomic({
  name: 'create',
  summary: 'Create a file',
  doc: 'The new file is empty. With sizeBytes it has that size and is one hole.',
  on: 'filesystem',
  route: { method: 'POST', path: 'files', status: 201 },
  args: z.strictObject({ name: zFileName, sizeBytes: zBytes.default(0) }),
  result: zFile,
  errors: ['EEXIST', 'EFBIG'],
  charges: 'files',
  grows: true,
  run(k, { args }) {
    if (findFile(k, args.name) !== null)
      return fail('EEXIST', 'CR1', `a file ${args.name} exists already`);
    const { bytesMax } = personalityOf(k.geometry);
    if (args.sizeBytes > bytesMax)
      return fail('EFBIG', 'RG2', `sizeBytes is above ${bytesMax}, the largest file of this kind`);
    return done(fileRecord(k, createInode(k, args.name, args.sizeBytes)));
  },
});
