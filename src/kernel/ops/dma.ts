// DMA through a pin. A device knows frames but no files, so it reads and writes the frame, no
// matter which file owns it now. Its addresses are bytes from the start of the mapping, as for
// get_user_pages.
import { emit, fileOfEvent } from '../emit.ts';
import { type Failure, failure } from '../errno.ts';
import { isOrphan } from '../records/pin.ts';
import type { Kernel, Pin } from '../state.ts';
import { byteOf, type Pfn, pageOf, pageSize, pinId, zBytes } from '../units.ts';

export const zDmaOffset = zBytes
  .optional()
  .describe(
    'In bytes from the start of the mapping through which the pages were pinned. By default ' +
      'the start of the pinned range.',
  );

/**
 * The position of [offset, offset + length) in the pinned range; without a length it reaches to the
 * end. EFAULT if it is outside. EBUSY while get_user_pages still collects pages, because no device
 * has the list yet.
 */
export function inPin(
  pin: Pin,
  offset = pin.offset,
  length?: number,
): { at: number; bytes: number } | Failure {
  if (pin.task !== 0)
    return failure('EBUSY', 'GP5', 'get_user_pages is still collecting the pages of this pin');
  const at = offset - pin.offset;
  const bytes = length ?? Math.max(0, pin.lengthBytes - at);
  if (at >= 0 && at <= pin.lengthBytes && bytes <= pin.lengthBytes - at) return { at, bytes };
  const pinned = `${pin.offset} to ${pin.offset + pin.lengthBytes}`;
  const asked = `bytes ${offset} to ${offset + bytes} of the mapping are not all pinned`;
  return failure('EFAULT', 'DM1', `${asked}; the pin covers bytes ${pinned}`);
}

/**
 * Calls `each` for the piece of [offset, offset + length) in each page, in bytes from the start of
 * the pinned range, and emits the event of the access. Returns how many pages there were, and in
 * how many of them the file no longer owns the frame at that offset.
 */
export function eachPinnedPiece(
  k: Kernel,
  pin: Pin,
  offset: number,
  length: number,
  type: 'dma.read' | 'dma.written',
  each: (pfn: Pfn, inPage: number, bytes: number, at: number) => void,
): { pages: number; orphan: number } {
  let pages = 0;
  let orphan = 0;
  let at = 0;
  while (at < length) {
    const byte = pin.offsetInPage + offset + at;
    const index = pageOf(byte);
    const inPage = byte % pageSize;
    const bytes = Math.min(pageSize - inPage, length - at);
    each(pin.pfns[index] as Pfn, inPage, bytes, at);
    pages += 1;
    if (isOrphan(k, pin, index)) orphan += 1;
    at += bytes;
  }
  emit(k, type, fileOfEvent(k, pin.ino), {
    pin: pinId(pin.id),
    offset: byteOf(pin.first) + pin.offsetInPage + offset,
    length,
    orphan,
  });
  return { pages, orphan };
}
