// One operation of the kernel's registry as a route: arguments in, a command for the engine, an
// answer out.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import type { QuotaFailure } from '../../engine/refusals.ts';
import type { Submission } from '../../engine/watches.ts';
import type { Failure } from '../../kernel/errno.ts';
import { etagOf } from '../../kernel/fs/inode.ts';
import type { Operation } from '../../kernel/ops/define.ts';
import { hasVersion } from '../../kernel/records/contract.ts';
import type { Command, Outcome, Target } from '../../kernel/state.ts';
import { opId, type TaskId, zMs } from '../../kernel/units.ts';
import { views } from '../../kernel/views/index.ts';
import type { AppContext } from '../app-context.ts';
import {
  addConditions,
  type Conditions,
  conditionsOf,
  fileOf,
  isNotModified,
  nothingMatches,
  patchOffset,
  rangeOf,
} from '../conditional.ts';
import { holdBytes } from '../held-bytes.ts';
import { type Preference, preferenceOf } from '../prefer.ts';
import { HttpProblem, sendFailure } from '../problem.ts';
import { coerce, coercionsOf, objectOf, parse, type Serialize, serializerOf } from '../schema.ts';
import { targetOf, urlOf } from '../target.ts';
import { withContent } from './operation-content.ts';

const zOwner = z
  .string()
  .min(1)
  .max(128)
  .describe(
    'Who acts: one thread of one process, for whom pins are held and locks are waited for.',
  );

/** What every operation takes beside its own arguments. */
export const commonArgs = z.object({ owner: zOwner.optional() });
/** And what those take that may sleep. */
export const sleepArgs = z.object({
  owner: zOwner.optional(),
  nowait: z.boolean().optional().describe('EAGAIN instead of a sleep; nothing is changed.'),
  timeoutMs: zMs.optional().describe('A signal after this time: EINTR.'),
  failOnDeadlock: z
    .boolean()
    .optional()
    .describe('EDEADLK instead of a sleep that closes a cycle.'),
});
type SleepArgs = z.infer<typeof sleepArgs>;

const sleepNames = Object.keys(sleepArgs.shape);
const commonNames = Object.keys(commonArgs.shape);
const none: SleepArgs = {};

/** An argument field that the operation and the request both have belongs to the request. */
function splitCommon(
  op: Operation,
  raw: Record<string, unknown>,
): { common: SleepArgs; rest: Record<string, unknown> } {
  const names = op.waits ? sleepNames : commonNames;
  let any = false;
  for (const name of names) any ||= raw[name] !== undefined;
  if (!any) return { common: none, rest: raw };
  const common: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  // Plain loops: this runs on every request that names its owner.
  for (const name in raw) {
    if (names.includes(name)) common[name] = raw[name];
    else rest[name] = raw[name];
  }
  return { common: parse(sleepArgs, common), rest };
}

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

/** Everything about an operation that can be worked out before the first request. */
interface Plan {
  op: Operation;
  coercions: ReturnType<typeof coercionsOf>;
  commonCoercions: ReturnType<typeof coercionsOf>;
  toJson: Serialize;
  operationToJson: Serialize;
}

function rawArgs(plan: Plan, request: FastifyRequest): Record<string, unknown> {
  const { op } = plan;
  const query = request.query as Record<string, unknown>;
  if (op.takes === 'bytes') return coerce(query, plan.coercions);
  // DELETE is the one method whose arguments may stand in either place.
  const inQuery = isEmpty(query)
    ? null
    : coerce(
        query,
        op.takes === null || op.route.method === 'DELETE' ? plan.coercions : plan.commonCoercions,
      );
  const inBody = objectOf(request.body);
  if (inQuery === null) return inBody;
  if (op.takes === 'json' && op.route.method !== 'DELETE') {
    for (const name of Object.keys(inQuery)) {
      if (plan.commonCoercions[name] !== undefined) continue;
      throw new HttpProblem(
        'unknown-field',
        `The field ${name} belongs in the body, not in the query.`,
        {
          fields: [{ field: name, message: 'Belongs in the body, not in the query.' }],
        },
      );
    }
  }
  return { ...inQuery, ...inBody };
}

function bytesOf(request: FastifyRequest): Uint8Array {
  const { body } = request;
  const type = request.headers['content-type'];
  if (body instanceof Uint8Array) return body;
  if (body === undefined && (type === undefined || type === 'application/octet-stream'))
    return new Uint8Array(0);
  throw new HttpProblem('unsupported-media-type', 'The body must be application/octet-stream.', {
    accepts: 'application/octet-stream',
  });
}

function setOffset(raw: Record<string, unknown>, request: FastifyRequest, bytes: number): void {
  const offset = patchOffset(request.method, request.headers, bytes);
  if (offset === null) return;
  if (raw.offset !== undefined)
    throw new HttpProblem(
      'invalid-header',
      'Content-Range already says where to write; remove the parameter `offset`.',
    );
  raw.offset = offset;
}

function commandOf(
  plan: Plan,
  request: FastifyRequest,
  target: Target,
  preference: Preference,
  stepped: boolean,
): Command {
  const { op } = plan;
  const data = op.takes === 'bytes' ? bytesOf(request) : null;
  const raw = rawArgs(plan, request);
  if (data !== null && op.patch) setOffset(raw, request, data.length);
  const { common, rest } = splitCommon(op, raw);
  const command: Command = { op: op.name, on: target, args: parse(op.args, rest) };
  if (data !== null) command.data = data;
  const owner = common.owner ?? ownerHeader(request);
  if (owner !== undefined) command.owner = owner;
  if (common.nowait === true) command.nowait = true;
  if (common.timeoutMs !== undefined) command.timeoutMs = common.timeoutMs;
  if (common.failOnDeadlock === true) command.failOnDeadlock = true;
  // Where the caller may not stay to hear the result. What sleeps is kept anyway; a stepped
  // filesystem runs nothing by itself.
  if (preference.async || (stepped && op.waits)) command.keep = true;
  return command;
}

function ownerHeader(request: FastifyRequest): string | undefined {
  const header = request.headers['pinhole-owner'];
  return header === undefined ? undefined : parse(zOwner, header);
}

/**
 * Not so of what ended in its own turn and was not asked for as an operation: by a key it may be
 * asked for as one later.
 */
const isKnown = ({ kernel: { tasks, ended } }: HostedFilesystem, task: number): boolean =>
  tasks.has(task as TaskId) || ended.has(task as TaskId);

/** A read is not refused by If-None-Match, but need not be answered. */
const isUnchanged = (outcome: Outcome | null): boolean =>
  outcome !== null && !outcome.ok && outcome.failure.header === 'If-None-Match';

/** The ETag of a file says nothing of what else can be read of it, so only `*` can name that. */
const withoutTags = ({ ifMatch, ifNoneMatch }: Conditions): Conditions => ({
  ifMatch,
  ifNoneMatch: ifNoneMatch === '*' ? ifNoneMatch : null,
});

const noPreference: Preference = { waitMs: 0, async: false, applied: null };

export function operationRoute(
  app: FastifyInstance,
  context: AppContext,
  op: Operation,
  operationToJson: Serialize,
): void {
  const { engine, config } = context;
  const plan: Plan = {
    op,
    coercions: coercionsOf(op.args, op.waits ? sleepArgs : commonArgs),
    commonCoercions: coercionsOf(op.waits ? sleepArgs : commonArgs),
    toJson: op.gives === 'json' ? serializerOf(op.result, context.checkReplies) : () => '',
    operationToJson,
  };
  const isRead = op.route.method === 'GET';
  const isContent = op.range;
  const isTagged = hasVersion[op.on];
  const byDefault = op.waits ? preferenceOf(undefined, config) : noPreference;

  // No promise where none is needed: most commands end in their own turn.
  const handler = (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> | undefined => {
    const { idempotent } = request;
    // What an earlier process began is answered as it came out, whatever became since of what it
    // was about.
    const became = idempotent?.became?.kind === 'operation' ? idempotent.became : null;
    const found = became ?? targetOf(engine, request, op.on);
    if (found.fs === null) {
      if (request.headers['if-match'] !== undefined && isTagged) throw nothingMatches();
      sendFailure(reply, found.failure);
      return;
    }
    const { fs } = found;
    if ('submission' in found) fs.requireRunning();
    const { prefer } = request.headers;
    const stepped = fs.kernel.geometry.scheduler === 'stepped';
    // Nothing goes on by itself under a stepped scheduler: only who asks for a wait gets one.
    const unasked = stepped ? noPreference : byDefault;
    const preference = prefer === undefined || !op.waits ? unasked : preferenceOf(prefer, config);

    const fail = (error: unknown) => void reply.send(error);
    const answer = (task: number, outcome: Outcome | null) => {
      try {
        if (preference.applied !== null) reply.header('preference-applied', preference.applied);
        if (isRead && isUnchanged(outcome)) reply.code(304).send();
        else if (outcome === null || (outcome.ok && preference.async && isKnown(fs, task)))
          sendAccepted(plan, fs, task, reply);
        else sendOutcome(context, plan, fs, outcome, reply);
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
    const command = commandOf(plan, request, found.target, preference, stepped);
    const conditions = conditionsOf(request.headers);
    if (conditions !== null)
      addConditions(command, fs, op.on, isRead && !op.etag ? withoutTags(conditions) : conditions);
    if (isContent) return sendContent(context, plan, fs, command, preference, request, reply);
    fs.enqueue(command, settled, fail, idempotent?.requestKey);
    return;
  };

  const options: RouteShorthandOptions & { exposeHeadRoute: boolean } = {
    config: {
      scope: op.route.method === 'GET' ? 'read' : 'write',
      operation: op.name,
      bytes: op.takes === 'bytes',
    },
    bodyLimit: op.takes === 'bytes' ? config.contentBytesMax : config.jsonBytesMax,
    // A load or a DMA touches the machine, which HEAD must not; the HEAD of content counts its
    // bytes without reading them.
    exposeHeadRoute: false,
  };
  app.route({
    method: [
      op.route.method,
      ...(isContent ? (['HEAD'] as const) : []),
      ...(op.patch ? (['PATCH'] as const) : []),
    ],
    url: urlOf({ on: op.on, path: op.route.path }),
    ...options,
    handler,
  });
}

/**
 * The kernel knows how many blocks it may still take, but not of whom they are the quota: the
 * engine's own refusals name theirs.
 */
function withQuota(context: AppContext, fs: HostedFilesystem, failure: Failure): Failure {
  const account = context.tenants.get(fs.tenant)?.account;
  if (failure.errno !== 'EDQUOT' || 'quota' in failure || account === undefined) return failure;
  const quota = {
    name: 'blocks' as const,
    limit: account.limits.blocks,
    used: account.used.blocks,
  };
  const refused: QuotaFailure = { ...failure, quota };
  return refused;
}

function sendOutcome(
  context: AppContext,
  plan: Plan,
  fs: HostedFilesystem,
  outcome: Outcome,
  reply: FastifyReply,
): FastifyReply {
  if (!outcome.ok) return sendFailure(reply, withQuota(context, fs, outcome.failure));
  const { op } = plan;
  if (op.gives === 'bytes')
    return sendBytes(context, reply, (outcome.result as { data: Uint8Array }).data);
  if (op.route.status === 201) {
    const { id, name } = outcome.result as { id?: string; name?: string };
    const collection = op.route.path.slice(op.route.path.lastIndexOf('/') + 1);
    reply.code(201).header('location', `/v1/filesystems/${fs.name}/${collection}/${id ?? name}`);
  }
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(plan.toJson(reply, outcome.result));
}

function sendBytes(context: AppContext, reply: FastifyReply, data: Uint8Array): FastifyReply {
  holdBytes(context, reply.request, reply, data.length);
  return reply
    .header('content-type', 'application/octet-stream')
    .header('x-content-type-options', 'nosniff')
    .send(data);
}

function sendAccepted(
  plan: Plan,
  fs: HostedFilesystem,
  task: number,
  reply: FastifyReply,
): FastifyReply {
  const view = views.get('operation');
  if (view === undefined) throw new Error('the registry of views has no operation');
  const read = fs.view(view, { operation: task }, {});
  // Ended and already forgotten, or unmounted, between its end and now.
  if (!read.ok) return sendFailure(reply, read.failure);
  reply.code(202).header('location', `/v1/filesystems/${fs.name}/operations/${opId(task)}`);
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(plan.operationToJson(reply, withContent(fs, read.result)));
}

/**
 * GET and HEAD of a file's content, whole or a range. Size and ETag are those that the read found
 * when its turn came.
 */
async function sendContent(
  context: AppContext,
  plan: Plan,
  fs: HostedFilesystem,
  command: Command,
  preference: Preference,
  request: FastifyRequest,
  reply: FastifyReply,
  ignoreRange = false,
): Promise<FastifyReply> {
  const { config } = context;
  const inode = fileOf(fs, command.on.file);
  if (inode === null) {
    if (command.ifMatch !== undefined) throw nothingMatches();
    const missing: Failure = { errno: 'ENOENT', rule: 'T1', why: 'There is no such file.' };
    return sendFailure(reply, missing);
  }
  const before = etagOf(inode);
  const args = command.args as { offset: number; length?: number };
  // A range in the query goes before the header.
  const query = request.query as { offset?: string; length?: string };
  // Range is of GET alone (RFC 9110 §14.2).
  const asked =
    ignoreRange ||
    request.method === 'HEAD' ||
    query.offset !== undefined ||
    query.length !== undefined;
  const range = asked
    ? { kind: 'whole' as const }
    : rangeOf(request.headers, inode.sizeBytes, before);
  // Of what does not come to the kernel, which compares when the operation begins.
  if (
    (request.method === 'HEAD' || range.kind === 'unsatisfiable') &&
    isNotModified(request, before)
  )
    return reply.code(304).header('etag', before).send();
  if (range.kind === 'unsatisfiable') throw unsatisfiable(inode.sizeBytes);
  const { offset, length = Number.POSITIVE_INFINITY } = range.kind === 'part' ? range : args;
  reply.header('accept-ranges', 'bytes');
  if (request.method === 'HEAD') {
    const bytes = Math.min(length, Math.max(0, inode.sizeBytes - offset));
    reply.header('etag', before).header('content-type', 'application/octet-stream');
    return reply.header('content-length', String(bytes)).send();
  }
  const wanted = range.kind === 'part' ? { offset, length } : args;
  const submission = await fs.submit({ ...command, args: wanted });
  const outcome = submission.outcome ?? (await fs.whenEnded(submission.task, preference.waitMs));
  if (outcome === null) return sendAccepted(plan, fs, submission.task, reply);
  if (isUnchanged(outcome)) return reply.code(304).header('etag', before).send();
  if (!outcome.ok) return sendFailure(reply, outcome.failure);
  const { data, sizeBytes, etag } = outcome.result as {
    data: Uint8Array;
    sizeBytes: number;
    etag: string;
  };
  if (range.kind === 'part' && request.headers['if-range'] !== undefined && etag !== before) {
    // The part is of another version than the one for which it was asked.
    return sendContent(context, plan, fs, command, preference, request, reply, true);
  }
  if (data.length < Math.min(length, sizeBytes - offset)) {
    const detail = `One request may read at most ${config.contentBytesMax} bytes; ask for a range.`;
    throw new HttpProblem('reply-too-large', detail, { limit: config.contentBytesMax });
  }
  if (range.kind === 'part') {
    if (data.length === 0) throw unsatisfiable(sizeBytes);
    reply.code(206).header('content-range', contentRange(offset, data.length, sizeBytes));
  }
  return sendBytes(context, reply.header('etag', etag), data);
}

const contentRange = (offset: number, bytes: number, sizeBytes: number): string =>
  `bytes ${offset}-${offset + bytes - 1}/${sizeBytes}`;

function unsatisfiable(sizeBytes: number): HttpProblem {
  const headers = { 'content-range': `bytes */${sizeBytes}` };
  return new HttpProblem(
    'range-not-satisfiable',
    `The range begins beyond the end of the file, which has ${sizeBytes} bytes.`,
    { sizeBytes },
    headers,
  );
}
