// pinhole wait: until an operation has ended.
import { Command, Option } from 'commander';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { addTarget, fsOption } from './lib/operation.ts';
import { isEnded } from './lib/operation-text.ts';
import { operationFacts } from './lib/record-tables.ts';
import { filesystemOf, onServer } from './lib/session.ts';
import { msOf } from './lib/sizes.ts';
import { demandSuccess, timedOut, whenEnded } from './lib/waiting.ts';

interface Options {
  fs?: string;
  timeout?: number;
}

export function waitCommand(io: Io): Command {
  const command = new Command('wait').description(
    'Waits until an operation has ended, and prints it. Exit code 0: it was done; 1: it failed; ' +
      '4: the time of --timeout is over.',
  );
  addTarget(command, 'operation');
  command
    .addOption(new Option('--timeout <time>', 'such as 10s; no limit by default').argParser(msOf))
    .addOption(fsOption());
  example(command, 'pinhole wait op_14 --timeout 10s');
  return onServer<Options>(command, io, async (session, { args: [id = ''], options }) => {
    const { output } = session;
    const fs = await filesystemOf(session, options.fs);
    const untilMs = Date.now() + (options.timeout ?? Number.POSITIVE_INFINITY);
    const last = await whenEnded(session, { fs, id }, untilMs);
    const isDone = last.state === 'done';
    if (isDone || output.format !== 'table') output.print(last, () => operationFacts(last));
    if (!isEnded(last)) throw timedOut(last);
    demandSuccess(last);
  });
}
