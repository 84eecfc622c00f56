import { z } from 'zod';
import { writePage } from '../dev/pmem.ts';
import { victims as victimFields } from '../events.ts';
import { touch } from '../fs/inode.ts';
import { anonPage, isAnon } from '../mm/anon.ts';
import { zCount } from '../units.ts';
import { defineAtomic, done, fail, failWith } from './define.ts';
import { eachPinnedPiece, inPin, zDmaOffset } from './dma.ts';

export const dmaWrite = defineAtomic({
  name: 'dma-write',
  summary: 'Write pinned pages by DMA',
  doc:
    'Writes to the frames, whichever file owns them: the same file, no file, or under the ' +
    'strategy none another file. `victims` names the owners of pages that the file of the pin ' +
    'no longer owns; their ETags change.',
  on: 'pin',
  route: { method: 'PUT', path: 'memory', status: 200 },
  takes: 'bytes',
  args: z.strictObject({ offset: zDmaOffset }),
  result: z.object({
    bytesWritten: zCount,
    pagesOrphan: zCount.describe('Written pages that the file no longer owns at that offset.'),
    ...victimFields,
  }),
  errors: ['EBUSY', 'EFAULT'],
  grows: true,
  run(k, task) {
    const pin = task.pin === 0 ? undefined : k.pins.get(task.pin);
    if (pin === undefined) return fail('ENOENT', 'GP4', 'the pin was released meanwhile');
    if (pin.access !== 'write')
      return fail('EFAULT', 'DM2', 'the pages were pinned for reading only (without FOLL_WRITE)');
    const data = task.data ?? new Uint8Array(0);
    const range = inPin(pin, task.args.offset, data.length);
    if ('errno' in range) return failWith(range);
    const { pages, orphan, victims, owners } = eachPinnedPiece(
      k,
      pin,
      range.at,
      data.length,
      'dma.written',
      (pfn, inPage, bytes, at) => {
        const piece = data.subarray(at, at + bytes);
        if (isAnon(pfn)) anonPage(k, pfn).bytes.set(piece, inPage);
        else writePage(k, pfn, inPage, piece, 'device');
      },
    );
    const inode = k.inodes.get(pin.ino);
    // The content of a new owner changes without its knowledge, so its ETag must not stay.
    const changed = new Set(owners);
    if (inode !== undefined && orphan < pages) changed.add(inode);
    for (const one of changed) touch(k, one);
    return done({ bytesWritten: data.length, pagesOrphan: orphan, ...victims });
  },
});
