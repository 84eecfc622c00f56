// The bytes of a read that was answered 202, when it has ended: what its own answer would have
// been.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { type Failure, failure } from '../../kernel/errno.ts';
import { operations } from '../../kernel/ops/index.ts';
import { opId, type TaskId } from '../../kernel/units.ts';
import { views } from '../../kernel/views/index.ts';
import type { AppContext } from '../app-context.ts';
import { incarnation, isNotModified, rangeOf } from '../conditional.ts';
import { preferenceOf } from '../prefer.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { targetOf } from '../target.ts';

const template = '/v1/filesystems/:fs/operations/:operation/content';

interface Shown {
  id: string;
  op: string;
  result?: unknown;
}

/**
 * The record of an operation, with the way to its bytes where it read some. It does not say whether
 * they are kept: records are the same after a restart, and the bytes may not be.
 */
export function withContent<T>(fs: HostedFilesystem, record: T): T {
  const { id, op, result } = record as T & Shown;
  if (operations.get(op)?.gives !== 'bytes' || typeof result !== 'object' || result === null)
    return record;
  const { bytes } = result as { bytes?: number };
  const href = `/v1/filesystems/${fs.name}/operations/${id}/content`;
  return { ...record, result: { ...result, content: { href, bytes } } };
}

const refuse = (errno: 'EAGAIN' | 'ENOENT', why: string): KernelFailure =>
  new KernelFailure(failure(errno, 'H33', why));

export function operationContentRoute(app: FastifyInstance, { engine, config }: AppContext): void {
  const view = views.get('operation');
  if (view === undefined) throw new Error('the registry of views has no operation');

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = targetOf(engine, request, 'operation');
    if (found.fs === null) throw new KernelFailure(found.failure);
    const { fs, target } = found;
    const id = target.operation as TaskId;
    if (request.headers.prefer !== undefined) {
      const { waitMs, applied } = preferenceOf(request.headers.prefer, {
        ...config,
        waitDefaultMs: 0,
      });
      if (applied !== null) reply.header('preference-applied', applied);
      await fs.whenEnded(id, waitMs);
    }
    const read = fs.view(view, target, {});
    if (!read.ok) throw new KernelFailure(read.failure);
    const { op } = read.result as Shown;
    if (operations.get(op)?.gives !== 'bytes')
      throw refuse('ENOENT', `the operation ${opId(id)} is a ${op}, which does not read bytes`);
    const ended = fs.kernel.ended.get(id);
    if (ended === undefined)
      throw refuse(
        'EAGAIN',
        `the operation ${opId(id)} has not ended yet; repeat the request with Prefer: wait to ` +
          'wait for its end',
      );
    if (!ended.outcome.ok) throw new KernelFailure(ended.outcome.failure satisfies Failure);
    const data = fs.reads.of(id);
    if (data === undefined) throw notKept(config.readBytesKeptMax);
    return send(request, reply, data, `"${incarnation(fs)}-${opId(id)}"`);
  };
  app.route({
    method: 'GET',
    url: template,
    exposeHeadRoute: true,
    config: { scope: 'read', query: [] },
    handler,
  });
}

function notKept(limit: number): HttpProblem {
  const why =
    `The bytes of this read are no longer stored: a filesystem stores the newest ${limit} bytes ` +
    'of ended reads, and a restart can lose them. Read again.';
  return new HttpProblem('content-not-kept', why, { limit });
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  data: Uint8Array,
  etag: string,
): FastifyReply {
  reply.header('etag', etag).header('accept-ranges', 'bytes');
  if (isNotModified(request, etag)) return reply.code(304).send();
  const range =
    request.method === 'HEAD'
      ? ({ kind: 'whole' } as const)
      : rangeOf(request.headers, data.length, etag);
  if (range.kind === 'unsatisfiable') {
    const headers = { 'content-range': `bytes */${data.length}` };
    throw new HttpProblem(
      'range-not-satisfiable',
      `The range begins beyond the end of the read, which has ${data.length} bytes.`,
      { sizeBytes: data.length },
      headers,
    );
  }
  reply
    .header('content-type', 'application/octet-stream')
    .header('x-content-type-options', 'nosniff');
  if (range.kind === 'whole') return reply.send(data);
  const { offset, length } = range;
  reply.code(206).header('content-range', `bytes ${offset}-${offset + length - 1}/${data.length}`);
  return reply.send(data.subarray(offset, offset + length));
}
