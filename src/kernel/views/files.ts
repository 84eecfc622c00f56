import { z } from 'zod';
import { findFile } from '../fs/inode.ts';
import type { Inode, Kernel } from '../state.ts';
import { absent, defineView, found, pageOfList, zPage } from './define.ts';
import { fileRecord, zFile } from './file-record.ts';

function* listed(k: Kernel, orphans: boolean): Generator<Inode> {
  for (const inode of k.inodes.values()) if (orphans || inode.nlink === 1) yield inode;
}

export const files = defineView({
  name: 'files',
  summary: 'List the files',
  doc: 'In the order in which they were created. Unlinked files that are still mapped or in use are not listed; orphans=true adds them.',
  on: 'filesystem',
  path: 'files',
  query: z.strictObject({ ...zPage, orphans: z.boolean().default(false) }),
  result: z.object({ items: z.array(zFile), nextPageToken: z.string().optional() }),
  errors: ['ENOENT'],
  read(k, _target, query) {
    const page = pageOfList(listed(k, query.orphans), query, (inode) => inode.ino);
    return found({ ...page, items: page.items.map((inode) => fileRecord(k, inode)) });
  },
});

export const file = defineView({
  name: 'file',
  summary: 'stat of a file',
  doc: 'blocks512 is exact at once: DAX has no delayed allocation.',
  on: 'file',
  path: '',
  query: z.strictObject({}),
  result: zFile,
  errors: ['ENOENT'],
  read(k, target) {
    const inode = findFile(k, target.file ?? '');
    return inode === null ? absent('NM1', `there is no file ${target.file}`) : found(fileRecord(k, inode));
  },
});
