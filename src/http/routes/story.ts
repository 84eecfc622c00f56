// The stories S01 to S32: as lists and texts, and as the beginning of a new filesystem.
import { z } from 'zod';
import type { RequestKey } from '../../durable/records.ts';
import type { Created, Engine, HostedFilesystem } from '../../engine/engine.ts';
import { type Failure, failure } from '../../kernel/errno.ts';
import type { Way } from '../../kernel/explore.ts';
import { mkfsArgs, zStrategyChoice } from '../../kernel/ops/mkfs.ts';
import { zFilesystemName } from '../../kernel/ops/name.ts';
import { strategies } from '../../kernel/reclaim/index.ts';
import type { Command } from '../../kernel/state.ts';
import { zCount } from '../../kernel/units.ts';
import { type CommandJson, commandJsonOf } from '../../script/command-json.ts';
import { argsOf, beginningOf, commandOf } from '../../stories/beginning.ts';
import { stories } from '../../stories/index.ts';
import { callsBefore, commandsOf, movesOf, whoMoves } from '../../stories/play.ts';
import {
  type Column,
  columns,
  everyColumn,
  type Story,
  strategyOfColumn,
} from '../../stories/story.ts';
import { columnTold, toldOf, verdictsTold, wayTold } from '../../stories/told.ts';
import { tellings } from '../../stories/ways-text.ts';
import { requestOf } from '../command-request.ts';
import { HttpProblem, KernelFailure } from '../problem.ts';
import { inOwnTurn } from '../searches.ts';
import { defineRoute, type Route } from './define.ts';

const { kind, kernel, waitqueue, folioGranularity } = mkfsArgs.shape;

export const storyArgs = z.strictObject({
  name: zFilesystemName,
  story: z.string().max(64).describe('The id of a story, see GET /v1/stories.'),
  strategy: z
    .union([z.string().max(64), zStrategyChoice])
    .optional()
    .describe(
      'A strategy with its options, or the name of one of the strategies of the story. The ' +
        'default is that of the kind and the kernel.',
    ),
  kind: kind.unwrap().optional(),
  kernel: kernel.unwrap().optional(),
  waitqueue: waitqueue.unwrap().optional(),
  folioGranularity: folioGranularity.unwrap().optional(),
});
type StoryArgs = z.infer<typeof storyArgs>;

function refuse(why: Failure): never {
  throw new KernelFailure(why);
}

/** Throws for a story that does not exist. */
export function storyOf(id: string): Story {
  const names = [...stories.keys()].join(', ');
  const unknown = failure('EINVAL', 'SY1', `there is no story "${id}"; the stories are ${names}`);
  return stories.get(id) ?? refuse(unknown);
}

/** A name of a column, such as `break-layouts modern`, or of a strategy. */
function strategyOf(given: StoryArgs['strategy']) {
  if (typeof given !== 'string') return given;
  const column = strategyOfColumn(given);
  if (column !== undefined) return column;
  if (strategies.has(given)) return { name: given };
  const names = [...new Set([...strategies.keys(), ...everyColumn])].join(', ');
  const why = `there is no strategy "${given}"; the strategies of a story are ${names}`;
  return refuse(failure('EINVAL', 'ST1', why));
}

/** What the request makes of its story, before anything is made. */
export function begun({ name, story: id, strategy: given, ...changes }: StoryArgs) {
  const story = storyOf(id);
  const changed = { ...story, filesystem: { ...story.filesystem, ...changes } };
  const strategy = strategyOf(given);
  const beginning = beginningOf(changed, strategy);
  if ('errno' in beginning) return refuse(beginning);
  return { args: argsOf(changed, { name, strategy }), entries: beginning.entries };
}

/** mkfs, then the setup of the story. What cannot be prepared is removed again. */
export async function createStory(
  engine: Engine,
  tenant: string,
  asked: StoryArgs,
  key: RequestKey | undefined,
): Promise<Created> {
  const { args, entries } = await inOwnTurn(() => begun(asked));
  const made = await engine.create(tenant, args, key);
  if (!made.ok) return made;
  try {
    const failed = await prepare(made.fs, entries, engine.limits.inboxMax);
    if (failed === null) return made;
    await remove(made.fs);
    return { ok: false, failure: failed };
  } catch (error) {
    // A limit of the server, such as an inbox that others have filled.
    await remove(made.fs);
    throw error;
  }
}

/** After a restart: the entries of the setup that are not in the log yet. */
export async function resumeStory(
  engine: Engine,
  fs: HostedFilesystem,
  asked: StoryArgs,
): Promise<void> {
  const { entries } = begun(asked);
  await prepare(fs, entries.slice(fs.kernel.seq), engine.limits.inboxMax);
}

const triesMax = 100;
const pauseMs = 10;

/** Tries again while the inbox is full, which lasts for a turn. */
async function remove(fs: HostedFilesystem): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await fs.submit({ op: 'umount', on: {}, args: { force: true } });
      return;
    } catch (error) {
      if (tries === triesMax) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function prepare(
  fs: HostedFilesystem,
  entries: readonly Command[],
  inboxMax: number,
): Promise<Failure | null> {
  for (let from = 0; from < entries.length; from += inboxMax) {
    const some = entries.slice(from, from + inboxMax).map((entry) => fs.submit(entry));
    for (const { outcome } of await Promise.all(some))
      if (outcome?.ok === false) return outcome.failure;
  }
  return null;
}

const zVerdicts = z
  .record(z.string(), z.array(z.string()))
  .describe(
    'What can happen under each strategy, in all orders of the steps: completes, deadlock, ' +
      'hangs, starves, frees under the pin. See docs/explored.md.',
  );
const zOutline = z.object({
  id: z.string().describe('S01 to S32, as in docs/scenarios.md.'),
  title: z.string().describe('A name for it.'),
  text: z.string().describe('What happens, in plain English.'),
  strategies: zVerdicts,
});

const outlineOf = ({ id, title, text }: Story) => ({
  id,
  title,
  text,
  strategies: Object.fromEntries(everyColumn.map((column) => [column, verdictsTold(id, column)])),
});

const listStories = defineRoute({
  name: 'list-stories',
  url: '/v1/stories',
  scope: 'public',
  tag: 'server',
  summary: 'The stories S01 to S32',
  doc:
    'Small races between a layout change and a pin, for a class. POST /v1/filesystems with ' +
    '{name, story} makes a filesystem at the beginning of one.',
  result: z.object({ items: z.array(zOutline).describe('In the order of their ids.') }),
  answer: () => ({ items: [...stories.values()].map(outlineOf) }),
});

const zCommandJson = z
  .looseObject({ op: z.string().describe('The operation.') })
  .describe('A command: op, on, args, data in base64, owner.');

const zRequest = z
  .object({
    method: z.string().describe('The method.'),
    path: z.string().describe('Below /v1/filesystems/{fs}, escaped.'),
    query: z.record(z.string(), z.string()).describe('The query.'),
    json: z.looseObject({}).optional().describe('The body. Not if the call has `data` or no body.'),
  })
  .describe('The call as a request.');

const zMove = z.object({
  who: z.string().describe('The owner of a thread, kworker, evict or timer.'),
  call: zCount.optional().describe('The move begins this call: its place in `commands`.'),
  submit: zCommandJson.optional().describe('The call, with the ids that it has on this way.'),
  request: zRequest.optional(),
  task: z.string().optional().describe('The move is a step of this task.'),
  step: z.string().optional().describe('The name of the step.'),
  touches: z.string().nullable().optional().describe('What the step touches.'),
  text: z.string().describe('The move in a sentence.'),
});

const zWay = z.object({
  to: z.array(z.string()).describe('Who moves, in this order.'),
  round: z.array(z.string()).optional().describe('Moves that can be repeated for ever.'),
});

const zStory = zOutline.extend({
  questions: z.array(z.string()).describe('To ask a class before the answer is shown.'),
  filesystem: z
    .looseObject({ sizeBytes: zCount.describe('The size of the device.') })
    .describe('The arguments of mkfs, without name and strategy.'),
  setup: z.array(zCommandJson).describe('The calls that were made before the story begins.'),
  commands: z
    .array(zCommandJson)
    .describe('The calls of the story, which the player makes, one thread after another.'),
  requests: z.array(zRequest).describe('The calls of `commands` as requests.'),
  prepared: zCount.describe(
    'How many commands prepare the filesystem: those of `setup` and the steps of their tasks. ' +
      '`commands` of GET …/choices counts on from here.',
  ),
  threads: z
    .array(
      z.object({
        owner: z.string().describe('Who makes the calls.'),
        commands: z.array(zCount).describe('The places of its calls in `commands`.'),
        loops: z.boolean().describe('It begins again after the last.'),
      }),
    )
    .describe('A thread makes its next call when the one before has ended.'),
  told: z
    .object({
      strategy: z.string().describe('A key of `strategies`.'),
      verdict: z
        .string()
        .describe('How it ends; `waits`: the first waits for a page, and all ends well.'),
    })
    .describe('Which way `steps` tells.'),
  steps: z.array(zMove).describe('The moves of that way, from the beginning of the story.'),
  ways: z
    .record(z.string(), z.record(z.string(), zWay))
    .describe('By strategy and verdict, a shortest way that shows it.'),
});

const getStory = defineRoute({
  name: 'get-story',
  url: '/v1/stories/:story',
  scope: 'public',
  tag: 'server',
  summary: 'One story: its text, its calls, and a way to each of its endings',
  doc:
    'Without parameters `steps` tells what the story is about. With `strategy` it tells the worst ' +
    'that can happen under this strategy, and with `verdict` that ending.',
  query: z.strictObject({
    strategy: z
      .enum(everyColumn as [Column])
      .optional()
      .describe('A key of `strategies` of the story.'),
    verdict: z.enum(tellings).optional().describe('One of its endings, or waits.'),
  }),
  result: zStory,
  async answer(_context, { request, query }) {
    const { story: id } = request.params as { story: string };
    const story = stories.get(id);
    if (story === undefined)
      throw new HttpProblem(
        'no-such-thing',
        `There is no such story; the stories are ${[...stories.keys()].join(', ')}.`,
      );
    const strategy = query.strategy ?? columnTold(id);
    const verdict = query.verdict ?? toldOf(id, strategy);
    const way = wayTold(id, strategy, verdict);
    if (way === null) {
      const known = tellings.filter((one) => wayTold(id, strategy, one) !== null).join(', ');
      const message = `${id} has no such ending under ${strategy}; its endings are ${known}.`;
      throw new HttpProblem('invalid-value', message, { fields: [{ field: 'verdict', message }] });
    }
    const told = await inOwnTurn(() => tell(story, strategy, way));
    return { ...outlineOf(story), ...told, told: { strategy, verdict }, ways: waysOf(story) };
  },
});

/** What takes a machine of its own. */
function tell(story: Story, strategy: Column, way: Way) {
  const { entries, args, kernel } = beginning(story, strategy);
  const { name: _, strategy: __, ...filesystem } = args;
  const { threads } = story;
  const commands = commandsOf(kernel, threads);
  return {
    questions: story.questions,
    filesystem,
    setup: story.setup.map((call) => commandJsonOf(commandOf(call))),
    commands,
    requests: commands.map(requestOf),
    prepared: entries.length,
    threads: threads.map(({ owner, calls, loops }, by) => ({
      owner,
      commands: calls.map((_call, at) => callsBefore(threads, by) + at),
      loops,
    })),
    steps: movesOf(kernel, threads, way).map(withRequest),
  };
}

const withRequest = <M extends { submit?: CommandJson }>(move: M) =>
  move.submit === undefined ? move : { ...move, request: requestOf(move.submit) };

function beginning(story: Story, column: Column) {
  const found = beginningOf(story, columns[column]);
  if ('errno' in found) throw new Error(found.why);
  return found;
}

function waysOf({ id, threads }: Story) {
  const names = (moves: readonly number[]) => moves.map((by) => whoMoves(threads, by));
  const ofColumn = (column: Column) =>
    tellings.flatMap((told) => {
      const way = wayTold(id, column, told);
      if (way === null) return [];
      const round = way.round === undefined ? {} : { round: names(way.round) };
      return [[told, { to: names(way.to), ...round }] as const];
    });
  return Object.fromEntries(
    everyColumn.map((column) => [column, Object.fromEntries(ofColumn(column))]),
  );
}

export const storyRoutes: readonly Route[] = [listStories, getStory];
