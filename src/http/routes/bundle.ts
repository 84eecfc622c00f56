// Bundles: a span of the past of a filesystem as one file, and a filesystem made of such a file.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BundleError, NotChecked } from '../../bundle/bundle-error.ts';
import { writeBundle } from '../../bundle/export.ts';
import { noteMax } from '../../bundle/frames.ts';
import { type BundleBounds, entriesAfter, type Opened, openBundle } from '../../bundle/read.ts';
import type { LoggedEntry } from '../../durable/log.ts';
import { type Created, kernelLimits } from '../../engine/engine.ts';
import { failure } from '../../kernel/errno.ts';
import { memoryOf } from '../../kernel/memory.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import { bundleType } from '../contract.ts';
import { holdBytes } from '../held-bytes.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { hostedOf } from '../target.ts';
import { contractOf, type Handling, queryParserOf, type Route } from './define.ts';
import { askedSpan, zSpanQuery } from './span.ts';

const zBundleQuery = zSpanQuery.extend({
  contents: z
    .enum(['keep', 'omit'])
    .default('keep')
    .describe(
      'omit: the contents of files are replaced by zeros and hashes, for somebody who must not ' +
        'see them. Layout, pins and waits are the same.',
    ),
  note: z.string().max(noteMax).default('').describe('A text that goes with the bundle.'),
});

const contract = contractOf({
  name: 'get-bundle',
  url: '/v1/filesystems/:fs/bundle',
  scope: 'read',
  tag: 'filesystem',
  summary: 'Export a span of the past as a bundle',
  doc:
    'One file with the state at the beginning, the commands, and what they must lead to. POST ' +
    '/v1/filesystems?name=… with this file makes a filesystem with the same past and state, on ' +
    'any server with the same version of the simulated machine.',
  query: zBundleQuery,
  answers: [{ status: 200, doc: 'The bundle.', content: { [bundleType]: 'bytes' } }],
  problems: ['einval', 'efbig', 'past-not-kept', 'edquot', 'memory-full'],
});

function handlingOf(context: AppContext): Handling {
  const { engine, config } = context;
  const queryOf = queryParserOf(zBundleQuery);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const fs = hostedOf(engine, request);
    const { from, to, contents, note } = queryOf(request);
    // The machine at the beginning, its packed form, and the entries.
    holdBytes(context, request, reply, 2 * Math.ceil(memoryOf(fs.kernel)));
    const span = await askedSpan(context, fs, { from, to });
    const written = await orFailure(
      writeBundle(span.kernel, span.entries, {
        contents: contents === 'keep' ? 'kept' : 'omitted',
        note,
        bytesMax: config.contentBytesMax,
      }),
    );
    return reply
      .header('content-type', bundleType)
      .header('content-disposition', `attachment; filename="${fs.name}.pinhole"`)
      .send(written);
  };
  return { handler };
}

/** A BundleError, or NotChecked, as the problem of the request. */
export async function orFailure<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof NotChecked) throw new HttpProblem('not-ready', error.message);
    if (!(error instanceof BundleError)) throw error;
    const errno = error.rule === 'BD5' ? 'EFBIG' : 'EINVAL';
    throw new KernelFailure(failure(errno, error.rule, error.message));
  }
}

export const bundleRoute: Route = { contracts: [contract], handle: handlingOf };

export const boundsOf = ({ config }: AppContext): BundleBounds => ({
  bytesMax: config.contentBytesMax,
  entriesMax: config.spanEntriesMax,
  deviceBytesMax: config.deviceBytesMax,
  limits: kernelLimits(config),
});

/** POST /v1/filesystems with a bundle. */
export async function createFromBundle(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
): Promise<Created> {
  const { engine } = context;
  const bytes = request.body as Uint8Array;
  const bounds = boundsOf(context);
  const end = await orFailure(context.bundleChecks.check(bytes, bounds, signalOf(reply)));
  const held = engine.hold(tenantOf(request), end.memory);
  if (typeof held !== 'function') return held;
  let opened: Opened;
  try {
    opened = await orFailure(openBundle(bytes, bounds));
  } finally {
    // createFrom() reserves the same memory at once.
    held();
  }
  const { kernel, head } = opened;
  return engine.createFrom(tenantOf(request), {
    args: { ...head.args, name },
    kernel,
    forkOf: 'a bundle',
    key: request.idempotent?.requestKey,
    history: entriesOf(opened, bounds),
    end,
  });
}

/** Aborted when the client closes the connection before the answer. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const client = new AbortController();
  reply.raw.once('close', () => {
    if (reply.raw.writableFinished) return;
    const why = 'The client closed the connection before the bundle was checked.';
    client.abort(new HttpProblem('not-ready', why));
  });
  return client.signal;
}

async function* entriesOf(
  opened: Parameters<typeof entriesAfter>[0],
  bounds: BundleBounds,
): AsyncGenerator<readonly LoggedEntry[]> {
  for await (const frame of entriesAfter(opened, bounds))
    if ('entries' in frame) yield frame.entries;
}
