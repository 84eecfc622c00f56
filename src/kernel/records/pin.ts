import { z } from 'zod';
import { blockPfn, lookupBlock } from '../lib/extent-map.ts';
import type { Kernel, Pin } from '../state.ts';
import { byteOf, mappingId, type PgOff, pinId, zCount } from '../units.ts';
import { pageSizeMax } from './contract.ts';
import { inodeRecord, nameOf, zInode } from './inode.ts';

export const zPin = z.object({
  id: z.string(),
  file: z.string().nullable().describe('null if the file no longer exists.'),
  ...zInode,
  mapping: z.string(),
  owner: z.string().nullable(),
  kind: z.string(),
  access: z.enum(['read', 'write']),
  longterm: z.boolean(),
  offset: zCount.describe('Byte of the file at which the pinned range begins.'),
  mappingOffset: zCount.describe(
    'Byte of the mapping at which the pinned range begins; addresses of its memory count ' +
      'from the same origin.',
  ),
  bytesPinned: zCount,
  pages: z.array(
    z.object({
      pgoff: zCount,
      pfn: zCount
        .nullable()
        .describe('null if the page has no block: the shared zero page or a private copy.'),
      orphan: z.boolean().describe('The file no longer owns this frame at this offset.'),
    }),
  ),
  pagesOmitted: zCount
    .optional()
    .describe('Pages that are not listed here; GET of the pin lists them page by page.'),
  collecting: z
    .literal(true)
    .optional()
    .describe('get_user_pages still collects its pages, so no device can use it yet.'),
  createdMs: zCount,
  heldMs: zCount,
  untilMs: zCount.nullable(),
});

/**
 * True if the file no longer has this frame at this page, so that DMA to it does not reach the
 * file.
 */
export function isOrphan(k: Kernel, pin: Pin, index: number): boolean {
  const pfn = pin.pfns[index] as number;
  if (pfn < 0) return false;
  const inode = k.inodes.get(pin.ino);
  if (inode === undefined) return true;
  const block = lookupBlock(inode.extents, (pin.first + index) as PgOff);
  return block < 0 || blockPfn(block) !== pfn;
}

/**
 * The record of a pin, with at most `max` of its pages from index `from` on, because a long pin
 * must not make a long answer.
 */
export function pinRecord(
  k: Kernel,
  pin: Pin,
  nowMs: number,
  from = 0,
  max = pageSizeMax,
): z.infer<typeof zPin> {
  const isWhole = from === 0 && pin.pfns.length <= max;
  const shown = isWhole ? pin.pfns : pin.pfns.slice(from, from + max);
  const omitted = pin.pfns.length - shown.length;
  return {
    id: pinId(pin.id),
    file: nameOf(k, pin.ino),
    ...inodeRecord(k, pin.ino),
    mapping: mappingId(pin.mapping),
    owner: pin.owner,
    kind: pin.kind,
    access: pin.access,
    longterm: pin.longterm,
    offset: byteOf(pin.first) + pin.offsetInPage,
    mappingOffset: pin.offset,
    // While the pages are still collected, it counts only those so far.
    bytesPinned: Math.max(0, Math.min(pin.lengthBytes, byteOf(pin.pfns.length) - pin.offsetInPage)),
    pages: shown.map((pfn, index) => ({
      pgoff: pin.first + from + index,
      pfn: pfn < 0 ? null : pfn,
      orphan: isOrphan(k, pin, from + index),
    })),
    ...(omitted > 0 ? { pagesOmitted: omitted } : {}),
    ...(pin.task === 0 ? {} : { collecting: true as const }),
    createdMs: pin.createdMs,
    heldMs: nowMs - pin.createdMs,
    untilMs: pin.untilMs === 0 ? null : pin.untilMs,
  };
}
