// A wait graph as a flowchart of Mermaid.
import { captionOf, isRound, omittedText, onCycles, printable, type WaitGraph } from './graph.ts';

/**
 * A label in quotes. Mermaid has many characters with a meaning of their own, and reads HTML, so
 * everything but letters, digits and a few others becomes an entity, which it writes as #35;.
 */
const labelled = (lines: readonly string[]): string =>
  `"${lines
    .map((line) =>
      printable(line).replace(
        /[^\p{L}\p{N} _.,:=+-]/gu,
        (character) => `#${character.codePointAt(0)};`,
      ),
    )
    .join('<br/>')}"`;

export function mermaidOf(graph: WaitGraph, cursor: string): string {
  const cycles = onCycles(graph);
  const names = new Map(graph.nodes.map(({ id }, i) => [id, `n${i}`]));
  const nameOf = (id: string): string => names.get(id) ?? 'unknown';
  const lines = [`%% cursor ${cursor}`, 'flowchart LR'];
  for (const node of graph.nodes) {
    const label = labelled(captionOf(node));
    lines.push(`  ${nameOf(node.id)}${isRound(node) ? `([${label}])` : `[${label}]`}`);
  }
  const marked: number[] = [];
  graph.edges.forEach(({ from, to, because }, i) => {
    lines.push(`  ${nameOf(from)} -->|${labelled([because])}| ${nameOf(to)}`);
    if (cycles.edges.has(`${from} ${to}`)) marked.push(i);
  });
  const omitted = omittedText(graph);
  if (omitted !== null) lines.push(`  omitted[${labelled([omitted])}]`);
  if (cycles.nodes.size > 0) {
    lines.push('  classDef cycle stroke:#c00,stroke-width:3px');
    lines.push(`  class ${[...cycles.nodes].map(nameOf).join(',')} cycle`);
  }
  if (marked.length > 0) lines.push(`  linkStyle ${marked.join(',')} stroke:#c00`);
  return `${lines.join('\n')}\n`;
}
