// The same commands under each strategy: "what would the others have done?"
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { body, capabilities, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { durationText } from '../parts/words.ts';
import { openFilesystem, param, pathOf, place, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { seqOf } from '../stepper/trail.ts';
import './compare.css';
import { CompareTable } from './compare-table.tsx';
import { mainDifference, type Strategy } from './table.ts';

export function CompareView() {
  const { story } = place.value;
  const fs = openFilesystem.value;
  return (
    <section class="column compare">
      <header class="column">
        {story === null ? (
          <h2>What would the others have done?</h2>
        ) : (
          <h1>{story} under each strategy</h1>
        )}
        {story === null ? <AboutPast fs={fs ?? ''} /> : <AboutStory story={story} />}
      </header>
      <Comparison fs={fs ?? ''} story={story} />
    </section>
  );
}

function AboutPast({ fs }: { fs: string }) {
  return (
    <p class="soft">
      The commands of {fs} are played again under each strategy, at the same times. {fs} itself does
      not change.
    </p>
  );
}

function AboutStory({ story }: { story: string }) {
  return (
    <p class="soft">
      The order that shows best what the story is about, then the calls that are left.{' '}
      <Link href={pathOf('story', null, story)}>Play {story}</Link>
    </p>
  );
}

type Asked =
  | { state: 'running'; sinceMs: number }
  | { state: 'done'; strategies: readonly Strategy[] }
  | { state: 'refused'; problem: ShownProblem };

/** How many events back a shorter comparison begins. */
const shortEvents = 1000;

function Comparison({ fs, story }: { fs: string; story: string | null }) {
  const asked = useSignal<Asked>({ state: 'running', sinceMs: Date.now() });
  const times = useSignal(0);
  const from = param('from') ?? 'oldest';
  useEffect(() => {
    const abort = new AbortController();
    asked.value = { state: 'running', sinceMs: Date.now() };
    compare({ fs, story, from }, abort.signal).then(
      ({ strategies }) => {
        asked.value = { state: 'done', strategies };
      },
      (error) => {
        if (!abort.signal.aborted) asked.value = { state: 'refused', problem: shownOf(error) };
      },
    );
    return () => abort.abort();
  }, [fs, story, from, times.value]);
  const again = () => {
    times.value += 1;
  };
  const now = asked.value;
  if (now.state === 'running') return <Running sinceMs={now.sinceMs} />;
  if (now.state === 'refused')
    return <Refused problem={now.problem} onAgain={again} isPast={story === null} />;
  return <Result strategies={now.strategies} onAgain={again} isPast={story === null} />;
}

async function compare(
  { fs, story, from }: { fs: string; story: string | null; from: string },
  signal: AbortSignal,
) {
  if (story !== null)
    return body(rest.peek().POST('/v1/compare', { body: { story, strategies: ['all'] }, signal }));
  const params = { path: { fs } };
  const strategies = await strategiesFor(fs, signal);
  const asked = { params, body: { from, strategies }, signal };
  return body(rest.peek().POST('/v1/filesystems/{fs}/compare', asked));
}

/** Each strategy with the options that its kernel has, but the one in force with its own. */
async function strategiesFor(fs: string, signal: AbortSignal) {
  const {
    summary: _,
    idle: __,
    ...inForce
  } = await body(
    rest.peek().GET('/v1/filesystems/{fs}/strategy', { params: { path: { fs } }, signal }),
  );
  const all = capabilities.peek()?.strategies ?? [];
  if (all.length === 0) return ['all'];
  return all.map(({ name }) => (name === inForce.name ? inForce : name));
}

function Running({ sinceMs }: { sinceMs: number }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  const limit = Number(capabilities.value?.limits.compareMs ?? 0);
  return (
    <p role="status" class="row">
      <progress aria-label="The comparison is made" />
      <span>
        A thread of the server plays the commands under each strategy:{' '}
        {durationText(Math.max(0, now.value - sinceMs))}
        {limit > 0 ? `, at most ${durationText(limit)}` : ''}. Leave this view to stop it.
      </span>
    </p>
  );
}

function Refused(props: { problem: ShownProblem; onAgain: () => void; isPast: boolean }) {
  const { problem, onAgain, isPast } = props;
  const isLong = problem.type?.endsWith('compare-too-large') === true || problem.errno === 'EFBIG';
  const cursor = watched.value?.picture?.cursor;
  const shorter = () => {
    if (cursor === undefined) return;
    const [epoch] = cursor.split('.');
    setParams({ from: `${epoch}.${Math.max(0, seqOf(cursor) - shortEvents)}` });
  };
  return (
    <>
      <ProblemNote problem={problem} />
      <div class="row">
        <Button onClick={onAgain}>Try again</Button>
        {isPast && isLong && cursor !== undefined ? (
          <Button onClick={shorter}>Only the last {shortEvents} events</Button>
        ) : null}
      </div>
      {problem.status === 429 ? (
        <p class="soft small">Other comparisons are being made. Try again in a few seconds.</p>
      ) : null}
    </>
  );
}

function Result(props: { strategies: readonly Strategy[]; onAgain: () => void; isPast: boolean }) {
  const { strategies, onAgain, isPast } = props;
  const isEmpty = strategies.every(({ operations }) => operations.length === 0);
  if (isEmpty)
    return (
      <>
        <p>No command was given yet, so there is nothing to compare. Pin a page, then truncate.</p>
        <div>
          <Button onClick={onAgain}>Compare again</Button>
        </div>
      </>
    );
  return (
    <>
      <p class="main-difference">{mainDifference(strategies)}</p>
      <CompareTable
        strategies={strategies}
        now={isPast ? (watched.value?.picture?.strategy ?? null) : null}
      />
      {isPast ? (
        <div class="row">
          <Button onClick={onAgain}>Compare again</Button>
          {param('from') === null ? null : (
            <Button onClick={() => setParams({ from: null })}>The whole past</Button>
          )}
        </div>
      ) : null}
    </>
  );
}
