// collapse and insert move blocks without freeing them, so neither the busy list nor the detached
// list protects a pinned one: its DMA would write to live data at another offset. Strategies that
// otherwise never wait therefore first wait for these pins.
import { scan } from '../fs/layout.ts';
import { unmapRange } from '../mm/pagetable.ts';
import type { Inode, Kernel } from '../state.ts';
import type { BreakVerdict, LayoutRange } from './strategy.ts';

/**
 * Waits for pins on the pages that move, as break-layouts does over that range. Pages that leave
 * the file are only unmapped, pinned or not.
 */
export function drainWhatMoves(
  k: Kernel,
  inode: Inode,
  { leave, move }: LayoutRange,
): BreakVerdict {
  if (leave !== null) unmapRange(k, inode, leave.first, leave.last);
  if (move === null) return { kind: 'broken' };
  const busy = scan(k, inode, move.first, move.last);
  return busy === null ? { kind: 'broken' } : { kind: 'sleep', ...busy, holdLocks: false };
}
