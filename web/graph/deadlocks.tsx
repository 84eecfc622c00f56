// Beside the graph: the deadlock in a sentence and in columns.
import { Button } from '../parts/button.tsx';
import { Sentence } from '../parts/sentence.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import type { Cycle } from '../state/wait-graph.ts';
import { watched } from '../state/watched.ts';
import { cycleColumns, cycleSentence } from './cycle-words.ts';

/** The server lists 100 at most; so many buttons fit. */
const choicesMax = 12;

export function Deadlocks(props: {
  cycles: readonly Cycle[];
  chosen: number;
  /** Not where the banner and the waits say it already. */
  withSentence: boolean;
  onChoose: (at: number) => void;
}) {
  const { cycles, chosen } = props;
  const cycle = cycles[chosen];
  if (cycle === undefined) return null;
  return (
    <section class="deadlocks column" aria-label="Deadlock">
      {cycles.length === 1 && !props.withSentence ? null : (
        <h3>
          <Term of="deadlock">
            {cycles.length === 1 ? 'Deadlock' : `Deadlock ${chosen + 1} of ${cycles.length}`}
          </Term>
        </h3>
      )}
      {cycles.length === 1 ? null : (
        <div class="row">
          {cycles.slice(0, choicesMax).map(({ nodes }, at) => (
            <Button
              key={nodes.join()}
              pressed={at === chosen}
              label={`Deadlock ${at + 1}`}
              onClick={() => props.onChoose(at)}
            >
              {at + 1}
            </Button>
          ))}
          {cycles.length > choicesMax ? (
            <span class="soft">and {cycles.length - choicesMax} more</span>
          ) : null}
        </div>
      )}
      {props.withSentence ? (
        <p>
          <Sentence parts={cycleSentence(watched.value?.picture ?? null, cycle)} />
        </p>
      ) : null}
      <Columns cycle={cycle} />
    </section>
  );
}

/** More columns cannot be read side by side. */
const columnsMax = 4;

function Columns({ cycle }: { cycle: Cycle }) {
  const { operations, rows } = cycleColumns(cycle);
  if (operations.length > columnsMax)
    return (
      <ol class="column">
        {rows.map(({ column, does, node, how }) => (
          <li key={`${column} ${does} ${node}`} class="row">
            <Thing id={operations[column] ?? ''} short /> {does} <Thing id={node} />
            <span class="soft small">{how}</span>
          </li>
        ))}
      </ol>
    );
  return (
    <div class="scrolls">
      <table class="columns">
        <caption class="unseen">What each operation holds and wants, in the order of time</caption>
        <thead>
          <tr>
            {operations.map((id) => (
              <th key={id} scope="col">
                <Thing id={id} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ column, does, node, how }) => (
            <tr key={`${column} ${does} ${node}`}>
              {operations.map((id, at) => (
                <td key={id}>
                  {at === column ? (
                    <span class={does}>
                      {does} <Thing id={node} /> <span class="soft small">{how}</span>
                    </span>
                  ) : null}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
