import { z } from 'zod';
import { isPoisoned } from '../dev/badblocks.ts';
import { readPage } from '../dev/pmem.ts';
import { failure } from '../errno.ts';
import { anonPage, isAnon } from '../mm/anon.ts';
import { zData } from '../records/contract.ts';
import { pageCeil, pageOf, toPfn, zBytes } from '../units.ts';
import { defineAtomic, done, fail, failWith } from './define.ts';
import { eachPinnedPiece, inPin, zDmaOffset } from './dma.ts';

export const dmaRead = defineAtomic({
  name: 'dma-read',
  summary: 'Read pinned pages by DMA',
  doc:
    'Returns the current bytes of the frames, whichever file owns them. Under the strategy ' +
    'none a pin can show bytes of another file.',
  on: 'pin',
  route: { method: 'GET', path: 'memory', status: 200 },
  gives: 'bytes',
  args: z.strictObject({
    offset: zDmaOffset,
    length: zBytes.optional().describe('To the end of the pinned range by default.'),
  }),
  result: z.object({ data: zData }),
  errors: ['EBUSY', 'EFAULT', 'EINVAL', 'EIO'],
  run(k, task) {
    const pin = task.pin === 0 ? undefined : k.pins.get(task.pin);
    if (pin === undefined) return fail('ENOENT', 'GP4', 'the pin was released meanwhile');
    const range = inPin(pin, task.args.offset, task.args.length);
    if ('errno' in range) return failWith(range);
    const { at: offset, bytes: length } = range;
    const max = k.limits.bytesPerRead;
    if (length > max) {
      return {
        kind: 'fail',
        failure: failure('EINVAL', 'LM4', `length is above ${max}, the maximum of one call`, max),
      };
    }
    const bad = pin.pfns.slice(
      pageOf(pin.offsetInPage + offset),
      pageCeil(pin.offsetInPage + offset + length),
    );
    if (bad.some((pfn) => pfn >= 0 && isPoisoned(k, toPfn(pfn))))
      return fail('EIO', 'PO4', 'the device read a poisoned page');
    const data = new Uint8Array(length);
    eachPinnedPiece(k, pin, offset, length, 'dma.read', (pfn, inPage, bytes, at) => {
      if (isAnon(pfn)) data.set(anonPage(k, pfn).bytes.subarray(inPage, inPage + bytes), at);
      else if (pfn >= 0) readPage(k, pfn, inPage, bytes, data, at);
    });
    return done({ data });
  },
});
