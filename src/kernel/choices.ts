// Who can take the next step of a stepped machine, what that step touches, and where it can lead.
import { createPmem } from './dev/pmem.ts';
import { type Explored, possibleFrom, type Start, type Verdict } from './explore.ts';
import { firstPinned } from './fs/detached.ts';
import { type Call, copyOf, nameOfMover, numberedFrom, type Thread } from './interleave.ts';
import { memoryOf } from './memory.ts';
import { pfnOf, pteOf } from './mm/pagetable.ts';
import type { LayoutLocals } from './ops/layout-change.ts';
import type { WalkLocals } from './ops/page-walk.ts';
import { inodeOf, timerName, workerName } from './sched/task.ts';
import { firstTimer } from './sched/timers.ts';
import type { Inode, Kernel, Pin, Task } from './state.ts';
import { mappingId, opId, type Pfn, type PgOff, pinId } from './units.ts';
import { entryNode, lockNode, nodeName, pageNode } from './waits/wait-graph.ts';

export interface Choice {
  task: string;
  /** As in docs/steps.md. */
  nextStep: string;
  /** A node of the wait graph, or file:a, map_1, pin_1, op_1; null if there is nothing to name. */
  touches: string | null;
}

/** The tasks that can take a step, in the order of the run queue. One that spins can as well. */
export function runnableChoices(k: Kernel): Choice[] {
  const choices: Choice[] = [];
  for (const id of [...k.runnable, ...k.spinning]) {
    const task = k.tasks.get(id);
    if (task !== undefined)
      choices.push({ task: opId(id), nextStep: task.step, touches: touchedBy(k, task) });
  }
  const [pfn] = k.workqueue;
  if (pfn !== undefined)
    choices.push({ task: workerName, nextStep: 'release', touches: pageNode(pfn) });
  return choices;
}

/** And the next timer, if the clock is manual. */
export function choicesOf(k: Kernel): Choice[] {
  const choices = runnableChoices(k);
  const next = k.geometry.clock === 'manual' ? firstTimer(k) : null;
  if (next !== null) {
    const touches = next.kind === 'pin' ? pinId(next.id) : opId(next.id);
    choices.push({ task: timerName, nextStep: 'fire', touches });
  }
  return choices;
}

/** The two files of an exchange in the order of their locks; of other operations the one file. */
function filesOf(k: Kernel, task: Task): { low: Inode | null; high: Inode | null } {
  const inode = inodeOf(k, task);
  const other = task.otherIno === 0 ? null : (k.inodes.get(task.otherIno) ?? null);
  if (inode === null || other === null) return { low: inode, high: other };
  return inode.ino < other.ino ? { low: inode, high: other } : { low: other, high: inode };
}

const fileNode = (inode: Inode | null): string | null =>
  inode === null ? null : `file:${nodeName(inode)}`;

/** What the next step of a task touches. The steps are those of docs/steps.md. */
function touchedBy(k: Kernel, task: Task): string | null {
  const locals = task.locals as LayoutLocals & WalkLocals;
  const inode = inodeOf(k, task);
  const { low, high } = filesOf(k, task);
  const lockOf = (file: Inode | null, lock: 'i_rwsem' | 'invalidate_lock') =>
    file === null ? null : lockNode(file, lock);
  switch (task.step) {
    case 'lock':
      return lockOf(low, 'i_rwsem');
    case 'lockOther':
      return lockOf(high, 'i_rwsem');
    case 'lockMapping':
      return lockOf(low, 'invalidate_lock');
    case 'lockOtherMapping':
      return lockOf(high, 'invalidate_lock');
    case 'fault':
      return lockOf(inode, 'invalidate_lock');
    case 'relock': {
      const wait = locals.pageWait;
      const file = wait?.ino === undefined ? inode : (k.inodes.get(wait.ino) ?? null);
      return wait?.dropLock === true ? lockOf(file, 'invalidate_lock') : pageOf(wait?.pfn);
    }
    case 'enqueue':
    case 'test':
    case 'sleep':
      return pageOf(locals.pageWait?.pfn);
    case 'drain':
      return pageOf(firstPinned(k, locals.layout?.runs ?? [])) ?? fileNode(inode);
    case 'page':
      return pageOf(walkedPage(k, task, locals)) ?? mappingNode(task);
    case 'entry':
    case 'map':
      return inode === null || locals.walk === undefined
        ? null
        : entryNode(inode, locals.walk.entry ?? locals.walk.at);
    case 'scanOther':
      return fileNode(high);
    case 'unmap':
      return mappingNode(task);
    default:
      return task.mapping === 0 ? fileNode(inode) : mappingNode(task);
  }
}

const pageOf = (pfn: number | null | undefined): string | null =>
  pfn === null || pfn === undefined || pfn < 0 ? null : pageNode(pfn as Pfn);

const mappingNode = ({ mapping }: Task): string | null =>
  mapping === 0 ? null : mappingId(mapping);

/** The frame under the next page of a walk; null if it is not mapped yet. */
function walkedPage(k: Kernel, task: Task, { walk }: WalkLocals): number | null {
  const mapping = task.mapping === 0 ? undefined : k.mappings.get(task.mapping);
  if (mapping === undefined || walk === undefined || walk.at >= walk.end) return null;
  const pte = pteOf(mapping, walk.at as PgOff);
  return pte === 0 ? null : pfnOf(pte);
}

/** A larger machine takes more than a slice for one step of the search. In bytes of memory.ts. */
const copyBytesMax = 128 * 1024;
const threadsMax = 64;

/** The memory of a copy. It has no contents of the device, because no wait depends on them. */
export const copyBytes = (k: Kernel): number =>
  Math.ceil(memoryOf({ ...k, pmem: createPmem(), ended: new Map() }));

/**
 * The start of a search from the state at hand, or why there is none. Nobody makes a new call, but
 * every owner that is not in a call releases its pins sooner or later, as in docs/explored.md.
 */
export function startFrom(k: Kernel): Start | { tooLarge: string } {
  const bytes = copyBytes(k);
  if (bytes > copyBytesMax)
    return { tooLarge: `a copy of the machine needs more than ${copyBytesMax} bytes` };
  const threads: Thread[] = [];
  const positions: Start['state']['positions'] = [];
  for (const task of k.tasks.values()) {
    const { op, owner, id } = task;
    const calls: Call[] = [{ op, on: {}, args: {} }];
    if (op === 'pin') calls.push(unpin(owner, { pin: true }));
    threads.push({ owner, calls, loops: false });
    positions.push({ call: 0, task: id, pin: op === 'pin' ? task.pin : 0 });
  }
  for (const [owner, pins] of pinsByOwner(k)) {
    const calls = pins.map(({ id }) => unpin(owner, { on: { pin: id } }));
    threads.push({ owner, calls, loops: false });
    positions.push({ call: 0, task: 0, pin: 0 });
  }
  if (threads.length > threadsMax)
    return { tooLarge: `there are more than ${threadsMax} operations and owners of pins` };
  const pmem = { ...createPmem(), badSectors: k.pmem.badSectors };
  const copy = copyOf({ ...k, pmem, ended: new Map() });
  // A client runs each step, and time passes only where the search fires a timer.
  Object.assign(copy.geometry, { scheduler: 'stepped', clock: 'manual' });
  return { state: { k: copy, positions, warned: false }, threads, base: numberedFrom(k) };
}

const unpin = (owner: string | null, more: Partial<Call>): Call => ({
  op: 'unpin',
  on: {},
  args: {},
  ...(owner === null ? {} : { after: owner }),
  ...more,
});

/** The pins that somebody must release. A timer releases the others. */
function pinsByOwner(k: Kernel): Map<string | null, Pin[]> {
  const owners = new Map<string | null, Pin[]>();
  for (const pin of k.pins.values()) {
    if (pin.task !== 0 || pin.untilMs !== 0) continue;
    const pins = owners.get(pin.owner);
    if (pins === undefined) owners.set(pin.owner, [pin]);
    else pins.push(pin);
  }
  return owners;
}

/** For each choice, by its task, what can follow it. */
export function verdictsOfChoices(
  { state: { positions } }: Start,
  explored: Explored,
): Map<string, Set<Verdict | 'unknown'>> {
  const possible = possibleFrom(explored);
  const found = new Map<string, Set<Verdict | 'unknown'>>();
  for (const { by, to } of explored.nodes[0]?.edges ?? []) {
    const task = positions[by]?.task;
    // The release of a pin is a call, which the scheduler cannot choose.
    if (task === 0) continue;
    found.set(task === undefined ? nameOfMover(by) : opId(task), possible[to] ?? new Set());
  }
  return found;
}
