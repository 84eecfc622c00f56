// pinhole compare: the same commands under each strategy, in this process. With --fs a server plays
// the past of one of its filesystems.
import { Command } from 'commander';
import { compare } from '../compare/compare.ts';
import { TooLarge } from '../compare/play.ts';
import type { StrategyRow } from '../compare/table.ts';
import { courseOf } from './lib/course.ts';
import { Refused, Unmet, UsageError } from './lib/exit.ts';
import { type Expectation, expectationOf, unmet } from './lib/expect.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns } from './lib/output.ts';
import { demand, onServer, playsHere, type Session } from './lib/session.ts';
import { timeText } from './lib/sizes.ts';
import { choicesOf } from './lib/strategies.ts';

interface Options {
  strategy: string[];
  expect: Expectation[];
  operations?: true;
  fs?: string;
  from: string;
}

const gather = (one: string, before: string[] = []): string[] => [...before, one];

export function compareCommand(io: Io): Command {
  const command = new Command('compare')
    .description(
      'Plays the same commands under each strategy and prints one table. <what> is a story such ' +
        'as S01, a script in the golden form, commands in JSON, or a bundle; - is stdin. It ' +
        'needs no server. With --fs instead, a server plays the past of a filesystem. Exit ' +
        'code 3: an expectation does not hold.',
    )
    .argument('[what]', 'a story, or a file')
    .option('--strategy <name>', 'compare only this one; can be repeated', gather)
    .option(
      '--expect <condition>',
      'such as deadlocks=0, or "none: freedUnderPin>0" for one strategy; can be repeated',
      expectationOf,
    )
    .option('--operations', 'list each operation too')
    .option('--fs <name>', 'the past of this filesystem of a server')
    .option('--from <cursor>', 'begin after this event of --fs', 'oldest');
  example(
    command,
    'pinhole compare S01',
    'pinhole compare S01 --strategy busy-extents --expect deadlocks=0',
  );
  return onServer<Options>(command, io, (session, { args, options }) =>
    run(session, args[0], options),
  );
}

async function run(
  session: Session,
  what: string | undefined,
  { strategy = ['all'], expect = [], operations, fs, from }: Options,
): Promise<void> {
  if ((what === undefined) === (fs === undefined))
    throw new UsageError('name a story or a file, or a filesystem of a server with --fs');
  if (fs === undefined) playsHere(session);
  const choices = choicesOf(strategy);
  const strategies =
    fs === undefined
      ? await played(what as string, choices, session.io)
      : ((
          await demand(
            session.client.POST('/v1/filesystems/{fs}/compare', {
              params: { path: { fs } },
              body: { from, strategies: choices },
            }),
          )
        ).strategies as StrategyRow[]);
  session.output.print({ strategies }, () => textOf(strategies, operations === true));
  const wrong = unmet(expect, strategies);
  if (wrong.length > 0) throw new Unmet(['an expectation does not hold', ...wrong].join('\n  '));
}

/** A run ends at these, so that a script that never ends is told. */
const limits = { entriesMax: 1_000_000, bytesMax: 2 ** 30 };

async function played(
  what: string,
  choices: readonly { name: string }[],
  io: Io,
): Promise<StrategyRow[]> {
  const course = await courseOf(what, io);
  const rows: StrategyRow[] = [];
  try {
    compare(course, choices, { limits, done: (row) => void rows.push(row) });
  } catch (error) {
    if (error instanceof TooLarge) throw new Refused(error.message);
    throw error;
  }
  return rows;
}

const count = ({ operations }: StrategyRow, outcome: string): number =>
  operations.filter((one) => one.outcome === outcome).length;

/** Its name, with the option that tells two of the same name apart. */
export const nameOfRow = ({ strategy, options }: StrategyRow): string =>
  options.idleRule === undefined ? strategy : `${strategy} ${options.idleRule}`;

export function figuresTable(rows: readonly StrategyRow[]): string {
  const head = ['strategy', 'done', 'failed', 'sleeping', 'longest sleep', 'deadlocks', 'hangs'];
  const costs = ['held back', 'freed under pin', 'dma lost', 'dma foreign'];
  return columns(
    [...head, ...costs],
    rows
      .filter(({ refused }) => refused === undefined)
      .map((row) => [
        nameOfRow(row),
        count(row, 'done'),
        count(row, 'failed') + count(row, 'cancelled'),
        count(row, 'sleeping') + count(row, 'running'),
        timeText(Math.max(0, ...row.operations.map(({ sleptMs }) => sleptMs))),
        row.deadlocks,
        row.hangs,
        row.blocksHeldBack.peak,
        row.freedUnderPin,
        row.dmaLost,
        row.dmaForeign,
      ]),
  );
}

function textOf(rows: readonly StrategyRow[], operations: boolean): string {
  const refused = rows.flatMap(({ strategy, refused: why }) =>
    why === undefined ? [] : [`${strategy}: ${why.errno}, ${why.detail} (${why.rule})`],
  );
  const details = operations ? rows.flatMap((row) => ['', operationsTable(row)]) : [];
  return [figuresTable(rows), ...refused, ...details].join('\n');
}

const operationsTable = (row: StrategyRow): string =>
  columns(
    [nameOfRow(row), 'op', 'owner', 'file', 'outcome', 'slept', 'blocked by'],
    row.operations.map(({ id, op, owner, file, outcome, errno, stuck, sleptMs, blockedBy }) => [
      id,
      op,
      owner,
      file,
      [outcome, errno, stuck].filter((word) => word !== undefined).join(' '),
      timeText(sleptMs),
      blockedBy
        .map(({ pin, mapping, operation, owner: by }) =>
          [pin ?? mapping ?? operation, ...(by === null ? [] : [`of ${by}`])].join(' '),
        )
        .join(', '),
    ]),
  );
