// One operation of the kernel as a route: converts the request to a command, submits it to the
// engine, and answers with the outcome.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import type { Submission } from '../../engine/watches.ts';
import type { Operation } from '../../kernel/ops/define.ts';
import { requestArgsOf } from '../../kernel/ops/request-args.ts';
import { hasVersion, type Media } from '../../kernel/records/contract.ts';
import { zOperation } from '../../kernel/records/operation.ts';
import type { Outcome } from '../../kernel/state.ts';
import type { TaskId } from '../../kernel/units.ts';
import type { AppContext } from '../app-context.ts';
import {
  addConditions,
  type Conditions,
  conditionsOf,
  isNoneMatchFailure,
  nothingMatches,
} from '../conditional.ts';
import { type Answer, bytesType, type Content, type Contract, jsonType } from '../contract.ts';
import { outcomeSenderOf, sendAccepted, sendOutcome } from '../operation-answer.ts';
import { commandOf, commandParserOf } from '../operation-command.ts';
import { type Preference, preferenceOf } from '../prefer.ts';
import { HttpProblem, sendFailure } from '../problem.ts';
import type { ProblemType } from '../problem-table.ts';
import { targetOf, urlOf } from '../target.ts';
import { sendContent } from './content.ts';
import { contractOf, type Handling, type Route } from './define.ts';

export function operationRoute(op: Operation): Route {
  const contract = operationContract(op);
  return {
    contracts: op.patch ? [contract, patchContract(contract)] : [contract],
    handle: (context) => handlingOf(context, op),
  };
}

export function operationContract(op: Operation): Contract {
  const { takes, waits, etag, range } = op;
  const { method, path } = op.route;
  const requestArgs = requestArgsOf(op);
  const args = (op.args as z.ZodObject).safeExtend(requestArgs.shape);
  return contractOf({
    name: op.name,
    method,
    url: urlOf({ on: op.on, path }),
    scope: method === 'GET' ? 'read' : 'write',
    tag: op.on,
    summary: op.summary,
    doc: op.doc,
    query: takes === 'json' ? requestArgs : args,
    body: bodyOf(takes, args),
    answers: answersOf(op),
    problems: problemsOfOperation(op),
    // A load or a DMA read changes the machine, which HEAD must not do. HEAD of content returns the
    // size without reading.
    head: range ? 'handled' : 'none',
    ...(etag ? { etag } : {}),
    ...(range ? { range } : {}),
    ...(waits ? { waits } : {}),
    conditions: 'command',
    command: true,
    durable: true,
  });
}

function bodyOf(takes: Media | null, schema: z.ZodType): Contract['body'] {
  if (takes === null) return null;
  return takes === 'bytes' ? { type: bytesType } : { type: jsonType, schema };
}

function answersOf(op: Operation): Answer[] {
  const { gives, waits, range } = op;
  const { method, status } = op.route;
  const content: Record<string, Content> =
    gives === 'bytes' ? { [bytesType]: 'bytes' } : { [jsonType]: op.result };
  const answers: Answer[] = [
    status === 201
      ? {
          status,
          doc: 'Created.',
          content,
          headers: { Location: 'The URL of the created resource.' },
        }
      : { status, doc: 'Done.', content },
  ];
  if (waits) {
    answers.push({
      status: 202,
      doc: 'The operation still runs or sleeps. The body is its record.',
      content: { [jsonType]: zOperation },
      headers: { Location: 'The URL of the operation.' },
    });
  }
  if (range) {
    answers.push({
      status: 206,
      doc: 'The part of the content that Range selects.',
      content,
      headers: { 'Content-Range': '`bytes first-last/size`.' },
    });
  }
  if (method === 'GET')
    answers.push({ status: 304, doc: 'Not modified: an ETag in If-None-Match matches.' });
  return answers;
}

function problemsOfOperation(op: Operation): ProblemType[] {
  const { waits, range } = op;
  return [
    ...op.errors.map((errno) => errno.toLowerCase() as ProblemType),
    ...(op.charges !== null || waits ? (['edquot'] as const) : []),
    ...(range ? (['reply-too-large'] as const) : []),
  ];
}

/** PATCH does the same as PUT, at the offset that Content-Range gives. */
function patchContract(put: Contract): Contract {
  return {
    ...put,
    name: `${put.name}-range`,
    method: 'PATCH',
    summary: 'Write a part of the content of a file',
    doc:
      'draft-ietf-httpapi-patch-byterange, with Content-Range as a header. The same as PUT with ' +
      '`offset`.',
    query: (put.query as z.ZodObject).omit({ offset: true }),
    headers: {
      'Content-Range':
        '`bytes first-last/*`: the range to write. The body must have exactly its length.',
    },
  };
}

const noPreference: Preference = { waitMs: 0, async: false, applied: null };

function handlingOf(context: AppContext, op: Operation): Handling {
  const { engine, config } = context;
  const { waits, etag, range } = op;
  const parser = commandParserOf(op);
  const sender = outcomeSenderOf(context, op);
  const isGet = op.route.method === 'GET';
  const byDefault = waits ? preferenceOf(undefined, config) : noPreference;

  // Without a promise if possible, because most commands end in their own turn.
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const { idempotent } = request;
    // If an earlier process began this request, it is answered with that outcome, even if the
    // resource was removed since.
    const became = idempotent?.became?.kind === 'operation' ? idempotent.became : null;
    const found = became ?? targetOf(engine, request, op.on);
    if (found.fs === null) {
      if (request.headers['if-match'] !== undefined && hasVersion[op.on]) throw nothingMatches();
      sendFailure(reply, found.failure);
      return;
    }
    const { fs } = found;
    if ('submission' in found) fs.requireRunning();
    const { prefer } = request.headers;
    const stepped = fs.kernel.geometry.scheduler === 'stepped';
    // A stepped scheduler runs nothing by itself, so a request waits only if it asks for it.
    const unasked = stepped ? noPreference : byDefault;
    const preference = prefer === undefined || !waits ? unasked : preferenceOf(prefer, config);

    const fail = (error: unknown) => void reply.send(error);
    const answer = (task: number, outcome: Outcome | null) => {
      try {
        if (preference.applied !== null) reply.header('preference-applied', preference.applied);
        if (isGet && isNoneMatchFailure(outcome)) reply.code(304).send();
        else if (outcome === null || (outcome.ok && preference.async && isKnown(fs, task)))
          sendAccepted(sender, fs, task, reply);
        else sendOutcome(sender, fs, outcome, reply);
      } catch (error) {
        fail(error);
      }
    };
    const settled = ({ task, outcome }: Submission) => {
      if (outcome !== null) answer(task, outcome);
      else fs.whenEnded(task, preference.waitMs).then((ended) => answer(task, ended), fail);
    };
    if ('submission' in found) {
      const { task, outcome } = found.submission;
      if (outcome === null && !isKnown(fs, task))
        throw new HttpProblem(
          'answer-not-kept',
          'The operation has ended, and its result is no longer stored.',
        );
      settled(found.submission);
      return;
    }
    const command = commandOf(parser, request, found.target, { preference, stepped });
    const conditions = conditionsOf(request.headers);
    if (conditions !== null)
      addConditions(command, fs, op.on, isGet && !etag ? withoutTags(conditions) : conditions);
    if (range) return sendContent({ sender, fs, command, preference, request, reply });
    fs.enqueue(command, settled, fail, idempotent?.requestKey);
    return;
  };
  return { handler };
}

/**
 * False if the operation has ended in its own turn and its record was not stored. A caller with an
 * Idempotency-Key may ask for the record later.
 */
const isKnown = ({ kernel: { tasks, ended } }: HostedFilesystem, task: number): boolean =>
  tasks.has(task as TaskId) || ended.has(task as TaskId);

/** A file's ETag is not the ETag of its other resources, so for those only `*` can match. */
const withoutTags = ({ ifMatch, ifNoneMatch }: Conditions): Conditions => ({
  ifMatch,
  ifNoneMatch: ifNoneMatch === '*' ? ifNoneMatch : null,
});
