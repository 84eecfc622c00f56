// Who waits, as rows: from the picture and the wait graph. Both are bounded answers of the server.
import type { OperationPicture, Picture } from 'pinhole/client';
import { pinsOf, sleepsOn } from '../state/ids.ts';
import type { WaitGraph } from '../state/wait-graph.ts';

/** Linux tells of a task that is in state D for longer (hung_task_timeout_secs). */
const hungMs = 120_000;

export interface Holder {
  /** A pin, a mapping or an operation. */
  id: string;
  /** "holds it exclusive", "is pinned by nic": the words of the wait graph. */
  because: string;
}

export interface WaitRow {
  operation: OperationPicture;
  /** What it sleeps on; null if the picture does not say. */
  on: string | null;
  forMs: number;
  holders: Holder[];
  /** How many operations wait behind it; null if the graph does not show it. */
  behind: number | null;
  /** There may be more behind it: the graph leaves some out. */
  behindAtLeast: boolean;
  hung: boolean;
}

/** The sleeping operations, the longest sleeper first. */
function sleepersOf(picture: Picture): OperationPicture[] {
  const sleepers = [...picture.operations.values()].filter(({ state }) => state === 'sleeping');
  const since = ({ sleepingOn }: OperationPicture) => sleepingOn?.sinceMs ?? 0;
  return sleepers.sort((a, b) => since(a) - since(b));
}

/** At most `max` rows, because a filesystem may have 10,000 sleepers. */
export function waitRows(
  picture: Picture,
  graph: WaitGraph | null,
  { nowMs, max }: { nowMs: number; max: number },
): { rows: WaitRow[]; total: number } {
  const sleepers = sleepersOf(picture);
  const edges = edgesOf(graph);
  const rows = sleepers.slice(0, max).map((operation) => {
    const { id, sleepingOn } = operation;
    const on = sleepsOn(picture, id) ?? edges.from.get(id)?.[0]?.to ?? null;
    const forMs = Math.max(0, nowMs - (sleepingOn?.sinceMs ?? nowMs));
    return {
      operation,
      on,
      forMs,
      holders: on === null ? [] : holdersOf(picture, edges, { on, but: id }),
      behind: edges.to.has(id) || edges.from.has(id) ? behindOf(edges, id) : null,
      behindAtLeast: (graph?.omitted ?? 0) > 0,
      hung: sleepingOn?.state === 'D' && forMs > hungMs,
    };
  });
  return { rows, total: sleepers.length };
}

type Edge = WaitGraph['edges'][number];

export interface Edges {
  from: Map<string, Edge[]>;
  to: Map<string, Edge[]>;
}

export function edgesOf(graph: WaitGraph | null): Edges {
  const edges: Edges = { from: new Map(), to: new Map() };
  for (const edge of graph?.edges ?? []) {
    push(edges.from, edge.from, edge);
    push(edges.to, edge.to, edge);
  }
  return edges;
}

function push(to: Map<string, Edge[]>, key: string, edge: Edge): void {
  const found = to.get(key);
  if (found === undefined) to.set(key, [edge]);
  else found.push(edge);
}

/** The words of the wait graph for who stands before in the queue of a lock, and holds nothing. */
export const isQueued = (because: string): boolean => because.startsWith('is queued');

/**
 * Who holds the node. The pins of a page are in the picture, which is newer than the graph. Who is
 * only queued before the sleeper does not hold it.
 */
export function holdersOf(
  picture: Picture,
  edges: Edges,
  { on, but }: { on: string; but?: string },
): Holder[] {
  const holders: Holder[] = [];
  if (on.startsWith('page:'))
    for (const id of pinsOf(picture, Number(on.slice('page:'.length))))
      holders.push({ id, because: 'pins it' });
  for (const { to, because } of edges.from.get(on) ?? []) {
    if (to === but || to.startsWith('pin_') || isQueued(because)) continue;
    // The pin of this operation is in the list already.
    if (on.startsWith('page:') && to.startsWith('op_')) continue;
    holders.push({ id: to, because });
  }
  return holders;
}

/**
 * How many operations wait for what it holds, directly or through others, or stand behind it in the
 * queue of the lock that it waits for. The graph lists waiters in the order in which they fell asleep.
 */
function behindOf({ from, to }: Edges, id: string): number {
  const own = from.get(id)?.[0]?.to;
  const waiters = own?.startsWith('lock:') ? (to.get(own) ?? []) : [];
  const at = waiters.findIndex((edge) => edge.from === id);
  const behind = new Set(at < 0 ? [] : waiters.slice(at + 1).map((edge) => edge.from));
  for (const one of [id, ...behind]) behind.add(one);
  for (const one of behind)
    for (const { from: node, because } of to.get(one) ?? [])
      if (!isQueued(because)) for (const { from: waiter } of to.get(node) ?? []) behind.add(waiter);
  behind.delete(id);
  return behind.size;
}
