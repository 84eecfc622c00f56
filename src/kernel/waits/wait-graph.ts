// The graph of which task waits for which. Every edge is an AND: a task continues when all tasks
// that it waits for have released what it needs, so a cycle is a deadlock. An owner is one thread
// and unpins its own pins, so its pins stay while one of its operations sleeps.
import { assert } from '../panic.ts';
import { semOf } from '../sched/rwsem.ts';
import type { Inode, Kernel, LockName, Pin, RwSem, Task } from '../state.ts';
import { opId, type Pfn, type PgOff, type PinId, pinId, type TaskId } from '../units.ts';

/** One wait: `from` waits for `through`, and `to` must move first. */
export interface WaitEdge {
  from: TaskId;
  /** The page, lock or entry, as a node of the graph. */
  through: string;
  to: TaskId;
  /**
   * Why `to` must move first: it belongs to the owner of a pin, collects the pages of a pin, holds
   * the lock, or gets it before `from`.
   */
  relation: 'owns' | 'collects' | 'holds' | 'queued';
  /** The relation as a text: "holds it exclusive". */
  because: string;
  /** The pin on the page, if the relation is `owns`. */
  pin?: PinId;
}

export const pageNode = (pfn: Pfn): string => `page:${pfn}`;
/**
 * An unlinked file is named by `#` and its inode number, because another file may have its name by
 * now. No name of a file contains `#`.
 */
export const nodeName = ({ name, nlink, ino }: Inode): string => (nlink === 1 ? name : `#${ino}`);
export const lockNode = (inode: Inode, lock: LockName): string => `lock:${nodeName(inode)}:${lock}`;
export const entryNode = (inode: Inode, pgoff: PgOff): string =>
  `entry:${nodeName(inode)}:${pgoff}`;

const framesPerFolio = 512;

/** The frames whose pins keep this one busy: itself, or its whole folio. */
export function framesWith(k: Kernel, pfn: Pfn): { first: number; count: number } {
  const folio = Math.floor(pfn / framesPerFolio);
  return k.folios.has(folio)
    ? { first: folio * framesPerFolio, count: framesPerFolio }
    : { first: pfn, count: 1 };
}

/** The pins that keep a frame busy, oldest first, at most `max`. */
export function pinsOn(k: Kernel, pfn: Pfn, max = Number.POSITIVE_INFINITY): Pin[] {
  const { first, count } = framesWith(k, pfn);
  const ids = new Set<PinId>();
  for (let frame = first; frame < first + count; frame++) {
    const held = k.holders.get(frame as Pfn);
    if (typeof held === 'number') ids.add(held);
    else for (const id of held ?? []) ids.add(id);
  }
  const oldest = count === 1 ? [...ids] : [...ids].sort((a, b) => a - b);
  return (oldest.length > max ? oldest.slice(0, max) : oldest).map((id) => {
    const pin = k.pins.get(id);
    assert(pin !== undefined, 'a holder record names a pin that lives');
    return pin;
  });
}

/**
 * The waiters directly ahead of each waiter of a lock. Built once for a search, so that a long
 * queue costs its length and not its square.
 */
export type Predecessors = Map<RwSem, Map<TaskId, readonly TaskId[]>>;

/**
 * The waiters that must have had the lock before this one gets it, without those that are further
 * ahead. Readers get the lock together and pass the writers between them.
 *
 *     queue   W1  W2  R3  W4  R5  W6        W6 → W4,  W4 → R5 R3,  R5 → W2,  R3 → W2,  W2 → W1
 */
function directlyAhead(predecessors: Predecessors, sem: RwSem, task: TaskId): readonly TaskId[] {
  let ahead = predecessors.get(sem);
  if (ahead === undefined) {
    ahead = new Map();
    const first = sem.queue.findIndex(({ mode }) => mode === 'shared');
    const leading = first < 0 ? sem.queue.length : first;
    // Reversed, because the nearest waiter comes first.
    const readers = sem.queue.filter(({ mode }) => mode === 'shared').reverse();
    const beforeReaders = sem.queue.slice(0, leading).slice(-1);
    let writer: readonly TaskId[] = [];
    for (const [at, waiter] of sem.queue.entries()) {
      if (at === first) writer = readers.map((one) => one.task);
      if (waiter.mode === 'shared')
        ahead.set(
          waiter.task,
          beforeReaders.map((one) => one.task),
        );
      else {
        ahead.set(waiter.task, writer);
        writer = [waiter.task];
      }
    }
    predecessors.set(sem, ahead);
  }
  return ahead.get(task) ?? [];
}

/** The most blockers that a failure lists. */
export const blockersMax = 16;

/** The pins on a frame, as records and failures list them. */
export function pinBlockers(k: Kernel, pfn: Pfn, nowMs: number, max = Number.POSITIVE_INFINITY) {
  const { first, count } = framesWith(k, pfn);
  return pinsOn(k, pfn, max).map((pin) => ({
    pin: pinId(pin.id),
    owner: pin.owner,
    kind: pin.kind,
    pgoff: pin.first + pin.pfns.findIndex((frame) => frame >= first && frame < first + count),
    heldMs: nowMs - pin.createdMs,
  }));
}

/** The holders of a lock, followed by its queue. */
export function lockBlockers(k: Kernel, inode: Inode, lock: LockName, max: number) {
  const { writer, readers, queue } = semOf(inode, lock);
  const holders = writer === 0 ? readers : [writer];
  return [...holders.slice(0, max), ...queue.slice(0, max).map(({ task }) => task)]
    .slice(0, max)
    .map((id) => {
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

/**
 * A wait before its targets are listed. It leads to a task, or to an owner and from there to each
 * sleeping operation of that owner. Thousands of tasks may wait for an owner with thousands of
 * sleepers, so a search visits the owner once instead of each pair.
 */
interface Hop extends Omit<WaitEdge, 'to'> {
  to: TaskId | null;
  owner: string | null;
}

/**
 * Up to this many sleepers of an owner, or pins of a page, are searched one by one. Of more,
 * similar ones are skipped.
 */
const alikeMax = 16;
const edgesMax = 64;
/** At most this many pins of a page, and this many tasks, are searched. */
const pinsMax = 4096;
const reachMax = 1024;

/** The waits of this sleeper, nearest first, at most 64. Empty for a task that is awake. */
export function waitsFor(
  k: Kernel,
  task: Task,
  predecessors: Predecessors = new Map(),
): WaitEdge[] {
  const edges: WaitEdge[] = [];
  for (const hop of hopsOf(k, task, predecessors)) {
    const targets = hop.to === null ? sleepersOf(k, hop.owner) : [hop.to];
    for (const to of targets) {
      if (edges.length >= edgesMax) return edges;
      edges.push(edgeOf(hop, to));
    }
  }
  return edges;
}

const sleepersOf = (k: Kernel, owner: string | null): readonly TaskId[] =>
  owner === null ? [] : (k.sleepersOf.get(owner) ?? []);

/**
 * The sleepers of an owner, for a search that began at `start`. If many wait for the same lock,
 * only the newest reader and the newest writer are returned: they wait for all that the others wait
 * for, so no cycle is missed. `start` comes first, if it is one of them.
 */
function someSleepersOf(k: Kernel, owner: string, start: TaskId): readonly TaskId[] {
  const ids = sleepersOf(k, owner);
  if (ids.length <= alikeMax) return ids;
  const few: TaskId[] = k.tasks.get(start)?.owner === owner ? [start] : [];
  const seen = { shared: new Set<RwSem>(), exclusive: new Set<RwSem>() };
  for (let i = ids.length - 1; i >= 0; i--) {
    const id = ids[i] as TaskId;
    const sleep = k.tasks.get(id)?.sleep;
    const inode = sleep?.on === 'lock' ? k.inodes.get(sleep.ino) : undefined;
    if (id === start) continue;
    if (sleep?.on === 'lock' && inode !== undefined) {
      const sem = semOf(inode, sleep.lock);
      if (seen[sleep.mode].has(sem)) continue;
      seen[sleep.mode].add(sem);
    }
    few.push(id);
    if (few.length >= reachMax) break;
  }
  return few;
}

const edgeOf = ({ owner: _, ...hop }: Hop, to: TaskId): WaitEdge => ({ ...hop, to });

function hopsOf(k: Kernel, task: Task, predecessors: Predecessors): Hop[] {
  const { sleep } = task;
  if (task.state !== 'sleeping' || sleep === null) return [];
  if (sleep.on === 'page' || sleep.on === 'spin') return pageHops(k, task, sleep.pfn);
  const inode = k.inodes.get(sleep.ino);
  if (inode === undefined) return [];
  if (sleep.on === 'lock') return lockHops(task, inode, sleep.lock, predecessors);
  const holder = inode.entryLocks.get(sleep.pgoff);
  const through = entryNode(inode, sleep.pgoff);
  return holder === undefined
    ? []
    : [
        {
          from: task.id,
          through,
          to: holder,
          owner: null,
          relation: 'holds',
          because: 'holds the entry lock',
        },
      ];
}

function pageHops(k: Kernel, task: Task, pfn: Pfn): Hop[] {
  const hops: Hop[] = [];
  const through = pageNode(pfn);
  const pins = pinsOn(k, pfn, pinsMax);
  const owners = new Set<string>();
  for (const pin of pins) {
    if (pin.task !== 0) {
      const because = `holds it while it collects pages for ${pinId(pin.id)}`;
      hops.push({
        from: task.id,
        through,
        to: pin.task,
        owner: null,
        relation: 'collects',
        because,
      });
    } else if (pin.owner !== null && pin.untilMs === 0) {
      // A pin with holdMs is no wait for its owner: a timer releases it although the owner sleeps.
      if (pins.length > alikeMax && owners.has(pin.owner)) continue;
      owners.add(pin.owner);
      const because = `belongs to ${pin.owner}, who holds it by ${pinId(pin.id)} (${pin.kind})`;
      hops.push({
        from: task.id,
        through,
        to: null,
        owner: pin.owner,
        relation: 'owns',
        because,
        pin: pin.id,
      });
    }
  }
  return hops;
}

function lockHops(task: Task, inode: Inode, lock: LockName, predecessors: Predecessors): Hop[] {
  const sem = semOf(inode, lock);
  const from = task.id;
  const through = lockNode(inode, lock);
  const hops: Hop[] = [];
  // Without a spread, because a graph of 10,000 sleepers makes 20,000 of them.
  const add = (to: TaskId, relation: Hop['relation'], because: string) =>
    hops.push({ from, through, to, owner: null, relation, because });
  if (sem.writer !== 0) add(sem.writer, 'holds', 'holds it exclusive');
  for (const to of sem.readers) add(to, 'holds', 'holds it shared');
  for (const to of directlyAhead(predecessors, sem, from)) add(to, 'queued', 'is queued before it');
  return hops;
}

const cyclesMax = 16;
const visitsMax = 10_000;

/**
 * Every cycle through this task, each as its waits from the oldest operation on. One sleep can
 * close more than one. At most 16 are returned.
 */
export function cyclesThrough(
  k: Kernel,
  start: Task,
  predecessors: Predecessors = new Map(),
): WaitEdge[][] {
  if (!isWaitedFor(k, start)) return [];
  const sleepersByOwner = new Map<string, readonly TaskId[]>();
  const hops = reachable(k, start, predecessors, sleepersByOwner);
  const leadsBack = leadingTo(hops, sleepersByOwner, start.id);
  if (leadsBack.size === 1) return [];
  const cycles: WaitEdge[][] = [];
  const path: WaitEdge[] = [];
  const onPath = new Set<TaskId>();
  let visits = 0;
  const walk = (id: TaskId): void => {
    onPath.add(id);
    for (const hop of hops.get(id) ?? []) {
      for (const to of hop.to === null ? (sleepersByOwner.get(hop.owner ?? '') ?? []) : [hop.to]) {
        visits += 1;
        if (cycles.length >= cyclesMax || visits >= visitsMax) break;
        path.push(edgeOf(hop, to));
        if (to === start.id) cycles.push(fromOldest(path));
        else if (leadsBack.has(to) && !onPath.has(to)) walk(to);
        path.pop();
      }
    }
    onPath.delete(id);
  };
  walk(start.id);
  return cycles;
}

/** A task by its number, an owner by its name. */
type Node = TaskId | string;

/** The nodes from which a path leads to `end`, and `end` itself. */
function leadingTo(
  hops: ReadonlyMap<TaskId, readonly Hop[]>,
  sleepersByOwner: ReadonlyMap<string, readonly TaskId[]>,
  end: TaskId,
): Set<Node> {
  const into = new Map<Node, Node[]>();
  const note = (from: Node, to: Node): void => {
    const froms = into.get(to);
    if (froms === undefined) into.set(to, [from]);
    else froms.push(from);
  };
  for (const [from, some] of hops) for (const { to, owner } of some) note(from, to ?? owner ?? '');
  for (const [owner, ids] of sleepersByOwner) for (const id of ids) note(owner, id);
  const found = new Set<Node>([end]);
  for (const node of found) for (const from of into.get(node) ?? []) found.add(from);
  return found;
}

/**
 * Can any task wait for this one? Not if it holds nothing and is last in the queue of a lock, unless
 * it is a reader, which may pass a writer.
 */
function isWaitedFor(k: Kernel, task: Task): boolean {
  if (task.locks.length > 0 || task.pin !== 0 || (task.owner !== null && k.pinsOf.has(task.owner)))
    return true;
  if (task.sleep?.on !== 'lock') return true;
  const inode = k.inodes.get(task.sleep.ino);
  if (inode === undefined) return true;
  const { queue } = semOf(inode, task.sleep.lock);
  if (queue.at(-1)?.task !== task.id) return true;
  const first = queue.findIndex(({ mode }) => mode === 'shared');
  return (
    task.sleep.mode === 'shared' && queue.slice(first).some(({ mode }) => mode === 'exclusive')
  );
}

/**
 * The waits of every task that `start` waits for, directly or through others, nearest first, for at
 * most 1024 tasks. Adds each owner that it meets to `sleepersByOwner`.
 */
function reachable(
  k: Kernel,
  start: Task,
  predecessors: Predecessors,
  sleepersByOwner: Map<string, readonly TaskId[]>,
): Map<TaskId, Hop[]> {
  const found = new Map<TaskId, Hop[]>([[start.id, hopsOf(k, start, predecessors)]]);
  const visit = (id: TaskId): void => {
    const task = found.has(id) || found.size >= reachMax ? undefined : k.tasks.get(id);
    if (task !== undefined) found.set(id, hopsOf(k, task, predecessors));
  };
  for (const hops of found.values()) {
    for (const { to, owner } of hops) {
      if (to !== null) visit(to);
      if (owner === null || sleepersByOwner.has(owner)) continue;
      const sleepers = someSleepersOf(k, owner, start.id);
      sleepersByOwner.set(owner, sleepers);
      for (const id of sleepers) visit(id);
    }
  }
  return found;
}

/** If there are more candidates, only the oldest and the newest are searched. */
const candidatesMax = 2048;

/**
 * The sleepers that other tasks may wait for. Leaves out only those that hold no lock and no pin
 * and sleep on a lock for which no writer is queued.
 */
function candidates(k: Kernel): TaskId[] {
  const contended = new Map<RwSem, boolean>();
  const hasWriter = (sem: RwSem): boolean => {
    let has = contended.get(sem);
    if (has === undefined) {
      has = sem.queue.some(({ mode }) => mode === 'exclusive');
      contended.set(sem, has);
    }
    return has;
  };
  const found = [...k.sleepers].filter((id) => {
    const task = k.tasks.get(id);
    if (task === undefined) return false;
    if (
      task.locks.length > 0 ||
      task.pin !== 0 ||
      (task.owner !== null && k.pinsOf.has(task.owner))
    )
      return true;
    const inode = task.sleep?.on === 'lock' ? k.inodes.get(task.sleep.ino) : undefined;
    return (
      task.sleep?.on !== 'lock' || inode === undefined || hasWriter(semOf(inode, task.sleep.lock))
    );
  });
  if (found.length <= candidatesMax) return found;
  return [...found.slice(0, candidatesMax / 2), ...found.slice(-candidatesMax / 2)];
}

/**
 * The sleepers that may be on a cycle. Tasks that wait for no sleeper, or for which nobody waits,
 * are removed until none is left.
 */
export function maybeOnCycle(k: Kernel, predecessors: Predecessors): Set<TaskId> {
  const out = new Map<Node, Node[]>();
  const owners = new Set<string>();
  const able = new Set(candidates(k));
  for (const id of able) {
    const task = k.tasks.get(id);
    const hops = task === undefined ? [] : hopsOf(k, task, predecessors);
    out.set(
      id,
      hops.flatMap(({ to, owner }) => (to !== null && !able.has(to) ? [] : [to ?? owner ?? ''])),
    );
    for (const { owner } of hops) if (owner !== null) owners.add(owner);
  }
  for (const owner of owners)
    out.set(
      owner,
      sleepersOf(k, owner).filter((id) => able.has(id)),
    );
  const into = new Map<Node, Node[]>([...out.keys()].map((node) => [node, []]));
  for (const [from, targets] of out) for (const to of targets) into.get(to)?.push(from);
  const left = new Set(out.keys());
  peel(left, out, into);
  peel(left, into, out);
  return new Set([...left].filter((node): node is TaskId => typeof node === 'number'));
}

/** Removes nodes without edges until each that is left has one. */
function peel(left: Set<Node>, edges: Map<Node, Node[]>, back: Map<Node, Node[]>): void {
  const degree = new Map<Node, number>();
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

/** The same cycle from its oldest operation on, so that two reports of one cycle are equal. */
function fromOldest(cycle: readonly WaitEdge[]): WaitEdge[] {
  let at = 0;
  for (let i = 1; i < cycle.length; i++)
    if ((cycle[i] as WaitEdge).from < (cycle[at] as WaitEdge).from) at = i;
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}

/**
 * An explanation lists this many waits and counts the rest, because an event must not grow with the
 * number of owners.
 */
export const waitsMax = 16;

/** The nodes of a cycle in order: op_2, page:0, op_3, lock:a:invalidate_lock, op_2. */
export function nodesOf(cycle: readonly WaitEdge[]): string[] {
  const first = cycle[0];
  if (first === undefined) return [];
  const nodes = cycle.slice(0, waitsMax).flatMap((edge) => [edge.through, opId(edge.to)]);
  const omitted = cycle.length - waitsMax;
  return [
    opId(first.from),
    ...nodes,
    ...(omitted > 0 ? [`… ${omitted} more`, opId(first.from)] : []),
  ];
}

/** One clause for each wait: which task waits, for what, and which task must move first. */
export function explain(k: Kernel, cycle: readonly WaitEdge[]): string {
  const name = (id: TaskId) => `${opId(id)} (${k.tasks.get(id)?.op ?? 'gone'})`;
  const waits = cycle
    .slice(0, waitsMax)
    .map(
      (edge) =>
        `${name(edge.from)} waits for ${edge.through}, because ${name(edge.to)} ${edge.because}`,
    );
  const omitted = cycle.length - waitsMax;
  if (omitted <= 0) return `${waits.join('; ')}.`;
  const back = name((cycle[0] as WaitEdge).from);
  return `${waits.join('; ')}; and ${omitted} more waits, which lead back to ${back}.`;
}
