// "Pin a page, then truncate": a wait for somebody who has none to look at.
import { ProblemError } from '../api/problem.ts';
import { body, rest } from '../api/session.ts';
import { attempt } from '../parts/notices.tsx';
import { watched } from '../state/watched.ts';

/** What has become of it, in a sentence. */
export interface Demo {
  did: string;
  came: string;
}

/** The file is always a new one, because the truncate destroys what is in it. */
function freeName(): string {
  const names = new Set([...(watched.peek()?.picture?.files.values() ?? [])].map((f) => f.name));
  let number = 1;
  while (names.has(`pinned-${number}`)) number += 1;
  return `pinned-${number}`;
}

interface Answer {
  id: string;
  state?: string | undefined;
  problem?: { errno?: string | undefined } | undefined;
}

export const pinThenTruncate = (fs: string): Promise<Demo | null> =>
  attempt(async () => {
    const name = freeName();
    const file = { fs, file: name };
    await body(
      rest.value.POST('/v1/filesystems/{fs}/files', {
        params: { path: { fs } },
        body: { name, sizeBytes: 0 },
      }),
    );
    await ended(
      fs,
      await body(
        rest.value.POST('/v1/filesystems/{fs}/files/{file}/allocate', {
          params: { path: file },
          body: { offset: 0, length: 4096 } as never,
        }),
      ),
    );
    const mapping = await body(
      rest.value.POST('/v1/filesystems/{fs}/files/{file}/mappings', {
        params: { path: file },
        body: { offset: 0, length: 4096, access: 'read-write', owner: 'nic' } as never,
      }),
    );
    await ended(
      fs,
      await body(
        rest.value.POST('/v1/filesystems/{fs}/mappings/{mapping}/pins', {
          params: { path: { fs, mapping: (mapping as Answer).id } },
          body: { offset: 0, length: 4096, access: 'write', owner: 'nic' } as never,
        }),
      ),
    );
    const did = `Created ${name}, let nic pin its page, and truncated the file to 0.`;
    return { did, came: await truncated(fs, name) };
  });

async function truncated(fs: string, file: string): Promise<string> {
  try {
    const answer = await body(
      rest.value.POST('/v1/filesystems/{fs}/files/{file}/truncate', {
        params: { path: { fs, file } },
        body: { sizeBytes: 0, owner: 'T' } as never,
      }),
    );
    const { id, state, problem } = (await ended(fs, answer)) ?? {};
    if (state === 'sleeping') return `${id} waits for the pin.`;
    if (state === 'failed') return failing(problem?.errno);
    const strategy = watched.peek()?.picture?.strategy ?? 'this strategy';
    return `Under ${strategy} it does not wait: the truncate is done while the page is pinned.`;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.errno === undefined) throw error;
    return failing(error.problem.errno);
  }
}

function failing(errno = 'an error'): string {
  const strategy = watched.peek()?.picture?.strategy ?? 'this strategy';
  return `Under ${strategy} it does not wait: the truncate fails with ${errno}.`;
}

/**
 * A stepped filesystem only takes steps when it is told to: lets the operation run until it ends or
 * sleeps. Returns its record; null if the answer is no operation.
 */
async function ended(fs: string, answer: unknown): Promise<Answer | null> {
  const { id, state } = (answer ?? {}) as Partial<Answer>;
  if (id?.startsWith('op_') !== true || state === undefined) return null;
  if (state === 'running')
    await body(
      rest.value.POST('/v1/filesystems/{fs}/scheduler/step', {
        params: { path: { fs } },
        body: { task: id, until: 'blocked' },
      }),
    );
  const record = await body(
    rest.value.GET('/v1/filesystems/{fs}/operations/{operation}', {
      params: { path: { fs, operation: id } },
    }),
  );
  return record as Answer;
}
