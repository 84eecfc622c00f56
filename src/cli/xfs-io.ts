// pinhole xfs_io: commands of xfs_io(8) on a simulated file. Without --fs it needs no server: the
// filesystem is new, and ends with the command.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { createKernel } from '../kernel/kernel.ts';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { filesystemKinds, linuxVersions } from '../kernel/state.ts';
import { ScriptError } from '../script/script-error.ts';
import { machineOf, type XfsIoMachine } from '../script/xfs-io-machine.ts';
import { type Output, XfsIoProcess } from '../script/xfs-io-process.ts';
import { type Ending, runCall } from '../script/xfs-io-run.ts';
import { parseXfsIo, type XfsIoCall } from '../script/xfs-io-script.ts';
import { Ended, exitCodes, Refused, UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { onServer, playsHere, type Session } from './lib/session.ts';
import { bytesOf } from './lib/sizes.ts';
import { unlimited } from './lib/unlimited.ts';
import { serverMachine } from './lib/xfs-io-server.ts';

interface Options {
  create?: true;
  truncate?: true;
  readonly?: true;
  sync?: true;
  direct?: true;
  script?: string;
  fs?: string;
  kind: string;
  kernel: string;
  size: number;
  why?: true;
}

/** What one line did, for -o json. */
interface Told {
  command: string;
  ending: Ending;
  out: string[];
  err: string[];
}

export function xfsIoCommand(io: Io): Command {
  const lines: { line: string; each: boolean }[] = [];
  const collect = (each: boolean) => (line: string) => void lines.push({ line, each });
  const command = new Command('xfs_io')
    .description(
      'Runs commands of xfs_io(8) on simulated files and prints what xfs_io prints. Without ' +
        '--fs no server is needed: the filesystem is new, and each FILE exists and is empty. ' +
        'Without -c and --script, commands are read from stdin, one per line; "help" lists ' +
        'them. A simulated call takes no time, so each rate is infinite and the output is the ' +
        'same in every run. Exit code 1: a call failed; 2: the words of a command are wrong.',
    )
    .argument('[file...]', 'the files to open')
    .option('-c <command>', 'run this command for each open file', collect(true))
    .option('-C <command>', 'run this command for the last file', collect(false))
    .option('-f, --create', 'create a file that does not exist')
    .option('-t, --truncate', 'truncate each file when it is opened')
    .option('-r, --readonly', 'open the files read-only')
    .option('-s, --sync', 'open the files for synchronous writes')
    .option('-d, --direct', 'open the files for direct I/O, which changes nothing on DAX')
    .option('--script <path>', 'run lines such as xfs_io -f -c "pwrite 0 4k" FILE; - is stdin')
    .option('--fs <name>', 'use this filesystem of a server')
    .option('--why', 'add the reason and the rule to each error')
    .addOption(
      new Option('--kind <kind>', 'the new filesystem').choices(filesystemKinds).default('xfs'),
    )
    .addOption(new Option('--kernel <version>', 'its Linux').choices(linuxVersions).default('7.3'))
    .addOption(
      new Option('--size <size>', 'the size of its device')
        .argParser(bytesOf)
        .default(64 * 2 ** 20, '64M'),
    );
  example(
    command,
    'pinhole xfs_io -c "pwrite 0 64k" -c "fpunch 4k 4k" -c "fiemap -v" f',
    'pinhole xfs_io --kind ext4 --why -c "fcollapse 0 100" f || test $? = 1',
    'printf "pwrite -q 0 8k\\nstat\\n" | pinhole xfs_io f',
  );
  return onServer<Options>(command, io, (session, { args, options }) =>
    run(session, { files: args, lines, options }),
  );
}

interface Orders {
  files: string[];
  lines: readonly { line: string; each: boolean }[];
  options: Options;
}

async function run(session: Session, { files, lines, options }: Orders): Promise<void> {
  const { io, output } = session;
  const { fs, script } = options;
  if (fs === undefined) playsHere(session);
  const machine = fs === undefined ? newMachine(options) : await serverMachine(session, fs);
  const how = {
    // On a new filesystem nothing is there that a missing -f could protect from.
    create: options.create === true || fs === undefined,
    truncate: options.truncate === true,
    readOnly: options.readonly === true,
    sync: options.sync === true,
    direct: options.direct === true,
  };
  const told: Told[] = [];
  const printed = processOutput(io, { told, speaks: output.format === 'table' });
  const runOptions = { why: options.why === true, onLine: noting(told) };
  let worst: Exclude<Ending, 'quit'> = 'done';
  const call = async (of: Omit<XfsIoCall, 'commands'>, its: Lines): Promise<void> => {
    const ending = await runCall(new XfsIoProcess(machine, printed), of, its, runOptions);
    if (ending !== 'done') worst = ending;
  };
  if (script !== undefined) {
    if (files.length + lines.length > 0)
      throw new UsageError('--script has its files and commands in its lines');
    for (const { commands, ...one } of callsOf(await textOf(script, io))) await call(one, commands);
  } else await call({ ...how, files }, lines.length > 0 ? lines : typedLines(io));
  output.print({ items: told }, () => '');
  if (worst !== 'done') throw new Ended(exitOf[worst]);
}

type Lines = Parameters<typeof runCall>[2];

const exitOf = { refused: exitCodes.refused, killed: exitCodes.refused, usage: exitCodes.usage };

/** Notes what each line does. */
const noting = (told: Told[]) => (line: string) => {
  const one: Told = { command: line, ending: 'done', out: [], err: [] };
  told.push(one);
  return (ending: Ending) => {
    one.ending = ending;
  };
};

const processOutput = (
  io: Io,
  { told, speaks }: { told: readonly Told[]; speaks: boolean },
): Output => ({
  out(line) {
    told.at(-1)?.out.push(line);
    if (speaks) io.stdout.write(`${line}\n`);
  },
  err(line) {
    told.at(-1)?.err.push(line);
    if (speaks || told.length === 0) io.say(line);
  },
});

/** Lines of stdin. A person sees a prompt. */
async function* typedLines(io: Io): AsyncGenerator<{ line: string; each: boolean }> {
  const prompt = (): void => {
    if (io.stdin.isTTY === true && io.stderr.isTTY === true) io.stderr.write('xfs_io> ');
  };
  const input = createInterface({ input: io.stdin });
  prompt();
  for await (const line of input) {
    if (!line.startsWith('#')) yield { line, each: false };
    prompt();
  }
}

function newMachine({ kind, kernel, size }: Options): XfsIoMachine {
  const args = mkfsArgs.safeParse({
    name: 'xfs_io',
    sizeBytes: size,
    kind,
    kernel,
    clock: 'manual',
  });
  if (!args.success) throw new UsageError(`--size ${args.error.issues[0]?.message}`);
  const made = createKernel(args.data, unlimited, 0);
  if (!made.ok) throw new Refused(made.failure.why);
  return machineOf(made.kernel);
}

async function textOf(path: string, io: Io): Promise<string> {
  try {
    if (path !== '-') return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`the script cannot be read: ${(error as Error).message}`);
  }
  let text = '';
  for await (const chunk of io.stdin) text += String(chunk);
  return text;
}

function callsOf(text: string): XfsIoCall[] {
  try {
    return parseXfsIo(text);
  } catch (error) {
    if (error instanceof ScriptError) throw new UsageError(error.message);
    throw error;
  }
}
