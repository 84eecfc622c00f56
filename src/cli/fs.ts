// pinhole fs: filesystems, each on a simulated device of its own.
import { Command, Option } from 'commander';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { addFields, addOptions, fieldsOf, givenFields } from './lib/fields.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { strategyFields, strategyName } from './lib/operation.ts';
import { filesystemFacts, filesystemTable } from './lib/record-tables.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, onServer, wholeList } from './lib/session.ts';

export function fsCommand(io: Io): Command {
  return new Command('fs')
    .description('Filesystems, each on a simulated device of its own.')
    .addCommand(create(io))
    .addCommand(list(io))
    .addCommand(show(io))
    .addCommand(fork(io))
    .addCommand(remove(io));
}

function create(io: Io): Command {
  const own = fieldsOf(mkfsArgs, 'MkfsArgs').filter(({ flag }) => flag !== strategyName.flag);
  const fields = [...own, strategyName, ...strategyFields(['strategy'])];
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

interface ForkOptions {
  cursor?: string;
  at?: string;
  when: 'submitted' | 'blocked' | 'ended';
  deadlock?: true;
  before?: true;
  clock?: 'realtime' | 'manual';
  scheduler?: 'auto' | 'stepped';
}

function fork(io: Io): Command {
  const strategy = [strategyName, ...strategyFields(['strategy'])];
  const command = new Command('fork')
    .summary('creates a filesystem with the state that another one has or had')
    .description(
      'Creates a filesystem with the state that another one has now, or had at a moment that is ' +
        'still stored: after an event, when an operation was submitted, slept first or ended, or ' +
        'at the last deadlock.',
    )
    .argument('<from>', 'the filesystem to copy')
    .argument('<name>', 'the name of the new one')
    .addOption(new Option('--cursor <cursor>', 'after this event').conflicts(['at', 'deadlock']))
    .addOption(
      new Option('--at <operation>', 'when something happened to this operation').conflicts(
        'deadlock',
      ),
    )
    .addOption(
      new Option('--when <moment>', 'with --at: which moment')
        .choices(['submitted', 'blocked', 'ended'])
        .default('blocked'),
    )
    .option('--deadlock', 'at the last deadlock')
    .option('--before', 'right before the command of that moment')
    .addOption(new Option('--clock <name>', 'its clock').choices(['realtime', 'manual']))
    .addOption(new Option('--scheduler <name>', 'its scheduler').choices(['auto', 'stepped']));
  addOptions(command, strategy);
  example(command, 'pinhole fs fork scratch again --at op_13 --when blocked --scheduler stepped');
  return onServer<ForkOptions>(command, io, async ({ client, output }, { args, options }) => {
    const [filesystem = '', name = ''] = args;
    const { cursor, at: operation, when, deadlock, before, clock, scheduler } = options;
    const at = operation !== undefined ? { operation, when } : deadlock && { deadlock: 'last' };
    const body = {
      name,
      from: {
        filesystem,
        ...(cursor === undefined ? {} : { cursor }),
        ...(at === undefined ? {} : { at }),
        ...(before === true ? { before } : {}),
      },
      ...(clock === undefined ? {} : { clock }),
      ...(scheduler === undefined ? {} : { scheduler }),
      ...givenFields(command, strategy),
    } as Schemas['MkfsArgs'];
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
