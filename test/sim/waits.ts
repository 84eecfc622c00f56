// The wait graph, rebuilt only from what each task sleeps on, who holds it, and where the pins of
// an owner are; cycles by Tarjan's algorithm. A deadlock must be reported if and only if there is
// one.
import type { KernelEvent } from '../../src/kernel/events.ts';
import { knotsOf } from '../../src/kernel/lib/knots.ts';
import type {
  Command,
  Inode,
  Kernel,
  LockName,
  Pin,
  RwSem,
  Sleep,
  Task,
} from '../../src/kernel/state.ts';
import type { Ino, PinId, TaskId } from '../../src/kernel/units.ts';
import { Broken } from './broken.ts';
import { look } from './look.ts';
import type { Happened, Watcher } from './world.ts';

export type Graph = Map<number, number[]>;

/** As much of the machine as says who waits for whom. */
interface Scene {
  tasks: ReadonlyMap<TaskId, Pick<Task, 'id' | 'owner' | 'state' | 'sleep'>>;
  pins: ReadonlyMap<PinId, Pick<Pin, 'task' | 'owner' | 'pfns' | 'untilMs'>>;
  inodes: ReadonlyMap<Ino, Pick<Inode, 'name' | 'iRwsem' | 'invalidateLock' | 'entryLocks'>>;
}

const law = 'law D';
const semOf = (inode: Pick<Inode, 'iRwsem' | 'invalidateLock'>, lock: LockName): RwSem =>
  lock === 'i_rwsem' ? inode.iRwsem : inode.invalidateLock;

/** An edge from every sleeper to each task that must move before it can. */
export function graphOf(k: Scene): Graph {
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
          for (const other of k.tasks.values())
            if (other.owner === pin.owner && other.state === 'sleeping') to.add(other.id);
      }
    } else if (sleep.on === 'lock') {
      const inode = k.inodes.get(sleep.ino);
      if (inode === undefined)
        throw new Broken('law Q2', `op_${task.id} waits for a lock of an inode that is gone`);
      const { writer, readers, queue } = semOf(inode, sleep.lock);
      if (writer !== 0) to.add(writer);
      for (const reader of readers) to.add(reader);
      // All readers get it with the first of them, so they wait for the writers ahead of that one.
      const isReader = ({ mode }: { mode: string }): boolean => mode === 'shared';
      const first = queue.findIndex(isReader);
      const own = queue.findIndex((waiter) => waiter.task === task.id);
      const ahead = queue.slice(0, sleep.mode === 'shared' ? first : own);
      if (sleep.mode === 'exclusive' && ahead.some(isReader)) ahead.push(...queue.filter(isReader));
      for (const waiter of ahead) to.add(waiter.task);
    } else {
      const holder = k.inodes.get(sleep.ino)?.entryLocks.get(sleep.pgoff);
      if (holder !== undefined) to.add(holder);
    }
    graph.set(task.id, [...to]);
  }
  return graph;
}

const taskIds = (cycle: readonly string[]): number[] =>
  cycle.filter((node) => node.startsWith('op_')).map((node) => Number(node.slice(3)));

/** Each waits for the next, from the first round to it again. */
const isCycle = (graph: Graph, nodes: readonly string[]): boolean => {
  const round = taskIds(nodes);
  return (
    round.length > 1 &&
    round[0] === round.at(-1) &&
    round.slice(1).every((to, at) => graph.get(round[at] ?? 0)?.includes(to))
  );
};

const isIn = (graph: Graph, id: number): boolean =>
  knotsOf(graph).some((knot) => knot.includes(id));

/** Events with which an edge can begin. */
const closing = new Set<string>(['task.blocked', 'layout.retried', 'page.pinned']);

/** Who shares a lock; everybody else wants it for itself. */
const sharing: Record<LockName, readonly string[]> = {
  i_rwsem: ['read'],
  invalidate_lock: ['pin', 'fault', 'load', 'store'],
};

/**
 * What the step of one task made of a scene up to its sleep. The machine itself may be further: a
 * deadlock is ended at once.
 */
class Rewound {
  readonly #tasks: Map<TaskId, Pick<Task, 'id' | 'owner' | 'state' | 'sleep'>>;
  readonly #inodes: Map<Ino, Pick<Inode, 'name' | 'iRwsem' | 'invalidateLock' | 'entryLocks'>>;
  readonly #pins: Scene['pins'];

  constructor({ tasks, inodes, pins }: Kernel) {
    this.#tasks = new Map(
      [...tasks].map(([key, { id, owner, state, sleep }]) => [key, { id, owner, state, sleep }]),
    );
    // Each entry lets those that spin look again, before anything else.
    for (const task of this.#tasks.values())
      if (task.sleep?.on === 'spin') Object.assign(task, { state: 'runnable', sleep: null });
    this.#inodes = new Map(
      [...inodes].map(([ino, { name, iRwsem, invalidateLock, entryLocks }]) => [
        ino,
        structuredClone({ name, iRwsem, invalidateLock, entryLocks }),
      ]),
    );
    this.#pins = new Map(
      [...pins].map(([id, { task, owner, pfns, untilMs }]) => [
        id,
        { task, owner, pfns: [...pfns], untilMs },
      ]),
    );
  }

  /**
   * The graph at the moment when this task fell asleep, and whether it can be ended there; null
   * where it did not.
   */
  asleep(task: Task, events: readonly KernelEvent[]): { graph: Graph; endable: boolean } | null {
    for (const event of events) {
      if (event.type === 'task.woken') this.#wake(event.task as TaskId);
      if (
        event.task !== task.id ||
        (event.type !== 'task.blocked' && event.type !== 'layout.retried')
      )
        continue;
      const sleep = this.#sleepOf(task, event);
      this.#tasks.set(task.id, { id: task.id, owner: task.owner, state: 'sleeping', sleep });
      const graph = graphOf({ tasks: this.#tasks, inodes: this.#inodes, pins: this.#pins });
      // Neither a signal nor an error reaches an eviction that waits for a pin, or a fault that
      // waits for an entry.
      return {
        graph,
        endable:
          sleep.on === 'lock' ||
          sleep.on === 'spin' ||
          (event.type === 'task.blocked' && event.data.state === 'S'),
      };
    }
    return null;
  }

  #wake(id: TaskId): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    const { sleep } = task;
    this.#tasks.set(id, { ...task, state: 'runnable', sleep: null });
    if (sleep?.on === 'entry') this.#inodes.get(sleep.ino)?.entryLocks.delete(sleep.pgoff);
    if (sleep?.on !== 'lock') return;
    // It was handed over.
    const sem = semOf(this.#inodeOf(sleep.ino), sleep.lock);
    sem.queue = sem.queue.filter((waiter) => waiter.task !== id);
    sem.writer = sleep.mode === 'exclusive' ? id : 0;
    if (sleep.mode === 'exclusive') sem.readers = [];
    else sem.readers.push(id);
  }

  #sleepOf(task: Task, event: KernelEvent & { type: 'task.blocked' | 'layout.retried' }): Sleep {
    const { pfn, pgoff } = event.data as { pfn: number; pgoff: number };
    const inos = [task.ino, task.otherIno].filter(
      (ino) => this.#inodes.get(ino as Ino)?.name === event.file,
    );
    const ino = (inos[0] ?? task.ino) as Ino;
    if (event.type === 'layout.retried') return { on: 'spin', pfn, pgoff, retries: 0 } as Sleep;
    if (event.data.on !== 'lock')
      return { on: event.data.on, ino, pfn, pgoff, bucket: 0 } as unknown as Sleep;
    const lock = event.data.lock as LockName;
    const mode = sharing[lock].includes(task.op) ? 'shared' : 'exclusive';
    semOf(this.#inodeOf(ino), lock).queue.push({ task: task.id, mode });
    return { on: 'lock', ino, lock, mode };
  }

  #inodeOf(ino: Ino): Pick<Inode, 'iRwsem' | 'invalidateLock'> {
    const inode = this.#inodes.get(ino);
    if (inode === undefined)
      throw new Broken('law Q2', `somebody sleeps on a lock of inode ${ino}, which is gone`);
    return inode;
  }
}

export class Waits implements Watcher {
  /** Every task that was named in a cycle, with the others of it. */
  readonly #told = new Map<number, Set<number>>();

  /** Who is to end with EDEADLK, and the cycles that its sleep closed. */
  readonly #victims = new Map<number, string[]>();

  /** As everything stood before the step of one who asked for EDEADLK. */
  #rewound: Rewound | null = null;

  before(k: Kernel, { op, args }: Command): void {
    const stepping = op === 'scheduler-step' ? Number((args as { task: string }).task.slice(3)) : 0;
    this.#rewound =
      k.tasks.get(stepping as TaskId)?.failOnDeadlock === true ? new Rewound(k) : null;
  }

  after(k: Kernel, happened: Happened): void {
    const { effects } = happened;
    const cycles = effects.events.flatMap((event) =>
      event.type === 'deadlock.detected' ? [event.data.cycle] : [],
    );
    const then = this.#victim(k, happened, cycles);
    this.#checkEnds(effects);
    const asleep = effects.events.some(({ type }) => closing.has(type));
    if (k.sleepers.size === 0 && cycles.length === 0) return;
    // Edges begin where somebody goes to sleep, or where a pin of a sleeper is complete; in between
    // they only go away.
    if (!asleep && cycles.length === 0) return;
    const graph = graphOf(k);
    const knots = knotsOf(graph);
    for (const cycle of cycles) {
      const ids = taskIds(cycle);
      for (const id of ids)
        for (const other of ids) this.#told.set(id, (this.#told.get(id) ?? new Set()).add(other));
      if (!isCycle(then ?? graph, cycle))
        throw new Broken(law, `a deadlock of ${cycle.join(' ')} was reported, and there is none`);
    }
    for (const knot of knots) {
      const untold = knot.filter(
        (id) =>
          ![...(this.#told.get(id) ?? [])].some(
            (other) => knot.includes(other) && (other !== id || knot.length === 1),
          ),
      );
      if (untold.length > 0)
        throw new Broken(
          law,
          `op_${untold.join()} of the knot ${knot.join()} is in no deadlock that was reported`,
        );
    }
    const shown = (look(k, 'wait-graph') as { cycles: { nodes: string[] }[] }).cycles;
    const wrong = shown.find(({ nodes }) => !isCycle(graph, nodes));
    if (wrong !== undefined)
      throw new Broken(
        law,
        `the view of the wait graph has the cycle ${wrong.nodes.join(' ')}, and there is none`,
      );
    const inView = new Set(shown.flatMap(({ nodes }) => taskIds(nodes)));
    const missing = knots.flat().filter((id) => !inView.has(id));
    if (missing.length > 0)
      throw new Broken(law, `the view of the wait graph has no cycle through op_${missing.join()}`);
  }

  /**
   * Who asked for EDEADLK and fell asleep is ended if and only if that closed a cycle. Returns the
   * graph of that moment.
   */
  #victim(k: Kernel, { stepped, effects }: Happened, cycles: readonly string[][]): Graph | null {
    const task = stepped?.task;
    const then = task === undefined ? null : (this.#rewound?.asleep(task, effects.events) ?? null);
    if (task === undefined || then === null) return null;
    const closed = isIn(then.graph, task.id);
    const ended = k.tasks.get(task.id)?.state !== 'sleeping';
    if (ended && !closed)
      throw new Broken(law, `op_${task.id} was ended for a deadlock, and there is none`);
    if (!ended && closed && then.endable)
      throw new Broken(law, `op_${task.id} sleeps in a deadlock and asked for EDEADLK`);
    if (ended)
      this.#victims.set(
        task.id,
        cycles.map((cycle) => cycle.join(' ')),
      );
    return then.graph;
  }

  #checkEnds({ replies }: Happened['effects']): void {
    for (const { task, outcome } of replies) {
      if (outcome.ok || outcome.failure.errno !== 'EDEADLK') continue;
      const cycles = this.#victims.get(task);
      if (cycles === undefined)
        throw new Broken(law, `op_${task} ends with EDEADLK, and its sleep closed no cycle`);
      const cycle = outcome.failure.cycle?.join(' ') ?? '';
      if (!cycles.includes(cycle))
        throw new Broken(law, `op_${task} ends with EDEADLK for ${cycle}, which was not reported`);
    }
  }
}
