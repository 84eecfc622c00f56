// The same commands under each strategy. A worker thread plays them; no filesystem changes.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { entriesAfter, openBundle } from '../../bundle/read.ts';
import { allStrategies, type Choice, type Course } from '../../compare/compare.ts';
import { ComparisonError } from '../../compare/comparisons.ts';
import { courseOfEntries } from '../../compare/play.ts';
import { courseOfStory } from '../../compare/story-course.ts';
import { zComparison } from '../../compare/table.ts';
import type { CommandSource, CompareAnswer } from '../../compare/worker.ts';
import type { LoggedEntry } from '../../durable/log.ts';
import { type HostedFilesystem, kernelLimits } from '../../engine/engine.ts';
import { spanOf } from '../../engine/past.ts';
import { type Errno, failure } from '../../kernel/errno.ts';
import { emptyMemory, memoryOf } from '../../kernel/memory.ts';
import { mkfsArgs, zStrategyChoice } from '../../kernel/ops/mkfs.ts';
import { chooseStrategy } from '../../kernel/reclaim/index.ts';
import type { Geometry } from '../../kernel/state.ts';
import { zCommand } from '../../script/command-json.ts';
import { strategyOfColumn } from '../../stories/story.ts';
import type { AppContext } from '../app-context.ts';
import { tenantOf } from '../auth.ts';
import { isNotModified } from '../conditional.ts';
import { type Contract, jsonType } from '../contract.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { objectOf, parse, problemOfIssues } from '../schema.ts';
import { zFrom } from '../stream/messages.ts';
import { hostedOf } from '../target.ts';
import { boundsOf, orFailure, signalOf } from './bundle.ts';
import { contractOf, type Route } from './define.ts';
import { eventAt } from './span.ts';
import { storyOf } from './story.ts';

const zStrategies = z
  .array(z.union([z.string().max(64), zStrategyChoice]))
  .min(1)
  .max(32)
  .default(['all'])
  .describe(
    'Names of strategies, or names with options as in PUT …/strategy. `all` stands for each ' +
      'strategy with the options that the kernel has by default. The names in the stories, such ' +
      'as ' +
      '`break-layouts classic`, are known too.',
  );
type Strategies = z.infer<typeof zStrategies>;

const zMkfs = mkfsArgs
  .extend({
    name: mkfsArgs.shape.name.default('compared'),
    sizeBytes: mkfsArgs.shape.sizeBytes.default(2 ** 20),
    clock: mkfsArgs.shape.clock.unwrap().default('manual'),
  })
  .prefault({})
  .describe(
    'The filesystem on which the commands begin, as in POST /v1/filesystems; 1 MiB by default. ' +
      'Its clock moves only with the commands `clock-advance`.',
  );

const commandsBody = z.strictObject({
  mkfs: zMkfs,
  commands: z
    .array(zCommand)
    .describe('The commands in order. The time of `clock-advance` passes under each strategy.'),
  strategies: zStrategies,
});
const storyBody = z.strictObject({
  story: z.string().max(64).describe('The id of a story, such as S01; see GET /v1/stories.'),
  strategies: zStrategies,
});
const bundleBody = z.strictObject({
  bundle: z.base64().describe('A bundle, in base64. Its commands are played on its beginning.'),
  strategies: zStrategies,
});
const body = z.union([commandsBody, storyBody, bundleBody]);

/** The thread parses the commands, because a long list would delay other requests. */
const leanBody = commandsBody.extend({ commands: z.array(z.unknown()) });

const pastBody = z.strictObject({
  from: zFrom
    .default('oldest')
    .describe(
      'Begins right after the command that caused this event; `oldest` is all that is kept.',
    ),
  strategies: zStrategies,
});

const doc =
  'A table with a row for each strategy: how each operation ended, how long it slept and who ' +
  'blocked it, and what the strategy cost. A command on a mapping, a pin or an operation acts on ' +
  'what the same command has made under that strategy. If there is none, it fails like any ' +
  'command on something that does not exist, and the run continues. The comparison is made aside ' +
  'and changes nothing. It ends when the client closes the connection.';

function compareContract(
  given: Pick<Contract, 'name' | 'url' | 'tag' | 'summary' | 'doc' | 'problems'> & {
    body: z.ZodType;
  },
): Contract {
  return contractOf({
    ...given,
    method: 'POST',
    scope: 'read',
    body: { type: jsonType, schema: given.body },
    answers: [{ status: 200, doc: 'The table.', content: { [jsonType]: zComparison } }],
    conditions: 'answer',
    problems: [
      'einval',
      'eopnotsupp',
      'edquot',
      'compare-too-large',
      'compare-timeout',
      'compare-busy',
      'memory-full',
      'not-ready',
      ...given.problems,
    ],
  });
}

const compareCommands: Route = {
  contracts: [
    compareContract({
      name: 'compare',
      url: '/v1/compare',
      tag: 'server',
      summary: 'Play commands, a story or a bundle under each strategy',
      doc,
      body,
      problems: ['efbig'],
    }),
  ],
  handle: (context) => ({
    async handler(request, reply) {
      const raw = objectOf(request.body);
      const asked =
        'story' in raw
          ? askedOfStory(parse(storyBody, raw))
          : 'bundle' in raw
            ? await askedOfBundle(context, reply, parse(bundleBody, raw))
            : askedOfCommands(context, raw);
      return answer(context, request, reply, asked);
    },
  }),
};

function askedOfCommands(context: AppContext, raw: Record<string, unknown>): Asked {
  demandFewCommands(context, Array.isArray(raw.commands) ? raw.commands.length : 0);
  const { mkfs, commands, strategies } = parse(leanBody, raw);
  const { deviceBytesMax } = context.config;
  if (mkfs.sizeBytes > deviceBytesMax) {
    const why = `sizeBytes may be at most ${deviceBytesMax}.`;
    throw new KernelFailure(failure('EINVAL', 'M1', why));
  }
  const source: CommandSource = { mkfs, commands, limits: kernelLimits(context.config) };
  return {
    choices: choicesOf(strategies, mkfs),
    bytes: emptyMemory(mkfs.sizeBytes),
    source: async () => source,
  };
}

/** The way that shows the story best, and then the calls that are left. */
function askedOfStory({ story: id, strategies }: z.infer<typeof storyBody>): Asked {
  const course = courseOfStory(storyOf(id));
  return {
    choices: choicesOf(strategies, course.kernel.geometry),
    bytes: memoryOf(course.kernel),
    source: async () => course,
  };
}

async function askedOfBundle(
  context: AppContext,
  reply: FastifyReply,
  { bundle, strategies }: z.infer<typeof bundleBody>,
): Promise<Asked> {
  const bounds = boundsOf(context);
  const bytes = Buffer.from(bundle, 'base64');
  await orFailure(context.bundleChecks.check(bytes, bounds, signalOf(reply)));
  const opened = await orFailure(openBundle(bytes, bounds));
  const entries: LoggedEntry[] = [];
  await orFailure(
    (async () => {
      for await (const frame of entriesAfter(opened, bounds))
        if ('entries' in frame) {
          entries.push(...frame.entries);
          demandFewCommands(context, entries.length);
        }
    })(),
  );
  const course = courseOfEntries(opened.kernel, entries);
  return {
    choices: choicesOf(strategies, opened.kernel.geometry),
    bytes: memoryOf(opened.kernel),
    source: async () => course,
    isForeign: true,
  };
}

const comparePast: Route = {
  contracts: [
    compareContract({
      name: 'compare-filesystem',
      url: '/v1/filesystems/:fs/compare',
      tag: 'filesystem',
      summary: 'Play the past of a filesystem under each strategy',
      doc: `${doc} Operations that were asleep at the beginning are in the table too.`,
      body: pastBody,
      problems: ['past-not-kept'],
    }),
  ],
  handle: (context) => ({
    async handler(request, reply) {
      const { from, strategies } = parse(pastBody, objectOf(request.body));
      const fs = hostedOf(context.engine, request);
      return answer(context, request, reply, {
        choices: choicesOf(strategies, fs.kernel.geometry),
        bytes: memoryOf(fs.kernel),
        source: () => courseOf(context, fs, from),
      });
    },
  }),
};

function demandFewCommands({ config }: AppContext, commands: number): void {
  const limit = config.compareCommandsMax;
  if (commands <= limit) return;
  throw new HttpProblem(
    'compare-too-large',
    `The comparison has more than ${limit} commands, the maximum (--compare-commands-max).`,
    { limit },
  );
}

/**
 * Throws for a strategy that does not exist. One that the kind cannot have is a row of the table.
 */
function choicesOf(asked: Strategies, geometry: Pick<Geometry, 'kind' | 'kernel'>): Choice[] {
  return asked.flatMap((one) => {
    if (one === 'all') return allStrategies();
    const choice = typeof one === 'string' ? (strategyOfColumn(one) ?? { name: one }) : one;
    const chosen = chooseStrategy(geometry, choice);
    if (!chosen.ok && chosen.failure.rule !== 'ST2') throw new KernelFailure(chosen.failure);
    return [choice];
  });
}

async function courseOf(context: AppContext, fs: HostedFilesystem, from: string): Promise<Course> {
  const limit = context.config.compareCommandsMax;
  const begin = from === 'now' ? fs.ring.cursorAt(fs.ring.nextSeq - 1) : from;
  const span = await spanOf(context.engine, fs, {
    from: await eventAt(context, fs, begin === 'oldest' ? undefined : begin),
    to: null,
    entriesMax: limit,
  });
  if ('kernel' in span) return courseOfEntries(span.kernel, span.entries);
  if (span.failure.rule === 'FK4') demandFewCommands(context, limit + 1);
  throw new KernelFailure(span.failure);
}

interface Asked {
  choices: readonly Choice[];
  /** An estimate of the memory of the machine. */
  bytes: number;
  source(): Promise<CommandSource | Course>;
  /** The machine was made elsewhere. If it breaks under another strategy, that is no bug here. */
  isForeign?: true;
}

async function answer(
  context: AppContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { choices, bytes, source, isForeign }: Asked,
): Promise<FastifyReply> {
  if (isNotModified(request, null)) return reply.code(304).send();
  const { config, engine, comparisons } = context;
  const tenant = tenantOf(request);
  const limits = { entriesMax: config.compareEntriesMax, bytesMax: config.compareBytesMax };
  if (bytes > limits.bytesMax) throw tooMuchMemory(limits.bytesMax);
  // The machine before the commands, the one that plays, and what travels between two threads.
  const held = engine.hold(tenant, 3 * bytes);
  if (typeof held !== 'function') throw new KernelFailure(held.failure);
  const client = new AbortController();
  const gone = () => {
    if (!reply.raw.writableFinished) client.abort(new ComparisonError('stopping', clientGone));
  };
  reply.raw.once('close', gone);
  try {
    const done = await comparisons.run({ tenant, source, choices, limits }, client.signal);
    return send(context, reply, done);
  } catch (error) {
    if (error instanceof ComparisonError) throw problemOf(error);
    if (isForeign !== true || error instanceof HttpProblem || error instanceof KernelFailure)
      throw error;
    const why = 'the machine of the bundle breaks a law under another strategy';
    throw new KernelFailure(failure('EINVAL', 'BD3', why));
  } finally {
    reply.raw.off('close', gone);
    held();
  }
}

const clientGone = 'The client closed the connection before the comparison was made.';

const tooMuchMemory = (limit: number): HttpProblem =>
  new HttpProblem(
    'compare-too-large',
    `The machine takes more than ${limit} bytes of memory, the maximum (--compare-bytes-max).`,
    { limit },
  );

const problems = {
  'too-large': 'compare-too-large',
  timeout: 'compare-timeout',
  busy: 'compare-busy',
  stopping: 'not-ready',
} as const;

function problemOf({ kind, message, limit }: ComparisonError): HttpProblem {
  return new HttpProblem(problems[kind], message, limit === undefined ? {} : { limit });
}

function send(
  { checkReplies }: AppContext,
  reply: FastifyReply,
  done: CompareAnswer,
): FastifyReply {
  switch (done.kind) {
    case 'invalid':
      throw problemOfIssues(done.issues);
    case 'refused': {
      const { errno, rule, why } = done.failure;
      throw new KernelFailure(failure(errno as Errno, rule, why));
    }
    case 'too-large':
      throw new HttpProblem('compare-too-large', done.why, { limit: done.limit });
    default: {
      const json = Buffer.from(done.json);
      if (checkReplies) zComparison.parse(JSON.parse(json.toString()));
      return reply.header('content-type', `${jsonType}; charset=utf-8`).send(json);
    }
  }
}

export const compareRoutes: readonly Route[] = [compareCommands, comparePast];
