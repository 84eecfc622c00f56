// Six columns, or six blocks on a narrow screen. What differs has a sign, not only a colour.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { plural } from '../parts/words.ts';
import {
  type Cell,
  differences,
  figureRows,
  operationRows,
  type Row,
  type Strategy,
} from './table.ts';

/** More operations than this are shown only if the strategies differ in them. */
const operationsMax = 12;

interface Shown extends Row {
  differs: readonly boolean[];
}

interface TableProps {
  strategies: readonly Strategy[];
  /** The strategy in force; null if there is none. */
  now: string | null;
}

export function CompareTable({ strategies, now }: TableProps) {
  const all = useSignal(false);
  const narrow = useNarrow();
  const at = strategies.findIndex(({ strategy }) => strategy === now);
  const shown = (row: Row): Shown => ({ ...row, differs: differences(row.cells, at) });
  const operations = operationRows(strategies).map(shown);
  const telling = operations.filter(({ differs }) => differs.includes(true));
  const isCut = operations.length > operationsMax && !all.value;
  const rows = [...(isCut ? telling : operations), ...figureRows(strategies).map(shown)];
  const left = operations.length - telling.length;
  return (
    <>
      <p class="soft small">
        ≠ marks what differs from {now === null ? 'most of the others' : `${now}, the strategy now`}
        .
      </p>
      {narrow.value ? (
        <Blocks {...{ strategies, now, rows }} />
      ) : (
        <Columns {...{ strategies, now, rows }} />
      )}
      {operations.length > operationsMax ? (
        <div>
          <Button
            pressed={all.value}
            onClick={() => {
              all.value = !all.value;
            }}
          >
            {all.value
              ? 'Only what differs'
              : `Show ${plural(left, 'operation')} in which all are the same`}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function useNarrow(): Signal<boolean> {
  const query = window.matchMedia('(max-width: 700px)');
  const narrow = useSignal(query.matches);
  useEffect(() => {
    const changed = () => {
      narrow.value = query.matches;
    };
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return narrow;
}

interface RowsProps extends TableProps {
  rows: readonly Shown[];
}

function Columns({ strategies, now, rows }: RowsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard.
    <section class="scrolls" tabIndex={0} aria-label="The strategies side by side">
      <table class="wide compare-table">
        <thead>
          <tr>
            <td />
            {strategies.map((strategy) => (
              <th key={strategy.strategy} scope="col" class={classOf(strategy, now)}>
                <Name strategy={strategy} now={now} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} class={row.differs.includes(true) ? 'differing' : ''}>
              <th scope="row" title={row.doc}>
                {row.label}
              </th>
              {row.cells.map((cell, at) => (
                <td
                  key={strategies[at]?.strategy}
                  class={`${row.isFigure ? 'number ' : ''}${classOf(strategies[at], now)}`}
                >
                  <CellText cell={cell} differs={row.differs[at] === true} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Blocks({ strategies, now, rows }: RowsProps) {
  return (
    <>
      {strategies.map((strategy, at) => (
        <section key={strategy.strategy} class="compare-block" aria-label={strategy.strategy}>
          <h2>
            <Name strategy={strategy} now={now} />
          </h2>
          <table class="wide">
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row">{row.label}</th>
                  <td class={row.isFigure ? 'number' : ''}>
                    {row.cells[at] === undefined ? null : (
                      <CellText cell={row.cells[at]} differs={row.differs[at] === true} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ))}
    </>
  );
}

const classOf = (strategy: Strategy | undefined, now: string | null): string =>
  strategy !== undefined && strategy.strategy === now ? 'in-force' : '';

function Name({ strategy, now }: { strategy: Strategy; now: string | null }) {
  const { strategy: name, options, refused } = strategy;
  const { idleRule } = options as { idleRule?: string };
  return (
    <>
      {name}
      {name === now ? <span class="small"> (now)</span> : null}
      {idleRule === undefined ? null : <span class="small option">idle rule {idleRule}</span>}
      {refused === undefined ? null : (
        <span class="small option">
          not possible here: <code>{refused.errno}</code> {refused.detail}
        </span>
      )}
    </>
  );
}

function CellText({ cell, differs }: { cell: Cell; differs: boolean }) {
  return (
    <div class={differs ? 'differs' : ''}>
      {differs ? (
        <span class="unequal">
          <span aria-hidden="true">≠ </span>
          <span class="unseen">differs: </span>
        </span>
      ) : null}
      <span class={`tone-${cell.tone}`}>{cell.text}</span>
      {cell.details.map((detail) => (
        <div key={detail} class="small soft">
          {detail}
        </div>
      ))}
    </div>
  );
}
