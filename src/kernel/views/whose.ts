// Whose a page, a pin or a call is. A name is not enough: a file that was unlinked lives on while
// it is mapped or in use, and another one may be called by its name. So every record says the
// inode, and lists can be asked for by either.
import { z } from 'zod';
import type { Failure } from '../errno.ts';
import { findFile } from '../fs/inode.ts';
import type { Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { absent } from './define.ts';

const zIno = z.int().describe('The inode. Another file may have the name by now.');
const zUnlinked = z.literal(true).optional().describe('The inode has no name any more.');

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

/** Lists take these. */
export const zByFile = {
  file: z.string().max(255).optional().describe('Of the file that has this name now.'),
  ino: z.int().positive().optional().describe('Of this inode, also where it was unlinked.'),
};

/**
 * What a list was asked for: null is everything. A name that nobody has is ENOENT; an inode that is
 * not there has an empty list.
 */
export function inodeAskedFor(
  k: Kernel,
  { file, ino }: { file?: string | undefined; ino?: number | undefined },
): { ok: true; ino: Ino | null } | { ok: false; failure: Failure } {
  if (file === undefined) return { ok: true, ino: (ino ?? null) as Ino | null };
  const inode = findFile(k, file);
  if (inode === null) return absent('NM1', `there is no file ${file}`);
  // Both: nothing, where they are not the same.
  return { ok: true, ino: ino === undefined || ino === inode.ino ? inode.ino : (-1 as Ino) };
}
