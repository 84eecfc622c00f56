// What this server is and can do.
import { z } from 'zod';
import { mkfsArgs, sizeBytesMin } from '../../kernel/ops/mkfs.ts';
import { strategies } from '../../kernel/reclaim/index.ts';
import { pageSizeMax } from '../../kernel/records/contract.ts';
import { zCount } from '../../kernel/units.ts';
import { byQuota } from '../../tenants/quotas.ts';
import { scopes } from '../../tenants/tokens.ts';
import { version } from '../../version.ts';
import { tokenNeeded, tokenNeededDoc } from '../auth.ts';
import { jsonSchemaOf } from '../schema.ts';
import { defineRoute } from './define.ts';

const zMap = z.record(z.string(), z.unknown());

export const capabilitiesRoute = defineRoute({
  name: 'capabilities',
  url: '/v1',
  scope: 'any',
  tag: 'server',
  summary: 'What this server can do, and who is calling',
  doc:
    'The available kinds, kernels and strategies, the limits of this server, how durable a 2xx ' +
    'answer is, and what the caller may do. Every token may ask, also that of the operator.',
  result: z.object({
    name: z.string(),
    version: z.string(),
    durability: z.enum(['memory', 'disk', 'engine']),
    kinds: z.array(z.string()),
    kernels: z.array(z.string()),
    strategies: z.array(
      z.object({ name: z.string(), summary: z.string(), doc: z.string(), options: zMap }),
    ),
    limits: z.record(z.string(), z.number()),
    tenant: z
      .object({
        name: z.string(),
        quotas: z.record(z.string(), z.object({ limit: zCount, used: zCount })),
      })
      .nullable()
      .describe('The tenant of the caller; null for the operator token, which has none.'),
    scopes: z
      .array(z.enum(scopes))
      .describe(
        'What the caller may do. Without `write` every call that changes something is refused; ' +
          'with `operator` the caller may manage tenants and tokens.',
      ),
    token: z
      .object({
        id: z.string().describe('The id under which the operator can revoke the token.'),
        expiresMs: zCount.nullable().describe('Null if it never expires.'),
      })
      .nullable()
      .describe('The token of the call; null without one.'),
    tokenNeeded: z.boolean().describe(tokenNeededDoc),
  }),
  answer(context, { request }) {
    const { config } = context;
    const limits = Object.entries({ ...config, sizeBytesMin, pageSizeMax }).filter(
      ([name, value]) => typeof value === 'number' && name !== 'port' && !name.startsWith('quota'),
    );
    const { caller } = request;
    const tenant = context.tenants.get(caller?.tenant ?? '');
    return {
      name: 'pinhole',
      version,
      durability: context.engine.durability,
      kinds: mkfsArgs.shape.kind.def.innerType.options,
      kernels: mkfsArgs.shape.kernel.def.innerType.options,
      strategies: [...strategies.values()].map(({ name, summary, doc, options }) => ({
        name,
        summary,
        doc,
        options: jsonSchemaOf(options, 'input'),
      })),
      limits: Object.fromEntries(limits),
      tenant:
        tenant === undefined
          ? null
          : {
              name: tenant.name,
              quotas: byQuota((name) => ({
                limit: tenant.account.limits[name],
                used: tenant.account.used[name],
              })),
            },
      scopes: caller?.scopes ?? [],
      token:
        caller?.id === undefined ? null : { id: caller.id, expiresMs: caller.expiresMs ?? null },
      tokenNeeded: tokenNeeded(config),
    };
  },
});
