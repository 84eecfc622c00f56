// The file of a page, a pin or a call. A name does not identify it: an unlinked file exists while
// it is mapped or in use, and another file may have its name by then. So every record has the inode
// number, and lists can be filtered by either.
import { z } from 'zod';
import type { Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { zCount } from '../units.ts';

const zIno = zCount.describe('The inode. Its former name may now belong to another file.');
const zUnlinked = z.literal(true).optional().describe('The inode no longer has a name.');

/** The fields of a record that already has the name of the file. */
export const zInode = { ino: zIno, unlinked: zUnlinked };
export const zInodeOrNone = { ino: zIno.nullable(), unlinked: zUnlinked };

export function inodeRecord(k: Kernel, ino: Ino): { ino: number; unlinked?: true } {
  return k.inodes.get(ino)?.nlink === 1 ? { ino } : { ino, unlinked: true };
}

/**
 * As inodeRecord, if there may be no file: a call on the filesystem, or a frame that no mapping
 * entry names.
 */
export function inodeRecordOrNone(
  k: Kernel,
  ino: Ino | 0,
): { ino: number | null; unlinked?: true } {
  return ino === 0 ? { ino: null } : inodeRecord(k, ino);
}

export const nameOf = (k: Kernel, ino: Ino | 0): string | null =>
  ino === 0 ? null : (k.inodes.get(ino)?.name ?? null);
