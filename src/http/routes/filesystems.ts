// Filesystems as a whole.
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Created, HostedFilesystem } from '../../engine/engine.ts';
import { stoppedError } from '../../engine/refusals.ts';
import { mkfsArgs } from '../../kernel/ops/mkfs.ts';
import { zFilesystemName } from '../../kernel/ops/name.ts';
import { zCount } from '../../kernel/units.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import { filesystem as filesystemView } from '../../kernel/views/filesystem.ts';
import { isDeadlocked } from '../../kernel/waits/deadlocked.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import { etagOfFilesystem } from '../conditional.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { cursorNow, zCursor } from '../stream/cursor.ts';
import { createFromBundle } from './bundle.ts';
import { defineRoute, type Route } from './define.ts';
import { createFork, forkArgs } from './fork.ts';
import { createStory, resumeStory, storyArgs } from './story.ts';

function statfs(fs: HostedFilesystem): unknown {
  const read = fs.view(filesystemView, {}, {});
  if (!read.ok) throw new KernelFailure(read.failure);
  return read.result;
}

const createArgs = z.union([mkfsArgs, forkArgs, storyArgs]);
type CreateArgs = z.infer<typeof createArgs>;

function create(context: AppContext, request: FastifyRequest, body: CreateArgs): Promise<Created> {
  const tenant = tenantOf(request);
  const key = request.idempotent?.requestKey;
  if ('from' in body) return createFork(context.engine, tenant, body, key);
  if ('story' in body) return createStory(context.engine, tenant, body, key);
  return context.engine.create(tenant, body, key);
}

const createQuery = z.strictObject({
  name: zFilesystemName
    .optional()
    .describe('The name of the filesystem, if the body is a bundle; else it is in the body.'),
});

function createFromBody(
  context: AppContext,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  name: string | undefined,
  body: CreateArgs | undefined,
): Promise<Created> {
  if (body !== undefined && name === undefined) return create(context, request, body);
  if (body === undefined && name !== undefined)
    return createFromBundle(context, request, reply, name);
  const message =
    body === undefined
      ? 'is required with a bundle: it names the new filesystem'
      : 'is only for a bundle; put the name in the body';
  throw new HttpProblem('invalid-value', `The parameter name ${message}.`, {
    fields: [{ field: 'name', message }],
  });
}

const mkfs = defineRoute({
  name: 'mkfs',
  method: 'POST',
  url: '/v1/filesystems',
  scope: 'write',
  tag: 'filesystem',
  summary: 'Create a filesystem on a new simulated pmem namespace',
  doc:
    'Only name and sizeBytes are required. The default strategy is what the chosen kernel does ' +
    'for the chosen kind. With from, the new filesystem is a fork: it begins with the state that ' +
    'another filesystem has, or had right after the command of an event. With story it is ' +
    'stepped, has a manual clock, and stands at the beginning of a story. With a bundle as the ' +
    'body it has the past and the state of the bundle, if a replay gives what the bundle says.',
  query: createQuery,
  body: createArgs,
  orBundle: true,
  formOf: (body) => ('from' in body ? forkArgs : 'story' in body ? storyArgs : mkfsArgs),
  result: filesystemView.result,
  status: 201,
  durable: true,
  problems: [
    'ebusy',
    'eexist',
    'einval',
    'eopnotsupp',
    'edquot',
    'enoent',
    'efbig',
    'past-not-kept',
    'filesystem-stopped',
    'too-many-filesystems',
    'memory-full',
  ],
  async answer(context, { request, reply, query, body }) {
    const { idempotent } = request;
    const made =
      idempotent?.became?.kind === 'filesystem'
        ? { ok: true as const, fs: idempotent.became.fs }
        : await createFromBody(context, { request, reply }, query.name, body);
    if (!made.ok) throw new KernelFailure(made.failure);
    if (idempotent?.became?.kind === 'filesystem' && body !== undefined && 'story' in body)
      await resumeStory(context.engine, made.fs, body);
    reply
      .header('location', `/v1/filesystems/${made.fs.name}`)
      .header('etag', etagOfFilesystem(made.fs));
    return statfs(made.fs);
  },
});

/** How long graphs may be searched before other callbacks run. */
const sliceMs = 2;

/**
 * Searches the wait graphs that the page shows, in several turns of the event loop. The list itself
 * is then read in one, because its cursor must be true for all of its records; it searches only the
 * graphs that have changed in between.
 */
async function searchGraphs(page: readonly HostedFilesystem[]): Promise<void> {
  let since = performance.now();
  for (const fs of page) {
    if (fs.stopped !== null || fs.kernel.sleepers.size === 0) continue;
    isDeadlocked(fs.kernel);
    if (performance.now() - since < sliceMs) continue;
    await setImmediate();
    since = performance.now();
  }
}

const zStopped = z.object({
  name: z.string(),
  kind: z.string(),
  sizeBytes: zCount,
  detail: z.string().describe('Why it stopped, and what the operator can do.'),
});

type Stopped = NonNullable<HostedFilesystem['stopped']>;

function stoppedRecord({ kernel }: HostedFilesystem, why: Stopped): z.infer<typeof zStopped> {
  const { name, kind, sizeBytes } = kernel.geometry;
  return { name, kind, sizeBytes, detail: stoppedError(why).message };
}

const listFilesystems = defineRoute({
  name: 'list-filesystems',
  url: '/v1/filesystems',
  scope: 'read',
  tag: 'filesystem',
  summary: 'List the filesystems of the tenant',
  doc:
    'In the order of their creation. The cursor is one of the stream of the tenant, /v1/events. ' +
    'Filesystems that stopped have no state to show; `stopped` names those of this page.',
  query: z.strictObject(zPage),
  result: z.object({
    items: z.array(filesystemView.result),
    stopped: z.array(zStopped).describe('The filesystems of this page that have stopped.'),
    nextPageToken: z.string().optional(),
    cursor: zCursor,
  }),
  async answer(context, { request, query }) {
    const read = () => pageOfList(context.engine.list(tenantOf(request)), query, (fs) => fs.number);
    await searchGraphs(read().items);
    // Read again, because filesystems can be created and removed in between.
    const { items, ...page } = read();
    return {
      ...page,
      items: items.filter((fs) => fs.stopped === null).map((fs) => statfs(fs)),
      stopped: items.flatMap((fs) => (fs.stopped === null ? [] : [stoppedRecord(fs, fs.stopped)])),
      cursor: cursorNow(context.engine.tenantRing(tenantOf(request))),
    };
  },
});

export const filesystemRoutes: readonly Route[] = [mkfs, listFilesystems];
