// pinhole tenant: tenants and their quotas. It needs the token of the operator.
import { Command } from 'commander';
import { tenantRoutes } from '../http/routes/tenants.ts';
import { addOptions, type Field, fieldsOf, givenFields } from './lib/fields.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, facts } from './lib/output.ts';
import type { Schemas } from './lib/schemas.ts';
import { demand, onServer, wholeList } from './lib/session.ts';

type Tenant = Schemas['Tenant'];

export const tenantCommand = (io: Io): Command =>
  new Command('tenant')
    .description('Tenants and their quotas. These commands need the token of the operator.')
    .addCommand(list(io))
    .addCommand(create(io))
    .addCommand(show(io))
    .addCommand(quotas(io))
    .addCommand(remove(io));

/** The quotas as the route that sets them has them. */
function quotaFields(): Field[] {
  const contract = tenantRoutes
    .flatMap(({ contracts }) => contracts)
    .find(({ name }) => name === 'set-quotas');
  if (contract?.body === null || contract?.body === undefined || !('schema' in contract.body))
    throw new Error('the route set-quotas has no schema');
  return fieldsOf(contract.body.schema, 'SetQuotasArgs');
}

function list(io: Io): Command {
  const command = new Command('ls').summary('lists tenants').description('Lists the tenants.');
  example(command, 'pinhole tenant ls');
  return onServer(command, io, async ({ client, output }) => {
    const all = await wholeList((query) => client.GET('/v1/tenants', { params: { query } }));
    output.print(all, () =>
      columns(
        ['name', 'filesystems', 'files', 'pins', 'sleepers', 'created'],
        all.items.map(({ name, used, createdMs }) => [
          name,
          used.filesystems,
          used.files,
          used.pins,
          used.sleepers,
          new Date(createdMs).toISOString(),
        ]),
      ),
    );
  });
}

function create(io: Io): Command {
  const fields = quotaFields();
  const command = new Command('create')
    .summary('creates a tenant')
    .description('Creates a tenant. A quota that is not given is the default of the server.')
    .argument('<tenant>', 'its name');
  addOptions(command, fields, 'Quotas:');
  example(command, 'pinhole tenant create team --pins 100 --bytes 1G');
  return onServer(command, io, async ({ client, output }, { args: [name = ''] }) => {
    const body = { name, quotas: givenFields(command, fields) };
    const made = await demand(client.POST('/v1/tenants', { body }));
    output.print(made, () => tenantFacts(made));
  });
}

function show(io: Io): Command {
  const command = new Command('show')
    .summary('shows a tenant')
    .description('Shows the quotas of a tenant and what it uses of them.')
    .argument('<tenant>', 'its name');
  example(command, 'pinhole tenant show guests');
  return onServer(command, io, async ({ client, output }, { args: [tenant = ''] }) => {
    const path = { tenant };
    const found = await demand(client.GET('/v1/tenants/{tenant}', { params: { path } }));
    output.print(found, () => tenantFacts(found));
  });
}

function quotas(io: Io): Command {
  const fields = quotaFields();
  const command = new Command('quotas')
    .summary('changes quotas of a tenant')
    .description('Changes quotas of a tenant. A quota that is not given stays as it is.')
    .argument('<tenant>', 'its name');
  addOptions(command, fields, 'Quotas:');
  example(command, 'pinhole tenant quotas guests --pins 50');
  return onServer(command, io, async ({ client, output }, { args: [tenant = ''] }) => {
    const body = givenFields(command, fields);
    const params = { path: { tenant } };
    const changed = await demand(client.PUT('/v1/tenants/{tenant}/quotas', { params, body }));
    output.print(changed, () => tenantFacts(changed));
  });
}

function remove(io: Io): Command {
  const command = new Command('rm')
    .summary('removes a tenant')
    .description('Removes a tenant. With --force also its filesystems and tokens.')
    .argument('<tenant>', 'its name')
    .option('--force', 'also if it has filesystems');
  example(command, 'pinhole tenant rm guests --force');
  return onServer<{ force?: true }>(command, io, async ({ client, output }, call) => {
    const { args, options } = call;
    const [tenant = ''] = args;
    const query = options.force === true ? { force: true } : {};
    const params = { path: { tenant }, query };
    const removed = await demand(client.DELETE('/v1/tenants/{tenant}', { params }));
    output.print(removed, () => `${removed.name} is removed`);
  });
}

const tenantFacts = ({ name, quotas: limits, used }: Tenant): string =>
  facts([
    ['name', name],
    ...Object.entries(limits).map(
      ([quota, limit]) => [quota, `${used[quota as keyof typeof used]} of ${limit}`] as const,
    ),
  ]);
