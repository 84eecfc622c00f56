// pinhole context: servers by name. The file of contexts has mode 0600; a token is never printed.
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { httpUrl, tokenIn } from './lib/connection.ts';
import { contextsFile, readContexts, writeContexts } from './lib/contexts.ts';
import { UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns, type Format, outputOf } from './lib/output.ts';
import { withOutput } from './lib/session.ts';

export const contextCommand = (io: Io): Command =>
  new Command('context')
    .description(
      `Servers by name: URL, token and filesystem, in ${contextsFile(io.env)}, which only its ` +
        'owner can read.',
    )
    .addCommand(list(io))
    .addCommand(add(io))
    .addCommand(use(io))
    .addCommand(remove(io));

interface AddOptions {
  url: string;
  tokenFile?: string;
  tokenStdin?: true;
  fs?: string;
  use?: true;
  output: Format;
}

function add(io: Io): Command {
  const command = new Command('add')
    .summary('adds a context, or replaces it')
    .description(
      'Adds a context, or replaces it. The first context is in use at once. The token is sent ' +
        'only to the URL of its context.',
    )
    .argument('<context>', 'its name')
    .requiredOption('--url <url>', 'the URL of the server')
    .option('--token-file <file>', 'the file with the token; it is read for each command')
    .option('--token-stdin', 'read the token from stdin and store it in the context')
    .option('--fs <name>', 'the filesystem of commands without --fs')
    .option('--use', 'use it from now on');
  example(command, 'pinhole context add lab --url http://lab.example:8080 --fs scratch --use');
  return withOutput(command).action(async (name: string, options: AddOptions) => {
    const { url, tokenFile, tokenStdin, fs } = options;
    if (tokenFile !== undefined && tokenStdin === true)
      throw new UsageError('--token-file and --token-stdin cannot be combined');
    const { contexts, current } = readContexts(io.env);
    contexts[name] = {
      url: httpUrl(url),
      ...(tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) }),
      ...(tokenStdin === true ? { token: tokenIn(await text(io.stdin), 'stdin') } : {}),
      ...(fs === undefined ? {} : { fs }),
    };
    const next = { contexts, current: options.use === true ? name : (current ?? name) };
    writeContexts(io.env, next);
    outputOf(io, options.output).print(shown(io, name), () => `${name} is ${url}`);
  });
}

interface Shown {
  name: string;
  url: string;
  inUse: boolean;
  /** Where the token is; never the token. */
  token: string | null;
  fs: string | null;
}

const allShown = (io: Io): Shown[] => {
  const { contexts, current } = readContexts(io.env);
  return Object.entries(contexts).map(([name, { url, token, tokenFile, fs }]) => ({
    name,
    url,
    inUse: name === current,
    token: tokenFile ?? (token === undefined ? null : 'stored'),
    fs: fs ?? null,
  }));
};

const shown = (io: Io, name: string): Shown => {
  const found = allShown(io).find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = allShown(io).map((one) => one.name);
  const known = names.length === 0 ? 'there are none' : `the contexts are ${names.join(', ')}`;
  throw new UsageError(`there is no context ${name}; ${known}`);
};

function list(io: Io): Command {
  const command = new Command('ls')
    .summary('lists contexts')
    .description('Lists the contexts. A star is before the one in use.');
  example(command, 'pinhole context ls');
  return withOutput(command).action(({ output }: { output: Format }) => {
    const items = allShown(io);
    outputOf(io, output).print({ items }, () =>
      columns(
        ['', 'name', 'url', 'token', 'fs'],
        items.map(({ inUse, name, url, token, fs }) => [inUse ? '*' : ' ', name, url, token, fs]),
      ),
    );
  });
}

function use(io: Io): Command {
  const command = new Command('use')
    .summary('uses a context from now on')
    .description('Uses a context for every command that names no other.')
    .argument('<context>', 'its name');
  example(command, 'pinhole context use lab');
  return withOutput(command).action((name: string, { output }: { output: Format }) => {
    const { url } = shown(io, name);
    writeContexts(io.env, { ...readContexts(io.env), current: name });
    outputOf(io, output).print(shown(io, name), () => `${name} (${url}) is in use`);
  });
}

function remove(io: Io): Command {
  const command = new Command('rm')
    .summary('removes a context')
    .description('Removes a context, and the token that it stores.')
    .argument('<context>', 'its name');
  example(command, 'pinhole context rm lab');
  return withOutput(command).action((name: string, { output }: { output: Format }) => {
    const gone = shown(io, name);
    const { contexts, current } = readContexts(io.env);
    delete contexts[name];
    writeContexts(io.env, { contexts, current: current === name ? null : current });
    outputOf(io, output).print(gone, () => `${name} is removed`);
  });
}
