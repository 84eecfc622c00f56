// pinhole story: the stories S01 to S32. They are played in this process; with --fs on a new
// filesystem of a server, where the page shows them.
import { Command, Option } from 'commander';
import { compare } from '../compare/compare.ts';
import { courseOfStory } from '../compare/story-course.ts';
import type { StrategyRow } from '../compare/table.ts';
import { requestOf } from '../http/command-request.ts';
import { type Cycle, cycleRecord } from '../kernel/records/cycle.ts';
import type { Kernel } from '../kernel/state.ts';
import { cyclesThrough } from '../kernel/waits/wait-graph.ts';
import { beginningOf } from '../stories/beginning.ts';
import { stories } from '../stories/index.ts';
import { type Move, movesOf } from '../stories/play.ts';
import { columns as choices, everyColumn, type Story } from '../stories/story.ts';
import { columnTold, toldOf, verdictsTold, wayTold } from '../stories/told.ts';
import { type Told, tellings } from '../stories/ways-text.ts';
import { figuresTable } from './compare.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, type Format, outputOf, styled } from './lib/output.ts';
import { ask } from './lib/request.ts';
import { demand, onServer, playsHere, type Session, withOutput } from './lib/session.ts';
import { columnOf } from './lib/strategies.ts';
import { filled } from './lib/text.ts';

export const storyCommand = (io: Io): Command =>
  new Command('story')
    .description('The stories: small races between a layout change and a pin.')
    .addCommand(list(io))
    .addCommand(play(io));

function list(io: Io): Command {
  const command = withOutput(new Command('ls'))
    .summary('lists the stories')
    .description('Lists the stories, and the worst that can happen under each strategy.')
    .action(() => {
      const { output } = command.opts<{ output: Format }>();
      const items = [...stories.values()].map(outlineOf);
      outputOf(io, output).print({ items }, () =>
        columns(
          ['id', 'title', 'told', 'under'],
          items.map(({ id, title }) => [id, title, toldOf(id, columnTold(id)), columnTold(id)]),
        ),
      );
    });
  return example(command, 'pinhole story ls');
}

interface Options {
  strategy?: string;
  verdict?: Told;
  fs?: string;
}

function play(io: Io): Command {
  const command = new Command('play')
    .summary('plays a story, move by move')
    .description(
      'Plays a story and prints each move as a sentence and how it ends. Without --strategy it ' +
        'takes the strategy that shows best what the story is about; with "all" it prints one ' +
        'table of strategies. It needs no server. With --fs the moves are made on a new ' +
        'filesystem of a server, where the page can show it.',
    )
    .argument('<story>', 'its id, such as S01')
    .option('--strategy <name>', `one of ${everyColumn.map(dashed).join(', ')}; or all`)
    .addOption(new Option('--verdict <verdict>', 'an ending of the story').choices(tellings))
    .option('--fs <name>', 'the name of a new filesystem of a server');
  example(
    command,
    'pinhole story play S01',
    'pinhole story play S01 --strategy wait-for-refs --verdict deadlock',
    'pinhole story play S01 --strategy all',
  );
  return onServer<Options>(command, io, async (session, { args: [id = ''], options }) => {
    const story = stories.get(id.toUpperCase());
    if (story === undefined)
      throw new UsageError(
        `there is no story ${id}; the stories are ${[...stories.keys()].join(', ')}`,
      );
    if (options.strategy === 'all') return playAll(session, story);
    const column =
      options.strategy === undefined ? columnTold(story.id) : columnOf(options.strategy);
    const told = options.verdict ?? toldOf(story.id, column);
    if (wayTold(story.id, column, told) === null) throw noEnding(story, column, told);
    if (options.fs === undefined) return playHere(session, story, { column, told });
    return playThere(session, story, { column, told, fs: options.fs });
  });
}

const dashed = (name: string): string => name.replaceAll(' ', '-');

type Column = (typeof everyColumn)[number];

function noEnding({ id }: Story, column: Column, told: Told): UsageError {
  const endings = tellings.filter((one) => wayTold(id, column, one) !== null);
  const names = endings.length === 0 ? 'it cannot have this strategy' : endings.join(', ');
  return new UsageError(`${id} has no ending ${told} under ${column}; its endings are ${names}`);
}

const outlineOf = ({ id, title, text }: Story) => ({
  id,
  title,
  text,
  strategies: Object.fromEntries(everyColumn.map((column) => [column, verdictsTold(id, column)])),
});

function headOf(io: Io, { id, title, text }: Story): string {
  return [styled(io, io.stdout, 'bold', `${id}  ${title}`), '', filled(io.stdout, text), ''].join(
    '\n',
  );
}

interface Telling {
  column: Column;
  told: Told;
}

async function playHere(session: Session, story: Story, { column, told }: Telling): Promise<void> {
  playsHere(session);
  const { io, output } = session;
  const begin = beginningOf(story, choices[column]);
  const way = wayTold(story.id, column, told);
  if ('errno' in begin || way === null) throw noEnding(story, column, told);
  const moves = movesOf(begin.kernel, story.threads, way);
  const round = way.round?.length ?? 0;
  const data = { ...outlineOf(story), told: { strategy: column, verdict: told }, steps: moves };
  output.print(data, () =>
    [
      headOf(io, story),
      `Under ${column}:`,
      '',
      ...moves.map((move, at) => moveLine(io, move, at)),
      '',
      verdictText(io, begin.kernel, { column, told }, round),
    ].join('\n'),
  );
}

const moveLine = (io: Io, { text }: Move, at: number): string => {
  const number = String(at + 1).padStart(4);
  return `${number}  ${filled(io.stdout, text, '      ').trimStart()}`;
};

const verdictWords: Readonly<Record<Told, string>> = {
  completes: 'Every call ends.',
  deadlock: 'The calls wait for each other in a circle, and none of them ends.',
  hangs: 'A call sleeps on a page that nobody has pinned any more, so nothing wakes it.',
  starves: 'The last moves can repeat for ever, and a call never ends.',
  leaks: 'Blocks stay out of use for ever.',
  'frees under the pin': 'A block is freed while a device still writes to it.',
  waits: 'The first call waits for the pin, and every call ends.',
};

function verdictText(io: Io, k: Kernel, { told }: Telling, round: number): string {
  const verdict = styled(io, io.stdout, told === 'completes' ? 'green' : 'red', told);
  const repeats = round === 0 ? [] : [`The last ${round} moves can be repeated for ever.`];
  const cycles = [...k.sleepers].flatMap((id) => {
    const task = k.tasks.get(id);
    return task === undefined ? [] : cyclesThrough(k, task);
  });
  const [cycle] = cycles;
  const record = cycle === undefined ? null : cycleRecord(k, cycle);
  const drawn =
    record === null
      ? []
      : ['', record.explanation, ...(record.columns === null ? [] : ['', record.columns])];
  return [`${verdict}: ${verdictWords[told]}`, ...repeats, ...drawn].join('\n');
}

async function playAll(session: Session, story: Story): Promise<void> {
  playsHere(session);
  const { io, output } = session;
  const course = courseOfStory(story);
  const rows: (StrategyRow & { column: Column; endings: string[] })[] = [];
  const limits = { entriesMax: 100_000, bytesMax: 2 ** 28 };
  for (const column of everyColumn)
    compare(course, [{ ...choices[column] }], {
      limits,
      done: (row) => rows.push({ ...row, column, endings: verdictsTold(story.id, column) }),
    });
  const { id, title, text } = story;
  output.print({ id, title, text, strategies: rows }, () =>
    [
      headOf(io, story),
      'All orders of the moves, as the explorer found them:',
      '',
      columns(
        ['strategy', 'endings'],
        rows.map(({ column, endings }) => [
          column,
          endings.length === 0 ? 'it cannot have this strategy' : endings.join(', '),
        ]),
      ),
      '',
      `The order that ${columnTold(id)} is told with, under each strategy:`,
      '',
      figuresTable(rows),
    ].join('\n'),
  );
}

/** Makes the moves by requests: a call answers 202, and steps are taken by scheduler/step. */
async function playThere(
  session: Session,
  story: Story,
  { column, told, fs }: Telling & { fs: string },
): Promise<void> {
  const { client, io, output, connection } = session;
  const { id } = story;
  const strategy = choices[column];
  const body = { name: fs, story: id, strategy } as never;
  await demand(client.POST('/v1/filesystems', { body }));
  const { steps } = await demand(
    client.GET('/v1/stories/{story}', {
      params: { path: { story: id }, query: { strategy: column, verdict: told } },
    }),
  );
  const base = `/v1/filesystems/${encodeURIComponent(fs)}`;
  if (output.format === 'table') output.write(`${headOf(io, story)}\nUnder ${column}:\n\n`);
  for (const [at, move] of (steps as Move[]).entries()) {
    const { submit, task } = move;
    if (submit !== undefined) {
      const request = requestOf(submit);
      const bytes = submit.data === undefined ? {} : { bytes: Buffer.from(submit.data, 'base64') };
      const headers = { prefer: 'respond-async' };
      const { method, path, query, json: body } = request;
      const url = base + path;
      await ask(session, { method, url, path: {}, query, body, ...bytes, headers });
    } else {
      const url = `${base}/scheduler/step`;
      await ask(session, { method: 'POST', url, path: {}, body: { task } });
    }
    if (output.format === 'table') output.write(`${moveLine(io, move, at)}\n`);
  }
  const { data } = await ask(session, { method: 'GET', url: `${base}/wait-graph`, path: {} });
  const graph = data as { cycles: Cycle[] };
  output.print({ filesystem: fs, steps, waitGraph: graph }, () => {
    const drawn = graph.cycles.flatMap(({ explanation, columns: lines }) => [
      '',
      explanation,
      '',
      lines ?? '',
    ]);
    return ['', `${told}: ${verdictWords[told]}`, ...drawn].join('\n');
  });
  io.say(`${connection.url}/ui/fs/${encodeURIComponent(fs)}/graph shows it.`);
}
