// The shape of a reclaim strategy: what to do about pages that a device still holds when their
// blocks are to leave the file. One file a strategy; the walk that every layout change takes (lock,
// break, change, commit, drain) is in ops/layout-change.ts.
import type { z } from 'zod';
import type { Failure } from '../errno.ts';
import type { Personality } from '../fs/personality/index.ts';
import type { IdleRule, Inode, Kernel, Task } from '../state.ts';
import type { Pfn, PgOff } from '../units.ts';

/** What a layout change is about to do to a file. */
export interface LayoutRange {
  /** Bytes, both inclusive; `last` may be the largest offset there is. */
  firstByte: number;
  lastByte: number;
  /** Whole pages that leave the file or are replaced; null when none do. */
  leave: Pages | null;
  /**
   * Those that collapse, insert and exchange move to another offset: a pinned one would carry live
   * DMA along.
   */
  move: Pages | null;
}

export interface Pages {
  first: PgOff;
  last: PgOff;
}

/**
 * Everything that is not where it was afterwards. Where both are there, what moves begins behind
 * what leaves.
 */
export function concerned({ leave, move }: LayoutRange): Pages | null {
  if (leave === null || move === null) return leave ?? move;
  return { first: leave.first, last: move.last };
}

export type BreakVerdict =
  | { kind: 'broken' }
  /**
   * Sleep until `pfn` is idle. `holdLocks`: with both locks held (B); otherwise invalidate_lock is
   * dropped for the sleep (D).
   */
  | { kind: 'sleep'; pfn: Pfn; pgoff: PgOff; holdLocks: boolean }
  | { kind: 'refuse'; failure: Failure };

/** Where blocks go that leave an inode. */
export type Destination = 'free' | 'busy' | 'detached';

export interface Strategy<Options = Record<string, unknown>> {
  name: string;
  summary: string;
  doc: string;
  options: z.ZodType<Options>;
  /**
   * Needs a place to keep blocks that are free in the books only; ext2 and btrfs have none
   * (xfs_extent_busy, bb_free_root).
   */
  needsBusyState: boolean;
  /** The caller sleeps on a pin with invalidate_lock held, so a fault can be a deadlock (S01). */
  sleepsWithLocks: boolean;
  idleRule(options: Options): IdleRule;
  /** What an option is by default where the kernel decides: the idle rule of Linux 6.12 or 7.3. */
  kernelDefaults?(personality: Personality): Partial<Record<string, unknown>>;
  /**
   * Linux breaks the layout before the filesystem looks at its arguments: a misaligned collapse
   * waits, and is EINVAL then (S32). refuse would fail in the same place, and none does nothing in
   * it. The busy list, and the waits of wait-for-refs and detach-and-wait, sit where the blocks go,
   * behind those checks, so there the arguments are looked at first.
   */
  breaksBeforeChecks: boolean;
  /**
   * Looks at the range and says whether the change may go on. Caller holds i_rwsem and
   * invalidate_lock exclusive.
   */
  breakLayout(
    k: Kernel,
    task: Task,
    inode: Inode,
    range: LayoutRange,
    options: Options,
  ): BreakVerdict;
  /**
   * get_user_pages on a page whose new references are stopped: true fails it with EAGAIN, otherwise
   * it blocks in the fault.
   */
  failsNewRefs?(options: Options): boolean;
  /** The wait is over, one way or the other: undo what `breakLayout` marked. */
  abandon?(k: Kernel, inode: Inode): void;
  destination: Destination;
  /**
   * What eviction does about pins: wait without a signal, take the blocks at once, or refuse before
   * anything happens.
   */
  eviction(options: Options): 'wait' | 'take' | 'refuse';
}

/** The input of the registry: options are checked against the strategy's own schema. */
export function defineStrategy<O extends z.ZodType>(
  strategy: Omit<Strategy<z.infer<O>>, 'options'> & { options: O },
): Strategy {
  // As in defineOp: the registry hands each strategy its own parsed options.
  return strategy as unknown as Strategy;
}
