// Tenants and their quotas. Only for the operator scope.
import { z } from 'zod';
import { begunChange } from '../../durable/records.ts';
import { zCount } from '../../kernel/units.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import { byQuota, quotaTable } from '../../tenants/quotas.ts';
import { defaultTenant, type Tenant } from '../../tenants/tenants.ts';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
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
});
const shownTenant = ({ name, createdMs, account }: Tenant) => ({
  name,
  createdMs,
  quotas: account.limits,
  used: account.used,
});
export function tenantNamed(context: AppContext, params: unknown): Tenant {
  const tenant = context.tenants.get((params as { tenant: string }).tenant);
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
  answer: (context, { request }) => shownTenant(tenantNamed(context, request.params)),
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
  summary: 'Delete a tenant that has no filesystem',
  doc: 'Its tokens and stored answers are deleted, too.',
  result: zTenant,
  problems: ['in-use'],
  durable: true,
  async answer(context, { request }) {
    const tenant = tenantNamed(context, request.params);
    const { name, id } = tenant;
    if (name === defaultTenant)
      throw new HttpProblem(
        'in-use',
        'This is the tenant of callers without a token; it cannot be deleted.',
      );
    const gone = await context.engine.dismiss(name, (records) =>
      context.tenants.remove(name, [
        ...records,
        ...context.tokens.removalOf(name),
        ...context.answers.removalOf(id),
      ]),
    );
    if (!gone)
      throw new HttpProblem(
        'in-use',
        'The tenant still has filesystems, or is being deleted already.',
      );
    context.tokens.forgetTenant(name);
    context.answers.forgetOwner(id);
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
