// The bytes of a read that was answered 202 and has ended. The answer is the same that the read
// itself would have got.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { failure } from '../../kernel/errno.ts';
import { opId, type TaskId } from '../../kernel/units.ts';
import { operation as operationView } from '../../kernel/views/operations.ts';
import type { AppContext } from '../app-context.ts';
import { contentRange, rangeOf, unsatisfiable, wholeRange } from '../byte-range.ts';
import { incarnation, isNotModified } from '../conditional.ts';
import { bytesType } from '../contract.ts';
import { readsBytes } from '../operation-record.ts';
import { preferenceOf } from '../prefer.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { targetOf } from '../target.ts';
import { contractOf, type Handling, queryParserOf, type Route } from './define.ts';

const content = { [bytesType]: 'bytes' } as const;

const contract = contractOf({
  name: 'operation-content',
  url: '/v1/filesystems/:fs/operations/:operation/content',
  scope: 'read',
  tag: 'operation',
  summary: 'The bytes of a read that was answered 202',
  doc:
    'The bytes that the read returned when it ended. The record of the operation links here ' +
    'with `result.content.href`. A filesystem stores the newest `readBytesKeptMax` bytes of ' +
    'ended reads, each as long as the record of its operation.',
  answers: [
    { status: 200, doc: 'The bytes.', content },
    {
      status: 206,
      doc: 'The part of the content that Range selects.',
      content,
      headers: { 'Content-Range': '`bytes first-last/size`.' },
    },
    { status: 304, doc: 'Not modified: an ETag in If-None-Match matches.' },
  ],
  problems: ['eagain', 'eintr', 'eio', 'content-not-kept'],
  conditions: 'answer',
  etag: true,
  range: true,
  waits: true,
});

const refuse = (errno: 'EAGAIN' | 'ENOENT', why: string): KernelFailure =>
  new KernelFailure(failure(errno, 'H33', why));

function handlingOf({ engine, config }: AppContext): Handling {
  const queryOf = queryParserOf(contract.query);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    queryOf(request);
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
    const read = fs.view(operationView, target, {});
    if (!read.ok) throw new KernelFailure(read.failure);
    const { op } = read.result as { op: string };
    if (!readsBytes(op))
      throw refuse('ENOENT', `the operation ${opId(id)} is a ${op}, which does not read bytes`);
    const ended = fs.kernel.ended.get(id);
    if (ended === undefined)
      throw refuse(
        'EAGAIN',
        `the operation ${opId(id)} has not ended yet; repeat the request with Prefer: wait to ` +
          'wait for its end',
      );
    if (!ended.outcome.ok) throw new KernelFailure(ended.outcome.failure);
    const data = fs.reads.of(id);
    if (data === undefined) throw notKept(config.readBytesKeptMax);
    return send(request, reply, data, `"${incarnation(fs)}-${opId(id)}"`);
  };
  return { handler };
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
    request.method === 'HEAD' ? wholeRange : rangeOf(request.headers, data.length, etag);
  if (range.kind === 'unsatisfiable') throw unsatisfiable('read', data.length);
  reply.header('content-type', bytesType).header('x-content-type-options', 'nosniff');
  if (range.kind === 'whole') return reply.send(data);
  const { offset, length } = range;
  return reply
    .code(206)
    .header('content-range', contentRange(offset, length, data.length))
    .send(data.subarray(offset, offset + length));
}

export const operationContentRoute: Route = { contracts: [contract], handle: handlingOf };
