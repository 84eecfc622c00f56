// pinhole token: tokens of a tenant. It needs the token of the operator.
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns } from './lib/output.ts';
import { demand, onServer } from './lib/session.ts';
import { msOf } from './lib/sizes.ts';

export const tokenCommand = (io: Io): Command =>
  new Command('token')
    .description('Tokens of a tenant. These commands need the token of the operator.')
    .addCommand(list(io))
    .addCommand(create(io))
    .addCommand(revoke(io));

const dateText = (ms: number | null): string =>
  ms === null ? 'never' : new Date(ms).toISOString();

function list(io: Io): Command {
  const command = new Command('ls')
    .summary('lists tokens')
    .description('Lists the tokens of a tenant. The tokens themselves cannot be read again.')
    .argument('<tenant>', 'the tenant');
  example(command, 'pinhole token ls guests');
  return onServer(command, io, async ({ client, output }, { args: [tenant = ''] }) => {
    const params = { path: { tenant } };
    const all = await demand(client.GET('/v1/tenants/{tenant}/tokens', { params }));
    output.print(all, () =>
      columns(
        ['id', 'scopes', 'created', 'expires'],
        all.items.map(({ id, scopes, createdMs, expiresMs }) => [
          id,
          scopes.join(' '),
          dateText(createdMs),
          dateText(expiresMs),
        ]),
      ),
    );
  });
}

interface CreateOptions {
  readOnly?: true;
  expiresIn?: number;
  save?: string;
}

function create(io: Io): Command {
  const command = new Command('create')
    .summary('issues a token')
    .description(
      'Issues a token. Only this answer contains it: it is printed, or with --save written to a ' +
        'file with mode 0600 and not printed.',
    )
    .argument('<tenant>', 'the tenant')
    .option('--read-only', 'without the scope write')
    .addOption(new Option('--expires-in <time>', 'such as 12h; never by default').argParser(msOf))
    .option('--save <file>', 'write the token to this new file');
  example(command, 'pinhole token create guests --read-only --expires-in 12h');
  return onServer<CreateOptions>(command, io, async ({ client, output }, { args, options }) => {
    const [tenant = ''] = args;
    const { readOnly, expiresIn: expiresInMs, save } = options;
    const made = await demand(
      client.POST('/v1/tenants/{tenant}/tokens', {
        params: { path: { tenant } },
        body: {
          scopes: readOnly === true ? ['read'] : ['read', 'write'],
          ...(expiresInMs === undefined ? {} : { expiresInMs }),
        },
      }),
    );
    if (save === undefined) return output.print(made, () => made.token);
    const { token, ...rest } = made;
    saveToken(save, token);
    output.print(rest, () => `${rest.id} is in ${save}`);
  });
}

function saveToken(file: string, token: string): void {
  try {
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}; the token was issued, revoke it with "pinhole token revoke"`,
    );
  }
}

function revoke(io: Io): Command {
  const command = new Command('revoke')
    .summary('revokes a token')
    .description('Revokes a token. It takes effect at once.')
    .argument('<tenant>', 'the tenant')
    .argument('<token>', 'the id of the token');
  example(command, 'pinhole token revoke guests 4f1c09aa2b7d3e58');
  return onServer(command, io, async ({ client, output }, { args: [tenant = '', token = ''] }) => {
    const params = { path: { tenant, token } };
    const gone = await demand(client.DELETE('/v1/tenants/{tenant}/tokens/{token}', { params }));
    output.print(gone, () => `${gone.id} is revoked`);
  });
}
