import { z } from 'zod';
import { findFile } from '../fs/inode.ts';
import { fileRecord, zFile } from '../records/file.ts';
import type { Inode, Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { zByFile } from './by-file.ts';
import { absent, defineView, found, pageOfList, zPage } from './define.ts';

function* listed(
  k: Kernel,
  { orphans, ino }: { orphans: boolean; ino?: number | undefined },
): Generator<Inode> {
  const asked = ino === undefined ? undefined : k.inodes.get(ino as Ino);
  if (asked !== undefined) yield asked;
  if (ino === undefined)
    for (const inode of k.inodes.values()) if (orphans || inode.nlink === 1) yield inode;
}

export const files = defineView({
  name: 'files',
  summary: 'List the files',
  doc:
    'In the order of their creation. Unlinked files that are still mapped or in use are listed ' +
    'only with orphans=true. ino=N lists one inode, with or without a name.',
  on: 'filesystem',
  path: 'files',
  query: z.strictObject({ ...zPage, orphans: z.boolean().default(false), ino: zByFile.ino }),
  result: z.object({ items: z.array(zFile), nextPageToken: z.string().optional() }),
  read(k, _target, query) {
    const page = pageOfList(listed(k, query), query, (inode) => inode.ino);
    return found({ ...page, items: page.items.map((inode) => fileRecord(k, inode)) });
  },
});

export const file = defineView({
  name: 'file',
  single: true,
  etag: true,
  summary: 'stat of a file',
  doc: 'blocks512 is exact at once: DAX has no delayed allocation.',
  on: 'file',
  path: '',
  query: z.strictObject({}),
  result: zFile,
  read(k, target) {
    const inode = findFile(k, target.file ?? '');
    return inode === null
      ? absent('NM1', `there is no file ${target.file}`)
      : found(fileRecord(k, inode));
  },
});
