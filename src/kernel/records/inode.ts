// Whose a page, a pin or a call is. A name is not enough: a file that was unlinked lives on while
// it is mapped or in use, and another one may be called by its name. So every record says the
// inode, and lists can be asked for by either.
import { z } from 'zod';
import type { Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { zCount } from '../units.ts';

const zIno = zCount.describe('The inode. Its former name may now belong to another file.');
const zUnlinked = z.literal(true).optional().describe('The inode no longer has a name.');

/** Beside a name that is there for other reasons. */
export const zInode = { ino: zIno, unlinked: zUnlinked };
export const zInodeOrNone = { ino: zIno.nullable(), unlinked: zUnlinked };

export function inodeRecord(k: Kernel, ino: Ino): { ino: number; unlinked?: true } {
  return k.inodes.get(ino)?.nlink === 1 ? { ino } : { ino, unlinked: true };
}

/**
 * The same where there may be no file: a call on the filesystem, a frame that no mapping entry
 * names.
 */
export function inodeRecordOrNone(
  k: Kernel,
  ino: Ino | 0,
): { ino: number | null; unlinked?: true } {
  return ino === 0 ? { ino: null } : inodeRecord(k, ino);
}

export const nameOf = (k: Kernel, ino: Ino | 0): string | null =>
  ino === 0 ? null : (k.inodes.get(ino)?.name ?? null);
