// pinhole graph: who waits for whom, as text or as a drawing.
import { Command, Option } from 'commander';
import type { WaitGraph } from '../http/graph/graph.ts';
import type { Cycle } from '../kernel/records/cycle.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { columns } from './lib/output.ts';
import { demand, filesystemOf, onServer, type Session } from './lib/session.ts';

interface Options {
  dot?: true;
  mermaid?: true;
  svg?: true;
  fs?: string;
}

export function graphCommand(io: Io): Command {
  const command = new Command('graph')
    .description(
      'Shows who waits for whom: operations, the pages, locks and entries that they wait for, ' +
        'and who holds those. --dot is for Graphviz, --mermaid for Markdown, --svg a drawing.',
    )
    .addOption(new Option('--dot', 'in the DOT language').conflicts(['mermaid', 'svg']))
    .addOption(new Option('--mermaid', 'as a flowchart of Mermaid').conflicts('svg'))
    .option('--svg', 'as a drawing')
    .addOption(fsOption());
  example(command, 'pinhole graph', 'pinhole graph --svg > waits.svg');
  return onServer<Options>(command, io, async (session, { options }) => {
    const fs = await filesystemOf(session, options.fs);
    const { output } = session;
    if (options.mermaid === true) return output.write(await drawnBy(session, fs, 'mermaid'));
    if (options.dot !== true && options.svg !== true) return print(session, fs);
    const dot = await drawnBy(session, fs, 'dot');
    output.write(options.svg === true ? await svgOf(dot) : dot);
  });
}

const url = '/v1/filesystems/{fs}/wait-graph';

async function drawnBy({ client }: Session, fs: string, format: 'dot' | 'mermaid') {
  const params = { path: { fs }, query: { format } };
  return String(await demand(client.GET(url, { params, parseAs: 'text' })));
}

/** Graphviz as WebAssembly, which is loaded for a drawing only. */
async function svgOf(dot: string): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  return (await instance()).renderString(dot, { format: 'svg' });
}

/** The JSON form, which has the cycles in words. */
type Printed = Omit<WaitGraph, 'cycles'> & { cycles: readonly Cycle[] };

async function print({ client, output }: Session, fs: string): Promise<void> {
  const params = { path: { fs }, query: {} };
  const graph = (await demand(client.GET(url, { params }))) as Printed;
  output.print(graph, () => textOf(graph));
}

function textOf({ edges, cycles, omitted }: Printed): string {
  if (edges.length === 0) return 'Nobody waits.';
  const table = columns(
    ['from', 'to', 'because'],
    edges.map(({ from, to, because }) => [from, to, because]),
  );
  const more = omitted === 0 ? [] : ['', `${omitted} more sleeping operations are not shown.`];
  const deadlocks = cycles.flatMap(({ explanation, columns: drawn }) => [
    '',
    `Deadlock: ${explanation}`,
    ...(drawn === null ? [] : ['', drawn.trimEnd()]),
  ]);
  return [table, ...more, ...deadlocks].join('\n');
}
