// The Stepper: who can take the next step, where each choice leads, and what the last step did.
import { useSignal, useSignalEffect } from '@preact/signals';
import { shownOf } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, readOnlyReason, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Term } from '../parts/term.tsx';
import { Thing } from '../parts/thing.tsx';
import { timeText } from '../parts/words.ts';
import { type Choice, choices } from '../state/choices.ts';
import { filesystemMs } from '../state/clock.ts';
import { kindOf } from '../state/ids.ts';
import { go, param, pathOf, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { ForkList } from './fork-list.tsx';
import { LastStep } from './last-step.tsx';
import { idleReason } from './step-controls.tsx';
import { stepText } from './step-words.ts';
import './stepper.css';
import { VerdictBadges } from './verdict-badge.tsx';
import { advanceClock, makeFork, seed, stepBack, takeStep } from './walk.ts';

export function StepperView() {
  const now = watched.value;
  const filesystem = now?.picture?.filesystem ?? null;
  if (now === null || filesystem === null) return <p class="soft">Reading the state…</p>;
  if (filesystem.scheduler !== 'stepped') return <NotStepped fs={now.fs} />;
  return (
    <div class="stepper">
      <div class="column stepper-main">
        <ChoicesPanel fs={now.fs} />
        <RunPanel fs={now.fs} clock={filesystem.clock} />
      </div>
      <div class="column stepper-side">
        <LastStep />
        <Sleepers />
        <ForkList fs={now.fs} />
      </div>
    </div>
  );
}

function NotStepped({ fs }: { fs: string }) {
  const fork = async () => {
    const name = await attempt(() =>
      makeFork(fs, { from: { filesystem: fs }, scheduler: 'stepped', clock: 'manual' }),
    );
    if (name !== null) go(pathOf('stepper', name));
  };
  return (
    <section class="panel">
      <header>
        <h2>Stepper</h2>
      </header>
      <p>
        The scheduler of {fs} is automatic: tasks run by themselves until they sleep, so there is no
        order to choose. A fork with a <Term of="stepped">stepped</Term> scheduler begins with the
        same state, and takes a step only when you say so.
      </p>
      <div class="row">
        <Button changes look="primary" onClick={() => fork()}>
          Fork as stepped
        </Button>
        <span class="soft small">{fs} stays as it is.</span>
      </div>
    </section>
  );
}

type Explored = Schemas['Choices'];

function ChoicesPanel({ fs }: { fs: string }) {
  const { data, problem } = choices.value;
  const explores = param('explore') === 'true';
  const explored = useExplored(fs, { when: explores });
  const all = data?.choices ?? [];
  const leads = (task: string) =>
    explored.value?.cursor === data?.cursor
      ? explored.value?.choices.find((choice) => choice.task === task)
      : undefined;
  return (
    <section class="panel" aria-label="Who can take the next step">
      <header>
        <h2>Who can take the next step</h2>
        <Button
          pressed={explores}
          title="Tries every order of the steps that can follow"
          onClick={() => setParams({ explore: explores ? null : 'true' })}
        >
          Where does each lead?
        </Button>
      </header>
      {problem === null ? null : <ProblemNote problem={problem} />}
      {data !== null && all.length === 0 ? <Nobody /> : null}
      {all.length === 0 ? null : (
        <div class="scrolls">
          <table class="wide choices">
            <thead>
              <tr>
                <th>Key</th>
                <th>Task</th>
                <th>Next step</th>
                <th>What it does</th>
                <th>Touches</th>
                {explores ? <th>Can lead to</th> : null}
              </tr>
            </thead>
            <tbody>
              {all.map((choice, at) => (
                <ChoiceRow
                  key={choice.task}
                  {...{ fs, choice, at, explores, leads: leads(choice.task) }}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {explores ? <SearchNote of={explored.value} /> : null}
    </section>
  );
}

function ChoiceRow(props: {
  fs: string;
  choice: Choice;
  at: number;
  explores: boolean;
  leads: Choice | undefined;
}) {
  const { fs, choice, at, explores, leads } = props;
  const { task, nextStep, touches } = choice;
  return (
    <tr>
      <td>{at < 9 ? <kbd>{at + 1}</kbd> : null}</td>
      <td>{kindOf(task) === null ? <span class="mono">{task}</span> : <Thing id={task} />}</td>
      <td>
        <Button
          changes
          label={`Step of ${task}: ${nextStep}`}
          onClick={() => takeStep(fs, { task })}
        >
          <code>{nextStep}</code>
        </Button>
      </td>
      <td class="soft small">{stepText(nextStep)}</td>
      <td>{touches === null ? null : <Touched id={touches} />}</td>
      {explores ? (
        <td>
          {leads === undefined ? (
            <span class="soft">…</span>
          ) : (
            <VerdictBadges verdicts={verdictsOf(leads)} />
          )}
        </td>
      ) : null}
    </tr>
  );
}

const verdictsOf = ({ verdicts = [], freesUnderPin }: Choice): string[] =>
  freesUnderPin === true ? [...verdicts, 'frees under the pin'] : verdicts;

/** What a step touches: a chip if other views know it too. */
function Touched({ id }: { id: string }) {
  if (kindOf(id) !== null) return <Thing id={id} />;
  return <bdi class="mono">{id.replace(':', ' ')}</bdi>;
}

function Nobody() {
  const operations = [...(watched.value?.picture?.operations.values() ?? [])];
  const sleeping = operations.filter(({ state }) => state === 'sleeping').length;
  if (sleeping > 0)
    return (
      <p>
        Nobody can take a step: every operation sleeps or has ended. Release what the sleepers wait
        for, or go <kbd>←</kbd> back and take another order.
      </p>
    );
  return (
    <p>
      No operation is under way. Submit one in Machine or with the API: it waits here for its steps.
    </p>
  );
}

/** The search costs the server time, so it runs only while a person wants it. */
function useExplored(fs: string, { when }: { when: boolean }) {
  const explored = useSignal<Explored | null>(null);
  const wanted = useSignal(when);
  wanted.value = when;
  useSignalEffect(() => {
    const cursor = choices.value.data?.cursor;
    if (!wanted.value || cursor === undefined || explored.peek()?.cursor === cursor) return;
    const abort = new AbortController();
    const params = { path: { fs }, query: { explore: true } };
    body(rest.peek().GET('/v1/filesystems/{fs}/choices', { params, signal: abort.signal })).then(
      (answer) => {
        explored.value = answer;
      },
      (error) => {
        if (abort.signal.aborted) return;
        const why = shownOf(error).detail;
        const data = choices.peek().data ?? { choices: [], cursor: '', commands: 0 };
        explored.value = { ...data, explored: { states: 0, complete: false, why } };
      },
    );
    return () => abort.abort();
  });
  return explored;
}

function SearchNote({ of }: { of: Explored | null }) {
  if (of?.explored === undefined) return <p class="soft small">The server tries every order…</p>;
  const { complete, states, why } = of.explored;
  return (
    <p class="soft small">
      {complete
        ? `Every order of the steps that can follow was tried: ${states} states.`
        : `Not every order was tried: ${why ?? 'the search ended at a limit'}.`}
    </p>
  );
}

function RunPanel({ fs, clock }: { fs: string; clock: 'manual' | 'realtime' }) {
  const idle = idleReason();
  const hasTimer = (choices.value.data?.choices ?? []).some(({ task }) => task === 'timer');
  const until = (what: 'blocked' | 'deadlock' | 'done', text: string) => (
    <Button changes disabledBecause={idle} onClick={() => takeStep(fs, { until: what })}>
      {text}
    </Button>
  );
  return (
    <section class="panel" aria-label="Run">
      <header>
        <h2>Run</h2>
        <span class="mono small">t = {timeText(filesystemMs.value, clock)}</span>
      </header>
      <div class="row">
        <span class="run-label">Step</span>
        <Button
          changes
          look="primary"
          shortcut="Space"
          disabledBecause={idle}
          onClick={() => takeStep(fs, {})}
        >
          Step
        </Button>
        <Button changes shortcut="←" onClick={() => stepBack(fs)}>
          Back
        </Button>
      </div>
      <div class="row">
        <span class="run-label">Run until</span>
        {until('blocked', 'an operation sleeps')}
        {until('deadlock', 'a deadlock')}
        {until('done', 'all is done')}
      </div>
      <div class="row">
        <span class="run-label">By chance</span>
        <Button
          changes
          shortcut="R"
          disabledBecause={idle}
          onClick={() => takeStep(fs, { random: { seed: seed.value } })}
        >
          Random step
        </Button>
        <SeedField />
      </div>
      {clock === 'manual' ? (
        <div class="row">
          <span class="run-label">Clock</span>
          <Button changes onClick={() => advanceClock(fs, 1)}>
            +1 ms
          </Button>
          <Button
            changes
            disabledBecause={hasTimer ? null : 'No pin and no operation has a timer.'}
            onClick={() => takeStep(fs, { task: 'timer' })}
          >
            to the next timer
          </Button>
        </div>
      ) : null}
    </section>
  );
}

function SeedField() {
  return (
    <label class="inline">
      seed
      <input
        class="number seed"
        type="number"
        min="0"
        max={2 ** 32 - 1}
        value={seed.value}
        disabled={readOnlyReason.value !== null}
        onChange={({ currentTarget }) => {
          const given = Math.trunc(currentTarget.valueAsNumber);
          if (given >= 0 && given < 2 ** 32) seed.value = given;
          currentTarget.value = String(seed.value);
        }}
      />
    </label>
  );
}

function Sleepers() {
  const now = watched.value;
  const asleep = [...(now?.picture?.operations.values() ?? [])].filter(
    ({ state }) => state === 'sleeping',
  );
  if (now === null || asleep.length === 0) return null;
  return (
    <section class="panel" aria-label="Who sleeps">
      <header>
        <h2>Who sleeps</h2>
        <Link href={pathOf('waits', now.fs)} class="small">
          Why?
        </Link>
      </header>
      <ul class="column">
        {asleep.slice(0, 9).map((operation) => (
          <li key={operation.id} class="row">
            <StateBadge operation={operation} />
            <Thing id={operation.id} />
          </li>
        ))}
      </ul>
      {asleep.length > 9 ? <p class="soft small">and {asleep.length - 9} more</p> : null}
    </section>
  );
}
