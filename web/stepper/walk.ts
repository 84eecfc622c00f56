// What a person does with a stepped filesystem: steps, runs, and steps back.
import { effect, signal } from '@preact/signals';
import { ProblemError } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, readOnlyReason, rest, token } from '../api/session.ts';
import { attempt, notify } from '../parts/notices.tsx';
import { choices, readChoices, steppedFilesystem } from '../state/choices.ts';
import { go, openFilesystem, pathOf, place, setParams } from '../state/location.ts';
import { watched } from '../state/watched.ts';
import { walkText } from './step-words.ts';
import {
  earlierOf,
  forkName,
  forksMax,
  laterOf,
  rootOf,
  seenAt,
  seqOf,
  type Trail,
  withEarlier,
} from './trail.ts';

export type Walked = Schemas['SchedulerStepResult'];
type StepBody = Schemas['SchedulerStepArgs'];

/** sessionStorage: a reload keeps the trail, and two windows walk apart. */
const trailKey = 'pinhole.trail';
const forksKey = 'pinhole.forks';
const seedKey = 'pinhole.seed';

function stored<T>(key: string, otherwise: T): T {
  try {
    return (JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}
const keep = (key: string, value: unknown): void =>
  sessionStorage.setItem(key, JSON.stringify(value));

export const trail = signal<Trail>(stored<Trail>(trailKey, []));
/** The forks that this window made and has not deleted. */
export const forks = signal<readonly string[]>(stored<string[]>(forksKey, []));
/** Of the steps by chance. The same seed takes the same walk from the same state. */
export const seed = signal(stored(seedKey, 1));
trail.subscribe((value) => keep(trailKey, value));
forks.subscribe((value) => keep(forksKey, value));
seed.subscribe((value) => keep(seedKey, value));

/** The last answer to a step of this window, and of which filesystem. */
export const walked = signal<{ fs: string; answer: Walked } | null>(null);

/** Keeps the trail true while the filesystem goes on. Called for each picture. */
export function seePicture(): void {
  const now = watched.value;
  if (now?.picture && steppedFilesystem.peek() === now.fs)
    trail.value = seenAt(trail.peek(), now.fs, seqOf(now.picture.cursor));
}

/** Takes one step, or steps until something happens. null if it was refused. */
export async function takeStep(fs: string, how: Partial<StepBody>): Promise<Walked | null> {
  const answer = await attempt(() =>
    body(
      rest.value.POST('/v1/filesystems/{fs}/scheduler/step', {
        params: { path: { fs } },
        body: how as StepBody,
      }),
    ),
  );
  if (answer === null) return null;
  walked.value = { fs, answer };
  showRunnable(fs, answer);
  if (answer.ended === 'idle' || answer.ended === 'limit') notify(walkText(answer));
  return answer;
}

/** At once, so that a quick key chooses among those that can run now. The timer follows. */
function showRunnable(fs: string, { runnable, steps, cursor }: Walked): void {
  const before = choices.peek().data;
  if (before === null || watched.peek()?.fs !== fs) return;
  const clock = before.choices.filter(({ task }) => task === 'timer');
  const data = { choices: [...runnable, ...clock], cursor, commands: before.commands + steps };
  choices.value = { data, problem: null };
  readChoices();
}

export const advanceClock = (fs: string, ms: number): Promise<unknown> =>
  attempt(() =>
    body(
      rest.value.POST('/v1/filesystems/{fs}/clock/advance', {
        params: { path: { fs } },
        body: { ms },
      }),
    ),
  );

/** Opens another filesystem of the trail in the view that is open. */
function openInView(fs: string): void {
  const { view } = place.peek();
  if (view === 'story') setParams({ fs });
  else go(pathOf(view, fs) + location.search);
}

/**
 * The moment before the last command of the open filesystem, as a fork of it. Returns the name of
 * the fork; null if there is no such moment, or it was refused.
 */
async function forkBefore(fs: string): Promise<string | null> {
  const reason = readOnlyReason.peek();
  if (reason !== null) {
    notify(reason);
    return null;
  }
  const cursor = await cursorWhenRead(fs);
  if (cursor === null) return null;
  // The first event of a fork says where it comes from; its own past begins there.
  const from = seqOf(cursor) > 1 ? { filesystem: fs, cursor } : await originOf(fs);
  if (from === null) {
    notify(`${fs} has no earlier moment: this is its beginning.`);
    return null;
  }
  return attempt(() => makeFork(fs, { from: { ...from, before: true } }));
}

/** A quick ← may come before the page has read the fork of the last one. null if it is left. */
function cursorWhenRead(fs: string): Promise<string | null> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      const now = watched.value;
      const read = now?.fs === fs ? (now.picture?.cursor ?? null) : null;
      if (read === null && openFilesystem.value === fs) return;
      resolve(read);
      queueMicrotask(() => stop());
    });
  });
}

type ForkRequest = {
  from: { filesystem: string; cursor?: string; before?: true };
  scheduler?: 'stepped';
  clock?: 'manual';
  strategy?: { name: string };
};

/** Makes a fork under the first free name NAME~1, NAME~2 …; throws a ProblemError. */
export async function makeFork(fs: string, request: ForkRequest): Promise<string> {
  const taken = new Set(forks.peek());
  for (;;) {
    const name = forkName(fs, taken);
    if (name === null) throw tooMany(fs);
    try {
      await body(rest.value.POST('/v1/filesystems', { body: { name, ...request } as never }));
      forks.value = [...forks.peek(), name];
      return name;
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.errno !== 'EEXIST') throw error;
      taken.add(name);
    }
  }
}

const tooMany = (fs: string): ProblemError =>
  new ProblemError({
    status: 0,
    title: 'too many forks',
    detail: `There are already ${forksMax} forks of ${rootOf(fs)}. Delete some first.`,
  });

/** The filesystem and the moment that a fork was made of. null for one that is no fork. */
async function originOf(fs: string): Promise<{ filesystem: string; cursor: string } | null> {
  const url = `/v1/filesystems/${encodeURIComponent(fs)}/events?from=oldest&types=filesystem.created`;
  const headers: Record<string, string> = { accept: 'application/x-ndjson', prefer: 'wait=0' };
  if (token.peek() !== null) headers.authorization = `Bearer ${token.peek()}`;
  try {
    const answer = await fetch(url, { headers });
    const found = /"forkOf":"([^" ]+) ([^"]+)"/.exec(await answer.text());
    return found === null ? null : { filesystem: found[1] ?? '', cursor: found[2] ?? '' };
  } catch {
    return null;
  }
}

/** One command back: to the moment before in the trail, or to a new fork of it. */
export async function stepBack(fs: string): Promise<void> {
  seePicture();
  const before = earlierOf(trail.peek(), fs);
  if (before !== null) return openInView(before);
  const fork = await forkBefore(fs);
  if (fork === null) return;
  trail.value = withEarlier(trail.peek(), fs, fork);
  openInView(fork);
  // A lecture shows the moment itself; there a notice at each step would only be in the way.
  if (place.peek().view !== 'story')
    notify(`You are in ${fork}, a fork of the moment before. ${fs} stays as it was.`);
}

/** To the moment after, if this window came from there. */
export function stepForward(fs: string): void {
  seePicture();
  const after = laterOf(trail.peek(), fs);
  if (after === null) notify('There is nothing to go forward to. Take a step instead.');
  else openInView(after);
}

/** Deletes the forks of the window, but not the one that is open. */
export async function deleteForks(names: readonly string[]): Promise<void> {
  for (const fs of names) {
    const gone = await attempt(() => unmounted(fs));
    if (gone === null) return;
    forks.value = forks.peek().filter((name) => name !== fs);
    trail.value = trail.peek().filter((stop) => stop.fs !== fs);
  }
}

/** One that somebody else has removed is gone as well. */
async function unmounted(fs: string): Promise<true> {
  const path = { fs };
  try {
    await body(
      rest.value.DELETE('/v1/filesystems/{fs}', { params: { path, query: { force: true } } }),
    );
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 404) throw error;
  }
  return true;
}
