// Where the nodes of the graph are: by dagre, and where they were before if that is possible.
import type * as Dagre from '@dagrejs/dagre';
import type { DrawnEdge, DrawnGraph, DrawnNode } from './drawn-graph.ts';

export interface Box {
  /** The middle. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line extends DrawnEdge {
  points: { x: number; y: number }[];
}

/** From left to right; in a narrow place from the top down. */
export type Direction = 'LR' | 'TB';

export interface Layout {
  direction: Direction;
  boxes: Map<string, Box>;
  lines: Map<string, Line>;
  bounds: { x: number; y: number; width: number; height: number };
}

export const lineKey = ({ from, to }: { from: string; to: string }): string => `${from} ${to}`;

const charWidth = 7.9;
export const tagHeight = 22;

export function sizeOf({ lines, tags }: DrawnNode): { width: number; height: number } {
  const longest = Math.max(...lines.map(({ length }) => length));
  const tag = Math.max(0, ...tags.map(({ text }) => text.length + 3));
  return {
    width: Math.max(88, Math.max(longest, tag) * charWidth + 24),
    height: (lines[1] === '' ? 32 : 46) + tags.length * tagHeight + (tags.length > 0 ? 6 : 0),
  };
}

/**
 * Nothing moves that did not change. While nodes and edges only go, the others stay. A new one needs
 * a new layout, which begins with the old order and is shifted to where the old nodes were.
 */
export function layoutOf(
  dagre: typeof Dagre,
  drawn: DrawnGraph,
  { direction, last }: { direction: Direction; last: Layout | null },
): Layout {
  const before = last?.direction === direction ? last : null;
  const kept = before === null ? null : keptLayout(drawn, before);
  return kept ?? shifted(freshLayout(dagre, drawn, { direction, before }), before);
}

function keptLayout({ nodes, edges }: DrawnGraph, before: Layout): Layout | null {
  if (nodes.length * 2 < before.boxes.size) return null;
  const boxes = new Map<string, Box>();
  for (const node of nodes) {
    const box = before.boxes.get(node.id);
    const { width, height } = sizeOf(node);
    if (box === undefined || box.width !== width || box.height !== height) return null;
    boxes.set(node.id, box);
  }
  const lines = new Map<string, Line>();
  for (const edge of edges) {
    const line = before.lines.get(lineKey(edge));
    if (line === undefined) return null;
    lines.set(lineKey(edge), { ...line, ...edge });
  }
  return { ...before, boxes, lines };
}

function freshLayout(
  dagre: typeof Dagre,
  drawn: DrawnGraph,
  { direction, before }: { direction: Direction; before: Layout | null },
): Layout {
  const graph = new dagre.graphlib.Graph();
  const ranksep = direction === 'LR' ? 64 : 36;
  graph.setGraph({ rankdir: direction, nodesep: 18, ranksep, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  const across = direction === 'LR' ? 'y' : 'x';
  const place = ({ id }: DrawnNode) => before?.boxes.get(id)?.[across] ?? Number.POSITIVE_INFINITY;
  const ordered = drawn.nodes
    .map((node, at) => ({ node, at, y: place(node) }))
    .sort((a, b) => (a.y === b.y ? a.at - b.at : a.y - b.y));
  for (const { node } of ordered) graph.setNode(node.id, sizeOf(node));
  for (const { from, to, label } of drawn.edges)
    graph.setEdge(from, to, { width: label.length * 7, height: label === '' ? 0 : 16 });
  dagre.layout(graph);
  const boxes = new Map<string, Box>();
  for (const { id } of drawn.nodes) {
    const { x, y, width, height } = graph.node(id) as Box;
    boxes.set(id, { x, y, width, height });
  }
  const lines = new Map<string, Line>();
  for (const edge of drawn.edges) {
    const { points } = graph.edge(edge.from, edge.to) as unknown as Pick<Line, 'points'>;
    lines.set(lineKey(edge), { ...edge, points: points.map(({ x, y }) => ({ x, y })) });
  }
  return { direction, boxes, lines, bounds: boundsOf(boxes, lines) };
}

function boundsOf(boxes: Layout['boxes'], lines: Layout['lines']): Layout['bounds'] {
  const xs: number[] = [];
  const ys: number[] = [];
  for (const { x, y, width, height } of boxes.values()) {
    xs.push(x - width / 2, x + width / 2);
    ys.push(y - height / 2, y + height / 2);
  }
  for (const { points } of lines.values())
    for (const { x, y } of points) {
      xs.push(x);
      ys.push(y);
    }
  if (xs.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Moves all of it, so that most of the nodes that were there before are where they were. */
function shifted(layout: Layout, before: Layout | null): Layout {
  const common = [...layout.boxes].flatMap(([id, box]) => {
    const old = before?.boxes.get(id);
    return old === undefined ? [] : [{ dx: old.x - box.x, dy: old.y - box.y }];
  });
  const [dx, dy] = [median(common.map((one) => one.dx)), median(common.map((one) => one.dy))];
  if (dx === 0 && dy === 0) return layout;
  const boxes = [...layout.boxes].map(
    ([id, box]) => [id, { ...box, x: box.x + dx, y: box.y + dy }] as const,
  );
  const lines = [...layout.lines].map(([key, line]) => {
    const points = line.points.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
    return [key, { ...line, points }] as const;
  });
  const { bounds } = layout;
  const moved = { ...bounds, x: bounds.x + dx, y: bounds.y + dy };
  return { ...layout, boxes: new Map(boxes), lines: new Map(lines), bounds: moved };
}

/** A smooth path through the points. */
export function pathOf(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  const last = rest.at(-1);
  if (last === undefined) return '';
  let path = `M ${round(first)}`;
  for (const [at, point] of rest.slice(0, -1).entries()) {
    const next = rest[at + 1] ?? point;
    const end = at === rest.length - 2 ? last : middle(point, next);
    path += ` Q ${round(point)} ${round(end)}`;
  }
  return rest.length === 1 ? `${path} L ${round(last)}` : path;
}

const middle = (a: { x: number; y: number }, b: { x: number; y: number }) => ({
  x: (a.x + b.x) / 2,
  y: (a.y + b.y) / 2,
});
const round = ({ x, y }: { x: number; y: number }): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
