// The audit log: a line for each change of tenants, quotas and tokens, and for each DELETE, whether
// it was done or refused. It is written just before the answer, because a client that hangs up must
// not be able to prevent it.
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { errnoTable } from '../kernel/errno.ts';
import { type Contract, pathNames } from './contract.ts';
import { type ProblemType, problemTable } from './problem-table.ts';
import { withoutSecrets } from './secrets.ts';

/** Call it before the routes are registered. Other routes get no hook. */
export function auditChanges(app: FastifyInstance, config: Pick<Config, 'auditReleases'>): void {
  app.addHook('onRoute', (route) => {
    const contract = route.config?.contract;
    if (contract === undefined || !isAudited(contract, config)) return;
    route.onSend = [
      ...[route.onSend ?? []].flat(),
      (request, reply, _payload, done) => {
        audit(request.log, lineOf(request, reply, contract));
        done();
      },
    ];
  });
}

/** Every line of the audit log is written here. */
export function audit(log: FastifyBaseLogger, line: Record<string, unknown>): void {
  log.info({ audit: true, ...line }, 'audit');
}

function isAudited(
  { method, scope, url }: Contract,
  { auditReleases }: Pick<Config, 'auditReleases'>,
) {
  if (scope === 'operator') return method !== 'GET';
  if (method !== 'DELETE') return false;
  // A device that works unpins thousands of times in a second.
  const isRelease = pathNames(url).some((name) => name === 'pin' || name === 'mapping');
  return auditReleases || !isRelease;
}

/** Who called. A token is named by its id, which is no secret. Null if the caller is unknown. */
export const callerOf = ({ caller }: FastifyRequest) =>
  caller === null ? null : { tenant: caller.tenant, tokenId: caller.id ?? null };

function lineOf(request: FastifyRequest, reply: FastifyReply, contract: Contract) {
  const { statusCode: status, problemType } = reply;
  const location = reply.getHeader('location');
  return {
    action: contract.name,
    on: mapped(request.params as Record<string, string>),
    ...askedOf(request, contract),
    ...(location === undefined ? {} : { created: withoutSecrets(String(location)) }),
    ...(reply.hasHeader('idempotency-replayed') ? { replayed: true } : {}),
    status,
    ...(problemType === null ? {} : { problem: problemType, errno: errnoOf(problemType) }),
    caller: callerOf(request),
    request: request.id,
  };
}

const textMax = 256;
const shown = (value: unknown): unknown =>
  typeof value === 'string' ? withoutSecrets(value).slice(0, textMax) : value;
const mapped = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(value)]));

/**
 * What the body and the query say, if they are what the route takes: anything else may be a secret.
 * The routes take names, numbers and scopes.
 */
function askedOf({ body, query }: FastifyRequest, contract: Contract): object {
  const schema = contract.body !== null && 'schema' in contract.body ? contract.body.schema : null;
  const parsed = schema?.safeParse(body ?? {});
  const { force } = query as { force?: unknown };
  return {
    ...(parsed?.success === true ? { asked: deepShown(parsed.data) } : {}),
    ...(force === 'true' || force === true ? { force: true } : {}),
  };
}

function deepShown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepShown);
  if (typeof value !== 'object' || value === null) return shown(value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, deepShown(one)]));
}

function errnoOf(type: ProblemType): string {
  const kernel = type.toUpperCase();
  return kernel in errnoTable ? kernel : (problemTable[type].cause?.errno ?? 'EIO');
}
