// Answers with the outcome of an operation: 200 or 201 with its result, 202 with its record, or a
// problem.
import type { FastifyReply } from 'fastify';
import type { HostedFilesystem } from '../engine/engine.ts';
import type { QuotaFailure } from '../engine/refusals.ts';
import type { Failure } from '../kernel/errno.ts';
import type { Operation } from '../kernel/ops/define.ts';
import type { Outcome } from '../kernel/state.ts';
import { opId } from '../kernel/units.ts';
import { operation as operationView } from '../kernel/views/operations.ts';
import type { AppContext } from './app-context.ts';
import { bytesType, jsonType } from './contract.ts';
import { holdBytes } from './held-bytes.ts';
import { withContentLink } from './operation-record.ts';
import { sendFailure } from './problem.ts';
import { type Serialize, serializerOf } from './schema.ts';

/** Sends the results of one operation. Created once for each route. */
export interface OutcomeSender {
  context: AppContext;
  op: Operation;
  toJson: Serialize;
  operationToJson: Serialize;
}

/** One for each server, because all operations answer 202 with the same kind of record. */
const operationSerializers = new WeakMap<AppContext, Serialize>();

export function outcomeSenderOf(context: AppContext, op: Operation): OutcomeSender {
  let operationToJson = operationSerializers.get(context);
  if (operationToJson === undefined) {
    operationToJson = serializerOf(operationView.result, context);
    operationSerializers.set(context, operationToJson);
  }
  const toJson = op.gives === 'json' ? serializerOf(op.result, context) : () => '';
  return { context, op, toJson, operationToJson };
}

export function sendOutcome(
  { context, op, toJson }: OutcomeSender,
  fs: HostedFilesystem,
  outcome: Outcome,
  reply: FastifyReply,
): FastifyReply {
  if (!outcome.ok) return sendFailure(reply, withQuota(context, fs, outcome.failure));
  if (op.gives === 'bytes')
    return sendBytes(context, reply, (outcome.result as { data: Uint8Array }).data);
  if (op.route.status === 201) {
    const { id, name } = outcome.result as { id?: string; name?: string };
    const collection = op.route.path.slice(op.route.path.lastIndexOf('/') + 1);
    reply.code(201).header('location', `/v1/filesystems/${fs.name}/${collection}/${id ?? name}`);
  }
  return reply
    .header('content-type', `${jsonType}; charset=utf-8`)
    .send(toJson(reply, outcome.result));
}

export function sendBytes(
  context: AppContext,
  reply: FastifyReply,
  data: Uint8Array,
): FastifyReply {
  holdBytes(context, reply.request, reply, data.length);
  return reply
    .header('content-type', bytesType)
    .header('x-content-type-options', 'nosniff')
    .send(data);
}

/** Answers 202 with the record of the operation. */
export function sendAccepted(
  { operationToJson }: OutcomeSender,
  fs: HostedFilesystem,
  task: number,
  reply: FastifyReply,
): FastifyReply {
  const read = fs.view(operationView, { operation: task }, {});
  // Since the submission the operation has ended and its record was discarded, or the filesystem
  // was unmounted.
  if (!read.ok) return sendFailure(reply, read.failure);
  return reply
    .code(202)
    .header('location', `/v1/filesystems/${fs.name}/operations/${opId(task)}`)
    .header('content-type', `${jsonType}; charset=utf-8`)
    .send(operationToJson(reply, withContentLink(fs, read.result)));
}

/**
 * The kernel knows how many blocks it may still use, but not that the limit is a quota of the
 * tenant. So the name of the quota is added here. The engine names quotas in its own refusals.
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
