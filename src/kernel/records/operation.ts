// The record of an operation: what it does, what blocks it, and how it ended.
import { z } from 'zod';
import { detailOf } from '../errno.ts';
import { modernRefcount, pinsOver } from '../mm/page.ts';
import { inodeOf, stateLetter } from '../sched/task.ts';
import type { EndedOperation, Kernel, Sleep, Task } from '../state.ts';
import { byteOf, type Ino, mappingId, opId, type Pfn, zCount } from '../units.ts';
import { mappingsOn } from '../waits/page-mappings.ts';
import {
  blockersMax,
  type Predecessors,
  pinBlockers,
  pinsOn,
  waitsFor,
} from '../waits/wait-graph.ts';
import { inodeRecord, inodeRecordOrNone, nameOf, zInode, zInodeOrNone } from './inode.ts';
import { rfc3339 } from './rfc3339.ts';

const zBlocker = z.object({
  pin: z.string().optional().describe('The pin on the page that it sleeps on.'),
  owner: z.string().nullable(),
  kind: z.string().optional(),
  pgoff: zCount.optional(),
  ino: zCount.optional().describe('The inode whose page it was when it was pinned.'),
  range: z
    .object({ offset: zCount, length: zCount })
    .optional()
    .describe('The bytes of the file that the pin holds.'),
  mapping: z
    .string()
    .optional()
    .describe('Under the modern idle rule a mapping of the page is a reference too.'),
  operation: z
    .string()
    .optional()
    .describe('The operation that holds the lock, or is queued for it before this one.'),
  lock: z.string().optional(),
  mode: z.string().optional(),
  heldMs: zCount,
});

export const zOperation = z.object({
  id: z.string(),
  op: z.string(),
  state: z.enum(['running', 'sleeping', 'done', 'failed', 'cancelled']),
  owner: z.string().nullable(),
  file: z.string().nullable(),
  ...zInodeOrNone,
  step: z.string().nullable(),
  sleepingOn: z
    .object({
      page: z
        .object({
          pfn: zCount,
          pgoff: zCount,
          ...zInodeOrNone,
          pins: zCount.describe('Pins on the page, or on its folio.'),
          mappings: zCount
            .optional()
            .describe('Page-table entries that map the page, where the idle rule counts them.'),
        })
        .optional(),
      lock: z
        .object({ name: z.string(), file: z.string(), ...zInode, mode: z.string() })
        .optional(),
      entry: z.object({ file: z.string(), ...zInode, pgoff: zCount }).optional(),
      queue: zCount.optional().describe('Bucket of the waitqueue.'),
      state: z
        .enum(['R', 'S', 'D'])
        .describe(
          'S: a signal ends the sleep. D: a signal has no effect. R: the operation spins, and a ' +
            'signal has no effect.',
        ),
      retries: zCount.optional().describe('How often a spinning operation has started over.'),
      sinceMs: zCount,
    })
    .nullable(),
  blockedBy: z.array(zBlocker).describe('What blocks the operation, 16 entries at most.'),
  holds: z.array(
    z.object({ lock: z.string(), file: z.string(), ...zInode, mode: z.string(), heldMs: zCount }),
  ),
  submittedAt: z.string().describe('RFC 3339.'),
  submittedMs: zCount,
  sleptMs: zCount,
  wakeups: zCount,
  endedMs: zCount.nullable(),
  result: z.unknown().optional(),
  problem: z
    .object({
      errno: z.string(),
      rule: z.string(),
      detail: z.string(),
      blockedBy: z
        .array(zBlocker)
        .optional()
        .describe('What blocked the operation, 16 entries at most.'),
      cycle: z
        .array(z.string())
        .optional()
        .describe('The cycle that the wait would have completed.'),
    })
    .optional(),
});
type Operation = z.infer<typeof zOperation>;

/** `predecessors` is shared by all records of a list, so that a long queue is walked once. */
export function taskRecord(
  k: Kernel,
  task: Task,
  nowMs: number,
  predecessors: Predecessors = new Map(),
): Operation {
  return {
    id: opId(task.id),
    op: task.op,
    state: task.state === 'sleeping' ? 'sleeping' : 'running',
    owner: task.owner,
    file: inodeOf(k, task)?.name ?? null,
    ...inodeRecordOrNone(k, task.ino),
    step: task.step,
    sleepingOn: sleepOf(k, task),
    blockedBy: blockersOf(k, task, nowMs, predecessors),
    holds: task.locks.map(({ ino, lock, mode, sinceMs }) => ({
      lock,
      file: nameOf(k, ino) ?? '',
      ...inodeRecord(k, ino),
      mode,
      heldMs: nowMs - sinceMs,
    })),
    submittedAt: rfc3339(task.submittedMs),
    submittedMs: task.submittedMs,
    sleptMs: task.sleptMs + (task.state === 'sleeping' ? nowMs - task.sleptSinceMs : 0),
    wakeups: task.wakeups,
    endedMs: null,
  };
}

export function endedRecord(k: Kernel, ended: EndedOperation): Operation {
  return {
    id: opId(ended.id),
    op: ended.op,
    state: ended.state,
    owner: ended.owner,
    file: ended.file,
    ...inodeRecordOrNone(k, ended.ino ?? 0),
    step: null,
    sleepingOn: null,
    blockedBy: [],
    holds: [],
    submittedAt: rfc3339(ended.submittedMs),
    submittedMs: ended.submittedMs,
    sleptMs: ended.sleptMs,
    wakeups: ended.wakeups,
    endedMs: ended.endedMs,
    ...endOf(ended),
  };
}

function endOf({ outcome }: EndedOperation): Pick<Operation, 'result' | 'problem'> {
  if (outcome.ok) return { result: outcome.result };
  const { why: _, ...rest } = outcome.failure;
  return { problem: { detail: detailOf(outcome.failure), ...rest } as Operation['problem'] };
}

function sleepOf(k: Kernel, task: Task): Operation['sleepingOn'] {
  const { sleep } = task;
  if (task.state !== 'sleeping' || sleep === null) return null;
  const common = { state: stateLetter(task), sinceMs: task.sleptSinceMs };
  if (sleep.on === 'spin') {
    const page = pageOf(k, sleep, sleep.ino ?? 0);
    return { page, retries: sleep.retries, ...common };
  }
  if (sleep.on === 'page') {
    const page = pageOf(k, sleep, sleep.ino ?? task.ino);
    return { page, queue: sleep.bucket, ...common };
  }
  const whose = { file: nameOf(k, sleep.ino) ?? '', ...inodeRecord(k, sleep.ino) };
  if (sleep.on === 'lock')
    return { lock: { name: sleep.lock, ...whose, mode: sleep.mode }, ...common };
  return { entry: { ...whose, pgoff: sleep.pgoff }, queue: sleep.bucket, ...common };
}

/** A page with what keeps it busy. The scan of a spinning task counts pins only. */
function pageOf(
  k: Kernel,
  { on, pfn, pgoff }: Extract<Sleep, { pfn: Pfn }>,
  ino: Ino | 0,
): NonNullable<NonNullable<Operation['sleepingOn']>['page']> {
  const pins = pinsOver(k, pfn);
  const counted = k.idleRule === 'modern' && on === 'page';
  const mappings = counted ? { mappings: modernRefcount(k, pfn) - pins } : {};
  return { pfn, pgoff, ...inodeRecordOrNone(k, ino), pins, ...mappings };
}

/** The direct blockers, 16 at most. The wait-graph view has the indirect ones. */
function blockersOf(
  k: Kernel,
  task: Task,
  nowMs: number,
  predecessors: Predecessors,
): Operation['blockedBy'] {
  const { sleep } = task;
  if (task.state !== 'sleeping' || sleep === null) return [];
  if (sleep.on === 'page' || sleep.on === 'spin') {
    // The scan of a spinning task counts pins only, whatever the idle rule is.
    const blockersOn = sleep.on === 'page' ? pageBlockers : pinBlockers;
    const blockers = blockersOn(k, sleep.pfn, nowMs, blockersMax).slice(0, blockersMax);
    return withRanges(k, sleep.pfn, blockers);
  }
  const edges = waitsFor(k, task, predecessors).slice(0, blockersMax);
  return edges.map((edge) => {
    const holder = k.tasks.get(edge.to);
    const held = holder?.locks.find(
      (lock) => sleep.on === 'lock' && lock.ino === sleep.ino && lock.lock === sleep.lock,
    );
    return {
      owner: holder?.owner ?? null,
      operation: opId(edge.to),
      lock: sleep.on === 'lock' ? sleep.lock : 'entry',
      ...(held === undefined ? {} : { mode: held.mode }),
      heldMs: held === undefined ? 0 : nowMs - held.sinceMs,
    };
  });
}

/**
 * Adds the ranges of pins, which are the first blockers, in the order of `pinsOn`. The blockers in
 * a failure have no ranges: they are stored with the failure.
 */
function withRanges(k: Kernel, pfn: Pfn, blockers: Operation['blockedBy']): Operation['blockedBy'] {
  const pins = pinsOn(k, pfn);
  return blockers.map((blocker, i) => {
    const pin = pins[i];
    if (pin === undefined) return blocker;
    return {
      ...blocker,
      ino: pin.ino,
      range: { offset: byteOf(pin.first) + pin.offsetInPage, length: pin.lengthBytes },
    };
  });
}

/** The `blockedBy` of a failure about a page that is not idle. */
export const inTheWayOf = (k: Kernel, pfn: Pfn): { blockedBy: readonly object[] } => ({
  blockedBy: pageBlockers(k, pfn, k.nowMs, blockersMax).slice(0, blockersMax),
});

function pageBlockers(k: Kernel, pfn: Pfn, nowMs: number, max: number): Operation['blockedBy'] {
  const mappings = mappingsOn(k, pfn, max).map(({ mapping, pgoff }) => ({
    mapping: mappingId(mapping.id),
    owner: mapping.owner,
    pgoff,
    heldMs: nowMs - mapping.createdMs,
  }));
  return [...pinBlockers(k, pfn, nowMs, max), ...mappings];
}
