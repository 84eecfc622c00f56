import { z } from 'zod';
import { emit } from '../events.ts';
import { findFile } from '../fs/inode.ts';
import { fileRecord, zFile } from '../views/file-record.ts';
import { defineOp, done, fail } from './define.ts';
import { theInode } from './layout-change.ts';
import { zFileName } from './name.ts';

export const rename = defineOp({
  name: 'rename',
  summary: 'Give a file another name',
  doc: 'renameat2 with RENAME_NOREPLACE: a name that is taken is EEXIST. Mappings, pins and sleeping operations stay with the file.',
  on: 'file',
  route: { method: 'POST', path: 'rename', status: 200 },
  body: 'json',
  reply: 'json',
  args: z.strictObject({ name: zFileName }),
  result: zFile,
  errors: ['ENOENT', 'EEXIST', 'ESTALE'],
  sleeps: false,
  atomic: true,
  first: 'rename',
  steps: {
    rename(k, task) {
      const inode = theInode(k, task);
      const { name } = task.args;
      if (name !== inode.name) {
        if (findFile(k, name) !== null) return fail('EEXIST', 'CR1', `there is a file ${name} already`);
        emit(k, 'file.renamed', inode, { ino: inode.ino, from: inode.name, to: name });
        k.names.delete(inode.name);
        inode.name = name;
        k.names.set(name, inode.ino);
      }
      return done(fileRecord(k, inode));
    },
  },
});
