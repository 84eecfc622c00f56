// The labs: a form for a new one, and the list of those that were run.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, capabilities, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { confirm } from '../parts/confirm.tsx';
import { attempt } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { durationText, plural } from '../parts/words.ts';
import { pathOfLab } from '../state/location.ts';
import { followLabs } from './lab-events.ts';
import { LabForm } from './lab-form.tsx';
import './labs.css';

type LabSummary = Schemas['LabSummary'];

export function LabsView() {
  const noTenant = capabilities.value !== null && capabilities.value.tenant === null;
  return (
    <div class="column labs">
      <header class="column">
        <h1>Lab</h1>
        <p class="labs-about">
          A workload runs under every strategy, with many seeds, in simulated time. The table and
          the charts say what each strategy costs, and whom.{' '}
          <a href="/docs/lab-command" target="_blank" rel="noreferrer">
            How to write a workload
          </a>
        </p>
      </header>
      {noTenant ? (
        <p class="note">Labs belong to a tenant. Sign in with a token of a tenant to run one.</p>
      ) : (
        <>
          <LabForm />
          <Earlier />
        </>
      )}
    </div>
  );
}

function Earlier() {
  const labs = useSignal<readonly LabSummary[] | null>(null);
  const problem = useSignal<ShownProblem | null>(null);
  const lost = useSignal(false);
  const read = () =>
    readAll().then(
      (all) => {
        labs.value = all;
        problem.value = null;
      },
      (error) => {
        problem.value = shownOf(error);
      },
    );
  useEffect(() => {
    return followLabs({
      onConnected() {
        lost.value = false;
        void read();
      },
      onLost() {
        lost.value = true;
      },
      onEvent({ type, lab, done }) {
        const known = labs.peek()?.some(({ id }) => id === lab) ?? false;
        if (known && type.endsWith('.progress') && done !== null && done > 0)
          labs.value = (labs.peek() ?? []).map((one) =>
            one.id === lab
              ? { ...one, state: 'running', progress: { ...one.progress, done } }
              : one,
          );
        else void read();
      },
    });
  }, []);
  return (
    <section class="panel" aria-labelledby="earlier-labs">
      <header>
        <h2 id="earlier-labs">Earlier labs</h2>
        {lost.value ? <span class="soft small">the server does not answer</span> : null}
      </header>
      {problem.value === null ? null : <ProblemNote problem={problem.value} />}
      <List labs={labs.value} onStopped={read} />
    </section>
  );
}

/** Every page; the newest first. */
async function readAll(): Promise<LabSummary[]> {
  const all: LabSummary[] = [];
  let pageToken: string | undefined;
  do {
    const query = pageToken === undefined ? { pageSize: 100 } : { pageSize: 100, pageToken };
    const page = await body(rest.peek().GET('/v1/labs', { params: { query } }));
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return all.reverse();
}

function List(props: { labs: readonly LabSummary[] | null; onStopped: () => void }) {
  const { labs, onStopped } = props;
  if (labs === null) return <p class="soft">Reading the labs…</p>;
  if (labs.length === 0) return <p class="soft">No lab was run yet. Choose a preset above.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must scroll by keyboard.
    <section class="scrolls" tabIndex={0} aria-label="The labs">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">lab</th>
            <th scope="col">workload</th>
            <th scope="col">state</th>
            <th scope="col" class="number">
              strategies
            </th>
            <th scope="col" class="number">
              seeds
            </th>
            <th scope="col">created</th>
            <th scope="col">
              <span class="unseen">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {labs.map((lab) => (
            <tr key={lab.id}>
              <th scope="row">
                <Link href={pathOfLab(lab.id)}>{lab.id}</Link>
              </th>
              <td>{lab.name}</td>
              <td>
                <StateOf lab={lab} />
              </td>
              <td class="number">{lab.strategies.length}</td>
              <td class="number">{lab.seeds}</td>
              <td>
                <time dateTime={new Date(lab.createdMs).toISOString()}>
                  {new Date(lab.createdMs).toLocaleString()}
                </time>
              </td>
              <td>
                <StopButton lab={lab} onDone={onStopped} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** In words; a lab that runs says how far it is. */
function StateOf({ lab }: { lab: LabSummary }) {
  const { state, progress, startedMs, endedMs } = lab;
  if (state === 'running')
    return (
      <>
        {progress.done} of {plural(progress.total, 'run')}
      </>
    );
  const took =
    state === 'done' && startedMs !== undefined && endedMs !== undefined
      ? ` in ${durationText(endedMs - startedMs)}`
      : '';
  return (
    <span class={state === 'failed' ? 'tone-bad' : ''}>
      {state}
      {took}
    </span>
  );
}

const isOpen = ({ state }: LabSummary): boolean => state === 'queued' || state === 'running';

/** Cancels a lab that has not ended, and removes one that has. `onDone` is told what the server did. */
export function StopButton({ lab, onDone }: { lab: LabSummary; onDone?: () => void }) {
  const stop = async () => {
    if (!isOpen(lab)) {
      const text = `The result of ${lab.id} (${lab.name}) will be gone. The same workload, seeds and versions give it again.`;
      if (!(await confirm({ title: `Remove ${lab.id}?`, text, yes: 'Remove it' }))) return;
    }
    const params = { path: { lab: lab.id } };
    const done = await attempt(() => body(rest.peek().DELETE('/v1/labs/{lab}', { params })));
    if (done !== null) onDone?.();
  };
  return (
    <Button
      changes
      look={isOpen(lab) ? 'plain' : 'danger'}
      onClick={stop}
      label={`${isOpen(lab) ? 'Cancel' : 'Remove'} ${lab.id}`}
    >
      {isOpen(lab) ? 'Cancel' : 'Remove'}
    </Button>
  );
}
