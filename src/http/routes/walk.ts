// The walk through a stepped filesystem: its steps, and the choices before each.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HostedFilesystem } from '../../engine/engine.ts';
import {
  type Choice,
  choicesOf,
  copyBytes,
  startFrom,
  verdictsOfChoices,
} from '../../kernel/choices.ts';
import { failure } from '../../kernel/errno.ts';
import { search } from '../../kernel/explore.ts';
import { requestArgsOf } from '../../kernel/ops/request-args.ts';
import { schedulerStep } from '../../kernel/ops/scheduler-step.ts';
import { zCount } from '../../kernel/units.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import { addConditions, conditionsOf, nothingMatches } from '../conditional.ts';
import { jsonType } from '../contract.ts';
import { commandOf, commandParserOf } from '../operation-command.ts';
import { KernelFailure, sendFailure } from '../problem.ts';
import { objectOf, parse, serializerOf } from '../schema.ts';
import { searchInSlices } from '../searches.ts';
import { cursorOf } from '../stream/cursor.ts';
import { zEvent } from '../stream/event-schema.ts';
import { hostedOf, targetOf } from '../target.ts';
import { endings, untils, walk } from '../walk.ts';
import { defineRoute, type Handling, type Route } from './define.ts';
import { operationContract } from './operation.ts';

const zChoice = z.object({
  task: z.string().describe('The id of an operation, kworker or timer.'),
  nextStep: z.string().describe('The step that it would take; see docs/steps.md.'),
  touches: z
    .string()
    .nullable()
    .describe(
      'What the step touches: `lock:a:invalidate_lock`, `page:17` or `entry:a:0` as in the wait ' +
        'graph, or `file:a`, or an id.',
    ),
});
const zCursor = z.string().describe('The cursor of the event stream, `<epoch>.<seq>`.');

const zWalkArgs = z.object({
  until: z
    .enum(untils)
    .optional()
    .describe(
      'Takes steps until an operation falls asleep, a deadlock is found, or all operations have ' +
        'ended. With `task` only that operation takes steps, and the walk ends when it sleeps or ' +
        'ends.',
    ),
  random: z
    .strictObject({
      seed: z
        .int()
        .min(0)
        .max(2 ** 32 - 1),
    })
    .optional()
    .describe('Chooses the task of each step by chance. Not together with `task`.'),
});
type WalkArgs = z.infer<typeof zWalkArgs>;

const zWalked = (schedulerStep.result as z.ZodObject).extend({
  steps: zCount.describe('How many steps were taken.'),
  ended: z
    .enum(endings)
    .describe(
      'Why no further step was taken: one step was asked for; what `until` names has happened; ' +
        'nobody can take a step that changes anything (idle); or a limit was reached, and the ' +
        'same request goes on.',
    ),
  events: z
    .array(zEvent)
    .describe('The events of the steps, as in the event stream, with what happened in between.'),
  eventsOmitted: zCount.describe('Events that are not in the answer, because there were too many.'),
  runnable: z.array(zChoice).describe('Who can take a step now.'),
  cursor: zCursor,
});

/** The operation scheduler-step with an answer for each request, however many steps it takes. */
function stepRoute(): Route {
  const contract = operationContract(schedulerStep);
  const args = (schedulerStep.args as z.ZodObject).safeExtend(requestArgsOf(schedulerStep).shape);
  const schema = args.safeExtend(zWalkArgs.shape);
  return {
    contracts: [
      {
        ...contract,
        doc:
          `${schedulerStep.doc} \`until\` takes steps until something happens, at most ` +
          'limits.walkStepsMax of them, each an entry of the log of its own.',
        body: { type: jsonType, schema },
        answers: [{ status: 200, doc: 'Done.', content: { [jsonType]: zWalked } }],
      },
    ],
    handle: stepHandling,
  };
}

function stepHandling(context: AppContext): Handling {
  const { engine, config } = context;
  const parser = commandParserOf(schedulerStep);
  const toJson = serializerOf(zWalked, context);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { idempotent } = request;
    const became = idempotent?.became?.kind === 'operation' ? idempotent.became : null;
    const found = became ?? targetOf(engine, request, 'filesystem');
    if (found.fs === null) {
      if (request.headers['if-match'] !== undefined) throw nothingMatches();
      return sendFailure(reply, found.failure);
    }
    const { fs } = found;
    const { walkArgs, rest } = splitBody(request);
    const { method, headers, query } = request;
    const asked = { method, headers, query, body: rest };
    const preference = { waitMs: 0, async: false, applied: null };
    const command = commandOf(parser, asked, {}, { preference, stepped: true });
    const conditions = conditionsOf(headers);
    if (conditions !== null) addConditions(command, fs, 'filesystem', conditions);
    const { task } = command.args as { task?: string };
    refuseTaskByChance(task, walkArgs);
    const walked = await walk(
      fs,
      {
        command,
        task,
        until: walkArgs.until,
        seed: walkArgs.random?.seed,
        key: idempotent?.requestKey,
        began: became?.submission ?? null,
      },
      {
        stepsMax: config.walkStepsMax,
        isOver: () => reply.raw.destroyed || engine.draining,
      },
    );
    return reply.header('content-type', `${jsonType}; charset=utf-8`).send(toJson(reply, walked));
  };
  return { handler };
}

/** What is not for the kernel. */
function splitBody({ body }: FastifyRequest): { walkArgs: WalkArgs; rest: object } {
  const { until, random, ...rest } = objectOf(body);
  return { walkArgs: parse(zWalkArgs, { until, random }), rest };
}

function refuseTaskByChance(task: string | undefined, { random }: WalkArgs): void {
  if (task === undefined || random === undefined) return;
  parse(z.strictObject({ task: z.undefined('Not together with `random`.') }), { task });
}

const verdictWords = ['completes', 'deadlock', 'hangs', 'starves', 'unknown'] as const;
type VerdictWord = (typeof verdictWords)[number];

const choicesRoute = defineRoute({
  name: 'get-choices',
  url: '/v1/filesystems/:fs/choices',
  scope: 'read',
  tag: 'filesystem',
  summary: 'List who can take the next step of a stepped filesystem, and where it leads',
  doc:
    'The tasks that can take a step, in the order of the run queue, and the next timer of a ' +
    'manual clock. With explore=true a search tries every order of the steps that can follow and ' +
    'adds what can come of each choice. It assumes that nobody makes a new call, and that an ' +
    'owner that is not in a call releases its pins sooner or later. `completes`: in some orders ' +
    'all operations end. `hangs`: an operation sleeps and nothing wakes it. `starves` takes calls ' +
    'that come again and again, so only stories have it. `unknown`: the search ' +
    'ended at a limit before all states were seen. The filesystem does not change.',
  query: z.strictObject({
    explore: z.boolean().default(false).describe('Search what can follow each choice.'),
  }),
  result: z.object({
    choices: z
      .array(
        zChoice.extend({
          verdicts: z
            .array(z.enum(verdictWords))
            .optional()
            .describe('What can come of this choice, with explore=true.'),
          freesUnderPin: z
            .literal(true)
            .optional()
            .describe('In some orders a block is freed under a pin.'),
        }),
      )
      .describe('In the order of the run queue, and the clock at the end.'),
    cursor: zCursor,
    commands: zCount.describe(
      'How many commands the filesystem has applied, each step counted; a fork counts on.',
    ),
    explored: z
      .object({
        states: zCount.describe('How many states the search has found.'),
        complete: z.boolean().describe('All states were seen.'),
        why: z.string().optional().describe('Why not.'),
      })
      .optional()
      .describe('The search of explore=true.'),
  }),
  problems: ['enoent', 'eopnotsupp', 'edquot', 'memory-full'],
  async answer(context, { request, query }) {
    const fs = hostedOf(context.engine, request);
    fs.requireRunning();
    const { kernel, ring } = fs;
    if (kernel.geometry.scheduler !== 'stepped') {
      const why = 'the scheduler of this filesystem is auto; only a stepped one has choices';
      throw new KernelFailure(failure('EOPNOTSUPP', 'SC1', why));
    }
    const choices = choicesOf(kernel);
    const cursor = cursorOf(ring.epoch, ring.nextSeq - 1);
    const commands = kernel.seq;
    if (!query.explore) return { choices, cursor, commands };
    return { cursor, commands, ...(await exploreChoices(context, tenantOf(request), fs, choices)) };
  },
});

/** The states that a search remembers at the same time, in bytes. */
const searchBytesMax = 16 * 1024 * 1024;
/** Breadth first, it remembers those that it has found and not gone on from yet. */
const rememberedPart = 1 / 4;

async function exploreChoices(
  { engine, config }: AppContext,
  tenant: string,
  { kernel }: HostedFilesystem,
  choices: readonly Choice[],
) {
  const notRun = (why: string) => ({
    choices: choices.map((choice) => ({ ...choice, verdicts: ['unknown' as const] })),
    explored: { states: 0, complete: false, why },
  });
  const bytes = Math.ceil(copyBytes(kernel) * rememberedPart);
  const start = startFrom(kernel);
  if ('tooLarge' in start) return notRun(start.tooLarge);
  const statesMax = Math.min(config.exploreStatesMax, Math.floor(searchBytesMax / bytes));
  const held = engine.hold(tenant, statesMax * bytes);
  if (typeof held !== 'function') throw new KernelFailure(held.failure);
  try {
    const explored = await searchInSlices(tenant, search(start, { statesMax }), config.exploreMs);
    if (explored === null) return notRun('too many searches are running; ask again later');
    const found = verdictsOfChoices(start, explored);
    const complete = explored.open.size === 0;
    const why = complete
      ? {}
      : { why: `the search ended after ${statesMax} states or ${config.exploreMs} ms` };
    return {
      choices: choices.map((choice) => withVerdicts(choice, found.get(choice.task))),
      explored: { states: explored.nodes.length, complete, ...why },
    };
  } finally {
    held();
  }
}

function withVerdicts(choice: Choice, found: ReadonlySet<string> = new Set(['unknown'])) {
  const verdicts = verdictWords.filter((word): word is VerdictWord => found.has(word));
  return {
    ...choice,
    verdicts,
    ...(found.has('frees under the pin') ? { freesUnderPin: true as const } : {}),
  };
}

export const walkRoutes: readonly Route[] = [stepRoute(), choicesRoute];
