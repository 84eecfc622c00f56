// The events that a timeline shows: those from before the page was opened, read once, then the live
// ones.
import { useSignal } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useEffect } from 'preact/hooks';
import { mayPass, type ShownProblem, shownOf } from '../api/problem.ts';
import { body, rest } from '../api/session.ts';
import { watched } from '../state/watched.ts';

/** More cannot be drawn fast enough, and not be read either. */
const eventsMax = 4000;
/** One answer may have fewer events than are stored. */
const answersMax = 40;

interface Line {
  type: string;
  cursor?: string;
  events?: PinholeEvent[];
}

export interface History {
  events: readonly PinholeEvent[];
  /** The oldest events that the server keeps, or that are shown, are not the first ones. */
  problem: ShownProblem | null;
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));

async function linesFrom(fs: string, from: string, signal: AbortSignal): Promise<Line[]> {
  const text = (await body(
    rest.peek().GET('/v1/filesystems/{fs}/events', {
      params: { path: { fs }, query: { from } as never },
      headers: { accept: 'application/x-ndjson' },
      parseAs: 'text',
      signal,
    }),
  )) as unknown as string;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The newest `eventsMax` events up to the cursor. */
async function readHistory(fs: string, upTo: string, signal: AbortSignal): Promise<PinholeEvent[]> {
  const epoch = upTo.slice(0, upTo.indexOf('.'));
  const end = seqOf(upTo);
  let from = end > eventsMax ? `${epoch}.${end - eventsMax}` : 'oldest';
  const events: PinholeEvent[] = [];
  for (let answers = 0; answers < answersMax; answers += 1) {
    const lines = await linesFrom(fs, from, signal).catch((error) => {
      // The server no longer keeps so many.
      if (from === 'oldest' || shownOf(error).status !== 410) throw error;
      return linesFrom(fs, 'oldest', signal);
    });
    const got = lines.flatMap((line) => line.events ?? []);
    events.push(...got);
    const last = got.at(-1);
    if (last === undefined || last.seq >= end) break;
    from = last.id;
  }
  return events.filter(({ seq }) => seq <= end).slice(-eventsMax);
}

/** Between two looks: 2,000 events/s are not drawn one by one. */
const restMs = 150;
/** After a problem that may pass. */
const retryMs = 1000;

export function useHistory(fs: string): History & { reading: boolean } {
  const before = useSignal<PinholeEvent[] | null>(null);
  const problem = useSignal<ShownProblem | null>(null);
  const shown = useSignal<readonly PinholeEvent[]>([]);
  const ready = useSignal(false);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | null = null;
    let asked: unknown = null;
    let retry: ReturnType<typeof setTimeout> | null = null;
    const show = () => {
      timer = null;
      const log = watched.peek()?.log;
      if (log === undefined) return;
      const newest = before.peek()?.at(-1)?.seq ?? -1;
      const live = log.events.filter(({ seq }) => seq > newest);
      shown.value = [...(before.peek() ?? []), ...live].slice(-eventsMax);
      ready.value = before.peek() !== null;
    };
    const read = (cursor: string) =>
      readHistory(fs, cursor, abort.signal).then(
        (events) => {
          before.value = events;
          problem.value = null;
          show();
        },
        (error) => {
          if (abort.signal.aborted) return;
          problem.value = shownOf(error);
          before.value = [];
          if (mayPass(error)) retry = setTimeout(() => void read(cursor), retryMs);
          show();
        },
      );
    const stop = watched.subscribe((now) => {
      const cursor = now?.picture?.cursor;
      if (now == null || cursor === undefined || now.fs !== fs) return;
      if (asked !== now.log) {
        asked = now.log;
        if (retry !== null) clearTimeout(retry);
        void read(cursor);
      }
      timer ??= setTimeout(show, restMs);
    });
    return () => {
      stop();
      abort.abort();
      for (const one of [timer, retry]) if (one !== null) clearTimeout(one);
    };
  }, [fs]);
  return { events: shown.value, problem: problem.value, reading: !ready.value };
}
