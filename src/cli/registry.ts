// The subcommands of `pinhole`, one row each.
//
// To add a subcommand `foo`:
// 1. Write `src/cli/foo.ts` with `export function fooCommand(io: Io): Command`. `onServer` of
//    lib/session.ts builds a command that talks to a server: it adds --url, --token-file,
//    --context, -o and --curl, and calls `act` with a Session. `new Command()` of commander is
//    enough for a command that needs no server.
// 2. Print data with `session.output` (lib/output.ts) and sentences with `io.say`. Throw an error
//    of lib/exit.ts to end with another code than 0: Refused 1, UsageError 2, Unmet 3, TimedOut 4.
// 3. Name arguments and options as lib/completions.ts does (fs, file, pin, operation, …), so the
//    shell completes their values from the server.
// 4. Give it an example with `example(command, 'pinhole foo …')`; a test runs every example.
// 5. Add a row here. `load` imports the file only when the subcommand runs, because the help and
//    completion of the others must not wait for it.
//
// A group of subcommands, such as `pinhole fs`, is one row; its Command has subcommands itself.
import type { Command } from 'commander';
import type { Io } from './lib/io.ts';
import { operationWords } from './operation-words.ts';

export type Group =
  | 'Server'
  | 'Things'
  | 'Memory'
  | 'Device'
  | 'Waits'
  | 'Time'
  | 'Runs'
  | 'Reference';

export interface Subcommand {
  name: string;
  group: Group;
  /** One line, as `pinhole --help` shows it. */
  summary: string;
  load(io: Io): Promise<Command>;
}

/** Operations of the kernel that have a subcommand of their own; those on files are in `file`. */
const operationRows = Object.entries(operationWords).flatMap(([operation, words]): Subcommand[] => {
  const { group, summary, command = operation } = words;
  if (group === 'file') return [];
  const load = async (io: Io) =>
    (await import('./operation.ts')).oneOperation(io, operation, words);
  return [{ name: command, group, summary, load }];
});
const operationsOf = (group: Group): Subcommand[] =>
  operationRows.filter((row) => row.group === group);

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
    name: 'doctor',
    group: 'Server',
    summary: 'checks what a server needs on this machine',
    load: async (io) => (await import('./doctor.ts')).doctorCommand(io),
  },
  {
    name: 'open',
    group: 'Server',
    summary: 'opens the page in a browser',
    load: async (io) => (await import('./open.ts')).openCommand(io),
  },
  {
    name: 'fs',
    group: 'Things',
    summary: 'creates, lists, shows and removes filesystems',
    load: async (io) => (await import('./fs.ts')).fsCommand(io),
  },
  {
    name: 'file',
    group: 'Things',
    summary: 'creates, reads and changes files',
    load: async (io) => (await import('./file.ts')).fileCommand(io),
  },
  {
    name: 'show',
    group: 'Things',
    summary: 'shows the state of a filesystem, part by part',
    load: async (io) => (await import('./show.ts')).showCommand(io),
  },
  {
    name: 'tenant',
    group: 'Things',
    summary: 'creates, lists and removes tenants; sets quotas',
    load: async (io) => (await import('./tenant.ts')).tenantCommand(io),
  },
  {
    name: 'token',
    group: 'Things',
    summary: 'issues, lists and revokes tokens',
    load: async (io) => (await import('./token.ts')).tokenCommand(io),
  },
  {
    name: 'context',
    group: 'Things',
    summary: 'names servers: URL, token and filesystem',
    load: async (io) => (await import('./context.ts')).contextCommand(io),
  },
  {
    name: 'mappings',
    group: 'Memory',
    summary: 'lists the mappings',
    load: async (io) =>
      (await import('./lib/view.ts')).viewCommand(io, 'mappings', { example: 'pinhole mappings' }),
  },
  {
    name: 'pins',
    group: 'Memory',
    summary: 'lists the pins',
    load: async (io) =>
      (await import('./lib/view.ts')).viewCommand(io, 'pins', { example: 'pinhole pins --file a' }),
  },
  ...operationsOf('Memory'),
  ...operationsOf('Device'),
  {
    name: 'ops',
    group: 'Waits',
    summary: 'lists operations, or follows them with -w',
    load: async (io) => (await import('./ops.ts')).opsCommand(io),
  },
  {
    name: 'wait',
    group: 'Waits',
    summary: 'waits until an operation has ended',
    load: async (io) => (await import('./wait.ts')).waitCommand(io),
  },
  ...operationsOf('Waits'),
  {
    name: 'explain',
    group: 'Waits',
    summary: 'explains why an operation waits, and what would end the wait',
    load: async (io) => (await import('./explain.ts')).explainCommand(io),
  },
  {
    name: 'graph',
    group: 'Waits',
    summary: 'shows who waits for whom',
    load: async (io) => (await import('./graph.ts')).graphCommand(io),
  },
  {
    name: 'events',
    group: 'Waits',
    summary: 'prints and follows the events',
    load: async (io) => (await import('./events.ts')).eventsCommand(io),
  },
  {
    name: 'trace',
    group: 'Waits',
    summary: 'exports events for Perfetto or as ftrace text',
    load: async (io) => (await import('./trace.ts')).traceCommand(io),
  },
  {
    name: 'step',
    group: 'Time',
    summary: 'takes steps of a stepped filesystem',
    load: async (io) => (await import('./step.ts')).stepCommand(io),
  },
  ...operationsOf('Time'),
  {
    name: 'story',
    group: 'Runs',
    summary: 'lists and plays the stories S01 to S32',
    load: async (io) => (await import('./story.ts')).storyCommand(io),
  },
  {
    name: 'compare',
    group: 'Runs',
    summary: 'plays the same commands under each strategy',
    load: async (io) => (await import('./compare.ts')).compareCommand(io),
  },
  {
    name: 'bundle',
    group: 'Runs',
    summary: 'writes and reads bundles',
    load: async (io) => (await import('./bundle.ts')).bundleCommand(io),
  },
  {
    name: 'play',
    group: 'Runs',
    summary: 'plays a script and prints its trace',
    load: async (io) => (await import('./play.ts')).playCommand(io),
  },
  {
    name: 'bench',
    group: 'Runs',
    summary: 'measures a server with scenarios of load/',
    load: async (io) => (await import('./bench.ts')).benchCommand(io),
  },
  {
    name: 'xfs_io',
    group: 'Runs',
    summary: 'runs commands of xfs_io(8), and prints what xfs_io prints',
    load: async (io) => (await import('./xfs-io.ts')).xfsIoCommand(io),
  },
  {
    name: 'rule',
    group: 'Reference',
    summary: 'explains a rule of the machine, such as GP2',
    load: async (io) => (await import('./rule.ts')).ruleCommand(io),
  },
  {
    name: 'errno',
    group: 'Reference',
    summary: 'explains an error code, such as EOPNOTSUPP or -95',
    load: async (io) => (await import('./errno.ts')).errnoCommand(io),
  },
  {
    name: 'replay',
    group: 'Runs',
    summary: 'plays a bundle without a server, and compares its results',
    load: async (io) => (await import('./replay.ts')).replayCommand(io),
  },
  {
    name: 'lab',
    group: 'Runs',
    summary: 'runs a workload under every strategy, and compares what each one costs',
    load: async (io) => (await import('./lab.ts')).labCommand(io),
  },
  {
    name: 'completion',
    group: 'Reference',
    summary: 'prints a script that completes commands in bash, zsh or fish',
    load: async (io) => (await import('./completion.ts')).completionCommand(io),
  },
];
