// Lists of things of one file, which is asked for by its name or by its inode.
import { z } from 'zod';
import type { Failure } from '../errno.ts';
import { findFile } from '../fs/inode.ts';
import type { Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { absent } from './define.ts';

/** Lists take these. */
export const zByFile = {
  file: z.string().max(255).optional().describe('Only of the file that currently has this name.'),
  ino: z.int().positive().optional().describe('Only this inode, even if it was unlinked.'),
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
