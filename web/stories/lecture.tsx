// A story as a lecture: the text and the moves at the left, the machine at the right.
import { body, readOnlyReason, rest } from '../api/session.ts';
import { Link } from '../bar/link.tsx';
import { Button } from '../parts/button.tsx';
import { notify } from '../parts/notices.tsx';
import { ProblemNote } from '../parts/problem-note.tsx';
import { useKeys } from '../state/keys.ts';
import { useLive } from '../state/live.ts';
import { openFilesystem, param, pathOf, place } from '../state/location.ts';
import { type Connection, connection } from '../state/watched.ts';
import { FreeWalk } from './free-walk.tsx';
import './lecture.css';
import { MachineSide } from './machine-side.tsx';
import { MoveList } from './move-list.tsx';
import { beginHere } from './play.ts';
import type { Story } from './told.ts';
import { ToldWay } from './told-way.tsx';
import { TryUnder } from './try-under.tsx';

export function Lecture() {
  const id = place.value.story ?? '';
  const query = { strategy: param('strategy'), verdict: param('verdict') };
  const live = useLive(
    `${id} ${query.strategy} ${query.verdict}`,
    (signal) => body(rest.value.GET('/v1/stories/{story}', paramsOf(id, query, signal))),
    () => false,
  );
  const { data: story, problem } = live.value;
  if (problem !== null && story === null)
    return (
      <section class="column">
        <ProblemNote problem={problem} />
        <p>
          <Link href={pathOf('stories')}>All stories</Link>
        </p>
      </section>
    );
  if (story === null) return <p class="soft">Reading the story…</p>;
  const fs = openFilesystem.value;
  if (fs === null || isGone(connection.value)) return <Opening story={story} gone={fs} />;
  return <Playing story={story} fs={fs} />;
}

function paramsOf(
  story: string,
  { strategy, verdict }: { strategy: string | null; verdict: string | null },
  signal: AbortSignal,
) {
  const query = {
    ...(strategy === null ? {} : { strategy: strategy as 'none' }),
    ...(verdict === null ? {} : { verdict: verdict as 'waits' }),
  };
  return { params: { path: { story }, query }, signal };
}

/** Before it begins: a link makes nothing by itself. */
function Opening({ story, gone }: { story: Story; gone: string | null }) {
  const start = () => beginHere(story);
  useKeys([
    { key: ' ', does: 'Begin the story', run: () => void startOrSay(start) },
    { key: 'ArrowRight', does: 'Begin the story', run: () => void startOrSay(start) },
  ]);
  return (
    <section class="column lecture-text">
      <Head story={story} />
      {gone === null ? null : <p class="note">{`${gone} is gone. The story can begin again.`}</p>}
      <p>{story.text}</p>
      <div class="row">
        <Button changes look="primary" shortcut="Space" onClick={start}>
          Begin
        </Button>
        <span class="soft small">
          Makes a filesystem and plays it there, under {story.told.strategy}.
        </span>
      </div>
      <MoveList story={story} upTo={0} />
      <TryUnder story={story} />
    </section>
  );
}

function startOrSay(start: () => unknown): void {
  const reason = readOnlyReason.peek();
  if (reason === null) void start();
  else notify(reason);
}

function Playing({ story, fs }: { story: Story; fs: string }) {
  const isFree = param('free') !== null;
  return (
    <div class="lecture">
      <section class="column lecture-text" aria-label="The story">
        <Head story={story} />
        {isFree ? <FreeWalk story={story} fs={fs} /> : <ToldWay story={story} fs={fs} />}
      </section>
      <MachineSide story={story} />
    </div>
  );
}

/** A shared address may name a filesystem that is gone by now. */
const isGone = (now: Connection): boolean =>
  now.state === 'unmounted' || (now.state === 'refused' && now.problem.status === 404);

function Head({ story }: { story: Story }) {
  return (
    <header class="column">
      <p class="small">
        <Link href={pathOf('stories')}>Stories</Link> ·{' '}
        <Link href={pathOf('compare', null, story.id)}>Compare the strategies</Link>
      </p>
      <h1>
        {story.id} {story.title}
      </h1>
    </header>
  );
}
