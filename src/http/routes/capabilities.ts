// What this server is and can do.
import { z } from 'zod';
import { mkfsArgs, sizeBytesMin } from '../../kernel/ops/mkfs.ts';
import { strategies } from '../../kernel/reclaim/index.ts';
import { pageSizeMax } from '../../kernel/records/contract.ts';
import { zCount } from '../../kernel/units.ts';
import { byQuota } from '../../tenants/quotas.ts';
import { version } from '../../version.ts';
import { jsonSchemaOf } from '../schema.ts';
import { defineRoute } from './define.ts';

const zMap = z.record(z.string(), z.unknown());

export const capabilitiesRoute = defineRoute({
  name: 'capabilities',
  url: '/v1',
  scope: 'read',
  tag: 'server',
  summary: 'What this server can do',
  doc:
    'The available kinds, kernels and strategies, the limits of this server, and how durable a ' +
    '2xx answer is.',
  result: z.object({
    name: z.string(),
    version: z.string(),
    durability: z.enum(['memory', 'disk']),
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
      .nullable(),
    scopes: z.array(z.string()),
  }),
  answer(context, { request }) {
    const { config } = context;
    const limits = Object.entries({ ...config, sizeBytesMin, pageSizeMax }).filter(
      ([name, value]) => typeof value === 'number' && name !== 'port' && !name.startsWith('quota'),
    );
    const tenant = context.tenants.get(request.caller?.tenant ?? '');
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
      scopes: request.caller?.scopes ?? [],
    };
  },
});
