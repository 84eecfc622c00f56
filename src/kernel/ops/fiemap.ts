// ioctl(FS_IOC_FIEMAP), as filefrag calls it. Unlike the extents view it is a system call, which
// takes i_rwsem, except on ext4 in 6.12. So it hangs behind a truncate that sleeps, and a tool that
// diagnoses a hang with FIEMAP hangs too.
import { z } from 'zod';
import { personalityOf } from '../fs/personality/index.ts';
import { eachExtent } from '../lib/extent-map.ts';
import { byteOf, pageOf, pageSize, zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, goto } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';

const flagLast = 0x1;
const flagUnwritten = 0x800;
const extentsMax = 10_000;

export const fiemap = defineOp({
  name: 'fiemap',
  summary: 'The extents of a file, by the system call',
  doc:
    'fe_flags: 0x1 is LAST of the range, 0x800 UNWRITTEN, and on ext2 also 0x1000 MERGED. It ' +
    'waits for i_rwsem where Linux does; GET …/extents gives the same list without the lock. ' +
    'At most ' +
    `${extentsMax} extents.`,
  on: 'file',
  route: { method: 'GET', path: 'fiemap', status: 200 },
  args: z.strictObject({
    offset: zBytes.default(0),
    length: zBytes.default(Number.MAX_SAFE_INTEGER),
  }),
  result: z.object({
    extents: z.array(
      z.object({
        fe_logical: zCount,
        fe_physical: zCount,
        fe_length: zCount,
        fe_flags: zCount,
      }),
    ),
  }),
  errors: ['EINVAL'],
  first: 'lock',
  steps: {
    lock(k, task) {
      if (task.args.length === 0)
        return fail('EINVAL', 'RG1', 'length is 0; it must be at least 1');
      const { fiemapLock } = personalityOf(k.geometry);
      return fiemapLock === 'none'
        ? goto('list')
        : lockThen(k, task, theInode(k, task), 'i_rwsem', fiemapLock, 'list');
    },
    list(k, task) {
      const inode = theInode(k, task);
      const { fiemapFlags, fiemapCutsLength } = personalityOf(k.geometry);
      const { offset } = task.args;
      // ext2_fiemap() cuts the length, not the end. It treats an empty file as one of 1 byte.
      const length = fiemapCutsLength
        ? Math.min(task.args.length, Math.max(1, inode.sizeBytes))
        : task.args.length;
      const last = pageOf(Math.min(Number.MAX_SAFE_INTEGER - offset, length) + offset - 1);
      const extents: {
        fe_logical: number;
        fe_physical: number;
        fe_length: number;
        fe_flags: number;
      }[] = [];
      let more = false;
      eachExtent(inode.extents, pageOf(offset), last, ({ pgoff, pfn, pages, written }) => {
        more = extents.length === extentsMax;
        if (more) return;
        const fe_flags = fiemapFlags | (written ? 0 : flagUnwritten);
        extents.push({
          fe_logical: byteOf(pgoff),
          fe_physical: pfn * pageSize,
          fe_length: pages * pageSize,
          fe_flags,
        });
      });
      const final = extents.at(-1);
      // FIEMAP_EXTENT_LAST is set on the last extent of the range, because iomap_fiemap does not
      // look beyond it either.
      if (final !== undefined && !more) final.fe_flags |= flagLast;
      return done({ extents });
    },
  },
});
