// Where a device's write goes: the file that it pinned, no file, or another one.
import { eachExtent } from '../kernel/lib/extent-map.ts';
import { inPin } from '../kernel/ops/dma.ts';
import { isOrphan } from '../kernel/records/pin.ts';
import type { Command, Kernel } from '../kernel/state.ts';
import { lastPage, type PinId, pageOf, toPgOff } from '../kernel/units.ts';

/** The pages that a DMA write is about to change and that its file no longer owns there. */
export function strayPages(
  k: Kernel,
  { on, args, data }: Command,
): { lost: number; foreign: number } {
  const stray = { lost: 0, foreign: 0 };
  const pin = k.pins.get((on.pin ?? 0) as PinId);
  if (pin === undefined || pin.access !== 'write') return stray;
  const { offset } = args as { offset?: number };
  const range = inPin(pin, offset, data?.length ?? 0);
  if ('errno' in range || range.bytes === 0) return stray;
  const first = pageOf(pin.offsetInPage + range.at);
  const last = pageOf(pin.offsetInPage + range.at + range.bytes - 1);
  const orphans = new Set<number>();
  for (let index: number = first; index <= last; index += 1)
    if (isOrphan(k, pin, index)) orphans.add(pin.pfns[index] as number);
  if (orphans.size === 0) return stray;
  const foreign = [...orphans].filter(ownersOf(k, orphans)).length;
  return { lost: orphans.size - foreign, foreign };
}

/** Which of these frames a file owns. A walk over all extents, for the rare write that strays. */
function ownersOf(k: Kernel, frames: ReadonlySet<number>): (pfn: number) => boolean {
  const owned = new Set<number>();
  for (const inode of k.inodes.values())
    eachExtent(inode.extents, toPgOff(0), lastPage, ({ pfn, pages }) => {
      for (const frame of frames) if (frame >= pfn && frame < pfn + pages) owned.add(frame);
    });
  return (pfn) => owned.has(pfn);
}
