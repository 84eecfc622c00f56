// What all commands have in common: examples, errors with suggestions, no end of the process.
import { type Command, CommanderError } from 'commander';
import { UsageError } from './exit.ts';
import type { Io } from './io.ts';

const examples = new WeakMap<Command, readonly string[]>();

/** Lines of a shell that `--help` shows and a test runs, in this order. */
export function example(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText('after', `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** @public */
export const examplesOf = (command: Command): readonly string[] => examples.get(command) ?? [];

/** Makes the command and its subcommands throw a UsageError that helps. */
export function prepare(command: Command, io: Io): Command {
  command
    .exitOverride((error) => {
      throw usageErrorOf(command, error);
    })
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: () => {} })
    .helpCommand(false);
  for (const subcommand of command.commands) prepare(subcommand, io);
  return command;
}

/** --help and --version end with commander's own error and exit code 0. */
function usageErrorOf(command: Command, error: CommanderError): Error {
  if (error.exitCode === 0) return error;
  const lines = [error.message.replace(/^error: /, '').trimEnd()];
  // Commander ends the process with this code after it showed the help of a command that needs a
  // subcommand.
  if (error.code === 'commander.help') lines[0] = `"${pathOf(command)}" needs a subcommand`;
  // An option before the subcommand is one of a group, which has none.
  const isGroup = command.commands.length > 0;
  if (isGroup) lines.push(`The subcommands are ${command.commands.map(nameOf).join(', ')}.`);
  // A server has 100 options; its help shows them better.
  const isShort = !isGroup && command.options.length <= optionsShownMax;
  if (error.code === 'commander.unknownOption' && isShort)
    lines.push(`The options are ${optionsOf(command).join(', ')}.`);
  return new UsageError([...lines, `Try ${pathOf(command)} --help.`].join('\n'));
}

const optionsShownMax = 24;
const nameOf = (command: Command): string => command.name();
const optionsOf = (command: Command): string[] =>
  command.options.flatMap(({ hidden, long, short }) => (hidden ? [] : [long ?? short ?? '']));

/** `pinhole fs ls`. */
function pathOf(command: Command): string {
  const names = [command.name()];
  for (let above = command.parent; above !== null; above = above.parent) names.push(above.name());
  return names.reverse().join(' ');
}

/** True for the end that commander makes after --help and --version. */
export const isHelp = (error: unknown): boolean =>
  error instanceof CommanderError && error.exitCode === 0;
