import { ProblemNote } from '../parts/problem-note.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { countText, durationText, timeText } from '../parts/words.ts';
import { param, setParams } from '../state/location.ts';
import { selected } from '../state/selection.ts';
import { waitGraph } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { Explained } from './explained.tsx';
import type { WaitRow } from './wait-rows.ts';

/** The row that is open: the one in the URL, else the one of the selected operation. */
const openedRow = (rows: readonly WaitRow[]): string | null => {
  const wanted = param('open') ?? selected.value;
  return rows.some(({ operation }) => operation.id === wanted) ? wanted : null;
};

export function WaitTable({ rows, fs }: { rows: readonly WaitRow[]; fs: string }) {
  const opened = openedRow(rows);
  const { problem } = waitGraph.value;
  return (
    <>
      {problem === null ? null : <ProblemNote problem={problem} />}
      <table class="waits" aria-label="Waiting operations">
        <thead>
          <tr>
            <th>Operation</th>
            <th>State</th>
            <th>Waits for</th>
            <th class="number">Waited</th>
            <th>Held by</th>
            <th class="number">Behind it</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.operation.id} row={row} fs={fs} open={row.operation.id === opened} />
          ))}
        </tbody>
      </table>
    </>
  );
}

/** A page may have 10,000 pins. */
const holdersShown = 3;

function Row({ row, fs, open }: { row: WaitRow; fs: string; open: boolean }) {
  const { operation, on, holders, behind, hung } = row;
  const { id } = operation;
  return (
    <>
      <tr class={open ? 'wait open' : 'wait'}>
        <td>
          <button
            type="button"
            class="opener"
            aria-expanded={open}
            aria-label={`Explain ${id}`}
            onClick={() => setParams({ open: open ? 'none' : id })}
          >
            {open ? '▾' : '▸'}
          </button>{' '}
          <Thing id={id} />
        </td>
        <td>
          <StateBadge operation={operation} />
          {hung ? <Hung /> : null}
        </td>
        <td>{on === null ? <span class="soft">not known</span> : <Thing id={on} />}</td>
        <Since row={row} />
        <td>
          <span class="row">
            {holders.slice(0, holdersShown).map(({ id: holder, because }) => (
              <span key={holder} title={because}>
                <Thing id={holder} />
              </span>
            ))}
            {holders.length > holdersShown ? (
              <span class="soft">and {countText(holders.length - holdersShown)} more</span>
            ) : null}
          </span>
        </td>
        <td class="number" data-label="behind it">
          {behind === null ? '' : `${row.behindAtLeast ? '≥ ' : ''}${countText(behind)}`}
        </td>
      </tr>
      {open ? (
        <tr>
          <td colSpan={6} class="explanation">
            <Explained key={id} fs={fs} operation={id} />
          </td>
        </tr>
      ) : null}
    </>
  );
}

function Since({ row: { operation, forMs } }: { row: WaitRow }) {
  const clock = watched.value?.picture?.filesystem?.clock ?? 'manual';
  const since = operation.sleepingOn?.sinceMs;
  return (
    <td
      class="number"
      data-label="waited"
      title={since === undefined ? undefined : `since ${timeText(since, clock)}`}
    >
      {durationText(forMs)}
    </td>
  );
}

const Hung = () => (
  <span class="hung">
    {' '}
    <Term of="hung">hung</Term>
  </span>
);
