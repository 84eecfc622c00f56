// Deadlocks, hangs, starvations and foreign writes, each with the moment at which it happened.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { plural } from '../parts/words.ts';
import type { Finding, StrategyRow } from './result.ts';

/** What a view adds to each, such as a button. `at` is its place in the row. */
export type FindingAction = (at: {
  strategy: string;
  finding: Finding;
  index: number;
}) => ComponentChildren;

/** Of each strategy, until a person asks for all. */
const firstShown = 3;

export function FindingList(props: {
  rows: readonly StrategyRow[];
  action?: FindingAction | undefined;
}) {
  const { rows, action } = props;
  const isAll = useSignal(false);
  const all = rows.flatMap(({ strategy, findings }) =>
    findings.map((finding, index) => ({ strategy, finding, index })),
  );
  const found = isAll.value ? all : all.filter(({ index }) => index < firstShown);
  if (all.length === 0)
    return <p class="soft">No deadlock, no hang, no starvation and no write into another file.</p>;
  return (
    <>
      <p class="small soft">
        {plural(all.length, 'moment')} out of all seeds; each strategy keeps its first ones.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard. */}
      <section class="scrolls" tabIndex={0} aria-label="Each moment that was found">
        <table class="lab-table lab-findings">
          <thead>
            <tr>
              <th scope="col">found</th>
              <th scope="col">strategy</th>
              <th scope="col" class="number">
                seed
              </th>
              <th scope="col" class="number">
                at
              </th>
              <th scope="col">what happened</th>
              {action === undefined ? null : (
                <th scope="col">
                  <span class="unseen">actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {found.map((one) => (
              <tr key={`${one.strategy} ${one.index}`}>
                <th scope="row" class="tone-bad lab-kind">
                  {one.finding.kind}
                </th>
                <td class="lab-kind">{one.strategy}</td>
                <td class="number">{one.finding.seed}</td>
                <td class="number">{(one.finding.atMs / 1000).toFixed(3)} s</td>
                <td class="lab-what">
                  {one.finding.file === null ? null : (
                    <>
                      <bdi>{one.finding.file}</bdi>:{' '}
                    </>
                  )}
                  {one.finding.text === '' ? 'a call waits for ever' : one.finding.text}
                </td>
                {action === undefined ? null : <td>{action(one)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length === all.length ? null : (
        <div>
          <button type="button" class="button" onClick={() => (isAll.value = true)}>
            Show all {all.length}
          </button>
        </div>
      )}
    </>
  );
}
