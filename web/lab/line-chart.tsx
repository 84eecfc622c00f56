// A line chart with its title, a label at the end of each line, and the table behind it.
import { effect, type Signal, untracked, useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { NotLoaded } from '../parts/not-loaded.tsx';
import { useSize } from '../parts/use-size.ts';
import type { Chart, ChartTable } from './chart.ts';
import { margins, placesOfLabels, typeScale } from './chart-layout.ts';
import type { drawChart } from './draw-chart.ts';
import './line-chart.css';
import { colourScheme } from './scheme.ts';
import { lookOf } from './strategy-look.ts';

const height = 320;
/** Narrower than this, the labels stand below. */
const labelledFrom = 560;
const gutter = 172;

export function LineChart({ chart }: { chart: Chart }) {
  const title = useId();
  const { size, holder } = useSize({ width: 0, height: 0 });
  const labelled = size.value.width >= labelledFrom;
  const point = useSignal<number | null>(null);
  return (
    <figure class="lab-chart" aria-labelledby={title}>
      <figcaption>
        <h3 id={title}>{chart.title}</h3>
        <p class="small soft">{chart.about}</p>
      </figcaption>
      <div ref={holder} class="lab-plot">
        {size.value.width === 0 ? null : (
          <Plot
            chart={chart}
            width={size.value.width - (labelled ? gutter : 0)}
            labelled={labelled}
            point={point}
          />
        )}
        {labelled ? <EndLabels chart={chart} /> : <Legend chart={chart} />}
      </div>
      <Readout chart={chart} point={point.value} />
      <Twin table={chart.table} label={chart.title} />
    </figure>
  );
}

/** null until the first chart has loaded it. */
let drawing: typeof drawChart | null = null;

function Plot(props: {
  chart: Chart;
  width: number;
  labelled: boolean;
  point: Signal<number | null>;
}) {
  const canvas = useRef<HTMLDivElement>(null);
  const failed = useSignal(false);
  const { chart, width, labelled, point } = props;
  useEffect(() => {
    let remove: (() => void) | null = null;
    const draw = () => {
      if (canvas.current === null || drawing === null) return;
      remove?.();
      const onPoint = (index: number | null) => {
        point.value = index;
      };
      remove = drawing(canvas.current, chart, { width, height, labelled, onPoint });
    };
    const stop = effect(() => {
      // Drawn again in the other scheme. At once, because a printer does not wait.
      void colourScheme.value;
      untracked(draw);
    });
    if (drawing === null)
      import('./draw-chart.ts').then(
        (loaded) => {
          drawing = loaded.drawChart;
          draw();
        },
        () => {
          failed.value = true;
        },
      );
    return () => {
      stop();
      remove?.();
    };
  }, [chart, width, labelled]);
  if (failed.value) return <NotLoaded />;
  return <div ref={canvas} class="lab-canvas" role="img" aria-label={sentence(chart)} />;
}

/** For a screen reader; the table has the figures. */
const sentence = ({ title, x, y, lines }: Chart): string =>
  `${title}: ${y.label} over ${x.label}, a line for each of ` +
  `${lines.flatMap(({ strategies }) => strategies).join(', ')}. The table below has the figures.`;

function EndLabels({ chart }: { chart: Chart }) {
  // Read so that the labels move when the type becomes larger.
  void colourScheme.value;
  const scale = typeScale();
  const { top, bottom } = margins(scale);
  const places = placesOfLabels(chart, height - top - bottom, scale);
  return (
    <div class="lab-labels" aria-hidden="true">
      {chart.lines.map(({ strategies }, at) => {
        const place = places[at];
        return place === undefined ? null : (
          <div key={strategies[0]} class="lab-label" style={{ top: `${top + place}px` }}>
            {strategies.map((strategy) => (
              <StrategyLabel key={strategy} strategy={strategy} />
            ))}
          </div>
        );
      })}
    </div>
  );
}

function Legend({ chart }: { chart: Chart }) {
  return (
    <ul class="lab-legend" aria-hidden="true">
      {chart.lines
        .flatMap(({ strategies }) => strategies)
        .map((strategy) => (
          <li key={strategy}>
            <StrategyLabel strategy={strategy} />
          </li>
        ))}
    </ul>
  );
}

/** The name of a strategy with a piece of its line. */
export function StrategyLabel({ strategy }: { strategy: string }) {
  const { colour, dash } = lookOf(strategy);
  return (
    <span class="strategy-label">
      <svg width="22" height="10" aria-hidden="true">
        <line
          x1="0"
          x2="22"
          y1="5"
          y2="5"
          stroke={`var(--${colour})`}
          stroke-width="2.5"
          stroke-dasharray={dash.join(' ')}
        />
      </svg>
      {strategy}
    </span>
  );
}

/** What the lines say at the pointer. Its place is kept, so that nothing moves. */
function Readout({ chart, point }: { chart: Chart; point: number | null }) {
  if (point === null)
    return <p class="lab-readout small soft">Point at the chart to read its values.</p>;
  return (
    <p class="lab-readout small">
      <b>{chart.textOfX(point)}</b>
      {chart.lines.map(({ strategies, ys }) => {
        const y = ys[point];
        return y === undefined || y === null ? null : (
          <span key={strategies[0]}>
            {strategies.join(', ')}: <span class="mono">{chart.textOfY(y)}</span>
          </span>
        );
      })}
    </p>
  );
}

function Twin({ table, label }: { table: ChartTable; label: string }) {
  return (
    <details class="twin">
      <summary>as a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
      <section class="scrolls" tabIndex={0} aria-label={`${label}, as a table`}>
        <table>
          <thead>
            <tr>
              {table.columns.map((column, at) => (
                <th key={column} scope="col" class={at === 0 ? '' : 'number'}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map(([strategy = '', ...cells]) => (
              <tr key={strategy}>
                <th scope="row">{strategy}</th>
                {cells.map((cell, at) => (
                  <td key={table.columns[at + 1]} class="number">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
