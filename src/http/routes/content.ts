// GET and HEAD of a file's content, complete or a range. Size and ETag are those at the moment when
// the kernel executed the read.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { type Failure, failure } from '../../kernel/errno.ts';
import { etagOf } from '../../kernel/fs/inode.ts';
import type { Command } from '../../kernel/state.ts';
import {
  contentRange,
  type Range,
  rangeOf,
  type SatisfiableRange,
  unsatisfiable,
  wholeRange,
} from '../byte-range.ts';
import { fileOf, isNoneMatchFailure, isNotModified, nothingMatches } from '../conditional.ts';
import { bytesType } from '../contract.ts';
import { type OutcomeSender, sendAccepted, sendBytes } from '../operation-answer.ts';
import type { Preference } from '../prefer.ts';
import { HttpProblem, sendFailure } from '../problem.ts';

/** The result of an operation with `range`. */
interface ContentRead {
  data: Uint8Array;
  sizeBytes: number;
  etag: string;
}

interface ContentRequest {
  sender: OutcomeSender;
  fs: HostedFilesystem;
  command: Command;
  preference: Preference;
  request: FastifyRequest;
  reply: FastifyReply;
}

export async function sendContent(asked: ContentRequest): Promise<FastifyReply> {
  const { fs, command, request, reply } = asked;
  const inode = fileOf(fs, command.on.file);
  if (inode === null) {
    if (command.ifMatch !== undefined) throw nothingMatches();
    const missing: Failure = failure('ENOENT', 'T1', 'there is no such file');
    return sendFailure(reply, missing);
  }
  const etag = etagOf(inode);
  const { sizeBytes } = inode;
  const range = askedRange(request, sizeBytes, etag);
  // HEAD and unsatisfiable ranges are answered without the kernel, which checks the preconditions
  // of all other reads.
  const isHead = request.method === 'HEAD';
  if ((isHead || range.kind === 'unsatisfiable') && isNotModified(request, etag))
    return reply.code(304).header('etag', etag).send();
  if (range.kind === 'unsatisfiable') throw unsatisfiable('file', sizeBytes);
  reply.header('accept-ranges', 'bytes');
  if (isHead) return sendHead(asked, sizeBytes, etag);
  return sendRead(asked, range, etag);
}

/**
 * `offset` and `length` in the query take precedence over the header. Only GET accepts Range
 * (RFC 9110 §14.2).
 */
function askedRange(request: FastifyRequest, sizeBytes: number, etag: string): Range {
  const { offset, length } = request.query as { offset?: string; length?: string };
  if (request.method === 'HEAD' || offset !== undefined || length !== undefined) return wholeRange;
  return rangeOf(request.headers, sizeBytes, etag);
}

function sendHead({ command, reply }: ContentRequest, sizeBytes: number, etag: string) {
  const { offset, length = Number.POSITIVE_INFINITY } = command.args as {
    offset: number;
    length?: number;
  };
  const bytes = Math.min(length, Math.max(0, sizeBytes - offset));
  return reply
    .header('etag', etag)
    .header('content-type', bytesType)
    .header('content-length', String(bytes))
    .send();
}

/** Sends the result of a read. `before` is the ETag for which the range was chosen. */
async function sendRead(
  asked: ContentRequest,
  range: SatisfiableRange,
  before: string,
): Promise<FastifyReply> {
  const { sender, fs, command, preference, request, reply } = asked;
  const args =
    range.kind === 'part'
      ? { offset: range.offset, length: range.length }
      : (command.args as { offset: number; length?: number });
  const submission = await fs.submit({ ...command, args });
  const outcome = submission.outcome ?? (await fs.whenEnded(submission.task, preference.waitMs));
  if (outcome === null) return sendAccepted(sender, fs, submission.task, reply);
  if (isNoneMatchFailure(outcome)) return reply.code(304).header('etag', before).send();
  if (!outcome.ok) return sendFailure(reply, outcome.failure);
  const { data, sizeBytes, etag } = outcome.result as ContentRead;
  // If-Range asks for a part of one version. The file has changed since, so all of it is sent.
  if (range.kind === 'part' && request.headers['if-range'] !== undefined && etag !== before)
    return sendRead(asked, wholeRange, before);
  const { offset, length = Number.POSITIVE_INFINITY } = args;
  if (data.length < Math.min(length, sizeBytes - offset)) {
    const limit = sender.context.config.contentBytesMax;
    const detail = `One request may read at most ${limit} bytes; ask for a range.`;
    throw new HttpProblem('reply-too-large', detail, { limit });
  }
  if (range.kind === 'part') {
    if (data.length === 0) throw unsatisfiable('file', sizeBytes);
    reply.code(206).header('content-range', contentRange(offset, data.length, sizeBytes));
  }
  return sendBytes(sender.context, reply.header('etag', etag), data);
}
