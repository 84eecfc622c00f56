// What a device does through a pin. It knows frames, not files: it reads and writes whatever the frame holds now, whoever owns it.
import { emit } from '../events.ts';
import type { Kernel, Pin } from '../state.ts';
import { byteOf, type Pfn, pageOf, pageSize } from '../units.ts';
import { isOrphan } from '../views/pin-record.ts';

/** Calls `each` for every piece of [offset, offset + length), bytes from the start of the pinned range, and logs the access. */
export function eachPinnedPiece(
  k: Kernel,
  pin: Pin,
  offset: number,
  length: number,
  type: 'dma.read' | 'dma.written',
  each: (pfn: Pfn, inPage: number, bytes: number, at: number) => void,
): void {
  let orphan = 0;
  let at = 0;
  while (at < length) {
    const byte = pin.offsetInPage + offset + at;
    const index = pageOf(byte);
    const inPage = byte % pageSize;
    const bytes = Math.min(pageSize - inPage, length - at);
    each(pin.pfns[index] as Pfn, inPage, bytes, at);
    if (isOrphan(k, pin, index)) orphan += 1;
    at += bytes;
  }
  emit(k, type, k.inodes.get(pin.ino) ?? null, {
    pin: `pin_${pin.id}`,
    offset: byteOf(pin.first) + pin.offsetInPage + offset,
    length,
    orphan,
  });
}
