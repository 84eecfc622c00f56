// pinhole lab: one workload under every strategy with many seeds. Needs no server, but
// can use one: the same document and seeds give the same bytes anywhere.
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { type Command, Command as Commander, InvalidArgumentError, Option } from 'commander';
import { csvOf } from '../lab/csv.ts';
import { parseWorkload } from '../lab/document.ts';
import { type LabRequest, runLab, seedsDefault, seedsMax } from '../lab/lab.ts';
import { LabError, RunError } from '../lab/lab-error.ts';
import { nearest } from '../lab/nearest.ts';
import { LabPool } from '../lab/pool.ts';
import { presets } from '../lab/presets/index.ts';
import { type LabResult, pointsIn } from '../lab/result.ts';
import { workloadJsonSchema } from '../lab/schema.ts';
import { strategyNames } from '../lab/strategies.ts';
import { rowsOf, seedNotes, tableColumns } from '../lab/table.ts';
import { importTrace, summaryOf, unitMs, workloadText } from '../lab/trace-import.ts';
import { Refused, UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { reportOf, reportTemplate } from './lib/lab-report.ts';
import { columns, type Format, outputOf, styled } from './lib/output.ts';
import { progressOf } from './lib/progress.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, onServer, playsHere, type Session, withOutput } from './lib/session.ts';
import { filled } from './lib/text.ts';

export const labCommand = (io: Io): Command =>
  new Commander('lab')
    .description(
      'Runs a workload under every strategy with many seeds, in simulated time, and says what ' +
        'each strategy costs, and whom. Needs no server.',
    )
    .addCommand(runCommand(io))
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(importCommand(io))
    .addCommand(schemaCommand(io));

interface RunOptions {
  output: Format;
  seeds: number;
  firstSeed?: number;
  strategy?: string[];
  csv?: string;
  html?: string;
  threads: number;
  url?: string;
  context?: string;
}

const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
};

function runCommand(io: Io): Command {
  const command = onServer<RunOptions>(new Commander('run'), io, act)
    .summary('runs a workload, or one of the presets')
    .description(
      'Runs the workload of a file (YAML or JSON; - is stdin), or a preset, and prints a line for ' +
        'each strategy: the median of the seeds, and below it the interval in which that median ' +
        'lies with 95 %. The same document, seeds and version give the same result. With --url or ' +
        '--context the server runs it; otherwise this process does.',
    )
    .argument('<workload>', 'a file, or the name of a preset')
    .option('--seeds <count>', 'how many seeds', whole, seedsDefault)
    .option('--first-seed <seed>', 'the first of them', whole)
    .addOption(
      new Option(
        '--strategy <name...>',
        'only these; the first one is what others are compared to',
      ),
    )
    .option('--csv <file>', 'write all figures to this file as CSV')
    .option('--html <file>', 'write a report with charts to this file; it needs no network')
    .option('--threads <count>', 'how many runs at once', whole, availableParallelism());
  return example(
    command,
    'pinhole lab run gup-two-pages --seeds 2',
    'pinhole lab run direct-io --seeds 2 --strategy refuse none -o json',
  );
}

async function act(
  session: Session,
  { args: [workload = ''], options }: { args: string[]; options: RunOptions },
): Promise<void> {
  const { io, output } = session;
  const template = options.html === undefined ? '' : reportTemplate();
  const isRemote = options.url !== undefined || options.context !== undefined;
  if (!isRemote) playsHere(session);
  const result = isRemote
    ? await runOnServer(session, await textOf(io, workload), options)
    : await orRefused(run(io, workload, options));
  if (options.csv !== undefined) write(options.csv, csvOf(result));
  if (options.html !== undefined) write(options.html, reportOf(template, result));
  output.print(result, () => tableText(io, result));
}

/** How often the progress is asked for. */
const askMs = 300;

/** The lab stays on the server, also if this process ends before it does. */
async function runOnServer(
  { io, client }: Session,
  workload: string,
  options: RunOptions,
): Promise<LabResult> {
  const { strategy } = options;
  const body = {
    workload,
    seeds: seedsOf(options),
    ...(strategy === undefined ? {} : { strategies: strategy }),
  };
  let lab: Schemas['Lab'] = await demand(client.POST('/v1/labs', { body }));
  const path = { lab: lab.id };
  io.say(`${lab.id} runs on the server`);
  const progress = progressOf(io, lab.name);
  try {
    while (lab.state === 'queued' || lab.state === 'running') {
      await setTimeout(askMs);
      lab = await demand(client.GET('/v1/labs/{lab}', { params: { path } }));
      progress.at(lab.progress.done, lab.progress.total);
    }
  } finally {
    progress.end();
  }
  if (lab.result !== undefined) return lab.result as LabResult;
  throw new Refused(
    lab.failure === undefined ? `${lab.id} was cancelled` : `${lab.id}: ${lab.failure.detail}`,
  );
}

const seedsOf = ({ seeds, firstSeed }: RunOptions): number | number[] =>
  firstSeed === undefined ? seeds : seedsFrom(firstSeed, seeds);

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Refused(`${file} cannot be written: ${(error as Error).message}`);
  }
}

async function run(io: Io, workload: string, options: RunOptions): Promise<LabResult> {
  const { strategy, threads } = options;
  const request: LabRequest = {
    parsed: parseWorkload(await textOf(io, workload)),
    seeds: seedsOf(options),
    ...(strategy === undefined ? {} : { strategies: strategy }),
  };
  const pool = new LabPool({ threads: Math.max(1, threads), heapBytes: 2 ** 30 });
  const progress = progressOf(io, request.parsed.workload.name);
  try {
    return await runLab(request, {
      runner: pool,
      progress: ({ runsDone, runs }) => progress.at(runsDone, runs),
    });
  } finally {
    progress.end();
    await pool.close();
  }
}

const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: Math.min(count, seedsMax + 1) }, (_, at) => first + at);

/** A file wins over a preset of the same name. */
async function textOf(io: Io, name: string): Promise<string> {
  if (name === '-') {
    let text = '';
    for await (const chunk of io.stdin) text += String(chunk);
    return text;
  }
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    const preset = presets.get(name);
    if (preset !== undefined) return preset.text;
    throw noWorkload(name, error as Error);
  }
}

function noWorkload(name: string, { message }: Error): UsageError {
  const near = nearest(name, presets.keys());
  const help =
    near === null ? `the presets are ${[...presets.keys()].join(', ')}` : `did you mean ${near}?`;
  return new UsageError(
    `${name} is neither a preset nor a file that can be read (${message}); ${help}`,
  );
}

/** A mistake in the document is one of usage; a run that was given up is refused. */
async function orRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof LabError) throw new UsageError(error.message);
    if (error instanceof RunError) throw new Refused(error.message);
    throw error;
  }
}

function tableText(io: Io, result: LabResult): string {
  const { name, seeds, notes } = result;
  const dim = (text: string): string => styled(io, io.stdout, 'dim', text);
  const tables = pointsIn(result).map(({ at, strategies }) => {
    const rows = rowsOf(strategies).flatMap(({ strategy, cells, refused }) => [
      [strategy, ...(refused === undefined ? cells.map(({ text }) => text) : [refused])],
      ...(cells.some(({ spread }) => spread !== '')
        ? [[' ', ...cells.map(({ spread }) => (spread === '' ? ' ' : spread))]]
        : []),
    ]);
    const [header = '', ...lines] = columns(['strategy', ...tableColumns], rows).split('\n');
    const swept = Object.entries(at).map(([path, value]) => `${path} = ${JSON.stringify(value)}`);
    return [
      ...(swept.length === 0 ? [] : [styled(io, io.stdout, 'bold', swept.join(', '))]),
      styled(io, io.stdout, 'bold', header),
      ...lines.map((line) => (/^\s/.test(line) ? dim(line) : line)),
      ...strategies.flatMap((row) => seedNotes(result, row)),
    ].join('\n');
  });
  const head = `${name}: ${seeds.length} seeds from ${seeds[0]}`;
  return [head, ...notes, '', tables.join('\n\n')].join('\n');
}

function listCommand(io: Io): Command {
  const command = withOutput(new Commander('list'))
    .summary('lists the presets')
    .description('Lists the workloads that come with the lab.')
    .action(() => {
      const items = [...presets].map(([name, { title, source }]) => ({ name, title, source }));
      const output = outputOf(io, command.opts<{ output: Format }>().output);
      output.print({ items }, () =>
        columns(
          ['preset', 'what it is'],
          items.map(({ name, title }) => [name, title]),
        ),
      );
    });
  return example(command, 'pinhole lab list');
}

function showCommand(io: Io): Command {
  const command = withOutput(new Commander('show'))
    .summary('prints the document of a preset')
    .description('Prints the document of a preset, to change it and run it.')
    .argument('<preset>', 'its name')
    .action((name: string) => {
      const preset = presets.get(name);
      if (preset === undefined) throw noWorkload(name, new Error('only presets are shown'));
      const output = outputOf(io, command.opts<{ output: Format }>().output);
      const { title, source, text } = preset;
      const about = filled({ ...io.stdout, columns: 98 } as Io['stdout'], `${title}. ${source}`);
      output.print({ name, ...preset }, () => `${about.replace(/^/gm, '# ')}\n${text}`);
    });
  return example(command, 'pinhole lab show rdma-target');
}

interface ImportOrders {
  output: Format;
  begin?: string;
  end?: string;
  key?: string;
  unit?: keyof typeof unitMs;
  name: string;
}

function importCommand(io: Io): Command {
  const command = withOutput(new Commander('import'))
    .summary('makes a workload from a trace')
    .description(
      'Reads how long pages were held, and the times between, from the text of trace-cmd report, ' +
        'from the file trace of ftrace, or from two columns of times (begin and end of each hold), ' +
        'and prints a workload with these distributions.',
    )
    .argument('<file>', 'the trace; - is stdin')
    .option('--begin <event>', 'the event that begins a hold')
    .option('--end <event>', 'the event that ends it')
    .option('--key <field>', 'the field that both share; without it their thread')
    .addOption(
      new Option('--unit <unit>', 'the unit of two columns of times').choices(Object.keys(unitMs)),
    )
    .option('--name <name>', 'the name of the workload', 'measured')
    .action(async (file: string) => {
      const { output, name, ...options } = command.opts<ImportOrders>();
      const text = await traceText(io, file);
      const imported = await orRefused((async () => importTrace(text, options))());
      const workload = workloadText(imported, name);
      const { holds, thinks, ...rest } = imported;
      outputOf(io, output).print({ ...rest, holds, thinks, workload }, () => workload);
      io.say(summaryOf(imported));
    });
  return example(
    command,
    'pinhole lab import test/fixtures/lab/rdma.ftrace.txt --begin reg_mr --end dereg_mr --key umem',
    'pinhole lab import test/fixtures/lab/fio.trace-cmd.txt',
  );
}

async function traceText(io: Io, file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(io, '-') : readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`the trace cannot be read: ${(error as Error).message}`);
  }
}

function schemaCommand(io: Io): Command {
  const command = withOutput(new Commander('schema'))
    .summary('prints the JSON Schema of a workload, for editors')
    .description(
      `Prints the JSON Schema of a workload, for editors. The strategies are ${strategyNames.join(', ')}.`,
    )
    .action(() => {
      const schema = workloadJsonSchema();
      const { output } = command.opts<{ output: Format }>();
      outputOf(io, output).print(schema, () => JSON.stringify(schema, null, 2));
    });
  return example(command, 'pinhole lab schema');
}
