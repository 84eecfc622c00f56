// lseek(SEEK_DATA) and lseek(SEEK_HOLE). Mirrors fs/iomap/seek.c and mapping_seek_hole_data(): an
// unwritten block counts as data if it has a mapping entry, as after a read fault, else as a hole.
import { z } from 'zod';
import { personalityOf } from '../fs/personality/index.ts';
import { nextExtent } from '../lib/extent-map.ts';
import { eachEntry } from '../lib/xarray.ts';
import type { Inode } from '../state.ts';
import { byteOf, type PgOff, pageOf, toPgOff, zBytes, zCount } from '../units.ts';
import { defineOp, done, fail, goto } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';

/** The first page from `first` to `last` that has a mapping entry, or that has none. */
function nextEntry(inode: Inode, first: PgOff, last: PgOff, present: boolean): PgOff | null {
  let gap: number = first;
  let found: PgOff | null = null;
  eachEntry(inode.entries, first, last, (index) => {
    if (present) found = toPgOff(index);
    else if (index === gap) gap += 1;
    return present || index > gap ? false : undefined;
  });
  return present ? found : gap > last ? null : toPgOff(gap);
}

/**
 * The first page at or after `from` that is data, or a hole. After the last extent all is a hole.
 */
function nextPage(inode: Inode, from: PgOff, whence: 'data' | 'hole'): PgOff | null {
  const data = whence === 'data';
  let at = from;
  for (;;) {
    const extent = nextExtent(inode.extents, at);
    if (extent === null) return data ? null : at;
    if (extent.pgoff > at && !data) return at;
    const first = toPgOff(Math.max(at, extent.pgoff));
    const end = toPgOff(extent.pgoff + extent.pages);
    if (extent.written && data) return first;
    if (!extent.written) {
      const found = nextEntry(inode, first, toPgOff(end - 1), data);
      if (found !== null) return found;
    }
    at = end;
  }
}

export const seek = defineOp({
  name: 'seek',
  summary: 'Find the next data or the next hole',
  doc:
    'lseek with SEEK_DATA or SEEK_HOLE. There is a virtual hole at the end of the file. On ext4 ' +
    'it waits for i_rwsem, on XFS it does not. On ext2 the whole file counts as data.',
  on: 'file',
  route: { method: 'GET', path: 'seek', status: 200 },
  args: z.strictObject({ whence: z.enum(['data', 'hole']), offset: zBytes.default(0) }),
  result: z.object({ offset: zCount }),
  errors: ['ENXIO'],
  first: 'lock',
  steps: {
    lock(k, task) {
      if (!personalityOf(k.geometry).seekLocks) return goto('find');
      return lockThen(k, task, theInode(k, task), 'i_rwsem', 'shared', 'find');
    },
    find(k, task) {
      const inode = theInode(k, task);
      const { offset, whence } = task.args;
      const none = fail(
        'ENXIO',
        'SK1',
        `there is no ${whence} at or after ${offset}; the file has ${inode.sizeBytes} bytes`,
      );
      if (offset >= inode.sizeBytes) return none;
      if (!personalityOf(k.geometry).seekHoles)
        return done({ offset: whence === 'data' ? offset : inode.sizeBytes });
      const page = nextPage(inode, pageOf(offset), whence);
      const found = page === null ? null : Math.max(offset, byteOf(page));
      if (whence === 'hole')
        return done({ offset: Math.min(found ?? inode.sizeBytes, inode.sizeBytes) });
      return found === null || found >= inode.sizeBytes ? none : done({ offset: found });
    },
  },
});
