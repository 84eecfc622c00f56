// A wait graph in the DOT language of Graphviz.
import { captionOf, isRound, omittedText, onCycles, printable, type WaitGraph } from './graph.ts';

const red = 'color=red, fontcolor=red, penwidth=2';

/** In an ID only the double quote is special. */
const quoted = (id: string): string => `"${printable(id).replaceAll('"', '\\"')}"`;

/**
 * A label: a backslash begins an escape such as \N, the name of the node, and Graphviz reads
 * entities as HTML does.
 */
const labelled = (lines: readonly string[]): string =>
  `"${lines
    .map((line) =>
      printable(line).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;'),
    )
    .join('\\n')}"`;

export function dotOf(graph: WaitGraph, cursor: string): string {
  const cycles = onCycles(graph);
  const omitted = omittedText(graph);
  const lines = [
    `// cursor ${cursor}`,
    'digraph waits {',
    '  rankdir=LR;',
    ...(omitted === null ? [] : [`  label=${labelled([omitted])};`]),
  ];
  for (const node of graph.nodes) {
    const shape = isRound(node) ? 'ellipse' : 'box';
    const mark = cycles.nodes.has(node.id) ? `, ${red}` : '';
    lines.push(`  ${quoted(node.id)} [label=${labelled(captionOf(node))}, shape=${shape}${mark}];`);
  }
  for (const { from, to, because } of graph.edges) {
    const mark = cycles.edges.has(`${from} ${to}`) ? `, ${red}` : '';
    lines.push(`  ${quoted(from)} -> ${quoted(to)} [label=${labelled([because])}${mark}];`);
  }
  return `${lines.join('\n')}\n}\n`;
}
