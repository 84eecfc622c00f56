// The search over every order of the moves of some threads. States that differ only in counters
// count as one, so a thread that can wait for ever is a circle in the graph of states. The search
// is a generator, which rests after each move, so that its caller can divide it into slices.
import { eviction, Interleaving, nameOf, type State, type Thread, timer } from './interleave.ts';
import { knotsOf } from './lib/knots.ts';
import { pageWaitedFor } from './sched/task.ts';
import type { Kernel } from './state.ts';
import type { TaskId } from './units.ts';
import { cyclesThrough, maybeOnCycle, type Predecessors } from './waits/wait-graph.ts';

export const verdicts = [
  'completes',
  'deadlock',
  'hangs',
  'starves',
  'leaks',
  'frees under the pin',
] as const;
export type Verdict = (typeof verdicts)[number];

/** Who moves: the number of a thread, -1 the worker, -2 an eviction, -3 the clock. */
export interface Way {
  to: number[];
  /** Moves that can be repeated for ever. */
  round?: number[];
}
/** To each verdict that is possible a shortest way. */
export type Ways = Partial<Record<Verdict, Way>>;

export const verdictsOf = (ways: Ways): Verdict[] => verdicts.filter((verdict) => verdict in ways);

export interface Edge {
  by: number;
  to: number;
}

/** "The first" is the first thread, whose end is in question. */
interface Node {
  edges: Edge[];
  /** Who can move. */
  able: readonly number[];
  /** The first has not come to its end. */
  waits: boolean;
  /** The first sleeps. */
  asleep: boolean;
  /** It sleeps until a page is idle. */
  onPage: boolean;
  /** The first is in a deadlock. Known only if threads loop. */
  knotted: boolean;
  /** How it ended, where nobody can move. */
  end: Verdict | null;
  /** A block was freed under a pin on the way here. */
  warned: boolean;
  cameBy: { from: number; by: number };
}

export interface Start {
  state: State;
  threads: readonly Thread[];
  /** See numberedFrom(). */
  base: number;
}

export interface SearchOptions {
  statesMax: number;
  /** Called for each new state, for tests. */
  inspect?(state: State): void;
}

export interface Explored {
  nodes: readonly Node[];
  ways: Ways;
  /** States that were found but not searched further, because there are more than `statesMax`. */
  open: ReadonlySet<number>;
}

/** Breadth first, so the ways are the shortest. A caller that sends `true` ends the search. */
export function* search(
  { state: begin, threads, base }: Start,
  { statesMax, inspect }: SearchOptions,
): Generator<void, Explored, boolean | undefined> {
  const interleaving = new Interleaving(threads, base);
  const numbers = new Map<number, number>();
  const nodes: Node[] = [];
  const todo: (State | null)[] = [];
  const visit = (state: State, from: number, by: number): number => {
    const name = nameOf(state);
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, nodes.length);
    nodes.push(nodeOf(state, interleaving, { from, by }));
    todo.push(state);
    return nodes.length - 1;
  };
  visit(begin, 0, 0);
  let number = 0;
  states: for (; number < todo.length && nodes.length < statesMax; number++) {
    const state = todo[number];
    const node = nodes[number];
    if (state === null || state === undefined || node === undefined) continue;
    todo[number] = null;
    inspect?.(state);
    if (node.able.length === 0) node.end = endOf(state);
    for (const by of node.able) {
      node.edges.push({ by, to: visit(interleaving.move(state, by), number, by) });
      if ((yield) === true) break states;
    }
  }
  const open = new Set<number>();
  for (let left = number; left < nodes.length; left++) open.add(left);
  return { nodes, ways: waysIn(nodes, threads), open };
}

/** Without slices. */
export function explore(start: Start, options: SearchOptions): Explored {
  const searching = search(start, options);
  for (;;) {
    const { done, value } = searching.next();
    if (done === true) return value;
  }
}

function nodeOf(state: State, interleaving: Interleaving, cameBy: Node['cameBy']): Node {
  const { k, positions, warned } = state;
  const [first] = positions;
  const task = k.tasks.get(first?.task as TaskId);
  const loops = interleaving.threads.some((thread) => thread.loops);
  return {
    edges: [],
    able: interleaving.movers(state),
    waits: (first?.call ?? 0) < (interleaving.threads[0]?.calls.length ?? 0),
    asleep: task?.state === 'sleeping',
    onPage: task !== undefined && pageWaitedFor(task) !== null,
    knotted: loops && task !== undefined && cyclesThrough(k, task).length > 0,
    end: null,
    warned,
    cameBy,
  };
}

/** How it ended. Nobody can move any more. */
function endOf({ k }: State): Verdict {
  if (k.tasks.size > 0) return hasDeadlock(k) ? 'deadlock' : 'hangs';
  return k.pins.size === 0 && k.busy.pages + k.detached.pages > 0 ? 'leaks' : 'completes';
}

function hasDeadlock(k: Kernel): boolean {
  const predecessors: Predecessors = new Map();
  for (const id of maybeOnCycle(k, predecessors)) {
    const task = k.tasks.get(id);
    if (task !== undefined && cyclesThrough(k, task, predecessors).length > 0) return true;
  }
  return false;
}

/** As it stands in a way, where all evictions are one. */
const moverOf = (by: number): number => (by < timer ? eviction : by);

/** The shortest way from the start. */
function wayTo(nodes: readonly Node[], state: number): number[] {
  const to: number[] = [];
  for (let at = state; at !== 0; at = nodes[at]?.cameBy.from ?? 0)
    to.push(moverOf(nodes[at]?.cameBy.by ?? 0));
  return to.reverse();
}

function waysIn(nodes: readonly Node[], threads: readonly Thread[]): Ways {
  const ways: Ways = {};
  const loops = threads.some((thread) => thread.loops);
  const found = (verdict: Verdict, state: number, round: number[] = []): void => {
    ways[verdict] ??= { to: wayTo(nodes, state), ...(round.length > 0 ? { round } : {}) };
  };
  for (const [number, { end, warned, waits, edges }] of nodes.entries()) {
    if (warned) found('frees under the pin', number);
    if (end !== null) found(end, number);
    // The others go on for ever.
    else if (!waits && loops && edges.length > 0) found('completes', number);
  }
  if (!loops) return ways;
  const stuck = stuckIn(nodes);
  const hang = circle(nodes, threads, (state) => stuck.has(state), []);
  if (hang !== null)
    found(nodes[hang.from]?.knotted === true ? 'deadlock' : 'hangs', hang.from, hang.moves);
  // The first is woken, looks again, and goes to sleep again.
  const slept = (from: number, { by, to }: Edge): boolean =>
    by === 0 && nodes[from]?.asleep === false && nodes[to]?.asleep === true;
  const isWaiting = (state: number) => nodes[state]?.waits === true && !stuck.has(state);
  const starved = circle(nodes, threads, isWaiting, [slept]);
  if (starved !== null) found('starves', starved.from, starved.moves);
  return ways;
}

function comingFrom(nodes: readonly Node[]): number[][] {
  const cameFrom: number[][] = nodes.map(() => []);
  for (const [from, { edges }] of nodes.entries())
    for (const { to } of edges) cameFrom[to]?.push(from);
  return cameFrom;
}

/** The states in which the first sleeps, and nothing that anybody can do from there on wakes it. */
function stuckIn(nodes: readonly Node[]): Set<number> {
  const cameFrom = comingFrom(nodes);
  const stuck = new Set(nodes.keys());
  const goesOn = [...nodes.keys()].filter(
    (state) => nodes[state]?.waits !== true || nodes[state]?.asleep !== true,
  );
  for (const state of goesOn) {
    if (!stuck.delete(state)) continue;
    goesOn.push(...(cameFrom[state] ?? []));
  }
  return stuck;
}

/**
 * A circle of states that `within` lets through, with an edge of each kind in `wanted`. It is fair:
 * everybody who moves in it has a turn, and everybody else is unable to move somewhere in it. One
 * of the other threads moves, because otherwise nothing would keep the circle going.
 */
function circle(
  nodes: readonly Node[],
  threads: readonly Thread[],
  within: (state: number) => boolean,
  wanted: readonly ((from: number, edge: Edge) => boolean)[],
): { from: number; moves: number[] } | null {
  const inside = new Map(
    nodes.map(({ edges }, from) => [
      from,
      within(from) ? edges.filter(({ to }) => within(to)).map(({ to }) => to) : [],
    ]),
  );
  for (const knot of knotsOf(inside)) {
    const states = new Set(knot);
    const out = (from: number): Edge[] =>
      (nodes[from]?.edges ?? []).filter(({ to }) => states.has(to));
    const moving = new Set(knot.flatMap((from) => out(from).map(({ by }) => by)));
    if (!threads.some((_thread, index) => index > 0 && moving.has(index))) continue;
    const idle = new Set(knot.flatMap((from) => nodes[from]?.able ?? []));
    for (const by of moving) idle.delete(by);
    const turnOf =
      (turn: number) =>
      (_from: number, { by }: Edge) =>
        by === turn;
    const unable =
      (who: number) =>
      (_from: number, { to }: Edge) =>
        nodes[to]?.able.includes(who) === false;
    const goals = [...wanted, ...[...moving].map(turnOf), ...[...idle].map(unable)];
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
        let came = cameBy.get(from);
        while (came !== null && came !== undefined) {
          back.push(came.by);
          came = cameBy.get(came.from);
        }
        moves.push(...back.reverse());
        return edge.to;
      }
      if (!cameBy.has(edge.to)) cameBy.set(edge.to, { from, by: edge.by });
    }
  }
  throw new Error('a knot is strongly connected');
}

/**
 * A way on which the first waits for a page and all ends well: to the nearest state in which it
 * does and from which that is possible, and from there to the nearest such end. Null if there is
 * none.
 */
export function wayThroughSleep(explored: Explored): Way | null {
  const { nodes } = explored;
  const possible = possibleFrom(explored);
  const asleep = nodes.findIndex(
    (node, at) => node.onPage && possible[at]?.has('completes') === true,
  );
  if (asleep < 0) return null;
  const moves = wayTo(nodes, asleep);
  const rest: number[] = [];
  const isEnd = (_from: number, { to }: Edge) => nodes[to]?.end === 'completes';
  walk(asleep, (from) => nodes[from]?.edges ?? [], isEnd, rest);
  return { to: [...moves, ...rest.map(moverOf)] };
}

/**
 * For each state, the verdicts that are possible from there: its own end, and those of every state
 * that can follow. `unknown` is possible where a state that was not searched can follow.
 */
export function possibleFrom({ nodes, open }: Explored): Set<Verdict | 'unknown'>[] {
  const possible = nodes.map(() => new Set<Verdict | 'unknown'>());
  const cameFrom = comingFrom(nodes);
  const spread = (verdict: Verdict | 'unknown', ends: readonly number[]): void => {
    const reached = [...ends];
    for (const state of reached) {
      if (possible[state]?.has(verdict) === true) continue;
      possible[state]?.add(verdict);
      reached.push(...(cameFrom[state] ?? []));
    }
  };
  const isEnd = (verdict: Verdict) => (at: number) =>
    nodes[at]?.end === verdict || (verdict === 'frees under the pin' && nodes[at]?.warned === true);
  for (const verdict of verdicts) spread(verdict, [...nodes.keys()].filter(isEnd(verdict)));
  spread('unknown', [...open]);
  return possible;
}
