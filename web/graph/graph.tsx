// The wait graph, as a page and as a panel of Machine.

import type * as Dagre from '@dagrejs/dagre';
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { body, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { NotLoaded } from '../parts/not-loaded.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { Thing } from '../parts/thing.tsx';
import { useSize } from '../parts/use-size.ts';
import { countText, plural } from '../parts/words.ts';
import { openFilesystem, param, pathOf, setParams } from '../state/location.ts';
import { selected } from '../state/selection.ts';
import { type Cycle, type WaitGraph, waitGraph } from '../state/wait-graph.ts';
import { Deadlocks } from './deadlocks.tsx';
import { Drawing } from './drawing.tsx';
import { cycleEdges, type DrawnGraph, drawnGraph } from './drawn-graph.ts';
import { type Direction, type Layout, layoutOf } from './layout.ts';
import { svgText } from './svg-text.ts';
import './graph.css';

/** dagre is 15 kB of gzipped script that no other view needs. */
function useDagre(): typeof Dagre | 'failed' | null {
  const dagre = useSignal<typeof Dagre | 'failed' | null>(null);
  useEffect(() => {
    import('@dagrejs/dagre').then(
      (loaded) => {
        dagre.value = loaded;
      },
      () => {
        dagre.value = 'failed';
      },
    );
  }, []);
  return dagre.value;
}

/** The drawing of more nodes takes longer than a person waits. */
const nodesMax = { page: 220, panel: 60 };

export function Graph() {
  const fs = openFilesystem.value;
  const svg = useRef<SVGSVGElement>(null);
  const { data, problem } = waitGraph.value;
  if (problem !== null && data === null) return <ProblemNote problem={problem} />;
  if (data === null || fs === null) return <p class="soft">Reading the wait graph…</p>;
  if (data.nodes.length === 0) return <Nobody fs={fs} />;
  return (
    <section class="panel graph-page">
      <header>
        <h2>Who waits for whom</h2>
        <span class="soft small">{counted(data)}</span>
        <span class="row actions">
          <CopyButton what="SVG" text={() => (svg.current === null ? '' : svgText(svg.current))} />
          <CopyButton what="DOT" text={() => graphAs(fs, 'dot')} />
          <CopyButton what="Mermaid" text={() => graphAs(fs, 'mermaid')} />
        </span>
      </header>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <Drawn graph={data} nodesMax={nodesMax.page} svg={svg} />
      <Twin graph={data} />
    </section>
  );
}

export function GraphPanel() {
  const fs = openFilesystem.value;
  const svg = useRef<SVGSVGElement>(null);
  const { data, problem } = waitGraph.value;
  if (fs === null) return null;
  return (
    <section class="panel graph-panel">
      <header>
        <h2>Who waits for whom</h2>
        <Link href={pathOf('graph', fs)} class="small">
          {data === null || data.nodes.length === 0 ? 'Graph' : counted(data)}
        </Link>
      </header>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {data === null ? (
        <p class="soft">Reading the wait graph…</p>
      ) : data.nodes.length === 0 ? (
        <p class="soft">Nobody waits.</p>
      ) : (
        <Drawn graph={data} nodesMax={nodesMax.panel} svg={svg} isPanel />
      )}
    </section>
  );
}

function counted({ nodes, cycles }: WaitGraph): string {
  const operations = nodes.filter(({ kind }) => kind === 'operation').length;
  const deadlocks = cycles.length === 0 ? 'no deadlock' : plural(cycles.length, 'deadlock');
  return `${plural(operations, 'operation')}, ${deadlocks}`;
}

const graphAs = (fs: string, format: 'dot' | 'mermaid'): Promise<string> =>
  body(
    rest.value.GET('/v1/filesystems/{fs}/wait-graph', {
      params: { path: { fs }, query: { format } },
      parseAs: 'text',
    }),
  ) as unknown as Promise<string>;

/** The cycle of the URL; it stays the chosen one while others come and go. */
function chosenOf(cycles: readonly Cycle[]): number {
  const wanted = param('cycle');
  const at = cycles.findIndex(({ nodes }) => nodes.join(' ') === wanted);
  return Math.max(0, at);
}

/** Pixels: four nodes side by side cannot be read in less. */
const narrow = 440;

function Drawn(props: {
  graph: WaitGraph;
  nodesMax: number;
  svg: RefObject<SVGSVGElement | null>;
  isPanel?: boolean;
}) {
  const { graph, svg, isPanel = false } = props;
  const loaded = useDagre();
  const dagre = loaded === 'failed' ? null : loaded;
  const expanded = useSignal<ReadonlySet<string>>(new Set());
  const drawn = useMemo(
    () =>
      drawnGraph(graph, {
        expanded: expanded.value,
        selected: selected.value,
        nodesMax: props.nodesMax,
      }),
    [graph, expanded.value, selected.value, props.nodesMax],
  );
  const { size, holder } = useSize({ width: 0, height: 0 });
  const direction = size.value.width < narrow ? 'TB' : 'LR';
  const layout = useLayout(size.value.width === 0 ? null : dagre, drawn, direction);
  const chosen = chosenOf(graph.cycles);
  const cycle = graph.cycles[chosen];
  return (
    <div class="graph">
      <div class="graph-drawing column" ref={holder}>
        {loaded === 'failed' ? (
          <NotLoaded />
        ) : layout === null ? (
          <p class="soft">Loading the layout…</p>
        ) : (
          <Drawing
            drawn={drawn}
            layout={layout}
            cycle={new Set(cycle?.nodes)}
            cycles={cycleEdges(graph)}
            svg={svg}
            onExpand={(node) => (expanded.value = new Set([...expanded.value, node]))}
          />
        )}
        {drawn.leftOut > 0 ? (
          <p class="soft small">{countText(drawn.leftOut)} more operations are not drawn.</p>
        ) : null}
      </div>
      <Deadlocks
        cycles={graph.cycles}
        chosen={chosen}
        withSentence={!isPanel}
        onChoose={(at) => setParams({ cycle: graph.cycles[at]?.nodes.join(' ') ?? null })}
      />
    </div>
  );
}

function useLayout(
  dagre: typeof Dagre | null,
  drawn: DrawnGraph,
  direction: Direction,
): Layout | null {
  const last = useRef<Layout | null>(null);
  return useMemo(() => {
    if (dagre === null) return null;
    last.current = layoutOf(dagre, drawn, { direction, last: last.current });
    return last.current;
  }, [dagre, drawn, direction]);
}

/** Of more edges, a table is no help. */
const rowsMax = 200;

/** The same for a screen reader, and for whoever wants to read it. */
function Twin({ graph }: { graph: WaitGraph }) {
  const { edges } = graph;
  return (
    <details class="twin">
      <summary>The same as a table: {plural(edges.length, 'edge')}</summary>
      <table>
        <thead>
          <tr>
            <th>Operation or holder</th>
            <th>Waits for</th>
            <th>Because it</th>
          </tr>
        </thead>
        <tbody>
          {edges.slice(0, rowsMax).map(({ from, to, because }) => (
            <tr key={`${from} ${to}`}>
              <td>
                <Thing id={from} />
              </td>
              <td>
                <Thing id={to} />
              </td>
              <td>{because}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {edges.length > rowsMax ? (
        <p class="soft">and {countText(edges.length - rowsMax)} more</p>
      ) : null}
    </details>
  );
}

function Nobody({ fs }: { fs: string }) {
  return (
    <section class="panel">
      <header>
        <h2>Nobody waits</h2>
      </header>
      <p>
        The graph shows which operation waits for which page or lock, and who holds it.{' '}
        <Link href={pathOf('waits', fs)}>Pin a page and truncate its file</Link>, or play{' '}
        <Link href={pathOf('story', null, 'S01')}>S01</Link>, which ends in a deadlock.
      </p>
    </section>
  );
}
