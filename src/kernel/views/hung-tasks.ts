// khungtaskd: tasks that have been in state D for too long. Linux lists only these victims. The
// waiter that blocks them sleeps interruptibly, so Linux shows neither it nor the pins that it
// waits for. This view shows both.
import { z } from 'zod';
import { personalityOf } from '../fs/personality/index.ts';
import { inodeRecordOrNone, nameOf, zInodeOrNone } from '../records/inode.ts';
import { semOf } from '../sched/rwsem.ts';
import { pageWaitedFor, stateLetter } from '../sched/task.ts';
import type { Kernel, RwSem, Task } from '../state.ts';
import { opId, pinId, zBytes, zCount } from '../units.ts';
import { blockersMax, type Predecessors, pinsOn, waitsFor } from '../waits/wait-graph.ts';
import { defineView, found, pageOfList, zPage } from './define.ts';

const zCulprit = z.object({
  operation: z.string(),
  op: z.string(),
  file: z.string().nullable(),
  ...zInodeOrNone,
  state: z.enum(['running', 'S', 'D']),
  pins: z.array(
    z.object({
      pin: z.string(),
      owner: z.string().nullable(),
      kind: z.string(),
      ino: zCount,
      heldMs: zCount,
    }),
  ),
});

export const hungTasks = defineView({
  name: 'hung-tasks',
  summary: 'Operations that have been in state D for too long',
  doc:
    'linux has the messages that the kernel log would show. culprits has what Linux does not ' +
    'show: the operations that the others wait for, their states, and the pins that they wait ' +
    'for. seconds is hung_task_timeout_secs.',
  on: 'filesystem',
  path: 'hung-tasks',
  query: z.strictObject({ ...zPage, seconds: zBytes.max(1_000_000).default(120) }),
  result: z.object({
    items: z.array(
      z.object({
        operation: z.string(),
        op: z.string(),
        file: z.string().nullable(),
        ...zInodeOrNone,
        blockedMs: zCount,
        linux: z.array(z.string()),
        culprits: z.array(zCulprit),
      }),
    ),
    nextPageToken: z.string().optional(),
  }),
  read(k, _target, query, nowMs) {
    const hung: Task[] = [];
    const predecessors: Predecessors = new Map();
    const known: Known = new Map();
    for (const id of k.sleepers) {
      const task = k.tasks.get(id);
      if (
        task !== undefined &&
        stateLetter(task) === 'D' &&
        nowMs - task.sleptSinceMs > query.seconds * 1000
      )
        hung.push(task);
    }
    hung.sort((a, b) => a.id - b.id);
    const page = pageOfList(hung, query, (task) => task.id);
    return found({
      ...page,
      items: page.items.map((task) => ({
        operation: opId(task.id),
        op: task.op,
        file: nameOf(k, task.ino),
        ...inodeRecordOrNone(k, task.ino),
        blockedMs: nowMs - task.sleptSinceMs,
        linux: linuxSays(k, task, query.seconds, predecessors),
        culprits: culpritsOf(k, task, predecessors, known).map((culprit) =>
          culpritRecord(k, culprit, nowMs),
        ),
      })),
    });
  },
});

function linuxSays(k: Kernel, task: Task, seconds: number, predecessors: Predecessors): string[] {
  const name = `${task.op}:${task.id}`;
  const lines = [`INFO: task ${name} blocked for more than ${seconds} seconds.`];
  if (!personalityOf(k.geometry).hungTaskNamesOwner || task.sleep?.on !== 'lock') return lines;
  for (const edge of waitsFor(k, task, predecessors)) {
    const owner = k.tasks.get(edge.to);
    const mode = owner?.locks.some((held) => held.mode === 'exclusive') ? 'writer' : 'reader';
    if (owner === undefined || edge.relation === 'queued') continue;
    const how = task.sleep.mode === 'exclusive' ? 'writer' : 'reader';
    lines.push(
      `INFO: task ${name} <${how}> blocked on an rw-semaphore likely owned by task ` +
        `${owner.op}:${owner.id} <${mode}>`,
    );
  }
  return lines;
}

/** At most this many tasks are searched for the culprits of one victim. */
const searchMax = 256;

/** Culprits by lock, because all waiters of one lock have the same ones. */
type Known = Map<RwSem, Task[]>;

/** The tasks at the head of the wait: they wait for a page, or for no other task. */
function culpritsOf(k: Kernel, task: Task, predecessors: Predecessors, known: Known): Task[] {
  const inode = task.sleep?.on === 'lock' ? k.inodes.get(task.sleep.ino) : undefined;
  if (task.sleep?.on !== 'lock' || inode === undefined) return headsOf(k, task, predecessors);
  const sem = semOf(inode, task.sleep.lock);
  let heads = known.get(sem);
  if (heads === undefined) {
    heads = headsOf(k, task, predecessors);
    known.set(sem, heads);
  }
  return heads;
}

function headsOf(k: Kernel, task: Task, predecessors: Predecessors): Task[] {
  const seen = new Set<Task>([task]);
  const heads: Task[] = [];
  for (const at of seen) {
    const next = waitsFor(k, at, predecessors).flatMap((edge) => k.tasks.get(edge.to) ?? []);
    if (pageWaitedFor(at) !== null || (next.length === 0 && at !== task)) heads.push(at);
    for (const other of next) if (seen.size < searchMax) seen.add(other);
  }
  return heads;
}

function culpritRecord(k: Kernel, task: Task, nowMs: number): z.infer<typeof zCulprit> {
  const pfn = pageWaitedFor(task);
  const pins = pfn === null ? [] : pinsOn(k, pfn).slice(0, blockersMax);
  const letter = stateLetter(task);
  return {
    operation: opId(task.id),
    op: task.op,
    file: nameOf(k, task.ino),
    ...inodeRecordOrNone(k, task.ino),
    state: letter === 'R' ? 'running' : letter,
    pins: pins.map(({ id, owner, kind, ino, createdMs }) => ({
      pin: pinId(id),
      owner,
      kind,
      ino,
      heldMs: nowMs - createdMs,
    })),
  };
}
