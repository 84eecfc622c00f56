// Begins a story, and makes its moves: a call as the request that the story says, or a step.
import { ProblemError, problemOf } from '../api/problem.ts';
import { body, origin, rest, token } from '../api/session.ts';
import { attempt, notify } from '../parts/notices.tsx';
import { choices, readChoices } from '../state/choices.ts';
import { go, pathOf } from '../state/location.ts';
import { connection, openAgain } from '../state/watched.ts';
import { takeStep } from '../stepper/walk.ts';
import type { CallRequest, Move, Story } from './told.ts';

const namesMax = 99;

/** Makes a filesystem S01, S01-2, S01-3 … at the beginning of the story. Throws a ProblemError. */
export async function beginStory(story: string, strategy: string): Promise<string> {
  for (let i = 1; ; i += 1) {
    const name = i === 1 ? story : `${story}-${i}`;
    try {
      await body(rest.value.POST('/v1/filesystems', { body: { name, story, strategy } as never }));
      return name;
    } catch (error) {
      const exists = error instanceof ProblemError && error.problem.errno === 'EEXIST';
      if (!exists || i === namesMax) throw error;
    }
  }
}

/** Begins the story on a filesystem of its own and opens it there. */
export const begin = (story: string, strategy: string, verdict?: string): Promise<unknown> =>
  beginAt(story, strategy, { strategy, ...(verdict === undefined ? {} : { verdict }) });

/**
 * Begins the story that is open. The address asks for it as before, because another question would
 * read the story again, and the keys would do nothing meanwhile.
 */
export const beginHere = ({ id, told }: Story): Promise<unknown> => {
  const asked = [...new URLSearchParams(location.search)].filter(
    ([name]) => name === 'strategy' || name === 'verdict',
  );
  return beginAt(id, told.strategy, Object.fromEntries(asked));
};

const beginAt = (story: string, strategy: string, asked: Record<string, string>) =>
  attempt(async () => {
    const query = new URLSearchParams(asked);
    query.set('fs', await beginStory(story, strategy));
    go(`${pathOf('story', null, story)}?${query}`);
    // The address may be the same as that of one that is gone.
    if (connection.peek().state !== 'live') openAgain();
  });

/** Makes the move on the filesystem. False if it was refused and the story cannot go on. */
export async function makeMove(fs: string, { task, request, submit }: Move): Promise<boolean> {
  if (task !== undefined) return (await takeStep(fs, { task })) !== null;
  if (request === undefined) return true;
  const { data } = (submit ?? {}) as { data?: string };
  return (await attempt(() => makeCall(fs, request, data))) ?? false;
}

/** A call that the kernel refuses is part of the story; one that the server refuses is not. */
export async function makeCall(fs: string, request: CallRequest, data?: string): Promise<true> {
  const { method, path, query, json } = request;
  const url = `${origin}/v1/filesystems/${encodeURIComponent(fs)}${path}?${new URLSearchParams(query)}`;
  const type = json === undefined ? 'application/octet-stream' : 'application/json';
  const sent = data === undefined ? json && JSON.stringify(json) : bytesOf(data);
  const headers = {
    prefer: 'respond-async, wait=0',
    ...(token.value === null ? {} : { authorization: `Bearer ${token.value}` }),
    ...(sent === undefined ? {} : { 'content-type': type }),
  };
  const answer = await fetch(url, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  if (!answer.ok) {
    const problem = problemOf(await answer.json().catch(() => null), answer);
    if (problem.errno === undefined || problem.errno === 'ENOENT') throw new ProblemError(problem);
    notify(`The call fails with ${problem.errno}: ${problem.detail}`);
  }
  countCommand();
  return true;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** At once, because a call may have no event that would have them read again. */
function countCommand(): void {
  const { data } = choices.peek();
  if (data !== null)
    choices.value = { data: { ...data, commands: data.commands + 1 }, problem: null };
  readChoices();
}
