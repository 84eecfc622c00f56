// The interface of a reclaim strategy, which decides what to do about pinned pages when their
// blocks are to leave a file. Each strategy has one file. The steps that every layout change takes
// (lock, break, change, commit, drain) are in ops/layout-change.ts.
import type { z } from 'zod';
import type { Failure } from '../errno.ts';
import type { Personality } from '../fs/personality/index.ts';
import type { IdleRule, Inode, Kernel, Task } from '../state.ts';
import type { Pfn, PgOff } from '../units.ts';

/** The part of a file that a layout change will change. */
export interface LayoutRange {
  /** Bytes, both inclusive; `lastByte` may be the largest offset there is. */
  firstByte: number;
  lastByte: number;
  /** Whole pages that leave the file or are replaced; null when none do. */
  leave: Pages | null;
  /**
   * Pages that collapse, insert and exchange move to another offset. If one is pinned, its DMA
   * would go to that offset.
   */
  move: Pages | null;
}

export interface Pages {
  first: PgOff;
  last: PgOff;
}

/**
 * All pages that leave or move. If both exist, the pages that move begin right after those that
 * leave.
 */
export function concerned({ leave, move }: LayoutRange): Pages | null {
  if (leave === null || move === null) return leave ?? move;
  return { first: leave.first, last: move.last };
}

export type BreakVerdict =
  | { kind: 'broken' }
  /**
   * Sleep until `pfn` is idle: with both locks held if `holdLocks` (option B), otherwise without
   * invalidate_lock (option D).
   */
  | { kind: 'sleep'; pfn: Pfn; pgoff: PgOff; holdLocks: boolean }
  | { kind: 'refuse'; failure: Failure };

/** The state of blocks after they left an inode. */
export type Destination = 'free' | 'busy' | 'detached';

export interface Strategy<Options = Record<string, unknown>> {
  name: string;
  summary: string;
  doc: string;
  options: z.ZodType<Options>;
  /**
   * It needs a list for freed blocks that must not be allocated yet (xfs_extent_busy,
   * bb_free_root). ext2 and btrfs have none.
   */
  needsBusyState: boolean;
  /** The caller sleeps on a pin with invalidate_lock held, so a fault can be a deadlock (S01). */
  sleepsWithLocks: boolean;
  idleRule(options: Options): IdleRule;
  /** Defaults of options that depend on the kernel: the idle rule of Linux 6.12 or 7.3. */
  kernelDefaults?(personality: Personality): Partial<Record<string, unknown>>;
  /**
   * True: the layout is broken before the filesystem checks its arguments, as on Linux, where a
   * misaligned collapse first waits and then fails with EINVAL (S32). refuse fails at this point,
   * and none does nothing there. False: the checks come first. The busy list and the waits of
   * wait-for-refs and detach-and-wait belong to the removal of blocks, which is after the checks.
   */
  breaksBeforeChecks: boolean;
  /**
   * Checks the range for pins and decides whether the change may proceed. The caller holds i_rwsem
   * and invalidate_lock exclusive.
   */
  breakLayout(
    k: Kernel,
    task: Task,
    inode: Inode,
    range: LayoutRange,
    options: Options,
  ): BreakVerdict;
  /**
   * What get_user_pages does on a page whose new references are stopped: true fails it with EAGAIN,
   * otherwise it blocks in the fault.
   */
  failsNewRefs?(options: Options): boolean;
  /** Clears the marks that `breakLayout` made. Called whenever the wait ends, for any reason. */
  abandon?(k: Kernel, inode: Inode): void;
  destination: Destination;
  /**
   * What eviction does about pins: wait uninterruptibly, remove the blocks at once, or refuse
   * before it changes anything.
   */
  eviction(options: Options): 'wait' | 'take' | 'refuse';
}

/** The input of the registry: options are checked against the strategy's own schema. */
export function defineStrategy<O extends z.ZodType>(
  strategy: Omit<Strategy<z.infer<O>>, 'options'> & { options: O },
): Strategy {
  // As in defineOp: each strategy gets only options that its own schema has parsed.
  return strategy as unknown as Strategy;
}
