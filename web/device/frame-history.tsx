// What has happened to a frame: read from the log of the server, then followed in the stream.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useEffect } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { body, rest } from '../api/session.ts';
import { eventText } from '../parts/event-words.ts';
import { ProblemNote } from '../parts/problem-note.tsx';
import { countText, timeText } from '../parts/words.ts';
import { onEvents, snapshots, watched } from '../state/watched.ts';
import { type Frame, isAbout, typesOfFrames } from './frame-events.ts';

const shownMax = 40;
/** Answers of one reading of the log, which is read from its beginning. */
const answersMax = 20;

interface History {
  /** Newest last, each once. */
  events: PinholeEvent[];
  /** The cursor at which the log of the server begins now, if that is not its beginning. */
  begins: string | null;
  /** The cursor up to which the log was read, if there was more of it. */
  cut: string | null;
}

async function read(fs: string, frame: Frame, signal: AbortSignal): Promise<History> {
  const { cursor: now = '' } = watched.peek()?.picture ?? {};
  const history: History = { events: [], begins: null, cut: null };
  let from = now.replace(/\..*$/, '.0');
  for (let answers = 0; answers < answersMax; answers += 1) {
    const lines = await linesFrom(fs, from, signal).catch((error: unknown) => {
      const { status, oldest } = shownOf(error) as ShownProblem & { oldest?: string };
      if (status !== 410 || oldest === undefined || answers > 0) throw error;
      history.begins = oldest;
      return linesFrom(fs, oldest, signal);
    });
    for (const { events = [] } of lines)
      history.events.push(...events.filter((event) => isAbout(event, frame)));
    const { cursor } = lines.at(-1) ?? { cursor: from };
    if (seqOf(cursor) >= seqOf(now) || cursor === from) return history;
    from = cursor;
  }
  return { ...history, cut: from };
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));

interface Line {
  cursor: string;
  events?: PinholeEvent[];
}

/** Lines of JSON end by themselves, with a bookmark. */
async function linesFrom(fs: string, from: string, signal: AbortSignal): Promise<Line[]> {
  const query = { from, types: typesOfFrames.join() };
  const text = await body(
    rest.value.GET('/v1/filesystems/{fs}/events', {
      params: { path: { fs }, query },
      headers: { accept: 'application/x-ndjson' },
      parseAs: 'text',
      signal,
    }),
  );
  return String(text)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

export function FrameHistory({ fs, frame }: { fs: string; frame: Frame }) {
  const history = useSignal<History | null>(null);
  const problem = useSignal<ShownProblem | null>(null);
  const key = `${fs} ${frame.pfn} ${frame.ino} ${frame.pgoff}`;
  const round = useSignal(snapshots.peek());
  useSignalEffect(() => {
    round.value = snapshots.value;
  });
  useEffect(() => {
    const abort = new AbortController();
    const add = (events: readonly PinholeEvent[]) => {
      const now = history.peek();
      const found = events.filter((event) => isAbout(event, frame));
      if (now === null || found.length === 0) return;
      const last = now.events.at(-1)?.seq ?? 0;
      history.value = { ...now, events: [...now.events, ...found.filter(({ seq }) => seq > last)] };
    };
    const forget = onEvents(add);
    read(fs, frame, abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        history.value = found;
        add(watched.peek()?.log.events ?? []);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) problem.value = shownOf(error);
      },
    );
    return () => {
      forget();
      abort.abort();
    };
  }, [key, round.value]);
  if (problem.value !== null) return <ProblemNote problem={problem.value} />;
  if (history.value === null) return <p class="soft small">Reading the log…</p>;
  return <Events history={history.value} />;
}

function Events({ history: { events, begins, cut } }: { history: History }) {
  const clock = watched.value?.picture?.filesystem?.clock ?? 'manual';
  const shown = events.slice(-shownMax).reverse();
  const more = events.length - shown.length;
  return (
    <>
      {events.length === 0 ? <p class="soft small">Nothing has happened to it.</p> : null}
      <ol class="small frame-events">
        {shown.map((event) => (
          <li key={event.seq}>
            <time class="mono soft" dateTime={event.time} title={event.time}>
              {clock === 'manual' ? timeText(Date.parse(event.time), clock) : timeOfDay(event)}
            </time>{' '}
            {eventText(event)}
          </li>
        ))}
      </ol>
      {more > 0 ? <p class="soft small">{`${countText(more)} older events`}</p> : null}
      {begins === null ? null : (
        <p class="soft small">
          {`The log begins at event ${seqOf(begins)}; what happened before is no longer kept.`}
        </p>
      )}
      {cut === null ? null : (
        <p class="soft small">{`Read up to event ${seqOf(cut)}: the log is too long.`}</p>
      )}
    </>
  );
}

/** "14:31:25.287", because the date is the same for most of them. */
const timeOfDay = ({ time }: PinholeEvent): string => time.slice(11, 23);
