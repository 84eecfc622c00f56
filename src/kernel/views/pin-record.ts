import { z } from 'zod';
import { lookupBlock } from '../fs/extent.ts';
import type { Kernel, Pin } from '../state.ts';
import { byteOf, type PgOff } from '../units.ts';
import { inodeRecord, nameOf, zInode } from './whose.ts';

export const zPin = z.object({
  id: z.string(),
  file: z.string().nullable().describe('null once the file is gone.'),
  ...zInode,
  mapping: z.string(),
  owner: z.string().nullable(),
  kind: z.string(),
  access: z.enum(['read', 'write']),
  longterm: z.boolean(),
  offset: z.int().describe('Byte of the file at which the pinned range begins.'),
  mappingOffset: z.int().describe('Byte of the mapping at which it begins, where the addresses of its memory begin too.'),
  bytesPinned: z.int(),
  pages: z.array(
    z.object({
      pgoff: z.int(),
      pfn: z.int().nullable().describe('null has no block: the shared zero page or a private copy.'),
      orphan: z.boolean().describe('The file does not own this frame at this place any more.'),
    }),
  ),
  createdMs: z.int(),
  heldMs: z.int(),
  untilMs: z.int().nullable(),
});

/** True when the file no longer has this frame at this page: what the device writes there is lost to the file. */
export function isOrphan(k: Kernel, pin: Pin, index: number): boolean {
  const pfn = pin.pfns[index] as number;
  if (pfn < 0) return false;
  const inode = k.inodes.get(pin.ino);
  if (inode === undefined) return true;
  const block = lookupBlock(inode.extents, (pin.first + index) as PgOff);
  return block < 0 || Math.floor(block / 2) !== pfn;
}

export function pinRecord(k: Kernel, pin: Pin, nowMs: number): z.infer<typeof zPin> {
  return {
    id: `pin_${pin.id}`,
    file: nameOf(k, pin.ino),
    ...inodeRecord(k, pin.ino),
    mapping: `map_${pin.mapping}`,
    owner: pin.owner,
    kind: pin.kind,
    access: pin.access,
    longterm: pin.longterm,
    offset: byteOf(pin.first) + pin.offsetInPage,
    mappingOffset: pin.offset,
    // While they are collected, so many as there are.
    bytesPinned: Math.max(0, Math.min(pin.lengthBytes, byteOf(pin.pfns.length) - pin.offsetInPage)),
    pages: pin.pfns.map((pfn, index) => ({
      pgoff: pin.first + index,
      pfn: pfn < 0 ? null : pfn,
      orphan: isOrphan(k, pin, index),
    })),
    createdMs: pin.createdMs,
    heldMs: nowMs - pin.createdMs,
    untilMs: pin.untilMs === 0 ? null : pin.untilMs,
  };
}
