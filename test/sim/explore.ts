// npm run explore: every interleaving of S01 to S12, a step at a time, with two or three tasks. States that differ in nothing but counters are
// one, so a tale in which somebody can wait for ever is a circle in the graph of states. Prints the verdicts beside those of domain §6, and
// keeps one way to each in explored.json, for the test that goes it over HTTP.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { apply } from '../../src/kernel/kernel.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import type { Command, Kernel, Target } from '../../src/kernel/state.ts';
import type { TaskId } from '../../src/kernel/units.ts';
import { letters, machine, page } from '../machine.ts';
import {
  type Column,
  columns,
  everyColumn,
  expected,
  type Scenario,
  scenarios,
  type Thread,
  type Verdict,
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

/** Who moves: the number of a thread, -1 the worker, -2 the eviction that the machine runs by itself. */
export interface Way {
  to: number[];
  /** A circle that can be gone round for ever. */
  round?: number[];
}
export type Ways = Partial<Record<Verdict, Way>>;

const ignored = new Set([
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
const plain = (key: string, part: unknown): unknown => {
  if (ignored.has(key)) return undefined;
  if (part instanceof Map || part instanceof Set) return [...part];
  return ArrayBuffer.isView(part) ? Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1') : part;
};

function nameOf({ k, threads, warned }: State): string {
  const { tasks, inodes, mappings, pins, busy, detached, workqueue, pageQueues, entryQueues, spinning } = k;
  const runnable = [...k.runnable].sort((a, b) => a - b);
  const frames = k.frames[0]?.subarray(0, 5 * k.geometry.blocks);
  const contents = Array.from({ length: k.geometry.blocks }, (_, pfn) => k.pmem.chunks[0]?.[pfn * page]);
  const lists = [busy.leaves, detached.leaves, runnable, workqueue, pageQueues, entryQueues, spinning, frames, contents];
  return createHash('sha1')
    .update(JSON.stringify([threads, warned, tasks, inodes, mappings, pins, lists], plain))
    .digest('base64');
}

/** Numbers of its own for each thread, so that the same state has the same name on every way to it. */
const numberOf = (thread: number, call: number): number => 1000 * (thread + 1) + call;

function enter(k: Kernel, command: Command): { warned: boolean; reply: unknown; ended: Set<number> } {
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
  // Of the device only what there is: it is copied with each state.
  k.pmem.chunks = k.pmem.chunks.map((chunk) => chunk?.slice(0, k.geometry.blocks * page));
  k.geometry.scheduler = 'stepped';
  k.nextTask = 500;
  k.nextPin = 1;
  return { k, threads: scenario.threads.map(() => ({ call: 0, task: 0, pin: 0, ended: false })), warned: false };
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
      const absent = (call?.pin === true && at.pin === 0) || (call?.cancels !== undefined && threads[call.cancels]?.task === 0);
      if (!absent || call?.cancels === undefined || threads[call.cancels]?.call !== 0) able.push(index);
    }
  }
  if (k.workqueue.length > 0) able.push(-1);
  for (const id of k.runnable) if (!own.has(id)) able.push(-id);
  return able;
}

function move(state: State, scenario: Scenario, by: number): State {
  const next = moved(state, scenario, by);
  // Most steps leave the device as it is; a state that waits for its turn shares it.
  const { chunks } = state.k.pmem;
  next.k.pmem.chunks = next.k.pmem.chunks.map((chunk, index) => {
    const before = chunks[index];
    return before !== undefined && chunk !== undefined && Buffer.compare(before, chunk) === 0 ? before : chunk;
  });
  return next;
}

function moved(state: State, scenario: Scenario, by: number): State {
  const k = structuredClone(state.k);
  const threads = state.threads.map((at) => ({ ...at }));
  const next: State = { k, threads, warned: state.warned };
  const at = threads[by];
  const step = (id: number): void => {
    const before = [k.nextTask, k.nextPin] as const;
    k.nextTask = 900_000;
    if (at !== undefined) k.nextPin = numberOf(by, at.call);
    const done = enter(k, { op: 'scheduler-step', on: {}, args: { task: id === 1 && by === -1 ? 'kworker' : `op_${id}` } });
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
      at.pin = [...state.k.pins.values()].find(({ id, task }) => task === 0 && id === numberOf(index, at.call))?.id ?? 0;
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

export function explore(scenario: Scenario, column: Column): Explored {
  const ways: Ways = {};
  const numbers = new Map<string, number>();
  const edges: Edge[][] = [];
  const able: number[][] = [];
  const waits: boolean[] = [];
  const cameBy: { from: number; by: number }[] = [];
  const todo: (State | null)[] = [];
  const visit = (state: State, from: number, by: number): number => {
    const name = nameOf(state);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(name, number);
    edges.push([]);
    cameBy.push({ from, by });
    able.push(movers(state, scenario));
    waits.push((state.threads[0]?.call ?? 0) < (scenario.threads[0]?.calls.length ?? 0));
    todo.push(state);
    return number;
  };
  const wayTo = (state: number): number[] => {
    const to: number[] = [];
    for (let at = state; at !== 0; at = cameBy[at]?.from ?? 0) to.push(Math.max(-2, cameBy[at]?.by ?? 0));
    return to.reverse();
  };
  const found = (verdict: Verdict, state: number): void => {
    ways[verdict] ??= { to: wayTo(state) };
  };
  const loops = scenario.threads.some((thread) => thread.loops);
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
    else if (waits[number] === false && loops) found('completes', number); // The others go on for ever.
    for (const by of moving) edges[number]?.push({ by, to: visit(move(state, scenario, by), number, by) });
  }
  const round = circle(edges, able, waits, scenario);
  if (round !== null) ways.starves = { to: wayTo(round.from), round: round.moves };
  const order: Verdict[] = ['completes', 'deadlock', 'hangs', 'starves', 'leaks', 'frees under the pin'];
  return { verdicts: order.filter((verdict) => verdict in ways), ways, states: numbers.size, bounded: number < todo.length };
}

/** What it came to, where nobody can move any more. */
function verdictOf({ k }: State): Verdict {
  if (k.tasks.size > 0) return knotsOf(graphOf(k)).length > 0 ? 'deadlock' : 'hangs';
  return k.pins.size === 0 && k.busy.pages + k.detached.pages > 0 ? 'leaks' : 'completes';
}

/** A circle of states through which the first thread waits, and in which everybody who always could move does. */
function circle(
  edges: readonly Edge[][],
  able: readonly number[][],
  waits: readonly boolean[],
  scenario: Scenario,
): { from: number; moves: number[] } | null {
  if (!scenario.threads.some(({ loops }) => loops)) return null;
  const graph = new Map(
    edges.map((out, from) => [from, waits[from] ? out.filter(({ to }) => waits[to]).map(({ to }) => to) : []]),
  );
  for (const knot of knotsOf(graph)) {
    const inside = new Set(knot);
    const out = (from: number): Edge[] => (edges[from] ?? []).filter(({ to }) => inside.has(to));
    const moving = new Set(knot.flatMap((from) => out(from).map(({ by }) => by)));
    const everybody = new Set(knot.flatMap((from) => able[from] ?? []));
    if (![...everybody].every((by) => moving.has(by) || knot.some((from) => able[from]?.includes(by) !== true))) continue;
    const from = Math.min(...knot);
    const moves: number[] = [];
    let at = from;
    // Everybody who moves in it has a turn, and then back.
    for (const by of moving) at = walk(at, out, (edge) => edge.by === by, moves);
    if (at !== from) walk(at, out, ({ to }) => to === from, moves);
    return { from, moves };
  }
  return null;
}

/** The shortest walk from `at` whose last step is what is looked for; returns where it ends. */
function walk(at: number, out: (from: number) => Edge[], isIt: (edge: Edge) => boolean, moves: number[]): number {
  const cameBy = new Map<number, { from: number; by: number } | null>([[at, null]]);
  for (const from of cameBy.keys()) {
    for (const edge of out(from)) {
      if (isIt(edge)) {
        const back = [edge.by];
        for (let came = cameBy.get(from); came !== null && came !== undefined; came = cameBy.get(came.from)) back.push(came.by);
        moves.push(...back.reverse());
        return edge.to;
      }
      if (!cameBy.has(edge.to)) cameBy.set(edge.to, { from, by: edge.by });
    }
  }
  throw new Error('a knot is strongly connected');
}

if (process.argv[1] === import.meta.filename) {
  const rows: string[] = [];
  const ways: Record<string, Ways> = {};
  let differences = 0;
  for (const scenario of scenarios) {
    const cells = everyColumn.map((column) => {
      const { verdicts, states, bounded, ways: waysHere } = explore(scenario, column);
      ways[`${scenario.id} ${column}`] = waysHere;
      const found = verdicts.join(', ') + (bounded ? ' (bounded)' : '');
      const agrees = found === expected(scenario, column).join(', ');
      if (!agrees) differences += 1;
      process.stdout.write(
        `${scenario.id} ${column}: ${found} (${states} states)${agrees ? '' : `, expected ${expected(scenario, column).join(', ')}`}\n`,
      );
      return found;
    });
    rows.push(`| ${scenario.id} | ${scenario.tells} | ${cells.join(' | ')} |`);
  }
  const head = `# Every interleaving of S01 to S12

What can happen in each scenario of the domain, under each strategy, when two or three tasks take their steps in every order there is.
\`npm run explore\` writes this page. *Hangs*: nobody can move and there is no cycle; only munmap or a signal ends it. *Starves*: a circle of
states in which everybody gets their turns and the first task waits for ever. *Deadlock* beside *completes*: some orders end well.

| | tale | ${everyColumn.join(' | ')} |
|---|---|${everyColumn.map(() => '---').join('|')}|
`;
  writeFileSync(join(import.meta.dirname, '../../docs/explored.md'), `${head}${rows.join('\n')}\n`);
  const lines = Object.entries(ways).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  writeFileSync(join(import.meta.dirname, 'explored.json'), `{\n${lines.join(',\n')}\n}\n`);
  if (differences > 0) process.exitCode = 1;
}
