// stat: the record of a file, which create returns and the views show.
import { z } from 'zod';
import { indirectBlocks } from '../fs/indirect.ts';
import { etagOf } from '../fs/inode.ts';
import { personalityOf } from '../fs/personality/index.ts';
import type { Inode, Kernel } from '../state.ts';
import { zCount } from '../units.ts';

export const zFile = z.object({
  name: z.string(),
  ino: zCount,
  generation: zCount,
  sizeBytes: zCount,
  blocks512: zCount.describe('st_blocks: what the file owns, in units of 512 bytes.'),
  extents: zCount,
  nlink: zCount,
  mappings: zCount,
  etag: z.string(),
  createdMs: zCount,
  modifiedMs: zCount,
});

export function fileRecord(k: Kernel, inode: Inode): z.infer<typeof zFile> {
  return {
    name: inode.name,
    ino: inode.ino,
    generation: inode.generation,
    sizeBytes: inode.sizeBytes,
    blocks512: blocks512(k, inode),
    extents: inode.extents.extents,
    nlink: inode.nlink,
    mappings: inode.mappings.length,
    etag: etagOf(inode),
    createdMs: inode.createdMs,
    modifiedMs: inode.modifiedMs,
  };
}

/**
 * st_blocks: the blocks of the file, and the metadata blocks of its block map, as far as that does
 * not fit into the inode.
 */
export function blocks512(k: Kernel, inode: Inode): number {
  const { map } = personalityOf(k.geometry);
  const { extents, pages } = inode.extents;
  if (map.kind === 'indirect') return (pages + indirectBlocks(inode.extents)) * 8;
  return (pages + (extents > map.inInode ? Math.ceil(extents / map.perLeaf) : 0)) * 8;
}
