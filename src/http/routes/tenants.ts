// Tenants and their quotas. Only for the operator scope.
import { z } from 'zod';
import { begunChange } from '../../durable/records.ts';
import { zCount } from '../../kernel/units.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import { byQuota, quotaTable } from '../../tenants/quotas.ts';
import { defaultTenant, type Tenant } from '../../tenants/tenants.ts';
import type { AppContext } from '../app-context.ts';
import { audit, callerOf } from '../audit.ts';
import { HttpProblem } from '../problem.ts';
import { removeIfEmpty, removeWithForce } from '../tenant-removal.ts';
import { defineRoute, type Route } from './define.ts';

const zTenantName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
  .describe(
    '1 to 63 of a-z, 0-9, dot, dash and underscore; begins and ends with a letter or digit.',
  );
const quotaShape = byQuota((name) =>
  z.int().nonnegative().describe(`Number of ${quotaTable[name].counts}.`),
);
const zAllQuotas = z.object(quotaShape);
const zQuotas = z
  .strictObject(quotaShape)
  .partial()
  .describe('A quota that is left out keeps the default of the server, or its current value.');
const zTenant = z.object({
  name: z.string(),
  createdMs: zCount,
  quotas: zAllQuotas,
  used: zAllQuotas,
  leaving: z
    .boolean()
    .optional()
    .describe('True while the tenant is being deleted with force. Nobody can use it.'),
});
const shownTenant = ({ name, createdMs, account, leaving }: Tenant) => ({
  ...(leaving === true ? { leaving } : {}),
  name,
  createdMs,
  quotas: account.limits,
  used: account.used,
});

/** `leaving` also finds a tenant that is being deleted with force. */
export function tenantNamed(
  { tenants }: AppContext,
  params: unknown,
  { leaving = false } = {},
): Tenant {
  const { tenant: name } = params as { tenant: string };
  const tenant = leaving ? tenants.known(name) : tenants.get(name);
  if (tenant === undefined) throw new HttpProblem('no-such-thing', 'There is no such tenant.');
  return tenant;
}

export const ofOperator = { scope: 'operator', tag: 'tenant' } as const;

const listTenants = defineRoute({
  ...ofOperator,
  name: 'list-tenants',
  url: '/v1/tenants',
  summary: 'List the tenants',
  doc: 'In the order of their creation, with their quotas and usage.',
  query: z.strictObject(zPage),
  result: z.object({ items: z.array(zTenant), nextPageToken: z.string().optional() }),
  answer(context, { query }) {
    const page = pageOfList(context.tenants.all(), query, (tenant) => tenant.number);
    return { ...page, items: page.items.map(shownTenant) };
  },
});

const createTenant = defineRoute({
  ...ofOperator,
  name: 'create-tenant',
  method: 'POST',
  url: '/v1/tenants',
  summary: 'Create a tenant',
  doc: 'The tenant needs a token before it can do anything.',
  body: z.strictObject({ name: zTenantName, quotas: zQuotas.optional() }),
  result: zTenant,
  status: 201,
  problems: ['already-exists', 'too-many-tenants'],
  durable: true,
  async answer(context, { request, reply, body }) {
    const { idempotent } = request;
    const before = idempotent?.became?.kind === 'tenant' ? idempotent.became.tenant : undefined;
    if (before !== undefined && context.tenants.get(before.name) !== before)
      throw new HttpProblem(
        'answer-not-kept',
        'The tenant was created by the first request, and has been deleted since.',
      );
    const alongside =
      idempotent === null ? [] : [begunChange(idempotent.requestKey, { tenant: body.name })];
    const tenant =
      before ??
      (await context.tenants.create(body.name, body.quotas ?? {}, context.nowMs(), alongside));
    if (tenant === 'exists')
      throw new HttpProblem('already-exists', `A tenant ${body.name} exists already.`);
    if (tenant === 'full') {
      const limit = context.config.tenantsMax;
      throw new HttpProblem(
        'too-many-tenants',
        `This server may have at most ${limit} tenants (--tenants-max).`,
        {
          limit,
        },
      );
    }
    reply.header('location', `/v1/tenants/${tenant.name}`);
    return shownTenant(tenant);
  },
});

const getTenant = defineRoute({
  ...ofOperator,
  name: 'get-tenant',
  url: '/v1/tenants/:tenant',
  summary: 'One tenant',
  doc: 'Its quotas and usage.',
  result: zTenant,
  answer: (context, { request }) =>
    shownTenant(tenantNamed(context, request.params, { leaving: true })),
});

const putQuotas = defineRoute({
  ...ofOperator,
  name: 'set-quotas',
  method: 'PUT',
  url: '/v1/tenants/:tenant/quotas',
  summary: 'Change the quotas of a tenant',
  doc: 'If a quota becomes smaller than the usage, nothing is removed.',
  body: zQuotas,
  result: zTenant,
  durable: true,
  async answer(context, { request, body }) {
    const tenant = tenantNamed(context, request.params);
    if (!(await context.tenants.setQuotas(tenant, body)))
      throw new HttpProblem('no-such-thing', 'The tenant was deleted while the request ran.');
    return shownTenant(tenant);
  },
});

const deleteTenant = defineRoute({
  ...ofOperator,
  name: 'delete-tenant',
  method: 'DELETE',
  url: '/v1/tenants/:tenant',
  summary: 'Delete a tenant',
  doc:
    'Its tokens and stored answers are deleted, too. EBUSY while it has filesystems. With force ' +
    'these are unmounted with force, and all requests and event streams of the tenant end. A ' +
    'deletion with force that has begun is continued if the server restarts.',
  query: z.strictObject({
    force: z.boolean().default(false).describe('Also delete all filesystems of the tenant.'),
  }),
  result: zTenant,
  problems: ['in-use', 'not-ready', 'filesystem-stopped'],
  durable: true,
  async answer(context, { request, query }) {
    const tenant = tenantNamed(context, request.params, { leaving: query.force });
    if (tenant.name === defaultTenant)
      throw new HttpProblem(
        'in-use',
        'This is the tenant of callers without a token; it cannot be deleted.',
      );
    if (query.force) {
      const { params: on, id } = request;
      const line = { action: 'delete-tenant', on, force: true, caller: callerOf(request) };
      await removeWithForce(context, tenant, (filesystems) =>
        audit(request.log, { ...line, phase: 'begun', filesystems, request: id }),
      );
    } else if (!(await removeIfEmpty(context, tenant)))
      throw new HttpProblem(
        'in-use',
        'The tenant still has filesystems, or is being deleted already. With ?force=true its ' +
          'filesystems are deleted, too.',
      );
    return shownTenant(tenant);
  },
});

export const tenantRoutes: readonly Route[] = [
  listTenants,
  createTenant,
  getTenant,
  putQuotas,
  deleteTenant,
];
