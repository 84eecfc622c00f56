// The subcommands of `pinhole`, one row each.
//
// To add a subcommand `foo`:
// 1. Write `src/cli/foo.ts` with `export function fooCommand(io: Io): Command`. `onServer` of
//    lib/session.ts builds a command that talks to a server: it adds --url, --token-file,
//    --context, -o and --curl, and calls `act` with a Session. `new Command()` of commander is
//    enough for a command that needs no server.
// 2. Print data with `session.output` (lib/output.ts) and sentences with `io.say`. Throw an error
//    of lib/exit.ts to end with another code than 0: Refused 1, UsageError 2, Unmet 3, TimedOut 4.
// 3. Give it an example with `example(command, 'pinhole foo …')`; a test runs every example.
// 4. Add a row here. `load` imports the file only when the subcommand runs, because the help and
//    completion of the others must not wait for it.
//
// A group of subcommands, such as `pinhole fs`, is one row; its Command has subcommands itself.
import type { Command } from 'commander';
import type { Io } from './lib/io.ts';

export type Group = 'Server' | 'Things' | 'Waits' | 'Time' | 'Runs' | 'Reference';

export interface Subcommand {
  name: string;
  group: Group;
  /** One line, as `pinhole --help` shows it. */
  summary: string;
  load(io: Io): Promise<Command>;
}

export const subcommands: readonly Subcommand[] = [
  {
    name: 'serve',
    group: 'Server',
    summary: 'starts the server; the default without a subcommand',
    load: async (io) =>
      (await import('./serve.ts')).serveCommand(
        io,
        subcommands.map(({ name }) => name),
      ),
  },
  {
    name: 'repair',
    group: 'Server',
    summary: 'inspects the journal of a server that is not running, and repairs it',
    load: async () => (await import('./repair.ts')).repairCommand(),
  },
  {
    name: 'fs',
    group: 'Things',
    summary: 'creates, lists, shows and removes filesystems',
    load: async (io) => (await import('./fs.ts')).fsCommand(io),
  },
  {
    name: 'replay',
    group: 'Runs',
    summary: 'plays a bundle without a server, and compares its results',
    load: async (io) => (await import('./replay.ts')).replayCommand(io),
  },
];
