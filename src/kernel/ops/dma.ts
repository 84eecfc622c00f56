// DMA through a pin. A device knows frames but no files, so it reads and writes the frame, no
// matter which file owns it now. Its addresses are bytes from the start of the mapping, as for
// get_user_pages.
import { emit, fileOfEvent } from '../emit.ts';
import { type Failure, failure } from '../errno.ts';
import { type EventData, listedMax } from '../events.ts';
import { ownersOf } from '../fs/frame-owners.ts';
import { isOrphan } from '../records/pin.ts';
import type { Inode, Kernel, Pin } from '../state.ts';
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
): { pages: number; orphan: number; victims: Victims; owners: ReadonlySet<Inode> } {
  let pages = 0;
  const orphans: Pfn[] = [];
  let at = 0;
  while (at < length) {
    const byte = pin.offsetInPage + offset + at;
    const index = pageOf(byte);
    const inPage = byte % pageSize;
    const bytes = Math.min(pageSize - inPage, length - at);
    each(pin.pfns[index] as Pfn, inPage, bytes, at);
    pages += 1;
    if (isOrphan(k, pin, index)) orphans.push(pin.pfns[index] as Pfn);
    at += bytes;
  }
  const orphan = orphans.length;
  const found = orphan === 0 ? null : ownersOf(k, orphans);
  const victims = found === null ? {} : victimsOf(found, orphans);
  emit(k, type, fileOfEvent(k, pin.ino), {
    pin: pinId(pin.id),
    offset: byteOf(pin.first) + pin.offsetInPage + offset,
    length,
    orphan,
    ...victims,
  });
  const owners = new Set([...(found?.owners.values() ?? [])].map(({ inode }) => inode));
  return { pages, orphan, victims, owners };
}

export type Victims = Pick<EventData<'dma.written'>, 'foreign' | 'victims' | 'victimsUnknown'>;

/** Who owns the frames now, as runs in the order of the pin. */
function victimsOf(
  { owners, complete }: ReturnType<typeof ownersOf>,
  frames: readonly Pfn[],
): Victims {
  const victims: NonNullable<Victims['victims']> = [];
  for (const pfn of frames) {
    const owner = owners.get(pfn);
    if (owner === undefined) continue;
    const { ino, name: file, nlink } = owner.inode;
    const last = victims.at(-1);
    const isNext =
      last?.ino === ino && last.pfn + last.pages === pfn && last.pgoff + last.pages === owner.pgoff;
    if (isNext) last.pages += 1;
    else if (victims.length < listedMax) {
      const unlinked = nlink === 0 ? ({ unlinked: true } as const) : {};
      victims.push({ ino, file, ...unlinked, pgoff: owner.pgoff, pfn, pages: 1 });
    }
  }
  return { foreign: owners.size, victims, ...(complete ? {} : { victimsUnknown: true }) };
}
