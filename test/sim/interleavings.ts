// Every interleaving of the steps of two or three tasks in a scenario. States that differ only in
// counters count as one, so a scenario in which a task can wait for ever is a cycle in the graph of
// states.
import { createHash } from 'node:crypto';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { apply } from '../../src/kernel/kernel.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import type { Command, Kernel, Target } from '../../src/kernel/state.ts';
import type { Pfn, TaskId } from '../../src/kernel/units.ts';
import { letters, machine } from '../machine.ts';
import {
  type Column,
  columns,
  type Scenario,
  type Thread,
  type Verdict,
  verdictsOf,
  type Ways,
} from './scenario-list.ts';
import { graphOf, knotsOf } from './waits.ts';

const statesMax = 200_000;

interface At {
  /** The next call of the thread, and whether it is in flight. */
  call: number;
  task: number;
  pin: number;
  /** It was asked for, and is to be taken back. */
  ended: boolean;
}

interface State {
  k: Kernel;
  threads: At[];
  /** A block was freed under a pin on the way here. */
  warned: boolean;
}

interface Edge {
  by: number;
  to: number;
}

const ignored = new Set([
  'heapBytes',
  'version',
  'entry',
  'scans',
  'wakeups',
  'sinceMs',
  'sleptMs',
  'modifiedMs',
  'strategySeq',
  'generation',
  'sleptUnder',
]);

/** Everything in it as one text, but for what is ignored. */
function textOf(part: unknown): string {
  if (typeof part !== 'object' || part === null) return `${part};`;
  if (ArrayBuffer.isView(part))
    return `${Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1')};`;
  let text = '(';
  if (Array.isArray(part) || part instanceof Map || part instanceof Set)
    for (const one of part) text += textOf(one);
  else
    for (const key of Object.keys(part))
      if (!ignored.has(key)) text += `${key}:${textOf((part as Record<string, unknown>)[key])}`;
  return `${text})`;
}

function nameOf({ k, threads, warned }: State): string {
  const {
    tasks,
    inodes,
    mappings,
    pins,
    busy,
    detached,
    workqueue,
    pageQueues,
    entryQueues,
    spinning,
  } = k;
  const runnable = [...k.runnable].sort((a, b) => a - b);
  const frames = k.frames[0]?.subarray(0, 5 * k.geometry.blocks);
  const contents = Array.from(
    { length: k.geometry.blocks },
    (_, pfn) => k.pmem.pages.get(pfn as Pfn)?.[0],
  );
  const lists = [
    busy.leaves,
    detached.leaves,
    runnable,
    workqueue,
    pageQueues,
    entryQueues,
    spinning,
    frames,
    contents,
  ];
  return createHash('sha1')
    .update(textOf([threads, warned, tasks, inodes, mappings, pins, lists]))
    .digest('base64');
}

/**
 * Numbers of its own for each thread, so that the same state has the same name on every way to it.
 */
const numberOf = (thread: number, call: number): number => 1000 * (thread + 1) + call;

function enter(
  k: Kernel,
  command: Command,
): { warned: boolean; reply: unknown; ended: Set<number> } {
  const effects = apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
  const outcome = effects.replies.find(({ task }) => task === effects.task)?.outcome;
  return {
    warned: effects.events.some(({ type }) => type === 'warning.raised'),
    reply: outcome?.ok === true ? outcome.result : null,
    ended: new Set(effects.replies.map(({ task }) => task)),
  };
}

function begin(scenario: Scenario, column: Column): State {
  const m = machine({ strategy: columns[column], blocks: 16, checkEvery: 1_000_000 });
  m.create('a');
  m.write('a', letters('ABC'), 0);
  m.map('a', 3);
  const { k } = m;
  k.frames = [new Int32Array(5 * k.geometry.blocks)];
  k.counts.frameChunks = 1;
  k.geometry.scheduler = 'stepped';
  k.nextTask = 500;
  k.nextPin = 1;
  return {
    k,
    threads: scenario.threads.map(() => ({ call: 0, task: 0, pin: 0, ended: false })),
    warned: false,
  };
}

/** Everybody who can move: threads by number, then the worker and evictions. */
function movers({ k, threads }: State, scenario: Scenario): number[] {
  const able: number[] = [];
  const own = new Set(threads.map(({ task }) => task));
  for (const [index, at] of threads.entries()) {
    const thread = scenario.threads[index] as Thread;
    if (at.task !== 0) {
      if (k.runnable.includes(at.task as TaskId)) able.push(index);
    } else if (at.call < thread.calls.length) {
      const call = thread.calls[at.call];
      const absent =
        (call?.pin === true && at.pin === 0) ||
        (call?.cancels !== undefined && threads[call.cancels]?.task === 0);
      if (!absent || call?.cancels === undefined || threads[call.cancels]?.call !== 0)
        able.push(index);
    }
  }
  if (k.workqueue.length > 0) able.push(-1);
  for (const id of k.runnable) if (!own.has(id)) able.push(-id);
  return able;
}

/** structuredClone() for plain data; in half the time, which is most of what exploring takes. */
function copyOf<T>(part: T): T {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(copyOf) as T;
  if (part instanceof Map)
    return new Map([...part].map(([key, value]) => [key, copyOf(value)])) as T;
  if (part instanceof Set) return new Set(part) as T;
  if (ArrayBuffer.isView(part)) return (part as unknown as Uint8Array).slice() as T;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(part)) copy[key] = copyOf((part as Record<string, unknown>)[key]);
  return copy as T;
}

/** Most steps leave the contents of the device as they are, and then states share them. */
function move(state: State, scenario: Scenario, by: number): State {
  const next = moved(state, scenario, by);
  for (const [pfn, bytes] of next.k.pmem.pages) {
    const before = state.k.pmem.pages.get(pfn);
    if (before !== undefined && Buffer.compare(before, bytes) === 0)
      next.k.pmem.pages.set(pfn, before);
  }
  return next;
}

function moved(state: State, scenario: Scenario, by: number): State {
  const { geometry, limits, strategy, pmem } = state.k;
  // Of operations that have ended the machine keeps records, which nobody here asks for.
  const k = copyOf({
    ...state.k,
    ended: new Map(),
    pmem: { ...pmem, pages: new Map<Pfn, Uint8Array>() },
  });
  Object.assign(k, { geometry, limits, strategy });
  k.pmem.pages = new Map([...pmem.pages].map(([pfn, bytes]) => [pfn, bytes.slice()]));
  const threads = state.threads.map((at) => ({ ...at }));
  const next: State = { k, threads, warned: state.warned };
  const at = threads[by];
  const step = (id: number): void => {
    const before = [k.nextTask, k.nextPin] as const;
    k.nextTask = 900_000;
    if (at !== undefined) k.nextPin = numberOf(by, at.call);
    const done = enter(k, {
      op: 'scheduler-step',
      on: {},
      args: { task: id === 1 && by === -1 ? 'kworker' : `op_${id}` },
    });
    [k.nextTask] = before;
    next.warned ||= done.warned;
    settleEnded(next, scenario, done.ended);
  };
  if (at === undefined) {
    step(-by);
    return next;
  }
  if (at.task !== 0) {
    step(at.task);
    return next;
  }
  const call = (scenario.threads[by] as Thread).calls[at.call];
  if (call === undefined) throw new Error('a thread that is at its end does not move');
  const on: Target = { ...call.on };
  if (call.pin === true) on.pin = at.pin;
  if (call.cancels !== undefined) on.operation = threads[call.cancels]?.task ?? 0;
  if ((call.pin === true && at.pin === 0) || on.operation === 0) {
    advance(at, scenario.threads[by] as Thread); // There is nothing that it could act on.
    return next;
  }
  const operation = operations.get(call.op);
  if (operation === undefined) throw new Error(`no operation ${call.op}`);
  k.nextTask = numberOf(by, at.call);
  const { owner } = scenario.threads[by] as Thread;
  at.task = k.nextTask;
  const done = enter(k, { op: call.op, on, args: operation.args.parse(call.args), owner });
  next.warned ||= done.warned;
  settleEnded(next, scenario, done.ended);
  return next;
}

function advance(at: At, thread: Thread): void {
  at.call = thread.loops && at.call === thread.calls.length - 1 ? 0 : at.call + 1;
}

function settleEnded(state: State, scenario: Scenario, ended: ReadonlySet<number>): void {
  for (const [index, at] of state.threads.entries()) {
    if (at.task === 0 || (state.k.tasks.has(at.task as TaskId) && !ended.has(at.task))) continue;
    const thread = scenario.threads[index] as Thread;
    const op = thread.calls[at.call]?.op;
    if (op === 'pin')
      at.pin =
        [...state.k.pins.values()].find(
          ({ id, task }) => task === 0 && id === numberOf(index, at.call),
        )?.id ?? 0;
    if (op === 'unpin') at.pin = 0;
    at.task = 0;
    advance(at, thread);
  }
}

interface Explored {
  verdicts: Verdict[];
  ways: Ways;
  states: number;
  bounded: boolean;
}

/** The graph of states, by number. "The first" is the first thread, whose end is in question. */
interface Graph {
  edges: Edge[][];
  /** Who can move. */
  able: number[][];
  /** The first has not come to its end. */
  waits: boolean[];
  /** It sleeps. */
  asleep: boolean[];
  /** It is in a cycle of tasks that wait for each other. */
  knotted: boolean[];
  scenario: Scenario;
}

export function explore(scenario: Scenario, column: Column): Explored {
  const ways: Ways = {};
  const numbers = new Map<string, number>();
  const graph: Graph = { edges: [], able: [], waits: [], asleep: [], knotted: [], scenario };
  const { edges, able, waits } = graph;
  const cameBy: { from: number; by: number }[] = [];
  const todo: (State | null)[] = [];
  const loops = scenario.threads.some((thread) => thread.loops);
  const visit = (state: State, from: number, by: number): number => {
    const name = nameOf(state);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(name, number);
    edges.push([]);
    cameBy.push({ from, by });
    able.push(movers(state, scenario));
    const [first] = state.threads;
    waits.push((first?.call ?? 0) < (scenario.threads[0]?.calls.length ?? 0));
    graph.asleep.push(state.k.tasks.get(first?.task as TaskId)?.state === 'sleeping');
    graph.knotted.push(
      loops && knotsOf(graphOf(state.k)).some((knot) => knot.includes(first?.task ?? 0)),
    );
    todo.push(state);
    return number;
  };
  const wayTo = (state: number): number[] => {
    const to: number[] = [];
    for (let at = state; at !== 0; at = cameBy[at]?.from ?? 0)
      to.push(Math.max(-2, cameBy[at]?.by ?? 0));
    return to.reverse();
  };
  const found = (verdict: Verdict, state: number, round: number[] = []): void => {
    ways[verdict] ??= { to: wayTo(state), ...(round.length > 0 ? { round } : {}) };
  };
  visit(begin(scenario, column), 0, 0);
  // Breadth first: the ways are the shortest.
  let number = 0;
  for (; number < todo.length && numbers.size < statesMax; number++) {
    const state = todo[number];
    if (state === null || state === undefined) continue;
    todo[number] = null;
    checkInvariants(state.k, { except: state.warned ? ['law 1'] : [] });
    if (state.warned) found('frees under the pin', number);
    const moving = able[number] as number[];
    if (moving.length === 0) found(verdictOf(state), number);
    // The others go on for ever.
    else if (waits[number] === false && loops) found('completes', number);
    for (const by of moving)
      edges[number]?.push({ by, to: visit(move(state, scenario, by), number, by) });
  }
  if (loops) {
    const stuck = stuckIn(graph);
    const hang = circle(graph, (state) => stuck.has(state), []);
    if (hang !== null)
      found(graph.knotted[hang.from] ? 'deadlock' : 'hangs', hang.from, hang.moves);
    // The first is woken, looks again, and goes to sleep again.
    const slept = (from: number, { by, to }: Edge): boolean =>
      by === 0 && graph.asleep[from] === false && graph.asleep[to] === true;
    const starved = circle(graph, (state) => waits[state] === true && !stuck.has(state), [slept]);
    if (starved !== null) found('starves', starved.from, starved.moves);
  }
  return { verdicts: verdictsOf(ways), ways, states: numbers.size, bounded: number < todo.length };
}

/** What it came to, where nobody can move any more. */
function verdictOf({ k }: State): Verdict {
  if (k.tasks.size > 0) return knotsOf(graphOf(k)).length > 0 ? 'deadlock' : 'hangs';
  return k.pins.size === 0 && k.busy.pages + k.detached.pages > 0 ? 'leaks' : 'completes';
}

/** The states in which the first sleeps, and nothing that anybody can do from there on wakes it. */
function stuckIn({ edges, waits, asleep }: Graph): Set<number> {
  const cameFrom: number[][] = edges.map(() => []);
  for (const [from, out] of edges.entries()) for (const { to } of out) cameFrom[to]?.push(from);
  const stuck = new Set(edges.keys());
  const goesOn = [...edges.keys()].filter(
    (state) => waits[state] !== true || asleep[state] !== true,
  );
  for (const state of goesOn) {
    if (!stuck.delete(state)) continue;
    goesOn.push(...(cameFrom[state] ?? []));
  }
  return stuck;
}

/**
 * A circle of states that `within` lets through, with an edge of each kind in `wanted`, and fair:
 * everybody who moves in it has a turn, and who does not is somewhere unable to. Among the others
 * somebody moves, or nothing would go round.
 */
function circle(
  { edges, able, scenario }: Graph,
  within: (state: number) => boolean,
  wanted: readonly ((from: number, edge: Edge) => boolean)[],
): { from: number; moves: number[] } | null {
  const inside = new Map(
    edges.map((out, from) => [
      from,
      within(from) ? out.filter(({ to }) => within(to)).map(({ to }) => to) : [],
    ]),
  );
  for (const knot of knotsOf(inside)) {
    const states = new Set(knot);
    const out = (from: number): Edge[] => (edges[from] ?? []).filter(({ to }) => states.has(to));
    const moving = new Set(knot.flatMap((from) => out(from).map(({ by }) => by)));
    if (!scenario.threads.some((_thread, index) => index > 0 && moving.has(index))) continue;
    const idle = new Set(knot.flatMap((from) => able[from] ?? []).filter((by) => !moving.has(by)));
    const goals = [
      ...wanted,
      ...[...moving].map(
        (turn) =>
          (_from: number, { by }: Edge) =>
            by === turn,
      ),
      ...[...idle].map(
        (by) =>
          (_from: number, { to }: Edge) =>
            able[to]?.includes(by) === false,
      ),
    ];
    if (!goals.every((goal) => knot.some((from) => out(from).some((edge) => goal(from, edge)))))
      continue;
    const from = Math.min(...knot);
    const moves: number[] = [];
    let at = from;
    for (const goal of goals) at = walk(at, out, goal, moves);
    if (at !== from) walk(at, out, (_from, { to }) => to === from, moves);
    return { from, moves };
  }
  return null;
}

/** The shortest walk from `at` whose last step is what is looked for; returns where it ends. */
function walk(
  at: number,
  out: (from: number) => Edge[],
  isIt: (from: number, edge: Edge) => boolean,
  moves: number[],
): number {
  const cameBy = new Map<number, { from: number; by: number } | null>([[at, null]]);
  for (const from of cameBy.keys()) {
    for (const edge of out(from)) {
      if (isIt(from, edge)) {
        const back = [edge.by];
        for (
          let came = cameBy.get(from);
          came !== null && came !== undefined;
          came = cameBy.get(came.from)
        )
          back.push(came.by);
        moves.push(...back.reverse());
        return edge.to;
      }
      if (!cameBy.has(edge.to)) cameBy.set(edge.to, { from, by: edge.by });
    }
  }
  throw new Error('a knot is strongly connected');
}
