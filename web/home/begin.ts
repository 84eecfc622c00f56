// Ways to a new filesystem. Each leads to its Machine.

import { ProblemError, problemOf } from '../api/problem.ts';
import type { Schemas } from '../api/schemas.ts';
import { body, noAnswer, origin, rest, token } from '../api/session.ts';
import { filesystems } from '../state/filesystems.ts';
import { go, pathOf } from '../state/location.ts';

export type NewFilesystem = Schemas['MkfsArgs'];

/** `wanted`, or with the first number that makes it a name that no filesystem has. */
export function freeName(wanted: string, taken: ReadonlySet<string> = takenNames()): string {
  if (!taken.has(wanted)) return wanted;
  for (let n = 2; ; n += 1) if (!taken.has(`${wanted}-${n}`)) return `${wanted}-${n}`;
}

const takenNames = (): Set<string> => {
  const { all, stopped } = filesystems.peek() ?? { all: new Map(), stopped: new Map() };
  return new Set([...all.keys(), ...stopped.keys()]);
};

export async function create(args: NewFilesystem): Promise<void> {
  const { name } = await body(rest.value.POST('/v1/filesystems', { body: args }));
  go(pathOf('machine', name));
}

/** A bundle is bytes, so not the JSON client sends it. `view` is the one to which it leads. */
export async function createFromBundle(
  name: string,
  bundle: Blob,
  view: 'machine' | 'stepper' = 'machine',
): Promise<void> {
  const response = await fetch(`${origin}/v1/filesystems?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/vnd.pinhole.bundle',
      ...(token.value === null ? {} : { authorization: `Bearer ${token.value}` }),
    },
    body: bundle,
  }).catch(() => {
    throw noAnswer();
  });
  if (!response.ok)
    throw new ProblemError(problemOf(await response.json().catch(() => null), response));
  go(pathOf(view, name));
}

/** A name that a filesystem may have, from the name of a file: "my run.bundle" gives my-run. */
export const nameFromFile = (file: string): string =>
  file
    .replace(/\.(pinhole|bundle|ndjson|json)(\.gz)?$/, '')
    .replace(/[^A-Za-z0-9._~-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 63) || 'from-bundle';
