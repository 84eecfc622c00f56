// What of the wait graph is drawn: its nodes and edges, with many alike folded into one.
import type { WaitGraph } from '../state/wait-graph.ts';

type Node = WaitGraph['nodes'][number];
type Edge = WaitGraph['edges'][number];

export interface DrawnNode {
  id: string;
  kind: 'operation' | 'page' | 'lock' | 'entry' | 'more';
  /** The first line identifies it, the second says what it is. */
  lines: [string, string];
  /** The pins and mappings of a page. */
  tags: { id: string; text: string }[];
  title: string;
  state?: 'running' | 'S' | 'D';
}

export interface DrawnEdge {
  from: string;
  to: string;
  /** The pin or the mode by which it is held. Empty for a wait. */
  label: string;
  because: string;
}

export interface DrawnGraph {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
  /** Sleeping operations that are not drawn. */
  leftOut: number;
}

export interface DrawnOptions {
  /** Nodes whose waiters are all drawn. */
  expanded: ReadonlySet<string>;
  /** The selected thing, which is never folded. */
  selected: string | null;
  nodesMax: number;
}

/** More waiters of one node, behind whom nobody waits, are drawn as one. */
const waitersMax = 6;
/** A page may have 10,000 pins. */
const tagsMax = 4;
const textMax = 26;

const shortened = (text: string): string =>
  text.length > textMax ? `${text.slice(0, textMax - 1)}…` : text;

export function drawnGraph(graph: WaitGraph, options: DrawnOptions): DrawnGraph {
  const kept = new Set(graph.cycles.flatMap(({ nodes }) => nodes));
  if (options.selected !== null) kept.add(options.selected);
  const inCycles = cycleEdges(graph);
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const isTag = (id: string) => ['pin', 'mapping'].includes(byId.get(id)?.kind ?? '');
  const edges = graph.edges.filter(
    (edge) =>
      !isTag(edge.to) &&
      (!edge.because.startsWith('is queued') || inCycles.has(`${edge.from} ${edge.to}`)),
  );
  const tags = tagsOf(graph.edges, byId);
  const { folded, more } = fold(edges, kept, options.expanded);
  const all = graph.nodes.filter(({ id }) => !isTag(id) && !folded.has(id));
  const drawn = bounded(all, kept, options.nodesMax);
  const there = new Set(drawn.map(({ id }) => id));
  const nodes = drawn.map((node) => drawnNode(node, tags.get(node.id) ?? []));
  const lines = edges
    .filter(({ from, to }) => there.has(from) && there.has(to))
    .map((edge) => ({ ...edge, label: labelOf(edge) }));
  for (const [to, count] of more) {
    if (!there.has(to)) continue;
    const id = `more:${to}`;
    const text = `${count} more wait`;
    const title = `${text} click to show`;
    nodes.push({ id, kind: 'more', lines: [text, 'click to show'], tags: [], title });
    lines.push({ from: id, to, label: '', because: 'sleep on it' });
  }
  const cut = all.filter(({ id, kind }) => kind === 'operation' && !there.has(id)).length;
  return { nodes, edges: lines, leftOut: graph.omitted + cut };
}

/** Edges as `from to`, of all cycles or of one. */
export function cycleEdges({ cycles }: Pick<WaitGraph, 'cycles'>): Set<string> {
  return new Set(
    cycles.flatMap(({ nodes }) => nodes.slice(1).map((to, at) => `${nodes[at]} ${to}`)),
  );
}

function tagsOf(edges: readonly Edge[], byId: ReadonlyMap<string, Node>) {
  const tags = new Map<string, DrawnNode['tags']>();
  for (const { from, to } of edges) {
    const node = byId.get(to);
    if (node?.kind !== 'pin' && node?.kind !== 'mapping') continue;
    const owner = node.owner ?? node.label;
    const text = shortened(`${to} ${owner}`);
    tags.set(from, [...(tags.get(from) ?? []), { id: to, text }]);
  }
  return tags;
}

/** Operations that only wait, behind whom nobody waits, where a node has many of them. */
function fold(
  edges: readonly Edge[],
  kept: ReadonlySet<string>,
  expanded: ReadonlySet<string>,
): { folded: Set<string>; more: Map<string, number> } {
  const waitedFor = new Set(edges.map(({ to }) => to));
  const waiters = new Map<string, string[]>();
  for (const { from, to } of edges)
    if (from.startsWith('op_') && !waitedFor.has(from) && !kept.has(from))
      waiters.set(to, [...(waiters.get(to) ?? []), from]);
  const folded = new Set<string>();
  const more = new Map<string, number>();
  for (const [to, ids] of waiters) {
    if (expanded.has(to) || ids.length <= waitersMax) continue;
    const hidden = ids.slice(waitersMax - 1);
    for (const id of hidden) folded.add(id);
    more.set(to, hidden.length);
  }
  return { folded, more };
}

/** Those that must stay, then the others in the order of the server, which is by age. */
function bounded(nodes: readonly Node[], kept: ReadonlySet<string>, max: number): Node[] {
  if (nodes.length <= max) return [...nodes];
  const first = nodes.filter(({ id }) => kept.has(id));
  const rest = nodes.filter(({ id }) => !kept.has(id));
  const chosen = new Set([...first, ...rest].slice(0, max));
  return nodes.filter((node) => chosen.has(node));
}

function drawnNode(node: Node, tags: DrawnNode['tags']): DrawnNode {
  const { id, kind, label, owner, state, file } = node;
  const more = tags.length - tagsMax;
  const shown = more > 0 ? tags.slice(0, tagsMax) : tags;
  const common = { id, tags: shown, ...(state === undefined ? {} : { state }) };
  if (kind === 'operation') {
    const is = typeof owner === 'string' ? `${label} by ${owner}` : label;
    const sleeps = state === 'S' || state === 'D' ? ` · ${state}` : '';
    const title = `${id}${sleeps} ${is}`;
    return { ...common, kind, lines: [id, shortened(is)], title };
  }
  const which = id.slice(id.lastIndexOf(':') + 1);
  const of = typeof file === 'string' ? `of ${file}` : '';
  if (kind === 'lock') {
    return { ...common, kind, lines: [which, shortened(of)], title: `${which} ${of}` };
  }
  if (kind === 'entry') {
    const text = `entry ${which}`;
    return { ...common, kind, lines: [text, shortened(of)], title: `${text} ${of}` };
  }
  const pins = more > 0 ? `and ${more} more` : '';
  return {
    ...common,
    kind: 'page',
    lines: [`page ${which}`, pins],
    title: `page ${which} ${pins}`.trim(),
  };
}

function labelOf({ because }: Edge): string {
  const pin = /pin_\d+/.exec(because)?.[0];
  if (pin !== undefined) return pin;
  if (because.startsWith('is queued')) return 'queued before';
  return /exclusive|shared/.exec(because)?.[0] ?? '';
}
