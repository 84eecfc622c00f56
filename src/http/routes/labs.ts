// Labs: a workload under several strategies with many seeds, in threads of the server.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { labFailures, labStates } from '../../durable/records.ts';
import { zCount } from '../../kernel/units.ts';
import { pageOfList, zPage } from '../../kernel/views/define.ts';
import { textMax } from '../../lab/document.ts';
import { seedMax, seedsDefault, seedsMax } from '../../lab/lab.ts';
import type { Mistake } from '../../lab/lab-error.ts';
import { noSuch } from '../../lab/nearest.ts';
import { presets } from '../../lab/presets/index.ts';
import { zLabResult } from '../../lab/result.ts';
import { strategyNames } from '../../lab/strategies.ts';
import { hasEnded, type Lab, labId } from '../../labs/lab.ts';
import type { Created } from '../../labs/labs.ts';
import { TaskError } from '../../labs/tasks.ts';
import type { Tenant } from '../../tenants/tenants.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import { isNotModified } from '../conditional.ts';
import { bundleType, jsonType } from '../contract.ts';
import { holdBytes } from '../held-bytes.ts';
import { preferenceOf } from '../prefer.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { objectOf, parse } from '../schema.ts';
import { contractOf, defineRoute, type Handling, queryParserOf, type Route } from './define.ts';

const zLabSummary = z.object({
  id: z.string().describe('`lab_…`.'),
  state: z.enum(labStates),
  name: z.string().describe('The name of the workload.'),
  preset: z.string().optional().describe('The preset of which it was made.'),
  createdMs: zCount,
  startedMs: zCount.optional().describe('When its first run began; absent while it is queued.'),
  endedMs: zCount.optional(),
  strategies: z.array(z.string()),
  seeds: zCount.describe('How many seeds.'),
  progress: z
    .object({
      done: zCount.describe('Runs that have ended.'),
      total: zCount.describe('All runs.'),
    })
    .describe('Runs that have ended, and all runs. A run is one seed under one strategy.'),
  failure: z
    .object({
      reason: z
        .enum(labFailures)
        .describe(
          'The bound that a run reached: events, memory or time. `law`: a law of the machine ' +
            'broke. `crash`: the thread of a run ended. `size`: the result is too large.',
        ),
      detail: z.string(),
    })
    .optional()
    .describe('Why it has no result; only of a failed lab.'),
  digest: z.string().optional().describe('The digest of the result.'),
});
const zLab = zLabSummary.extend({
  result: zLabResult.optional().describe('Only of a lab that is done.'),
});

function shown({ record }: Lab): z.infer<typeof zLabSummary> {
  const { number, state, name, preset, createdMs, startedMs, endedMs } = record;
  const { strategies, seeds, done, runs, failure, digest } = record;
  return {
    id: labId(number),
    state,
    name,
    ...(preset === undefined ? {} : { preset }),
    createdMs: Math.floor(createdMs),
    ...(startedMs === undefined ? {} : { startedMs: Math.floor(startedMs) }),
    ...(endedMs === undefined ? {} : { endedMs: Math.floor(endedMs) }),
    strategies,
    seeds: seeds.length,
    progress: { done, total: runs },
    ...(failure === undefined ? {} : { failure }),
    ...(digest === undefined ? {} : { digest }),
  };
}

const tag = 'lab';

/** The lab in the URL, which is one of the caller's tenant. */
function labOf({ labs, tenants }: AppContext, request: FastifyRequest): Lab {
  const { lab: id } = request.params as { lab: string };
  const tenant = tenants.get(tenantOf(request));
  const lab = tenant === undefined ? undefined : labs.find(tenant, id);
  if (lab === undefined)
    throw new HttpProblem('no-such-thing', `There is no lab ${id}. GET /v1/labs lists them.`);
  return lab;
}

const zSeed = z.int().min(0).max(seedMax);
const labBody = z
  .strictObject({
    preset: z.string().max(64).optional().describe('A workload of GET /v1/labs/presets.'),
    workload: z
      .union([z.string().max(textMax), z.record(z.string(), z.unknown())])
      .optional()
      .describe(
        'A workload: an object, or a text in YAML or JSON. Mistakes in a text are reported with ' +
          'line and column. `pinhole lab schema` prints its JSON Schema.',
      ),
    strategies: z
      .array(z.string().max(64))
      .min(1)
      .max(64)
      .optional()
      .describe(
        `Names of strategies: ${strategyNames.join(', ')}; or \`all\`, the six without an option, ` +
          'which is the default. The others are compared to the first one.',
      ),
    seeds: z
      .union([z.int().min(1).max(seedsMax), z.array(zSeed).min(1).max(seedsMax)])
      .optional()
      .describe(`How many seeds, from 1 on, or which ones. The default is ${seedsDefault}.`),
    sweep: z
      .record(z.string().max(256), z.array(z.unknown()).min(1).max(100))
      .optional()
      .describe('One or two paths of the workload, each with its values; replaces its sweep.'),
  })
  .refine(({ preset, workload }) => (preset === undefined) !== (workload === undefined), {
    message: 'give either preset or workload',
  });

const location = { Location: 'The URL of the lab.' };
const createContract = contractOf({
  name: 'create-lab',
  method: 'POST',
  url: '/v1/labs',
  scope: 'write',
  tag,
  summary: 'Run a workload under several strategies',
  doc:
    'The lab runs in threads of the server. The answer is 202 with its Location; with `Prefer: ' +
    'wait=n` it is 200 with the result if the lab ends in this time. All mistakes in the request ' +
    'are reported before anything runs. The same request gives the same result, byte for byte.',
  body: { type: jsonType, schema: labBody },
  answers: [
    { status: 200, doc: 'It ended in the time of Prefer.', content: { [jsonType]: zLab } },
    { status: 202, doc: 'It waits or runs.', content: { [jsonType]: zLab }, headers: location },
  ],
  problems: ['invalid-workload', 'labs-busy', 'eopnotsupp', 'edquot', 'memory-full', 'not-ready'],
  waits: true,
  durable: true,
  conditions: 'answer',
});

function createHandling(context: AppContext): Handling {
  const { labs, config } = context;
  const queryOf = queryParserOf(createContract.query);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    queryOf(request);
    const asked = parse(labBody, objectOf(request.body));
    if (isNotModified(request, null)) return reply.code(304).send();
    const { waitMs, applied } = preferenceOf(request.headers.prefer, config);
    const { preset } = asked;
    if (preset !== undefined && !presets.has(preset))
      throw invalidWorkload([
        { path: 'preset', message: noSuch('preset', preset, [...presets.keys()]) },
      ]);
    const { idempotent } = request;
    const lab =
      idempotent?.became?.kind === 'lab'
        ? idempotent.became.lab
        : createdOf(
            await orProblem(
              labs.create(callingTenant(context, request), asked, idempotent?.requestKey),
            ),
          );
    if (applied !== null) reply.header('preference-applied', applied);
    if (applied?.startsWith('wait') === true) await labs.whenEnded(lab, waitMs);
    reply.header('location', `/v1/labs/${labId(lab.record.number)}`);
    // A string, because only such an answer is kept for its Idempotency-Key.
    return sendLab(context, reply.code(hasEnded(lab.record) ? 200 : 202), lab, { as: 'string' });
  };
  return { handler };
}

function callingTenant({ tenants }: AppContext, request: FastifyRequest): Tenant {
  const name = tenantOf(request);
  const tenant = tenants.get(name);
  if (tenant === undefined)
    throw new HttpProblem('unauthorized', `The tenant ${name} was deleted.`);
  return tenant;
}

function createdOf(created: Created): Lab {
  if (created.kind === 'lab') return created.lab;
  if (created.kind === 'refused') throw new KernelFailure(created.failure);
  if (created.kind === 'mistakes') throw invalidWorkload(created.mistakes);
  const { why, limit } = created;
  throw new HttpProblem('labs-busy', why, limit === undefined ? {} : { limit });
}

/** A document can have any number of mistakes; the first few are shown. */
const mistakesShown = 16;

function invalidWorkload(mistakes: readonly Mistake[]): HttpProblem {
  const fields = mistakes.slice(0, mistakesShown).map(({ path, message, line, column }) => ({
    field: /^(seeds|strategies|preset)\b/.test(path) ? path : ['workload', path].join('.'),
    message: message.slice(0, 512),
    ...(line === undefined ? {} : { line, column }),
  }));
  const places = fields.map(({ field, message, line, column }) =>
    line === undefined
      ? `${field}: ${message}`
      : `line ${line}, column ${column}: ${field}: ${message}`,
  );
  const more = mistakes.length - fields.length;
  const rest = more > 0 ? ` There are ${more} more.` : '';
  const detail = `${places.join('. ')}.${rest}`.replaceAll('?.', '?');
  return new HttpProblem('invalid-workload', detail, { fields });
}

/** A TaskError as a problem of the request. */
async function orProblem<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof TaskError)) throw error;
    if (error.kind === 'stopping') throw new HttpProblem('not-ready', error.message);
    if (error.kind === 'busy') throw new HttpProblem('labs-busy', error.message);
    throw new HttpProblem('invalid-workload', error.message);
  }
}

/** The result is inserted as it is stored, without being parsed. */
async function sendLab(
  context: AppContext,
  reply: FastifyReply,
  lab: Lab,
  { as }: { as: 'string' | 'bytes' },
): Promise<FastifyReply> {
  const { checkReplies, labs } = context;
  holdBytes(context, reply.request, reply, lab.record.bytes ?? 0);
  const result = await labs.result(lab);
  const head = JSON.stringify(shown(lab));
  const parts =
    result === null
      ? [Buffer.from(head)]
      : [Buffer.from(`${head.slice(0, -1)},"result":`), result, Buffer.from('}')];
  const bytes = Buffer.concat(parts);
  if (checkReplies) zLab.parse(JSON.parse(bytes.toString()));
  return reply
    .header('content-type', `${jsonType}; charset=utf-8`)
    .send(as === 'string' ? bytes.toString() : bytes);
}

const getContract = contractOf({
  name: 'get-lab',
  url: '/v1/labs/:lab',
  scope: 'read',
  tag,
  summary: 'One lab, with its result',
  doc: 'With `Prefer: wait=n` the answer waits until the lab has ended, or for n seconds.',
  answers: [{ status: 200, doc: 'The current state.', content: { [jsonType]: zLab } }],
  problems: ['no-such-thing', 'edquot', 'memory-full'],
  waits: true,
  conditions: 'answer',
});

function getHandling(context: AppContext): Handling {
  const queryOf = queryParserOf(getContract.query);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    queryOf(request);
    const lab = labOf(context, request);
    if (isNotModified(request, null)) return reply.code(304).send();
    if (request.headers.prefer !== undefined) {
      const { waitMs, applied } = preferenceOf(request.headers.prefer, context.config);
      if (applied?.startsWith('wait') === true) {
        reply.header('preference-applied', applied);
        await context.labs.whenEnded(lab, waitMs);
      }
    }
    return sendLab(context, reply, lab, { as: 'bytes' });
  };
  return { handler };
}

const listLabs = defineRoute({
  name: 'list-labs',
  url: '/v1/labs',
  scope: 'read',
  tag,
  summary: 'List the labs',
  doc:
    'In the order of their creation, without their results. The oldest ended labs are removed ' +
    'when there are more than the quota labsKept.',
  query: z.strictObject(zPage),
  result: z.object({ items: z.array(zLabSummary), nextPageToken: z.string().optional() }),
  answer(context, { request, query }) {
    const all = context.labs.list(callingTenant(context, request));
    const page = pageOfList(all, query, ({ record }) => record.number);
    return { ...page, items: page.items.map(shown) };
  },
});

const deleteLab = defineRoute({
  name: 'delete-lab',
  method: 'DELETE',
  url: '/v1/labs/:lab',
  scope: 'write',
  tag,
  summary: 'Cancel a lab, or remove one that has ended',
  doc:
    'A lab that waits or runs is cancelled: its runs end at once, and it stays readable. A lab ' +
    'that has ended is removed with its result; after that it is not found.',
  result: zLabSummary,
  durable: true,
  problems: ['no-such-thing'],
  async answer(context, { request }) {
    const lab = labOf(context, request);
    if (!(await context.labs.cancel(lab))) await context.labs.remove(lab);
    return shown(lab);
  },
});

/** The stored result of the lab in the URL. */
async function resultOf(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ lab: Lab; json: Uint8Array }> {
  const lab = labOf(context, request);
  const { state, bytes = 0 } = lab.record;
  if (state !== 'done')
    throw new HttpProblem(
      'lab-has-no-result',
      `The lab ${labId(lab.record.number)} is ${state}. ` +
        (hasEnded(lab.record)
          ? 'It will have no result; run it again.'
          : 'Wait for its end: GET it with Prefer: wait=60.'),
    );
  // The result, its parsed form in the thread, and the answer.
  holdBytes(context, request, reply, 3 * bytes);
  const json = await context.labs.result(lab);
  if (json === null) throw new HttpProblem('no-such-thing', 'The lab was removed meanwhile.');
  return { lab, json };
}

const csvContract = contractOf({
  name: 'get-lab-csv',
  url: '/v1/labs/:lab/result.csv',
  scope: 'read',
  tag,
  summary: 'The figures of a lab as CSV',
  doc: 'A line for each figure of each strategy, at each point of the sweep.',
  answers: [{ status: 200, doc: 'The figures.', content: { 'text/csv': 'text' } }],
  problems: [
    'no-such-thing',
    'lab-has-no-result',
    'labs-busy',
    'edquot',
    'memory-full',
    'not-ready',
  ],
});

function csvHandling(context: AppContext): Handling {
  const queryOf = queryParserOf(csvContract.query);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    queryOf(request);
    const { lab, json } = await resultOf(context, request, reply);
    const csv = await orProblem(context.labs.tasks.csv(json));
    return reply
      .header('content-type', 'text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="${lab.record.name}.csv"`)
      .send(Buffer.from(csv));
  };
  return { handler };
}

const findingContract = contractOf({
  name: 'get-lab-finding',
  url: '/v1/labs/:lab/findings/:finding/bundle',
  scope: 'read',
  tag,
  summary: 'A finding of a lab as a bundle',
  doc:
    'The machine shortly before a deadlock, hang, starvation or foreign write, and the commands ' +
    'up to that moment. POST /v1/filesystems?name=… with it opens a stepped filesystem that ' +
    'stands at the moment before. The note of the bundle says what happens next. The run is ' +
    'repeated up to there, which takes as long as the run did.',
  answers: [{ status: 200, doc: 'The bundle.', content: { [bundleType]: 'bytes' } }],
  problems: [
    'no-such-thing',
    'lab-has-no-result',
    'labs-busy',
    'efbig',
    'edquot',
    'memory-full',
    'not-ready',
    'invalid-workload',
  ],
});

function findingHandling(context: AppContext): Handling {
  const queryOf = queryParserOf(findingContract.query);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    queryOf(request);
    const { finding } = request.params as { finding: string };
    const { lab, json } = await resultOf(context, request, reply);
    const number = /^[1-9]\d{0,6}$/.test(finding) ? Number(finding) : 0;
    const task = { json, finding: number, bytesMax: context.config.contentBytesMax };
    const bundle = await orProblem(context.labs.tasks.bundle(task));
    if ('missing' in bundle)
      throw new HttpProblem(
        'no-such-thing',
        bundle.missing === 0
          ? 'The lab has found nothing.'
          : `There is no finding ${finding}. The findings of this lab are 1 to ${bundle.missing}.`,
      );
    if ('tooLarge' in bundle) throw new HttpProblem('efbig', bundle.tooLarge);
    const file = `${lab.record.name}-${number}.pinhole`;
    return reply
      .header('content-type', bundleType)
      .header('content-disposition', `attachment; filename="${file}"`)
      .send(Buffer.from(bundle));
  };
  return { handler };
}

const zPreset = z.object({
  name: z.string(),
  about: z.string().describe('One line.'),
  source: z.string().describe('Where the case is from.'),
});

const listPresets = defineRoute({
  name: 'list-lab-presets',
  url: '/v1/labs/presets',
  scope: 'read',
  tag,
  summary: 'List the workloads that come with the lab',
  doc: 'Each is a documented case with its source.',
  result: z.object({ items: z.array(zPreset) }),
  answer: () => ({
    items: [...presets].map(([name, { title, source }]) => ({ name, about: title, source })),
  }),
});

const getPreset = defineRoute({
  name: 'get-lab-preset',
  url: '/v1/labs/presets/:preset',
  scope: 'read',
  tag,
  summary: 'One of the workloads that come with the lab',
  doc: 'To change it and run it.',
  result: zPreset.extend({ text: z.string().describe('The document in YAML.') }),
  problems: ['no-such-thing'],
  answer(_, { request }) {
    const { preset: name } = request.params as { preset: string };
    const preset = presets.get(name);
    if (preset === undefined)
      throw new HttpProblem('no-such-thing', `${noSuch('preset', name, [...presets.keys()])}.`);
    const { title, source, text } = preset;
    return { name, about: title, source, text };
  },
});

export const labRoutes: readonly Route[] = [
  { contracts: [createContract], handle: createHandling },
  listLabs,
  listPresets,
  getPreset,
  { contracts: [getContract], handle: getHandling },
  deleteLab,
  { contracts: [csvContract], handle: csvHandling },
  { contracts: [findingContract], handle: findingHandling },
];
