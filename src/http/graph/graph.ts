// What DOT and Mermaid show of a wait graph: its nodes with their captions, and what lies on a
// cycle. Kinds of nodes that are not known here are drawn as boxes.

/** The result of the view wait-graph, as far as it is drawn. */
export interface WaitGraph {
  nodes: readonly GraphNode[];
  edges: readonly { from: string; to: string; because: string }[];
  cycles: readonly { nodes: readonly string[] }[];
  omitted: number;
}

interface GraphNode {
  id: string;
  kind: string;
  label: string;
  owner?: string | null;
  state?: string;
  file?: string | null;
}

/** The lines of text in a node. */
export function captionOf({ id, kind, label, owner, state, file }: GraphNode): string[] {
  const names = kind === 'page' || label === id ? [label] : [id, label];
  const about = [
    ...(kind === 'lock' || kind === 'entry' || file == null ? [] : [`file ${file}`]),
    ...(owner == null ? [] : [`owner ${owner}`]),
    ...(state === undefined ? [] : [state]),
  ];
  return [names.join(' '), ...(about.length === 0 ? [] : [about.join(', ')])];
}

export const isRound = ({ kind }: GraphNode): boolean => kind === 'operation';

/** The nodes on cycles, and the edges as `from to`. */
export function onCycles({ cycles }: WaitGraph): { nodes: Set<string>; edges: Set<string> } {
  const nodes = new Set(cycles.flatMap((cycle) => cycle.nodes));
  const edges = new Set<string>();
  for (const cycle of cycles)
    cycle.nodes.forEach((id, i) => {
      const next = cycle.nodes[i + 1];
      if (next !== undefined) edges.add(`${id} ${next}`);
    });
  return { nodes, edges };
}

/** Said below a graph that leaves something off. */
export const omittedText = ({ omitted }: WaitGraph): string | null =>
  omitted === 0 ? null : `${omitted} more sleeping operations are not shown.`;

/** Owners are any text of a client, and no format of graphs has control characters in labels. */
export const printable = (text: string): string => text.replace(/\p{C}/gu, '\u{fffd}');
