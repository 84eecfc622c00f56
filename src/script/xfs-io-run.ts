// Runs command lines of xfs_io(8) as its process does.
import { fileCommands, openFile } from './xfs-io-files.ts';
import { SleepsForEver } from './xfs-io-machine.ts';
import { mappingCommands } from './xfs-io-maps.ts';
import { type Does, Failed, Killed, Misused, type XfsIoProcess } from './xfs-io-process.ts';
import type { XfsIoCall } from './xfs-io-script.ts';
import { miscount, usageOf, type Vocable, vocableOf, vocabulary } from './xfs-io-vocabulary.ts';
import { BadOption, wordsOf } from './xfs-io-words.ts';

/** `usage`: the words of a command were wrong, so nothing was called. `killed`: a signal came. */
export type Ending = 'done' | 'refused' | 'usage' | 'killed' | 'quit';

export interface ObeyOptions {
  /** For each open file, as -c does. Otherwise for the current one, as -C does. */
  each?: boolean;
  /** Also the reason and the rule of Pinhole, below each error of a call. */
  why?: boolean;
}

const help: Does = ({ output }, { rest: [name] }) => {
  if (name === undefined) {
    for (const one of vocabulary) output.out(usageOf(one));
    output.out('');
    output.out("Use 'help commandname' for extended help.");
    return;
  }
  const known = vocableOf(name);
  if (known === undefined) throw new Failed('usage', `command ${name} not found`);
  output.out(usageOf(known));
};

const commands: Readonly<Record<string, Does>> = { ...fileCommands, ...mappingCommands, help };

/** Runs one command line. */
export async function obey(
  process: XfsIoProcess,
  line: string,
  { each = false, why = false }: ObeyOptions = {},
): Promise<Ending> {
  const [name = '', ...words] = line.split(/\s+/).filter((word) => word !== '');
  if (name === '') return 'done';
  const vocable = vocableOf(name);
  const wrong =
    vocable === undefined ? `command "${name}" not found` : miscount(vocable, words.length);
  if (vocable === undefined || wrong !== null) {
    process.output.err(wrong as string);
    return 'usage';
  }
  if (vocable.name === 'quit') return 'quit';
  if (!each || vocable.once === true) return one(process, vocable, { words, why });
  const { current } = process;
  let worst: Ending = 'done';
  for (const index of process.files.keys()) {
    process.current = index;
    const ending = await one(process, vocable, { words, why });
    if (ending === 'killed') return ending;
    if (ending !== 'done') worst = ending;
  }
  process.current = current;
  return worst;
}

async function one(
  process: XfsIoProcess,
  vocable: Vocable,
  { words, why }: { words: readonly string[]; why: boolean },
): Promise<Ending> {
  const { output } = process;
  try {
    await commands[vocable.name]?.(process, wordsOf(words, vocable.options));
    return 'done';
  } catch (error) {
    if (error instanceof BadOption || error instanceof Misused) {
      if (error instanceof BadOption) output.err(`${vocable.name}: ${error.message}`);
      output.out(usageOf(vocable));
      return 'usage';
    }
    if (error instanceof Killed || error instanceof SleepsForEver) {
      output.err(error.message);
      return 'killed';
    }
    if (!(error instanceof Failed)) throw error;
    output[error.kind === 'usage' ? 'out' : 'err'](error.message);
    if (why && error.refusal !== null) output.err(`  ${error.refusal.why} (${error.refusal.rule})`);
    return error.kind;
  }
}

/** One line of a process, and whether -c gave it. */
export type XfsIoLine = XfsIoCall['commands'][number];

export interface RunOptions {
  why?: boolean;
  /** Called before each line; the function that it gives back is called after it. */
  onLine?(line: string): (ending: Ending) => void;
}

/**
 * One call of xfs_io: opens its files, of which the last one becomes the current one, runs its
 * commands, and ends. Gives the worst ending.
 */
export async function runCall(
  process: XfsIoProcess,
  { files, ...how }: Omit<XfsIoCall, 'commands'>,
  lines: Iterable<XfsIoLine> | AsyncIterable<XfsIoLine>,
  { why = false, onLine }: RunOptions = {},
): Promise<Exclude<Ending, 'quit'>> {
  let worst: Exclude<Ending, 'quit'> = 'done';
  try {
    for (const path of files) await openFile(process, path, how);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    process.output.err(error.message);
    return error.kind;
  }
  for await (const { line, each } of lines) {
    const after = onLine?.(line);
    const ending = await obey(process, line, { why, each });
    after?.(ending);
    if (ending === 'quit') break;
    if (ending !== 'done') worst = ending;
    if (ending === 'killed') break;
  }
  await process.end();
  return worst;
}
