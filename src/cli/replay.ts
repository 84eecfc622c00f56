// pinhole replay: plays a bundle without a server, compares everything that it says, and prints the
// trace.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { BundleError } from '../bundle/bundle-error.ts';
import { verifyBundle } from '../bundle/read.ts';
import { opId } from '../kernel/units.ts';
import { commandText } from '../script/golden.ts';
import { Ended, exitCodes, UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { unlimited } from './lib/unlimited.ts';

export interface ReplayOrders {
  file: string;
  quiet?: true;
}

export function replayCommand(io: Io): Command {
  const command = new Command('replay')
    .description(
      'Plays a bundle, as GET /v1/filesystems/{fs}/bundle gives it, without a server. Prints each ' +
        'command, event and answer. Exit code 0: everything is as the bundle says; 3: the results ' +
        'differ; 1: the file is not a bundle of this version.',
    )
    .argument('<file>', 'the bundle')
    .option('--quiet', 'print only the summary')
    .action(async (file: string, { quiet }: { quiet?: true }) => {
      const orders = quiet === undefined ? { file } : { file, quiet };
      const code = await playBundle(orders, (line) => void io.stdout.write(`${line}\n`));
      if (code !== exitCodes.ok) throw new Ended(code);
    });
  return example(command, 'pinhole replay a.bundle --quiet');
}

async function playBundle(orders: ReplayOrders, say: (line: string) => void): Promise<number> {
  try {
    return await replay(orders, say);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A person plays a file of their own, so only its own limits apply. */
const bounds = {
  bytesMax: 2 ** 31,
  entriesMax: Number.MAX_SAFE_INTEGER,
  deviceBytesMax: Number.MAX_SAFE_INTEGER,
  limits: unlimited,
};

/** Resolves with the exit code. */
export async function replay(
  { file, quiet }: ReplayOrders,
  say: (line: string) => void,
): Promise<number> {
  try {
    const { head, kernel, entries } = await verifyBundle(
      readFileSync(file),
      bounds,
      (entry, effects) => {
        if (quiet === true) return;
        if (entry.command !== null) say(`> ${commandText(entry.command)}`);
        for (const event of effects.events) {
          const who = event.task === 0 ? '-' : opId(event.task);
          say(`  ${event.timeMs} ${who} ${event.type} ${JSON.stringify(event.data)}`);
        }
        for (const { task, outcome } of effects.replies)
          say(
            `< ${opId(task)} ${outcome.ok ? 'done' : `${outcome.failure.errno} ${outcome.failure.why}`}`,
          );
      },
    );
    if (head.note !== '') say(head.note);
    const { kind, kernel: linux } = head.args;
    say(
      `${entries} commands on ${kind} of Linux ${linux}, ${kernel.tasks.size} operations still ` +
        `running: every state and every result is as the bundle says.`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    say(`${file}: ${error.message} (${error.rule})`);
    // BD4: it is a bundle, but the machine gives other results.
    return error.rule === 'BD4' ? exitCodes.unmet : exitCodes.refused;
  }
}
