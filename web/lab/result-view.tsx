// The result of a lab: table, charts and findings. The page and the report show the same.
import { useMemo } from 'preact/hooks';
import type { Chart } from './chart.ts';
import type { Choices } from './choices.ts';
import { FigureTable } from './figure-table.tsx';
import { type Figure, figures, headlines } from './figures.ts';
import { type FindingAction, FindingList } from './finding-list.tsx';
import { heldBackChart } from './held-back.ts';
import { latencyChart, operationsIn } from './latency.ts';
import { LineChart } from './line-chart.tsx';
import { MapTable } from './map-table.tsx';
import './result-view.css';
import {
  type LabResult,
  type Point,
  pointsOf,
  pointText,
  sweptPaths,
  workloadField,
} from './result.ts';
import { sweepChart } from './sweep.ts';

export interface ResultViewProps {
  result: LabResult;
  choices: Choices;
  findingAction?: FindingAction;
}

export function ResultView({ result, choices, findingAction }: ResultViewProps) {
  const points = pointsOf(result);
  const chosen = Number(choices.read('at') ?? 0);
  const point = points[chosen] ?? points[0];
  if (point === undefined) return null;
  return (
    <div class="lab-result">
      {result.notes.length === 0 ? null : (
        <ul class="note">
          {result.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <Swept result={result} choices={choices} />
      <AtPoint points={points} chosen={points.indexOf(point)} choices={choices} />
      <section class="column" aria-labelledby="lab-table">
        <h2 id="lab-table">What each strategy costs</h2>
        <FigureTable rows={point.strategies} seeds={result.seeds.length} />
      </section>
      <Charts result={result} point={point} choices={choices} />
      <section class="column" aria-labelledby="lab-found">
        <h2 id="lab-found">What was found</h2>
        <FindingList rows={point.strategies} action={findingAction} />
      </section>
    </div>
  );
}

function Charts({ result, point, choices }: { result: LabResult; point: Point; choices: Choices }) {
  const operations = operationsIn(point.strategies);
  const wanted = choices.read('op');
  const op = operations.length > 1 && operations.includes(wanted ?? '') ? wanted : null;
  const durationMs = Number(workloadField(result, 'durationMs') ?? 0);
  const latency = useMemo(() => latencyChart(point.strategies, op), [point, op]);
  const heldBack = useMemo(() => heldBackChart(point.strategies, durationMs), [point, durationMs]);
  return (
    <>
      <section class="column" aria-labelledby="lab-latency">
        <div class="row spread">
          <h2 id="lab-latency">Latency</h2>
          {operations.length > 1 ? (
            <Select
              label="Operation"
              value={op ?? ''}
              options={[
                ['', 'all layout changes'],
                ...operations.map((one) => [one, one] as const),
              ]}
              onChoice={(one) => choices.write('op', one === '' ? null : one)}
            />
          ) : null}
        </div>
        <Drawn chart={latency} without="No layout change was made." />
      </section>
      <section class="column" aria-labelledby="lab-space">
        <h2 id="lab-space">Space</h2>
        <Drawn chart={heldBack} without="No strategy held space back." />
      </section>
    </>
  );
}

const Drawn = ({ chart, without }: { chart: Chart | null; without: string }) =>
  chart === null ? <p class="soft">{without}</p> : <LineChart chart={chart} />;

/** The figure that a sweep is drawn of, if nobody chooses another. */
const usual = 'latencyP99Ms';

function Swept({ result, choices }: { result: LabResult; choices: Choices }) {
  const paths = sweptPaths(result);
  const wanted = choices.read('figure') ?? usual;
  const figure = (figures.find(({ name }) => name === wanted) ?? figures[0]) as Figure;
  const chart = useMemo(() => sweepChart(result, figure), [result, figure]);
  if (paths.length === 0) return null;
  return (
    <section class="column" aria-labelledby="lab-swept">
      <div class="row spread">
        <h2 id="lab-swept">Where the answer changes</h2>
        <Select
          label="Figure"
          value={figure.name}
          options={headlines.map(({ name, title }) => [name, title])}
          onChoice={(one) => choices.write('figure', one === usual ? null : one)}
        />
      </div>
      {paths.length === 1 ? (
        <Drawn chart={chart} without="No strategy has this figure." />
      ) : (
        <MapTable result={result} figure={figure} choices={choices} />
      )}
    </section>
  );
}

/** Which point of the sweep the table and the charts below are of. */
function AtPoint(props: { points: readonly Point[]; chosen: number; choices: Choices }) {
  const { points, chosen, choices } = props;
  if (points.length < 2) return null;
  return (
    <div class="row">
      <Select
        label="Below: the values at"
        value={String(chosen)}
        options={points.map(({ at }, index) => [String(index), pointText(at)])}
        onChoice={(one) => choices.write('at', one === '0' ? null : one)}
      />
    </div>
  );
}

function Select(props: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChoice: (value: string) => void;
}) {
  return (
    <label class="inline">
      {props.label}
      <select
        value={props.value}
        onChange={({ currentTarget }) => props.onChoice(currentTarget.value)}
      >
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
