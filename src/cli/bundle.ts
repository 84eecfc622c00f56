// pinhole bundle: a span of the past as one file, and a filesystem made of such a file.
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { bundleType } from '../http/contract.ts';
import { bytesOfFile } from './lib/course.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { filesystemFacts } from './lib/record-tables.ts';
import { ask } from './lib/request.ts';
import type { Schemas } from './lib/schemas.ts';
import { filesystemOf, onServer } from './lib/session.ts';

export const bundleCommand = (io: Io): Command =>
  new Command('bundle')
    .description('Bundles: a span of the past of a filesystem as one file.')
    .addCommand(save(io))
    .addCommand(load(io));

interface SaveOptions {
  fs?: string;
  from?: string;
  to?: string;
  contents: boolean;
  note?: string;
  file?: string;
}

function save(io: Io): Command {
  const command = new Command('save')
    .summary('writes a bundle')
    .description(
      'Writes the past of a filesystem as a bundle, which "pinhole replay" and "pinhole ' +
        'compare" play without a server and "pinhole bundle load" makes a filesystem of.',
    )
    .option('--from <cursor>', 'begin after this event (default: the oldest)')
    .option('--to <cursor>', 'the last event (default: the newest)')
    .option('--no-contents', 'replace the contents of files by zeros')
    .option('--note <text>', 'a text that goes with the bundle')
    .option('--file <path>', 'write to a file instead of stdout')
    .addOption(fsOption());
  example(command, 'pinhole bundle save --file a.bundle && pinhole replay a.bundle --quiet');
  return onServer<SaveOptions>(command, io, async (session, { options }) => {
    const { from, to, contents, note, file } = options;
    if (file === undefined && io.stdout.isTTY === true && !session.curl)
      throw new UsageError('a bundle is bytes; name a file with --file, or redirect stdout');
    const fs = await filesystemOf(session, options.fs);
    const query = {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(contents ? {} : { contents: 'omit' }),
      ...(note === undefined ? {} : { note }),
    };
    const url = '/v1/filesystems/:fs/bundle';
    const { data } = await ask(session, {
      method: 'GET',
      url,
      path: { fs },
      query,
      givesBytes: true,
    });
    const bytes = data as Uint8Array;
    if (file === undefined) session.output.write(bytes);
    else writeFileSync(file, bytes);
  });
}

function load(io: Io): Command {
  const command = new Command('load')
    .summary('makes a filesystem of a bundle')
    .description('Makes a filesystem with the past and the state that a bundle has.')
    .argument('<file>', 'the bundle; - is stdin')
    .argument('<name>', 'the name of the new filesystem');
  example(command, 'pinhole bundle load a.bundle again');
  return onServer(command, io, async (session, { args: [file = '', name = ''] }) => {
    const { data } = await ask(session, {
      method: 'POST',
      url: '/v1/filesystems',
      path: {},
      query: { name },
      bytes: await bytesOfFile(file, io),
      headers: { 'content-type': bundleType },
    });
    const made = data as Schemas['Filesystem'];
    session.output.print(made, () => filesystemFacts(made));
  });
}
