// Tenants, their quotas and their tokens: for the operator scope only.
import { z } from 'zod';
import { begunRecord } from '../../durable/stored-log.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import type { QuotaName } from '../../tenants/quotas.ts';
import { defaultTenant, type Tenant } from '../../tenants/tenants.ts';
import type { Token } from '../../tenants/tokens.ts';
import type { AppContext } from '../app-context.ts';
import { HttpProblem } from '../problem.ts';
import { defineRoute, type ServerRoute } from './define.ts';

const zTenantName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/)
  .describe(
    '1 to 63 of a-z, 0-9, dot, dash and underscore; begins and ends with a letter or digit.',
  );
const zCount = z.int().nonnegative();
const quotaShape: Record<QuotaName, z.ZodInt> = {
  filesystems: zCount,
  bytes: zCount,
  blocks: zCount,
  files: zCount,
  mappings: zCount,
  pins: zCount,
  sleepers: zCount,
  memory: zCount.describe(
    'Bytes that the server holds for the tenant: machines, events, bodies and replies on ' +
      'their way.',
  ),
};
const zAllQuotas = z.object(quotaShape);
const zQuotas = z
  .strictObject(quotaShape)
  .partial()
  .describe('Those left out keep the default of the server, or what they were.');
const zTenant = z.object({
  name: z.string(),
  createdMs: z.int(),
  quotas: zAllQuotas,
  used: zAllQuotas,
});
const zGranted = z.enum(['read', 'write', 'operator']);
const zToken = z.object({
  id: z.string(),
  scopes: z.array(zGranted),
  createdMs: z.int(),
  expiresMs: z.int().nullable(),
});

const shownTenant = ({ name, createdMs, account }: Tenant) => ({
  name,
  createdMs,
  quotas: account.limits,
  used: account.used,
});
const shownToken = ({ id, scopes, createdMs, expiresMs }: Token) => ({
  id,
  scopes,
  createdMs,
  expiresMs,
});

function tenantNamed(context: AppContext, params: unknown): Tenant {
  const tenant = context.tenants.get((params as { tenant: string }).tenant);
  if (tenant === undefined) throw new HttpProblem('no-such-thing', 'There is no such tenant.');
  return tenant;
}

const common = { scope: 'operator', tag: 'tenant' } as const;
const ofJournal = ['disk-full', 'journal-failed'] as const;

const listTenants = defineRoute({
  ...common,
  name: 'list-tenants',
  method: 'GET',
  url: '/v1/tenants',
  summary: 'List the tenants',
  doc: 'In the order of their creation, with what they may have and what they have.',
  query: z.strictObject(zPage),
  result: z.object({ items: z.array(zTenant), nextPageToken: z.string().optional() }),
  status: 200,
  errors: [],
  answer(context, { query }) {
    const page = pageOfList(context.tenants.all(), query, (tenant) => tenant.number);
    return { ...page, items: page.items.map(shownTenant) };
  },
});

const createTenant = defineRoute({
  ...common,
  name: 'create-tenant',
  method: 'POST',
  url: '/v1/tenants',
  summary: 'Make a tenant',
  doc: 'It can do nothing before it gets a token.',
  body: z.strictObject({ name: zTenantName, quotas: zQuotas.optional() }),
  result: zTenant,
  status: 201,
  errors: ['already-exists', 'too-many-tenants', ...ofJournal],
  example: { name: 'team-a', quotas: { filesystems: 10, pins: 10_000 } },
  async answer(context, { request, reply, body }) {
    const { idempotent } = request;
    const before = idempotent?.became?.kind === 'tenant' ? idempotent.became.tenant : undefined;
    if (before !== undefined && context.tenants.get(before.name) !== before)
      throw new HttpProblem(
        'answer-not-kept',
        'The tenant was created by the first request, and has been deleted since.',
      );
    const alongside =
      idempotent === null ? {} : begunRecord(idempotent.requestKey, { tenant: body.name });
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
  ...common,
  name: 'get-tenant',
  method: 'GET',
  url: '/v1/tenants/:tenant',
  summary: 'One tenant',
  doc: 'What it may have and what it has.',
  result: zTenant,
  status: 200,
  errors: ['no-such-thing'],
  answer: (context, { request }) => shownTenant(tenantNamed(context, request.params)),
});

const putQuotas = defineRoute({
  ...common,
  name: 'set-quotas',
  method: 'PUT',
  url: '/v1/tenants/:tenant/quotas',
  summary: 'Change the quotas of a tenant',
  doc: 'What the tenant already has beyond a smaller quota stays.',
  body: zQuotas,
  result: zTenant,
  status: 200,
  errors: ['no-such-thing', ...ofJournal],
  example: { pins: 100 },
  async answer(context, { request, body }) {
    const tenant = tenantNamed(context, request.params);
    if (!(await context.tenants.setQuotas(tenant, body)))
      throw new HttpProblem('no-such-thing', 'The tenant was deleted while the request ran.');
    return shownTenant(tenant);
  },
});

const deleteTenant = defineRoute({
  ...common,
  name: 'delete-tenant',
  method: 'DELETE',
  url: '/v1/tenants/:tenant',
  summary: 'Remove a tenant that has no filesystem',
  doc: 'Its tokens and the answers that were kept for it go with it.',
  result: zTenant,
  status: 200,
  errors: ['no-such-thing', 'in-use', ...ofJournal],
  async answer(context, { request }) {
    const tenant = tenantNamed(context, request.params);
    const { name, id } = tenant;
    if (name === defaultTenant)
      throw new HttpProblem(
        'in-use',
        'This is the tenant of callers without a token; it cannot be deleted.',
      );
    const gone = await context.engine.dismiss(name, (records) =>
      context.tenants.remove(name, {
        ...records,
        ...context.tokens.recordsOf(name),
        ...context.answers.recordsOf(id),
      }),
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

const listTokens = defineRoute({
  ...common,
  name: 'list-tokens',
  method: 'GET',
  url: '/v1/tenants/:tenant/tokens',
  summary: 'List the tokens of a tenant',
  doc: 'Without the tokens themselves, which nobody can read again.',
  result: z.object({ items: z.array(zToken) }),
  status: 200,
  errors: ['no-such-thing'],
  answer: (context, { request }) => ({
    items: context.tokens
      .list(tenantNamed(context, request.params).name, context.nowMs())
      .map(shownToken),
  }),
});

const createToken = defineRoute({
  ...common,
  name: 'create-token',
  method: 'POST',
  url: '/v1/tenants/:tenant/tokens',
  summary: 'Issue a token',
  doc: 'The token is in this answer and nowhere else.',
  body: z.strictObject({
    scopes: z
      .array(z.enum(['read', 'write']))
      .min(1)
      .max(2)
      .default(['read', 'write']),
    expiresInMs: z
      .int()
      .positive()
      .max(315_360_000_000)
      .optional()
      .describe('It never expires without this.'),
  }),
  result: zToken.extend({ token: z.string() }),
  status: 201,
  errors: ['no-such-thing', 'too-many-tokens', ...ofJournal],
  example: { scopes: ['read'], expiresInMs: 86_400_000 },
  async answer(context, { request, reply, body }) {
    const tenant = tenantNamed(context, request.params);
    const { name } = tenant;
    const now = context.nowMs();
    const limit = context.config.tokensPerTenantMax;
    if (context.tokens.list(name, now).length >= limit)
      throw new HttpProblem(
        'too-many-tokens',
        `A tenant may have at most ${limit} unexpired tokens; revoke one first.`,
        { limit },
      );
    const { idempotent } = request;
    const { token, secret } = await context.tokens.issue(
      name,
      body.scopes,
      now,
      body.expiresInMs === undefined ? null : now + body.expiresInMs,
      // Of nothing: what nobody heard cannot be told again.
      idempotent === null ? {} : begunRecord(idempotent.requestKey, null),
    );
    if (context.tenants.get(name) !== tenant)
      throw new HttpProblem('no-such-thing', 'The tenant was deleted while the request ran.');
    reply
      .header('location', `/v1/tenants/${name}/tokens/${token.id}`)
      .header('cache-control', 'no-store');
    return { ...shownToken(token), token: secret };
  },
});

const deleteToken = defineRoute({
  ...common,
  name: 'revoke-token',
  method: 'DELETE',
  url: '/v1/tenants/:tenant/tokens/:token',
  summary: 'Revoke a token',
  doc: 'In force at once.',
  result: z.object({ id: z.string() }),
  status: 200,
  errors: ['no-such-thing', ...ofJournal],
  async answer(context, { request }) {
    const { token } = request.params as { token: string };
    if (!(await context.tokens.revoke(tenantNamed(context, request.params).name, token)))
      throw new HttpProblem('no-such-thing', 'There is no such token.');
    return { id: token };
  },
});

export const tenantRoutes: readonly ServerRoute[] = [
  listTenants,
  createTenant,
  getTenant,
  putQuotas,
  deleteTenant,
  listTokens,
  createToken,
  deleteToken,
];
