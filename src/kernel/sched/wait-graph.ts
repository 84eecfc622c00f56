// Who waits for whom. Every edge is an AND: a task goes on when all that it waits for have let go, so a cycle is a deadlock. A pin is let
// go by its owner, and an owner is one thread: while one of its operations sleeps, its pins stay.
import { assert } from '../panic.ts';
import type { Inode, Kernel, LockName, Pin, RwSem, Task } from '../state.ts';
import type { Pfn, PinId, TaskId } from '../units.ts';
import { semOf } from './rwsem.ts';
import { opId } from './task.ts';

/** One step of a wait: through the thing in between to the task that must move first. */
export interface WaitEdge {
  from: TaskId;
  /** The page or lock in between, as a node of the graph. */
  through: string;
  to: TaskId;
  /** "holds pin_3 as G", "holds it exclusive", "is queued before it". */
  because: string;
  /** The pin by which `to` holds the page, where it is a pin. */
  pin?: PinId;
}

export const pageNode = (pfn: Pfn): string => `page:${pfn}`;
/** A name that another file may have by now is no node: `#` and the inode then, which no file can be called. */
const nodeName = ({ name, nlink, ino }: Inode): string => (nlink === 1 ? name : `#${ino}`);
const lockNode = (inode: Inode, lock: LockName): string => `lock:${nodeName(inode)}:${lock}`;

const framesPerFolio = 512;

/** The frames whose pins keep this one busy: itself, or its whole folio. */
function framesWith(k: Kernel, pfn: Pfn): { first: number; count: number } {
  const folio = Math.floor(pfn / framesPerFolio);
  return k.folios.has(folio) ? { first: folio * framesPerFolio, count: framesPerFolio } : { first: pfn, count: 1 };
}

/** The pins that keep a frame busy, oldest first. */
export function pinsOn(k: Kernel, pfn: Pfn): Pin[] {
  const { first, count } = framesWith(k, pfn);
  const ids = new Set<PinId>();
  for (let frame = first; frame < first + count; frame++) {
    const held = k.holders.get(frame as Pfn);
    if (typeof held === 'number') ids.add(held);
    else for (const id of held ?? []) ids.add(id);
  }
  const oldest = count === 1 ? [...ids] : [...ids].sort((a, b) => a - b);
  return oldest.map((id) => {
    const pin = k.pins.get(id);
    assert(pin !== undefined, 'a holder record names a pin that lives');
    return pin;
  });
}

/** Where each waiter stands in the queue of a lock. Made once for a search, so that a long queue costs its length and not its square. */
export type Places = Map<RwSem, Map<TaskId, number>>;

function placeIn(places: Places, sem: RwSem, task: TaskId): number {
  let queue = places.get(sem);
  if (queue === undefined) {
    queue = new Map(sem.queue.map((waiter, at) => [waiter.task, at]));
    places.set(sem, queue);
  }
  return queue.get(task) ?? -1;
}

/** A failure names no more of those in the way than this. */
export const blockersMax = 16;

/** The pins on a frame, as a record or a failure shows them. */
export function pinBlockers(k: Kernel, pfn: Pfn, nowMs: number, max = Number.POSITIVE_INFINITY) {
  const { first, count } = framesWith(k, pfn);
  return pinsOn(k, pfn)
    .slice(0, max)
    .map((pin) => ({
      pin: `pin_${pin.id}`,
      owner: pin.owner,
      kind: pin.kind,
      pgoff: pin.first + pin.pfns.findIndex((frame) => frame >= first && frame < first + count),
      heldMs: nowMs - pin.createdMs,
    }));
}

/** Who holds a lock, and then who is queued for it. */
export function lockBlockers(k: Kernel, inode: Inode, lock: LockName, max: number) {
  const { writer, readers, queue } = semOf(inode, lock);
  const holders = writer === 0 ? readers : [writer];
  return [...holders.slice(0, max), ...queue.slice(0, max).map(({ task }) => task)].slice(0, max).map((id) => {
    const task = k.tasks.get(id);
    const held = task?.locks.find((one) => one.ino === inode.ino && one.lock === lock);
    const how = held === undefined ? {} : { mode: held.mode };
    return {
      owner: task?.owner ?? null,
      operation: opId(id),
      lock,
      ...how,
      heldMs: held === undefined ? 0 : k.nowMs - held.sinceMs,
    };
  });
}

/** The tasks that must move before this sleeper can, nearest first. Empty for a task that is awake. */
export function waitsFor(k: Kernel, task: Task, places: Places = new Map()): WaitEdge[] {
  const { sleep } = task;
  if (task.state !== 'sleeping' || sleep === null) return [];
  if (sleep.on === 'page' || sleep.on === 'spin') return pageEdges(k, task, sleep.pfn);
  const inode = k.inodes.get(sleep.ino);
  if (inode === undefined) return [];
  if (sleep.on === 'lock') return lockEdges(task, inode, sleep.lock, places);
  const holder = inode.entryLocks.get(sleep.pgoff);
  const through = `entry:${nodeName(inode)}:${sleep.pgoff}`;
  return holder === undefined ? [] : [{ from: task.id, through, to: holder, because: 'holds the entry lock' }];
}

function pageEdges(k: Kernel, task: Task, pfn: Pfn): WaitEdge[] {
  const edges: WaitEdge[] = [];
  for (const pin of pinsOn(k, pfn)) {
    const through = pageNode(pfn);
    if (pin.task !== 0) {
      edges.push({ from: task.id, through, to: pin.task, because: `holds it while it collects pages for pin_${pin.id}` });
    } else if (pin.owner !== null && pin.untilMs === 0) {
      // A pin with holdMs lets go by itself, whatever its owner does.
      const because = `belongs to ${pin.owner}, who holds it by pin_${pin.id} (${pin.kind})`;
      for (const to of k.sleepersOf.get(pin.owner) ?? []) edges.push({ from: task.id, through, to, because, pin: pin.id });
    }
  }
  return edges;
}

function lockEdges(task: Task, inode: Inode, lock: LockName, places: Places): WaitEdge[] {
  const sem = semOf(inode, lock);
  const through = lockNode(inode, lock);
  const edges: WaitEdge[] = [];
  if (sem.writer !== 0) edges.push({ from: task.id, through, to: sem.writer, because: 'holds it exclusive' });
  for (const to of sem.readers) edges.push({ from: task.id, through, to, because: 'holds it shared' });
  for (const ahead of directlyAhead(sem, placeIn(places, sem, task.id)))
    edges.push({ from: task.id, through, to: ahead, because: 'is queued before it' });
  return edges;
}

/**
 * Who in the queue must have had the lock before this waiter gets it, without those who come before them in turn: for a reader the nearest
 * writer, for a writer the nearest writer or the whole group of readers right before it.
 *
 *     queue   W1  R2 R3  W4  R5        R5 → W4,  W4 → R2 R3,  R3 → W1,  R2 → W1
 */
function directlyAhead(sem: RwSem, at: number): TaskId[] {
  const ahead: TaskId[] = [];
  for (let i = at - 1; i >= 0; i--) {
    const waiter = sem.queue[i];
    if (waiter === undefined) break;
    if (waiter.mode === 'exclusive') {
      if (ahead.length === 0) ahead.push(waiter.task);
      break;
    }
    if (sem.queue[at]?.mode === 'exclusive') ahead.push(waiter.task);
  }
  return ahead;
}

const cyclesMax = 16;
const visitsMax = 10_000;

/** Every cycle through this task, each as the waits along it, the oldest operation first; one sleep can close more than one. Bounded: 16 of them. */
export function cyclesThrough(k: Kernel, start: Task, places: Places = new Map()): WaitEdge[][] {
  if (!isWaitedFor(k, start)) return [];
  const edges = reachable(k, start, places);
  const waiters = new Map<TaskId, TaskId[]>();
  for (const out of edges.values()) {
    for (const edge of out) {
      const froms = waiters.get(edge.to);
      if (froms === undefined) waiters.set(edge.to, [edge.from]);
      else froms.push(edge.from);
    }
  }
  if (!waiters.has(start.id)) return [];
  const leadsBack = new Set<TaskId>([start.id]);
  for (const id of leadsBack) for (const from of waiters.get(id) ?? []) leadsBack.add(from);

  const cycles: WaitEdge[][] = [];
  const path: WaitEdge[] = [];
  const onPath = new Set<TaskId>();
  let visits = 0;
  const walk = (id: TaskId): void => {
    visits += 1;
    onPath.add(id);
    for (const edge of edges.get(id) ?? []) {
      if (cycles.length >= cyclesMax || visits >= visitsMax) break;
      path.push(edge);
      if (edge.to === start.id) cycles.push(fromOldest(path));
      else if (leadsBack.has(edge.to) && !onPath.has(edge.to)) walk(edge.to);
      path.pop();
    }
    onPath.delete(id);
  };
  walk(start.id);
  return cycles;
}

/** Can anybody wait for this task at all? One that holds nothing and stands last in its queue is in nobody's way. */
function isWaitedFor(k: Kernel, task: Task): boolean {
  if (task.locks.length > 0 || task.pin !== 0 || (task.owner !== null && k.pinsOf.has(task.owner))) return true;
  if (task.sleep?.on !== 'lock') return true;
  const inode = k.inodes.get(task.sleep.ino);
  return inode === undefined || semOf(inode, task.sleep.lock).queue.at(-1)?.task !== task.id;
}

/** The waits of every task that `start` waits for, near or far. */
function reachable(k: Kernel, start: Task, places: Places): Map<TaskId, WaitEdge[]> {
  const edges = new Map<TaskId, WaitEdge[]>([[start.id, waitsFor(k, start, places)]]);
  for (const out of edges.values()) {
    for (const edge of out) {
      const next = k.tasks.get(edge.to);
      if (next !== undefined && !edges.has(next.id)) edges.set(next.id, waitsFor(k, next, places));
    }
  }
  return edges;
}

/** The sleepers that may be on a cycle: what is left when those that wait for nobody asleep, or for whom nobody waits, are taken away. */
export function tangled(k: Kernel, places: Places): Set<TaskId> {
  const out = new Map<TaskId, TaskId[]>();
  const into = new Map<TaskId, TaskId[]>([...k.sleepers].map((id) => [id, []]));
  for (const id of k.sleepers) {
    const task = k.tasks.get(id);
    const targets = task === undefined ? [] : waitsFor(k, task, places).map(({ to }) => to);
    out.set(
      id,
      targets.filter((to) => k.sleepers.has(to)),
    );
  }
  for (const [from, targets] of out) for (const to of targets) into.get(to)?.push(from);
  const left = new Set(k.sleepers);
  peel(left, out, into);
  peel(left, into, out);
  return left;
}

/** Takes away, again and again, whoever has no edge to anybody left. */
function peel(left: Set<TaskId>, edges: Map<TaskId, TaskId[]>, back: Map<TaskId, TaskId[]>): void {
  const degree = new Map<TaskId, number>();
  for (const id of left) degree.set(id, (edges.get(id) ?? []).filter((to) => left.has(to)).length);
  const free = [...left].filter((id) => degree.get(id) === 0);
  for (const id of free) {
    left.delete(id);
    for (const other of back.get(id) ?? []) {
      if (!left.has(other)) continue;
      const rest = (degree.get(other) ?? 0) - 1;
      degree.set(other, rest);
      if (rest === 0) free.push(other);
    }
  }
}

/** The same cycle, told from the operation that is oldest: it came first, and the others ran into it. */
function fromOldest(cycle: readonly WaitEdge[]): WaitEdge[] {
  let at = 0;
  for (let i = 1; i < cycle.length; i++) if ((cycle[i] as WaitEdge).from < (cycle[at] as WaitEdge).from) at = i;
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

/** op_2, page:0, op_3, lock:a:invalidate_lock, op_2. */
export function nodesOf(cycle: readonly WaitEdge[]): string[] {
  const first = cycle[0];
  if (first === undefined) return [];
  return [opId(first.from), ...cycle.flatMap((edge) => [edge.through, opId(edge.to)])];
}

/** One sentence a wait: who, for what, and who is in the way. */
export function explain(k: Kernel, cycle: readonly WaitEdge[]): string {
  const name = (id: TaskId) => `${opId(id)} (${k.tasks.get(id)?.op ?? 'gone'})`;
  const waits = cycle.map((edge) => `${name(edge.from)} waits for ${edge.through}, because ${name(edge.to)} ${edge.because}`);
  return `${waits.join('; ')}.`;
}
