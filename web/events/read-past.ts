// Reads events of the past: lines of JSON, from a cursor on, until there are enough.
import type { PinholeEvent } from 'pinhole/client';
import { ProblemError, problemOf } from '../api/problem.ts';
import { noAnswer, origin, token } from '../api/session.ts';

export interface Past {
  events: PinholeEvent[];
  /** Events up to this cursor are no longer kept; null if all that were asked for are there. */
  oldest: string | null;
}

/** What a person reads at once. */
export const pastMax = 1000;

interface Line {
  type: string;
  events?: PinholeEvent[];
}

/** Events after `from`, up to the number `upTo`, at most `pastMax`. */
export async function readPast(fs: string, from: string, upTo: number): Promise<Past> {
  const abort = new AbortController();
  const response = await ask(fs, from, abort.signal);
  if (response.status === 410) {
    const problem = problemOf(await response.json(), response) as { oldest?: string };
    const oldest = problem.oldest ?? '';
    const rest = await readPast(fs, oldest, upTo);
    return { events: rest.events, oldest: rest.oldest ?? oldest };
  }
  if (!response.ok)
    throw new ProblemError(problemOf(await response.json().catch(() => null), response));
  const events: PinholeEvent[] = [];
  for await (const line of linesOf(response)) {
    const { events: some = [] } = JSON.parse(line) as Line;
    events.push(...some.filter(({ seq }) => seq <= upTo));
    if (events.length >= pastMax || (some.at(-1)?.seq ?? 0) >= upTo) break;
  }
  // The rest of the answer may be megabytes.
  abort.abort();
  return { events: events.slice(0, pastMax), oldest: null };
}

function ask(fs: string, from: string, signal: AbortSignal): Promise<Response> {
  const url = new URL(`/v1/filesystems/${encodeURIComponent(fs)}/events`, origin);
  url.searchParams.set('from', from);
  return fetch(url, {
    signal,
    headers: {
      accept: 'application/x-ndjson',
      ...(token.value === null ? {} : { authorization: `Bearer ${token.value}` }),
    },
  }).catch(() => {
    throw noAnswer();
  });
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? '')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
    if (done) return;
  }
}
