import { z } from 'zod';
import type { Kernel, Mapping } from '../state.ts';
import { byteOf, mappingId, pageSize } from '../units.ts';
import { inodeRecord, nameOf, zInode } from './inode.ts';

export const zMapping = z.object({
  id: z.string(),
  file: z.string().nullable(),
  ...zInode,
  offset: z.int().describe('First byte of the file that is mapped.'),
  length: z.int().describe('Whole pages.'),
  access: z.enum(['read', 'read-write']),
  shared: z.boolean(),
  sync: z.boolean(),
  owner: z.string().nullable(),
  pagesPresent: z.int().describe('Pages that have a page-table entry, including the zero page.'),
  pmdsPresent: z.int().describe('Entries of 2 MiB; their pages count in pagesPresent.'),
  createdMs: z.int(),
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
