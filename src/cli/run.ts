// The command line: finds the subcommand, runs it, and turns its end into an exit code.
import { Command } from 'commander';
import { version } from '../version.ts';
import { CommandEnd, exitCodes } from './lib/exit.ts';
import { isHelp, prepare } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { tellError } from './lib/told.ts';
import { type Subcommand, subcommands } from './registry.ts';

const description =
  'Simulated DAX filesystems over HTTP: truncate and hole punch against page pins.';

/** Resolves with the exit code. A server that runs resolves when it has ended. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const words = wordsOf(argv);
    const root = await rootWith(words[0], io);
    if (words[0] === 'complete') root.addCommand(await hiddenComplete(io), { hidden: true });
    await root.parseAsync(words, { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (isHelp(error)) return exitCodes.ok;
    if (!(error instanceof CommandEnd)) throw error;
    tellError(io, error);
    return error.exitCode;
  }
}

const rootWith = (needed: string | undefined, io: Io): Promise<Command> =>
  rootCommand(io, ({ name }) => name === needed);

/** What the scripts of `completion` call. Not in the registry, because it needs all of that. */
async function hiddenComplete(io: Io): Promise<Command> {
  const { completeCommand } = await import('./completion.ts');
  return prepare(
    completeCommand(io, async (words) => {
      const line = wordsOf(words);
      return { root: await rootWith(line[0], io), words: line };
    }),
    io,
  );
}

/** Whether these arguments start a server. */
export const isServer = (argv: readonly string[]): boolean => wordsOf(argv)[0] === 'serve';

const rootOptions = new Set(['-h', '--help', '-V', '--version']);

/** Without a subcommand the server starts, and its settings need no name before them. */
function wordsOf([first, second, ...rest]: readonly string[]): string[] {
  const given = [first, second, ...rest].filter((word) => word !== undefined);
  if (first === 'help') return second === undefined ? ['--help'] : [second, ...rest, '--help'];
  return first === undefined || (first.startsWith('-') && !rootOptions.has(first))
    ? ['serve', ...given]
    : given;
}

/** The command with those subcommands that are needed; the others have only their names. */
export async function rootCommand(
  io: Io,
  needed: (subcommand: Subcommand) => boolean,
): Promise<Command> {
  const root = new Command('pinhole')
    .description(description)
    .version(version)
    .usage('[subcommand] [options]')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      '\nWithout a subcommand the server starts; "pinhole serve --help" lists its settings.\n' +
        'Every subcommand has --help with an example.',
    );
  for (const subcommand of subcommands) {
    const { name, group, summary, load } = subcommand;
    const command = needed(subcommand) ? await load(io) : new Command(name);
    root.addCommand(command.summary(summary).helpGroup(`${group}:`));
  }
  return prepare(root, io);
}
