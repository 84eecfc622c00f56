// Lists that are filtered by a file, given by its name or its inode number.
import { z } from 'zod';
import type { Failure } from '../errno.ts';
import { findFile } from '../fs/inode.ts';
import type { Kernel } from '../state.ts';
import type { Ino } from '../units.ts';
import { absent } from './define.ts';

/** The query parameters of these lists. */
export const zByFile = {
  file: z.string().max(255).optional().describe('Only of the file that currently has this name.'),
  ino: z.int().positive().optional().describe('Only this inode, even if it was unlinked.'),
};

/**
 * The inode that a list is filtered by; null is no filter. An unknown name is ENOENT; an unknown
 * inode gives an empty list.
 */
export function inodeAskedFor(
  k: Kernel,
  { file, ino }: { file?: string | undefined; ino?: number | undefined },
): { ok: true; ino: Ino | null } | { ok: false; failure: Failure } {
  if (file === undefined) return { ok: true, ino: (ino ?? null) as Ino | null };
  const inode = findFile(k, file);
  if (inode === null) return absent('NM1', `there is no file ${file}`);
  // If both are given and differ, nothing matches.
  return { ok: true, ino: ino === undefined || ino === inode.ino ? inode.ino : (-1 as Ino) };
}
