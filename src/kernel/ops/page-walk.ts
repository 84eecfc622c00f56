// A walk over the pages of a mapping, one page in each step. Pages that are not mapped are faulted
// in. fault, load, store, flush and get_user_pages share it.
//
//     begin → page ⇄ (fault → entry → map) → … → page
//
// A page that was faulted in may be unmapped before the walk returns to it. Then it is faulted in
// again.
import { type Errno, type Failure, failure } from '../errno.ts';
import { faultPage, leaveEntry, lockEntry, sigbus, unlockEntry } from '../fs/dax.ts';
import { lockedPage } from '../fs/dax-pmd.ts';
import { isWritable, pfnOf, pteOf } from '../mm/pagetable.ts';
import { assert } from '../panic.ts';
import { release } from '../sched/rwsem.ts';
import type { Access, Inode, Kernel, Mapping, Task } from '../state.ts';
import { byteOf, type Pfn, type PgOff, pageCeil, pageOf, toPgOff } from '../units.ts';
import { failWith, goto, type Step, type TaskOf, type Verdict, wait } from './define.ts';
import { lockThen, theInode } from './layout-change.ts';

export interface PageWalk<Args, Result, Locals extends object> {
  /**
   * Checks the arguments and starts the walk over the pages of [offset, offset + length), in bytes
   * from the start of the mapping.
   */
  begin(
    k: Kernel,
    task: TaskOf<Args, Locals>,
    mapping: Mapping,
  ): Failure | { offset: number; length: number; access: Access };
  /**
   * Called for each mapped page. `pfn` is negative for the zero page and for a private copy, see
   * mm/anon.ts.
   */
  page(k: Kernel, task: TaskOf<Args, Locals>, mapping: Mapping, pgoff: PgOff, pfn: Pfn): void;
  /** Called before a page is faulted in. A failure stops the walk. */
  beforeFault?(k: Kernel, task: TaskOf<Args, Locals>, inode: Inode, pgoff: PgOff): Failure | null;
  /** Called when a page cannot be mapped. */
  stopped(k: Kernel, task: TaskOf<Args, Locals>, why: Failure): Verdict<never, Result>;
  finish(k: Kernel, task: TaskOf<Args, Locals>): Verdict<never, Result>;
}

/** The progress of a walk. */
interface Walk {
  at: PgOff;
  end: PgOff;
  access: Access;
  /** The page of the entry that it has locked or waits to lock. */
  entry: PgOff | null;
}

export interface WalkLocals {
  walk?: Walk;
}

function walkOf(task: Task & { locals: WalkLocals }): Walk {
  assert(task.locals.walk !== undefined, 'a walk has begun');
  return task.locals.walk;
}

export function theMapping(k: Kernel, task: Task): Mapping | null {
  return task.mapping === 0 ? null : (k.mappings.get(task.mapping) ?? null);
}

/**
 * EFAULT: the mapping was removed. SIGBUS: the page is beyond the file or poisoned, or got no
 * block. ENOMEM: no memory for a private copy.
 */
export const walkErrors = ['EFAULT', 'SIGBUS', 'ENOMEM'] as const satisfies readonly Errno[];

const unmapped = () => failure('EFAULT', 'GP1', 'the mapping was removed meanwhile');

/**
 * Checks that [offset, offset + length) is in the mapping, as for an access by the CPU. SIGSEGV
 * becomes EFAULT here.
 */
export function checkInside(mapping: Mapping, offset: number, length: number): Failure | null {
  if (length === 0) return failure('EINVAL', 'RG1', 'length is 0; it must be at least 1');
  const bytes = byteOf(mapping.pages);
  if (offset < bytes && length <= bytes - offset) return null;
  return failure(
    'EFAULT',
    'FT1',
    `bytes ${offset} to ${offset + length} reach beyond the mapping, which has ${bytes} bytes`,
  );
}

/** Refuses a store or a write fault through a mapping without PROT_WRITE. */
export function checkWritable(mapping: Mapping): Failure | null {
  return mapping.access === 'read-write'
    ? null
    : failure('EACCES', 'FT2', 'the mapping is read-only (SIGSEGV)');
}

type WalkStep = 'begin' | 'page' | 'fault' | 'entry' | 'map';

export function walkSteps<Args, Result, Locals extends WalkLocals = WalkLocals>(
  walk: PageWalk<Args, Result, Locals>,
): Record<WalkStep, Step<Args, Locals, WalkStep, Result>> {
  return {
    begin(k, task) {
      const mapping = theMapping(k, task);
      if (mapping === null) return failWith(unmapped());
      const begun = walk.begin(k, task, mapping);
      if ('errno' in begun) return failWith(begun);
      const first = toPgOff(mapping.first + pageOf(begun.offset));
      const end = toPgOff(
        mapping.first + Math.min(pageCeil(begun.offset + begun.length), mapping.pages),
      );
      task.locals.walk = { at: first, end, access: begun.access, entry: null };
      return goto('page');
    },
    page(k, task) {
      const mapping = theMapping(k, task);
      if (mapping === null) return walk.stopped(k, task, unmapped());
      const locals = walkOf(task);
      if (locals.at >= locals.end) return walk.finish(k, task);
      const pte = pteOf(mapping, locals.at);
      const present = locals.access === 'read' ? pte !== 0 : isWritable(pte);
      if (present) {
        walk.page(k, task, mapping, locals.at, pfnOf(pte));
        locals.at = toPgOff(locals.at + 1);
        return goto('page');
      }
      const refused = walk.beforeFault?.(k, task, theInode(k, task), locals.at) ?? null;
      return refused === null ? goto('fault') : walk.stopped(k, task, refused);
    },
    fault: (k, task) => {
      const verdict = lockThen(k, task, theInode(k, task), 'invalidate_lock', 'shared', 'entry');
      return verdict.kind === 'fail' ? walk.stopped(k, task, verdict.failure) : verdict;
    },
    entry(k, task) {
      const inode = theInode(k, task);
      const mapping = theMapping(k, task);
      const walked = walkOf(task);
      const { at, access, entry } = walked;
      if (mapping === null || byteOf(at) >= inode.sizeBytes) {
        leaveEntry(k, inode, entry ?? at);
        release(k, task, inode, 'invalidate_lock');
        if (mapping === null) return walk.stopped(k, task, unmapped());
        const end = `the end of the file, which is ${inode.sizeBytes} bytes long`;
        const why = `it begins at or beyond ${end}`;
        return walk.stopped(k, task, sigbus(k, inode, mapping, at, access, 'FT3', why));
      }
      // A woken waiter competes again, because the lock bit is not handed over. It may by now need
      // an entry of another size.
      walked.entry = lockedPage(k, inode, mapping, at, access);
      if (entry !== null && entry !== walked.entry) leaveEntry(k, inode, entry);
      return lockEntry(k, task, inode, walked.entry) ? goto('map') : wait('entry');
    },
    map(k, task) {
      const inode = theInode(k, task);
      const mapping = theMapping(k, task);
      const walked = walkOf(task);
      const { at, access, entry } = walked;
      const failed = mapping === null ? unmapped() : faultPage(k, inode, mapping, at, access);
      unlockEntry(k, task, inode, entry ?? at);
      walked.entry = null;
      release(k, task, inode, 'invalidate_lock');
      return failed === null ? goto('page') : walk.stopped(k, task, failed);
    },
  };
}
