// Filesystems as a whole, and what this server is.

import { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import { mkfsArgs, sizeBytesMin } from '../../kernel/ops/mkfs.ts';
import { strategies } from '../../kernel/reclaim/index.ts';
import { pageSizeMax } from '../../kernel/records/contract.ts';
import type { View } from '../../kernel/views/define.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import { views } from '../../kernel/views/index.ts';
import { quotaNames } from '../../tenants/quotas.ts';
import { version } from '../../version.ts';
import { tenantOf } from '../auth.ts';
import { etagOfFilesystem } from '../conditional.ts';
import {
  HttpProblem,
  isProblemType,
  KernelFailure,
  problemTable,
  problemTypes,
} from '../problem.ts';
import { jsonSchemaOf } from '../schema.ts';
import { defineRoute, type ServerRoute } from './define.ts';

function viewNamed(name: string): View {
  const view = views.get(name);
  if (view === undefined) throw new Error(`the registry of views has no ${name}`);
  return view;
}

const filesystemView = viewNamed('filesystem');

function statfs(fs: HostedFilesystem): unknown {
  const read = fs.view(filesystemView, {}, {});
  if (!read.ok) throw new KernelFailure(read.failure);
  return read.result;
}

const mkfs = defineRoute({
  name: 'mkfs',
  method: 'POST',
  url: '/v1/filesystems',
  scope: 'write',
  tag: 'filesystem',
  summary: 'Make a filesystem on a new simulated pmem namespace',
  doc: 'Only name and sizeBytes are required. The strategy defaults to what the chosen kernel does for the chosen kind.',
  body: mkfsArgs,
  result: filesystemView.result,
  status: 201,
  errors: [
    'ebusy',
    'eexist',
    'einval',
    'eopnotsupp',
    'edquot',
    'too-many-filesystems',
    'memory-full',
    'disk-full',
    'journal-failed',
  ],
  example: {
    name: 'scratch',
    sizeBytes: 67_108_864,
    kind: 'xfs',
    kernel: '7.3',
    strategy: { name: 'break-layouts' },
  },
  async answer(context, { request, reply, body }) {
    const { idempotent } = request;
    const made =
      idempotent?.became?.kind === 'filesystem'
        ? { ok: true as const, fs: idempotent.became.fs }
        : await context.engine.create(tenantOf(request), body, idempotent?.requestKey);
    if (!made.ok) throw new KernelFailure(made.failure);
    reply
      .header('location', `/v1/filesystems/${made.fs.name}`)
      .header('etag', etagOfFilesystem(made.fs));
    return statfs(made.fs);
  },
});

const listFilesystems = defineRoute({
  name: 'list-filesystems',
  method: 'GET',
  url: '/v1/filesystems',
  scope: 'read',
  tag: 'filesystem',
  summary: 'List the filesystems of the tenant',
  doc: 'In the order of their creation.',
  query: z.strictObject(zPage),
  result: z.object({ items: z.array(filesystemView.result), nextPageToken: z.string().optional() }),
  status: 200,
  errors: [],
  answer(context, { request, query }) {
    const page = pageOfList(context.engine.list(tenantOf(request)), query, (fs) => fs.number);
    // One that stopped has no state worth showing, but must not hide the others.
    return {
      ...page,
      items: page.items.filter((fs) => fs.stopped === null).map((fs) => statfs(fs)),
    };
  },
});

const zMap = z.record(z.string(), z.unknown());

const capabilities = defineRoute({
  name: 'capabilities',
  method: 'GET',
  url: '/v1',
  scope: 'read',
  tag: 'server',
  summary: 'What this server can do',
  doc: 'Kinds, kernels and strategies to choose from, the limits in force, and what an answer of 2xx promises.',
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
        quotas: z.record(z.string(), z.object({ limit: z.int(), used: z.int() })),
      })
      .nullable(),
    scopes: z.array(z.string()),
  }),
  status: 200,
  errors: [],
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
              quotas: Object.fromEntries(
                quotaNames.map((name) => [
                  name,
                  { limit: tenant.account.limits[name], used: tenant.account.used[name] },
                ]),
              ),
            },
      scopes: request.caller?.scopes ?? [],
    };
  },
});

const zProblemRow = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});
const shownRow = (type: keyof typeof problemTable) => {
  const { title, status, doc } = problemTable[type];
  return { type: `/v1/problems/${type}`, title, status, detail: doc };
};

const listProblems = defineRoute({
  name: 'list-problems',
  method: 'GET',
  url: '/v1/problems',
  scope: 'public',
  tag: 'server',
  summary: 'Every problem type',
  doc: 'What the `type` of a problem can be.',
  result: z.object({ items: z.array(zProblemRow) }),
  status: 200,
  errors: [],
  answer: () => ({ items: problemTypes.map(shownRow) }),
});

const getProblem = defineRoute({
  name: 'get-problem',
  method: 'GET',
  url: '/v1/problems/:problem',
  scope: 'public',
  tag: 'server',
  summary: 'One problem type',
  doc: 'Where the `type` of a problem leads.',
  result: zProblemRow,
  status: 200,
  errors: ['no-such-thing'],
  answer(_door, { request }) {
    const { problem } = request.params as { problem: string };
    if (!isProblemType(problem))
      throw new HttpProblem('no-such-thing', 'There is no such problem type.');
    return shownRow(problem);
  },
});

export const filesystemRoutes: readonly ServerRoute[] = [
  capabilities,
  mkfs,
  listFilesystems,
  listProblems,
  getProblem,
];
