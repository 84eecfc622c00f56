// Who waits for whom, rebuilt from nothing but what each task sleeps on, who holds it and whose pins are where; cycles by Tarjan. A
// deadlock is reported if and only if there is one.
import type { Inode, Kernel, LockName, RwSem } from '../../src/kernel/state.ts';
import type { TaskId } from '../../src/kernel/units.ts';
import { look } from './look.ts';
import { Broken, type Happened, type Watcher } from './world.ts';

export type Graph = Map<number, number[]>;

const semOf = (inode: Inode, lock: LockName): RwSem => (lock === 'i_rwsem' ? inode.iRwsem : inode.invalidateLock);

/** An edge from every sleeper to each task that must move before it can. */
export function graphOf(k: Kernel): Graph {
  const graph: Graph = new Map();
  for (const task of k.tasks.values()) {
    const { sleep } = task;
    if (task.state !== 'sleeping' || sleep === null) continue;
    const to = new Set<number>();
    if (sleep.on === 'page' || sleep.on === 'spin') {
      for (const pin of k.pins.values()) {
        if (!pin.pfns.includes(sleep.pfn)) continue;
        if (pin.task !== 0) to.add(pin.task);
        else if (pin.owner !== null && pin.untilMs === 0)
          for (const other of k.tasks.values()) if (other.owner === pin.owner && other.state === 'sleeping') to.add(other.id);
      }
    } else if (sleep.on === 'lock') {
      const inode = k.inodes.get(sleep.ino);
      if (inode === undefined) throw new Broken('law Q2', `op_${task.id} waits for a lock of an inode that is gone`);
      const { writer, readers, queue } = semOf(inode, sleep.lock);
      if (writer !== 0) to.add(writer);
      for (const reader of readers) to.add(reader);
      for (const ahead of queue) {
        if (ahead.task === task.id) break;
        if (sleep.mode === 'exclusive' || ahead.mode === 'exclusive') to.add(ahead.task);
      }
    } else {
      const holder = k.inodes.get(sleep.ino)?.entryLocks.get(sleep.pgoff);
      if (holder !== undefined) to.add(holder);
    }
    graph.set(task.id, [...to]);
  }
  return graph;
}

/** Tarjan: the knots of the graph, each a set of tasks that wait for each other. */
export function knotsOf(graph: Graph): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const knots: number[][] = [];
  function visit(node: number): void {
    index.set(node, index.size);
    low.set(node, index.get(node) as number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node) as number, low.get(next) as number));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node) as number, index.get(next) as number));
    }
    if (low.get(node) !== index.get(node)) return;
    const knot = stack.splice(stack.indexOf(node));
    if (knot.length > 1 || graph.get(node)?.includes(node)) knots.push(knot);
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return knots;
}

const taskIds = (cycle: readonly string[]): number[] =>
  [...new Set(cycle.filter((node) => node.startsWith('op_')))].map((node) => Number(node.slice(3)));

/** Events with which an edge can begin. */
const closing = new Set<string>(['task.blocked', 'layout.retried', 'page.pinned']);

export class Waits implements Watcher {
  /** Every task that was named in a cycle, with the others of it. */
  readonly #told = new Map<number, Set<number>>();

  /** The queues of locks, as they stood before: a reader that came later must not be in before a writer that still waits. */
  #queued: { sem: RwSem; writers: Set<number>; readers: Set<number> }[] = [];

  before(k: Kernel): void {
    this.#queued = [];
    for (const inode of k.inodes.values()) {
      for (const sem of [inode.iRwsem, inode.invalidateLock]) {
        const writers = sem.queue.flatMap(({ task, mode }) => (mode === 'exclusive' ? [task] : []));
        if (writers.length > 0) this.#queued.push({ sem, writers: new Set(writers), readers: new Set(sem.readers) });
      }
    }
  }

  #checkTurns(): void {
    for (const { sem, writers, readers } of this.#queued) {
      const first = sem.queue.findIndex(({ mode }) => mode === 'exclusive');
      const waits = sem.queue[first];
      // The first writer was there before and waits still: only readers that stood before it may have come in.
      if (waits === undefined || !writers.has(waits.task)) continue;
      const overtook = sem.readers.filter((task) => !readers.has(task));
      if (overtook.length > 0 && first === 0 && readers.size > 0)
        throw new Broken('law Q2', `op_${overtook.join()} overtook op_${waits.task}, who is queued for the lock`);
    }
  }

  after(k: Kernel, { effects }: Happened): void {
    this.#checkTurns();
    const cycles = effects.events.flatMap((event) => (event.type === 'deadlock.detected' ? [taskIds(event.data.cycle)] : []));
    const asleep = effects.events.some(({ type }) => closing.has(type));
    if (k.sleepers.size === 0 && cycles.length === 0) return;
    // Edges begin where somebody goes to sleep, or where a pin of a sleeper is complete; in between they only go away.
    if (!asleep && cycles.length === 0) return;
    const knots = knotsOf(graphOf(k));
    for (const cycle of cycles) {
      for (const id of cycle) for (const other of cycle) this.#told.set(id, (this.#told.get(id) ?? new Set()).add(other));
      // Who asked for it was taken out of the cycle at once.
      const broken = cycle.some((id) => k.tasks.get(id as TaskId)?.state !== 'sleeping');
      if (!broken && !knots.some((knot) => cycle.every((id) => knot.includes(id))))
        throw new Broken('law D', `a deadlock of ${cycle.join()} was reported, and there is none`);
    }
    for (const knot of knots) {
      const untold = knot.filter(
        (id) => ![...(this.#told.get(id) ?? [])].some((other) => knot.includes(other) && (other !== id || knot.length === 1)),
      );
      if (untold.length > 0)
        throw new Broken('law D', `op_${untold.join()} of the knot ${knot.join()} is in no deadlock that was reported`);
    }
    const shown = (look(k, 'wait-graph') as { cycles: { nodes: string[] }[] }).cycles;
    const inView = new Set(shown.flatMap(({ nodes }) => taskIds(nodes)));
    const missing = knots.flat().filter((id) => !inView.has(id));
    if (missing.length > 0) throw new Broken('law D', `the view of the wait graph has no cycle through op_${missing.join()}`);
  }
}
