// pinhole fs: filesystems, each on a simulated device of its own.
import { Command } from 'commander';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { addFields, fieldsOf, givenFields } from './lib/fields.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, facts } from './lib/output.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, onServer, wholeList } from './lib/session.ts';
import { sizeText } from './lib/sizes.ts';

export function fsCommand(io: Io): Command {
  return new Command('fs')
    .description('Filesystems, each on a simulated device of its own.')
    .addCommand(create(io))
    .addCommand(list(io))
    .addCommand(show(io))
    .addCommand(remove(io));
}

function create(io: Io): Command {
  const fields = fieldsOf(mkfsArgs, 'MkfsArgs');
  const command = addFields(
    new Command('create')
      .summary('creates a filesystem')
      .description('Creates a filesystem on a new simulated device, as mkfs does.'),
    fields,
  );
  example(command, 'pinhole fs create scratch 64M --kind ext4 --strategy busy-extents');
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

type Filesystem = Schemas['Filesystem'];

const filesystemTable = (items: readonly Filesystem[]): string =>
  columns(
    ['name', 'kind', 'kernel', 'size', 'strategy', 'files', 'pins', 'sleepers'],
    items.map(({ name, kind, kernel, sizeBytes, strategy, counts }) => [
      name,
      kind,
      kernel,
      sizeText(sizeBytes),
      strategy.name,
      counts.files,
      counts.pins,
      counts.sleepers,
    ]),
  );

function filesystemFacts({ name, kind, kernel, strategy, space, ...rest }: Filesystem): string {
  const { name: strategyName, ...options } = strategy;
  const chosen = Object.entries(options).map(([key, value]) => ` ${key}=${value}`);
  return facts([
    ['name', name],
    ['kind', `${kind} of Linux ${kernel}`],
    ['size', sizeText(rest.sizeBytes)],
    ['strategy', strategyName + chosen.join('')],
    ['clock', rest.clock],
    ['scheduler', rest.scheduler],
    [
      'blocks',
      `${space.blocks}: ${space.blocksUsed} used, ${space.blocksFree} free, ` +
        `${space.blocksBusy} busy, ${space.blocksDetached} detached`,
    ],
    ['files', rest.counts.files],
    ['mappings', rest.counts.mappings],
    ['pins', rest.counts.pins],
    ['sleepers', rest.counts.sleepers],
  ]);
}
