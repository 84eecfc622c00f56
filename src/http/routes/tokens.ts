// Tokens of tenants. Only for the operator scope.
import { z } from 'zod';
import { begunChange } from '../../durable/records.ts';
import { zCount } from '../../kernel/units.ts';
import type { Token } from '../../tenants/tokens.ts';
import { HttpProblem } from '../problem.ts';
import { defineRoute, type Route } from './define.ts';
import { ofOperator, tenantNamed } from './tenants.ts';

const zGranted = z.enum(['read', 'write', 'operator']);
const zToken = z.object({
  id: z.string(),
  scopes: z.array(zGranted),
  createdMs: zCount,
  expiresMs: zCount.nullable(),
});

const shownToken = ({ id, scopes, createdMs, expiresMs }: Token) => ({
  id,
  scopes,
  createdMs,
  expiresMs,
});

const listTokens = defineRoute({
  ...ofOperator,
  name: 'list-tokens',
  url: '/v1/tenants/:tenant/tokens',
  summary: 'List the tokens of a tenant',
  doc: 'The tokens themselves are not shown; they cannot be read again.',
  result: z.object({ items: z.array(zToken) }),
  answer: (context, { request }) => ({
    items: context.tokens
      .list(tenantNamed(context, request.params).name, context.nowMs())
      .map(shownToken),
  }),
});

const createToken = defineRoute({
  ...ofOperator,
  name: 'create-token',
  method: 'POST',
  url: '/v1/tenants/:tenant/tokens',
  summary: 'Issue a token',
  doc: 'Only this answer contains the token.',
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
      .describe('Without it the token never expires.'),
  }),
  result: zToken.extend({ token: z.string() }),
  status: 201,
  problems: ['too-many-tokens'],
  durable: true,
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
      // Null, because the secret of the token cannot be shown again.
      idempotent === null ? [] : [begunChange(idempotent.requestKey, null)],
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
  ...ofOperator,
  name: 'revoke-token',
  method: 'DELETE',
  url: '/v1/tenants/:tenant/tokens/:token',
  summary: 'Revoke a token',
  doc: 'Takes effect at once.',
  result: z.object({ id: z.string() }),
  durable: true,
  async answer(context, { request }) {
    const { token } = request.params as { token: string };
    if (!(await context.tokens.revoke(tenantNamed(context, request.params).name, token)))
      throw new HttpProblem('no-such-thing', 'There is no such token.');
    return { id: token };
  },
});

export const tokenRoutes: readonly Route[] = [listTokens, createToken, deleteToken];
