// The first table: a line for each strategy, the median of the seeds, and below it the interval in
// which that median lies with 95 %.
import {
  cellOf,
  figures,
  groupTitles,
  headlines,
  seedNotes,
  shown,
  spreadText,
} from './figures.ts';
import { StrategyLabel } from './line-chart.tsx';
import type { StrategyRow } from './result.ts';

export function FigureTable({ rows, seeds }: { rows: readonly StrategyRow[]; seeds: number }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
      <section class="scrolls" tabIndex={0} aria-label="The strategies and what each costs">
        <table class="lab-table">
          <thead>
            <tr>
              <th scope="col">strategy</th>
              {headlines.map(({ name, title, doc }) => (
                <th key={name} scope="col" class="number" title={doc}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <TableRow key={row.strategy} row={row} seeds={seeds} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="small soft">
        Medians of the seeds; below each the interval in which the median lies with 95 %, if the
        seeds differ. <q>never</q>: a deadlock, a hang or starvation.
      </p>
      <AllFigures rows={rows} />
    </>
  );
}

function TableRow({ row, seeds }: { row: StrategyRow; seeds: number }) {
  const notes = seedNotes(row, seeds);
  return (
    <tr>
      <th scope="row">
        <StrategyLabel strategy={row.strategy} />
        {notes.map((note) => (
          <span key={note} class="lab-note tone-bad">
            {note}
          </span>
        ))}
      </th>
      {row.refused === undefined ? (
        headlines.map((figure) => {
          const { text, spread, isBad } = cellOf(row, figure);
          return (
            <td key={figure.name} class={isBad ? 'number tone-bad' : 'number'}>
              {text}
              {spread === '' ? null : <span class="lab-spread">{spread}</span>}
            </td>
          );
        })
      ) : (
        <td colSpan={headlines.length} class="soft">
          {row.refused}
        </td>
      )}
    </tr>
  );
}

function AllFigures({ rows }: { rows: readonly StrategyRow[] }) {
  const able = rows.filter(({ refused }) => refused === undefined);
  const known = figures.filter(({ name }) => able.some((row) => row.figures[name] !== undefined));
  return (
    <details class="twin">
      <summary>all {known.length} figures, with quartiles and differences</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
      <section class="scrolls" tabIndex={0} aria-label="All figures">
        <table class="lab-table">
          <thead>
            <tr>
              <th scope="col">figure</th>
              {able.map(({ strategy }) => (
                <th key={strategy} scope="col" class="number">
                  {strategy}
                </th>
              ))}
            </tr>
          </thead>
          {Object.entries(groupTitles).map(([group, title]) => (
            <FigureGroup
              key={group}
              title={title}
              rows={able}
              known={known.filter((figure) => figure.group === group)}
            />
          ))}
        </table>
      </section>
      <p class="small soft">
        Each cell: the median; the quartiles of the seeds in brackets; then how much more it is than
        in the first strategy, seed by seed.
      </p>
    </details>
  );
}

function FigureGroup(props: {
  title: string;
  known: readonly (typeof figures)[number][];
  rows: readonly StrategyRow[];
}) {
  const { title, known, rows } = props;
  if (known.length === 0) return null;
  return (
    <tbody>
      <tr>
        <th colSpan={rows.length + 1} scope="rowgroup" class="lab-group">
          {title}
        </th>
      </tr>
      {known.map(({ name, unit, doc }) => (
        <tr key={name}>
          <th scope="row">
            <code>{name}</code>
            <span class="lab-doc">{doc}</span>
          </th>
          {rows.map(({ strategy, figures: own }) => {
            const figure = own[name];
            if (figure === undefined)
              return (
                <td key={strategy} class="number">
                  -
                </td>
              );
            const { median, q1, q3, difference, seeds } = figure;
            const quartiles = spreadText({ ...figure, low: q1, high: q3 }, unit);
            return (
              <td key={strategy} class="number">
                {shown(median, unit)}
                {quartiles === '' ? null : <span class="lab-spread">[{quartiles}]</span>}
                {difference === undefined || difference.median === 0 ? null : (
                  <span class="lab-spread">{signed(difference.median, unit)}</span>
                )}
                {seeds === undefined ? null : <span class="lab-spread">in {seeds} seeds</span>}
              </td>
            );
          })}
        </tr>
      ))}
    </tbody>
  );
}

type Unit = (typeof figures)[number]['unit'];

const signed = (value: number | 'never' | '-never', unit: Unit): string => {
  const text = shown(value, unit).replace('-', '−');
  return text.startsWith('−') ? text : `+${text}`;
};
