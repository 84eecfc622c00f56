// Two swept values: for each pair which strategy is best, by a figure that the person chooses.
import {
  type BestMap,
  bestMap,
  type Disqualifier,
  disqualifiers,
  type MapCell,
} from './best-map.ts';
import type { Choices } from './choices.ts';
import type { Figure } from './figures.ts';
import { StrategyLabel } from './line-chart.tsx';
import type { LabResult } from './result.ts';
import { lookOf } from './strategy-look.ts';

export function MapTable(props: { result: LabResult; figure: Figure; choices: Choices }) {
  const { result, figure, choices } = props;
  const without = disqualifiedBy(choices);
  const map = bestMap(result, figure, without);
  if (map === null) return null;
  const title = `The strategy with the least ${figure.title ?? figure.name}`;
  return (
    <figure class="lab-chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="small soft">
          {figure.doc} A cell names the best strategy for its pair of values, or several that are
          equal.
        </p>
      </figcaption>
      <fieldset class="row lab-without">
        <legend class="small soft">Leave out a strategy if</legend>
        {(Object.keys(disqualifiers) as Disqualifier[]).map((what) => (
          <label key={what} class="inline">
            <input
              type="checkbox"
              checked={without.has(what)}
              onChange={() => choices.write('without', toggled(without, what))}
            />
            {disqualifiers[what].text}
          </label>
        ))}
      </fieldset>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
      <section class="scrolls" tabIndex={0} aria-label={title}>
        <Cells map={map} />
      </section>
      <Key map={map} />
    </figure>
  );
}

/** Without a choice, all of them: a strategy that corrupts files is no answer. */
function disqualifiedBy({ read }: Choices): ReadonlySet<Disqualifier> {
  const all = Object.keys(disqualifiers) as Disqualifier[];
  const chosen = read('without');
  return new Set(chosen === null ? all : all.filter((what) => chosen.split(' ').includes(what)));
}

function toggled(now: ReadonlySet<Disqualifier>, what: Disqualifier): string | null {
  const all = Object.keys(disqualifiers) as Disqualifier[];
  const next = all.filter((one) => now.has(one) !== (one === what));
  return next.length === all.length ? null : next.join(' ');
}

function Cells({ map: { rows, columns, cells } }: { map: BestMap }) {
  return (
    <table class="lab-map">
      <thead>
        <tr>
          <th rowSpan={2} scope="col">
            {rows.path}
          </th>
          <th colSpan={columns.values.length} scope="colgroup">
            {columns.path}
          </th>
        </tr>
        <tr>
          {columns.values.map((value) => (
            <th key={value} scope="col" class="number">
              {value}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {cells.map((row, at) => (
          <tr key={rows.values[at]}>
            <th scope="row" class="number">
              {rows.values[at]}
            </th>
            {row.map((cell, column) => (
              <Cell key={columns.values[column]} cell={cell} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The colour repeats the letters. */
function Cell({ cell }: { cell: MapCell }) {
  const [first, second] = cell.best;
  const isOne = first !== undefined && second === undefined;
  const colour = isOne ? lookOf(first).colour : 'line-strong';
  return (
    <td
      title={cell.all
        .map(({ strategy, text, because }) =>
          [`${strategy}: ${text}`, ...because].join('; left out: '),
        )
        .join('\n')}
      style={{ borderLeftColor: `var(--${colour})` }}
    >
      <b>{first === undefined ? '–' : cell.best.map((one) => lookOf(one).letter).join(' = ')}</b>
      <span class="lab-spread">{cell.text}</span>
    </td>
  );
}

function Key({ map }: { map: BestMap }) {
  const named = new Set(map.cells.flat().flatMap(({ best }) => best));
  return (
    <ul class="lab-legend">
      {[...named].map((strategy) => (
        <li key={strategy} class="row">
          <b>{lookOf(strategy).letter}</b> <StrategyLabel strategy={strategy} />
        </li>
      ))}
    </ul>
  );
}
