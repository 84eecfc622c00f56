// The extents of a file (FIEMAP), and the free extents.
import { z } from 'zod';
import { findFile } from '../fs/inode.ts';
import { nextExtent } from '../lib/extent-map.ts';
import { eachFreeRun } from '../lib/free-space.ts';
import { blocks512 } from '../records/file.ts';
import { byteOf, pageSize, toPgOff, zCount } from '../units.ts';
import { absent, cursorOf, defineView, found, tokenOf, zPageToken } from './define.ts';

const extentsPageMax = 10_000;
const zExtentPage = {
  pageSize: z
    .int()
    .positive()
    .default(extentsPageMax)
    .describe(`At most ${extentsPageMax}; a larger number is reduced to that.`),
  pageToken: zPageToken.optional(),
};

export const extents = defineView({
  name: 'extents',
  summary: 'The extents of a file (FIEMAP)',
  doc:
    'In ascending order of offset. Neighbouring blocks that are physically contiguous and have ' +
    'the same state are one extent. physical is a byte address on the device.',
  on: 'file',
  path: 'extents',
  query: z.strictObject(zExtentPage),
  result: z.object({
    sizeBytes: zCount,
    blocks512: zCount,
    extents: z.array(
      z.object({
        offset: zCount,
        length: zCount,
        physical: zCount,
        state: z.enum(['written', 'unwritten']),
      }),
    ),
    nextPageToken: z.string().optional(),
  }),
  read(k, target, query) {
    const inode = findFile(k, target.file ?? '');
    if (inode === null) return absent('NM1', `there is no file ${target.file}`);
    const size = Math.min(query.pageSize, extentsPageMax);
    const list = [];
    let next = nextExtent(inode.extents, toPgOff(cursorOf(query)));
    while (next !== null && list.length < size) {
      const state = next.written ? ('written' as const) : ('unwritten' as const);
      list.push({
        offset: byteOf(next.pgoff),
        length: next.pages * pageSize,
        physical: next.pfn * pageSize,
        state,
      });
      next = nextExtent(inode.extents, toPgOff(next.pgoff + next.pages));
    }
    const more = next === null ? {} : { nextPageToken: tokenOf(next.pgoff) };
    return found({
      sizeBytes: inode.sizeBytes,
      blocks512: blocks512(k, inode),
      extents: list,
      ...more,
    });
  },
});

export const freeExtents = defineView({
  name: 'free-extents',
  summary: 'The free runs of the device',
  doc: 'Maximal runs of blocks that can be allocated now, in ascending order.',
  on: 'filesystem',
  path: 'free-extents',
  query: z.strictObject(zExtentPage),
  result: z.object({
    blocksFree: zCount,
    extents: z.array(z.object({ pfn: zCount, pages: zCount })),
    nextPageToken: z.string().optional(),
  }),
  read(k, _target, query) {
    const size = Math.min(query.pageSize, extentsPageMax);
    const from = cursorOf(query);
    const list: { pfn: number; pages: number }[] = [];
    let next: number | null = null;
    eachFreeRun(k.space, (pfn, pages) => {
      if (pfn < from || next !== null) return;
      if (list.length === size) next = pfn;
      else list.push({ pfn, pages });
    });
    return found({
      blocksFree: k.space.free,
      extents: list,
      ...(next === null ? {} : { nextPageToken: tokenOf(next) }),
    });
  },
});
