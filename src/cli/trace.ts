// pinhole trace: a span of events for Perfetto, or as ftrace text.
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { browse } from './lib/browser.ts';
import { UsageError } from './lib/exit.ts';
import { handOver, perfettoPort } from './lib/hand-over.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { ask } from './lib/request.ts';
import { filesystemOf, onServer } from './lib/session.ts';

interface Options {
  format: 'perfetto' | 'ftrace';
  from?: string;
  to?: string;
  file?: string;
  open?: true;
  fs?: string;
}

export function traceCommand(io: Io): Command {
  const command = new Command('trace')
    .description(
      'Exports a span of events: JSON for Perfetto, or ftrace text with the names of the Linux ' +
        'tracepoints. --open shows it in ui.perfetto.dev: the browser of this machine fetches ' +
        'it from this command, and no other machine sees it.',
    )
    .addOption(
      new Option('--format <format>', 'the form')
        .choices(['perfetto', 'ftrace'])
        .default('perfetto'),
    )
    .option('--from <cursor>', 'begin after this event (default: the oldest)')
    .option('--to <cursor>', 'the last event (default: the newest)')
    .option('--file <path>', 'write to a file instead of stdout')
    .option('--open', 'open it in ui.perfetto.dev')
    .addOption(fsOption());
  example(command, 'pinhole trace > trace.json', 'pinhole trace --format ftrace --file trace.txt');
  return onServer<Options>(command, io, async (session, { options }) => {
    const { format, from, to, file, open } = options;
    if (open === true && format !== 'perfetto')
      throw new UsageError('--open is for the format perfetto');
    const fs = await filesystemOf(session, options.fs);
    const query = {
      format,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    const url = '/v1/filesystems/:fs/trace';
    const { data } = await ask(session, {
      method: 'GET',
      url,
      path: { fs },
      query,
      givesBytes: true,
    });
    const bytes = data as Uint8Array;
    if (open === true)
      return handOver(io, bytes, { name: `${fs}.json`, port: perfettoPort, browse });
    if (file === undefined) session.output.write(bytes);
    else writeFileSync(file, bytes);
  });
}
