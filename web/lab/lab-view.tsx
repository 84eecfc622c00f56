// One lab: how far it is, then its result.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { blobOf, download } from '../api/download.ts';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { createFromBundle, freeName } from '../home/begin.ts';
import { Button } from '../parts/button.tsx';
import { attempt, notify } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { plural } from '../parts/words.ts';
import { go, param, pathOf, pathOfLab, place, setParams } from '../state/location.ts';
import type { Choices } from './choices.ts';
import { change } from './draft.ts';
import { followLabs } from './lab-events.ts';
import { LabHead } from './lab-head.tsx';
import { StopButton } from './labs-view.tsx';
import { saveReport } from './report-file.ts';
import type { Finding, LabResult } from './result.ts';
import { ResultView } from './result-view.tsx';

type Lab = Schemas['Lab'];

interface Read {
  lab: Lab | null;
  problem: ShownProblem | null;
  lost: boolean;
}

const choices: Choices = {
  read: param,
  write: (name, value) => setParams({ [name]: value }),
};

export function LabView() {
  const id = place.value.lab ?? '';
  const now = useLab(id);
  const { lab, problem, lost } = now.value;
  if (lab === null)
    return problem === null ? (
      <p class="soft">{lost ? 'The server does not answer.' : 'Reading the lab…'}</p>
    ) : (
      <section class="column">
        <ProblemNote problem={problem} />
        <p>
          <Link href={pathOf('labs')}>All labs</Link>
        </p>
      </section>
    );
  return (
    <article class={lost ? 'column labs stale' : 'column labs'}>
      <Bar lab={lab} />
      {lab.result === undefined ? (
        <NoResult lab={lab} lost={lost} />
      ) : (
        <>
          <LabHead result={lab.result as LabResult} />
          <ResultView
            result={lab.result as LabResult}
            choices={choices}
            findingAction={({ finding }) => <OpenFinding lab={lab} finding={finding} />}
          />
        </>
      )}
    </article>
  );
}

const hasEnded = ({ state }: Lab): boolean => state !== 'queued' && state !== 'running';

/** Another window or the quota removed it. */
const removed = (id: string): ShownProblem => ({
  status: 404,
  title: 'The lab was removed',
  detail: `${id} was removed with its result. The same workload, seeds and versions give it again.`,
});

/** Reads it, and again when the stream says that it has ended. */
function useLab(id: string): Signal<Read> {
  const now = useSignal<Read>({ lab: null, problem: null, lost: false });
  useEffect(() => {
    let gone = false;
    const set = (part: Partial<Read>) => {
      if (!gone) now.value = { ...now.peek(), ...part };
    };
    const read = () =>
      body(rest.peek().GET('/v1/labs/{lab}', { params: { path: { lab: id } } })).then(
        (lab) => set({ lab, problem: null }),
        (error) => set({ problem: shownOf(error) }),
      );
    const stop = followLabs({
      onConnected() {
        set({ lost: false });
        const { lab } = now.peek();
        // A result never changes.
        if (lab === null || !hasEnded(lab)) void read();
      },
      onLost: () => set({ lost: true }),
      onEvent({ type, lab: of, done }) {
        const { lab } = now.peek();
        if (of !== id || lab === null) return;
        if (type.endsWith('.removed')) set({ lab: null, problem: removed(id) });
        if (hasEnded(lab)) return;
        if (!type.endsWith('.progress')) void read();
        else if (done !== null)
          set({ lab: { ...lab, state: 'running', progress: { ...lab.progress, done } } });
      },
    });
    return () => {
      gone = true;
      stop();
    };
  }, [id]);
  return now;
}

function Bar({ lab }: { lab: Lab }) {
  const { id, result } = lab;
  return (
    <div class="row spread lab-bar">
      <p class="small">
        <Link href={pathOf('labs')}>Labs</Link> · {id}
      </p>
      <div class="row">
        {result === undefined ? null : (
          <>
            <Button onClick={() => attempt(() => saveReport(result as LabResult))}>
              Download report
            </Button>
            <Button
              onClick={() =>
                attempt(() => download(`/v1/labs/${id}/result.csv`, `${lab.name}.csv`))
              }
            >
              Download CSV
            </Button>
            <Button onClick={() => again(lab, result as LabResult)}>Change and run again</Button>
          </>
        )}
        <StopButton lab={lab} onDone={() => hasEnded(lab) && go(pathOf('labs'))} />
      </div>
    </div>
  );
}

/** Puts its workload into the form. A preset keeps its text with comments. */
function again({ preset, strategies, seeds }: Lab, { workload }: LabResult): void {
  change({ strategies, seeds: String(seeds) });
  if (preset !== undefined) {
    go(`${pathOf('labs')}?preset=${encodeURIComponent(preset)}`);
    return;
  }
  change({ preset: '', original: '', text: `${JSON.stringify(workload, null, 2)}\n` });
  go(pathOf('labs'));
}

function NoResult({ lab, lost }: { lab: Lab; lost: boolean }) {
  const { name, state, progress, strategies, seeds, failure } = lab;
  return (
    <>
      <h1>{name}</h1>
      <p class="soft small">
        {plural(strategies.length, 'strategy', 'strategies')}, {plural(seeds, 'seed')}
      </p>
      {hasEnded(lab) ? null : (
        <div class="column lab-progress">
          <progress
            max={progress.total}
            value={progress.done}
            aria-label={`${progress.done} of ${progress.total} runs`}
          />
          <p aria-live="polite">
            {state === 'queued'
              ? 'It waits for other labs.'
              : `${progress.done} of ${plural(progress.total, 'run')} have ended.`}
            {lost ? ' The server does not answer.' : ''}
          </p>
        </div>
      )}
      {state === 'cancelled' ? <p class="note">It was cancelled and has no result.</p> : null}
      {failure === undefined ? null : (
        <div class="problem" role="alert">
          <p>
            <b>{failure.reason}</b>: {failure.detail}
          </p>
        </div>
      )}
    </>
  );
}

/** The server repeats the run up to the moment before, which may take some seconds. */
function OpenFinding({ lab, finding }: { lab: Lab; finding: Finding }) {
  const open = () =>
    attempt(async () => {
      const bundle = await blobOf(`/v1/labs/${lab.id}/findings/${finding.number}/bundle`);
      await createFromBundle(
        freeName(`${lab.name}-${finding.number}`),
        new Blob([bundle], { type: bundle.type }),
        'stepper',
      );
      const what = finding.text === '' ? 'a call waits for ever' : finding.text;
      notify(`This is the moment before the ${finding.kind}: ${what}`, {
        href: pathOfLab(lab.id),
        text: `Back to ${lab.id}`,
      });
    });
  return (
    <Button
      changes
      onClick={open}
      label={`Open finding ${finding.number}`}
      title="Makes a stepped filesystem that stands at the moment before"
    >
      Open
    </Button>
  );
}
