// pinhole fs: filesystems, each on a simulated device of its own.
import { Command } from 'commander';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { addFields, fieldsOf, givenFields } from './lib/fields.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { strategyFields } from './lib/operation.ts';
import { filesystemFacts, filesystemTable } from './lib/record-tables.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, onServer, wholeList } from './lib/session.ts';

export function fsCommand(io: Io): Command {
  return new Command('fs')
    .description('Filesystems, each on a simulated device of its own.')
    .addCommand(create(io))
    .addCommand(list(io))
    .addCommand(show(io))
    .addCommand(remove(io));
}

function create(io: Io): Command {
  const fields = [...fieldsOf(mkfsArgs, 'MkfsArgs'), ...strategyFields(['strategy'])];
  const command = addFields(
    new Command('create')
      .summary('creates a filesystem')
      .description('Creates a filesystem on a new simulated device, as mkfs does.'),
    fields,
  );
  example(command, 'pinhole fs create demo 64M --kind ext4 --strategy busy-extents');
  return onServer(command, io, async ({ client, output }) => {
    const body = givenFields(command, fields) as Schemas['MkfsArgs'];
    const made = await demand(client.POST('/v1/filesystems', { body }));
    output.print(made, () => filesystemFacts(made));
  });
}

function list(io: Io): Command {
  const command = new Command('ls').summary('lists filesystems').description('Lists filesystems.');
  example(command, 'pinhole fs ls -o json');
  return onServer(command, io, async ({ client, output, io }) => {
    const all = await wholeList((query) => client.GET('/v1/filesystems', { params: { query } }));
    output.print(all, () => filesystemTable(all.items));
    for (const { name, detail } of all.stopped) io.say(`${name} has stopped: ${detail}`);
  });
}

function show(io: Io): Command {
  const command = new Command('show')
    .summary('shows a filesystem')
    .description('Shows the settings, the space and the counters of a filesystem.')
    .argument('<fs>', 'the filesystem');
  example(command, 'pinhole fs show scratch');
  return onServer(command, io, async ({ client, output }, { args: [fs = ''] }) => {
    const found = await demand(client.GET('/v1/filesystems/{fs}', { params: { path: { fs } } }));
    output.print(found, () => filesystemFacts(found));
  });
}

function remove(io: Io): Command {
  const command = new Command('rm')
    .summary('removes a filesystem')
    .description('Removes a filesystem and its device.')
    .argument('<fs>', 'the filesystem')
    .option('--force', 'also if it has mappings, pins or operations that have not ended');
  example(command, 'pinhole fs rm scratch --force');
  return onServer<{ force?: true }>(command, io, async ({ client, output }, call) => {
    const { args, options } = call;
    const [fs = ''] = args;
    const query = options.force === true ? { force: true } : {};
    const removed = await demand(
      client.DELETE('/v1/filesystems/{fs}', { params: { path: { fs }, query } }),
    );
    output.print(removed, () => `${removed.name} is removed`);
  });
}
