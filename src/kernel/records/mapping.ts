import { z } from 'zod';
import type { Kernel, Mapping } from '../state.ts';
import { byteOf, mappingId, pageSize, zCount } from '../units.ts';
import { inodeRecord, nameOf, zInode } from './inode.ts';

export const zMapping = z.object({
  id: z.string(),
  file: z.string().nullable(),
  ...zInode,
  offset: zCount.describe('First byte of the file that is mapped.'),
  length: zCount.describe('Whole pages.'),
  access: z.enum(['read', 'read-write']),
  shared: z.boolean(),
  sync: z.boolean(),
  owner: z.string().nullable(),
  pagesPresent: zCount.describe('Pages that have a page-table entry, including the zero page.'),
  pmdsPresent: zCount.describe('Entries of 2 MiB; their pages count in pagesPresent.'),
  createdMs: zCount,
});

export function mappingRecord(k: Kernel, mapping: Mapping): z.infer<typeof zMapping> {
  return {
    id: mappingId(mapping.id),
    file: nameOf(k, mapping.ino),
    ...inodeRecord(k, mapping.ino),
    offset: byteOf(mapping.first),
    length: mapping.pages * pageSize,
    access: mapping.access,
    shared: mapping.shared,
    sync: mapping.sync,
    owner: mapping.owner,
    pagesPresent: mapping.ptes.entries,
    pmdsPresent: mapping.pmds?.size ?? 0,
    createdMs: mapping.createdMs,
  };
}
