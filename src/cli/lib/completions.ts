// The candidates for the last word of a command line: subcommands, options, values, and names that
// the server knows.
import type { Argument, Command, Option } from 'commander';
import { restClient } from '../../client/rest.ts';
import { connectionOf } from './connection.ts';
import { readContexts } from './contexts.ts';
import type { Io } from './io.ts';

export interface Candidate {
  value: string;
  /** One line; empty if the value says it. */
  about: string;
}

/** Where the cursor is. */
interface Place {
  command: Command;
  /** The option whose value is being written. */
  option: Option | null;
  /** The arguments before the word. */
  given: string[];
  /** The values of options that were given before. */
  options: Record<string, string>;
}

export async function candidatesFor(
  root: Command,
  words: readonly string[],
  io: Io,
): Promise<Candidate[]> {
  const before = words.slice(0, -1);
  let last = words.at(-1) ?? '';
  // bash makes words of `--fs=scratch` at the sign.
  if (last === '=') last = '';
  const place = placeOf(
    root,
    before.filter((word) => word !== '='),
  );
  const [, flag, value] = /^(--[^=]+)=(.*)$/.exec(last) ?? [];
  if (flag !== undefined && value !== undefined) {
    const option = optionOf(place.command, flag);
    const found = await valuesOf({ ...place, option }, io);
    return starting(found, value).map((one) => ({ ...one, value: `${flag}=${one.value}` }));
  }
  if (place.option !== null) return starting(await valuesOf(place, io), last);
  if (last.startsWith('-')) return starting(optionsOf(place.command), last);
  const { commands } = place.command;
  // After a word that is no subcommand there is nothing to complete.
  if (commands.length > 0)
    return place.given.length > 0 ? [] : starting(namesOf(place.command), last);
  return starting(await valuesOf(place, io), last);
}

const starting = (found: readonly Candidate[], start: string): Candidate[] =>
  found.filter(({ value }) => value.startsWith(start));

function placeOf(root: Command, words: readonly string[]): Place {
  const place: Place = { command: root, option: null, given: [], options: {} };
  for (const word of words) {
    if (place.option !== null) {
      place.options[place.option.attributeName()] = word;
      place.option = null;
    } else if (word.startsWith('-')) {
      const [flag = '', value] = word.split('=', 2);
      const option = optionOf(place.command, flag);
      if (option !== null && value !== undefined) place.options[option.attributeName()] = value;
      else if (option?.required === true) place.option = option;
    } else {
      const next = place.command.commands.find((one) => one.name() === word);
      if (next === undefined) place.given.push(word);
      else place.command = next;
    }
  }
  return place;
}

const optionOf = (command: Command, flag: string): Option | null =>
  command.options.find(({ long, short }) => long === flag || short === flag) ?? null;

const optionsOf = (command: Command): Candidate[] => [
  ...command.options
    .filter(({ hidden }) => !hidden)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', about: description })),
  { value: '--help', about: 'display help for command' },
];

const namesOf = (command: Command): Candidate[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), about: one.summary() }));

/** The values of the option, or of the argument, at the place. */
async function valuesOf({ command, option, given, options }: Place, io: Io): Promise<Candidate[]> {
  const arguments_ = command.registeredArguments;
  const argument = arguments_[given.length] ?? arguments_.filter(({ variadic }) => variadic).at(-1);
  const about: Option | Argument | undefined = option ?? argument;
  if (about === undefined) return [];
  if (about.argChoices !== undefined)
    return about.argChoices.map((value) => ({ value, about: '' }));
  const name = option === null ? about.name() : option.attributeName();
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  // Without a server, or without the right to ask it, there are no candidates.
  return source === undefined ? [] : source(askerOf(options, io)).catch(() => []);
}

interface Asker {
  io: Io;
  client: ReturnType<typeof restClient>;
  /** The filesystem of the line, the environment or the context, or the only one. */
  fs(): Promise<string>;
}

/** A person waits for the answer. */
const patienceMs = 2000;

function askerOf({ fs, ...options }: Record<string, string>, io: Io): Asker {
  // The options of the line decide which server it is, as when the command runs.
  const connection = connectionOf(options, io);
  const { url: baseUrl, token } = connection;
  const client = restClient(token === null ? { baseUrl } : { baseUrl, token });
  client.use({
    onRequest: ({ request }) => new Request(request, { signal: AbortSignal.timeout(patienceMs) }),
  });
  return {
    io,
    client,
    async fs() {
      const named = fs ?? connection.fs;
      if (named !== null) return named;
      const { data } = await client.GET('/v1/filesystems', { params: { query: { pageSize: 2 } } });
      const [only, other] = data?.items ?? [];
      if (only === undefined || other !== undefined) throw new Error('no filesystem is named');
      return only.name;
    },
  };
}

const pageSize = 1000;
const query = { pageSize };

type Source = (asker: Asker) => Promise<Candidate[]>;

const filesystems: Source = async ({ client }) => {
  const { data } = await client.GET('/v1/filesystems', { params: { query } });
  return (data?.items ?? []).map(({ name, kind }) => ({ value: name, about: kind }));
};

const files: Source = async ({ client, fs }) => {
  const path = { fs: await fs() };
  const { data } = await client.GET('/v1/filesystems/{fs}/files', { params: { path, query } });
  return (data?.items ?? []).map(({ name, sizeBytes }) => ({
    value: name,
    about: `${sizeBytes} bytes`,
  }));
};

const mappings: Source = async ({ client, fs }) => {
  const path = { fs: await fs() };
  const { data } = await client.GET('/v1/filesystems/{fs}/mappings', { params: { path, query } });
  return (data?.items ?? []).map(({ id, file }) => ({
    value: id,
    about: `of ${file ?? 'no name'}`,
  }));
};

const pins: Source = async ({ client, fs }) => {
  const path = { fs: await fs() };
  const { data } = await client.GET('/v1/filesystems/{fs}/pins', { params: { path, query } });
  return (data?.items ?? []).map(({ id, file, owner, kind }) => ({
    value: id,
    about: `${kind} on ${file ?? 'no name'}${owner === null ? '' : ` of ${owner}`}`,
  }));
};

const operations: Source = async ({ client, fs }) => {
  const path = { fs: await fs() };
  const { data } = await client.GET('/v1/filesystems/{fs}/operations', {
    params: { path, query },
  });
  return (data?.items ?? []).map(({ id, op, state }) => ({ value: id, about: `${op}, ${state}` }));
};

const tasks: Source = async (asker) => [
  ...(await operations(asker)),
  { value: 'kworker', about: 'the release worker' },
  { value: 'timer', about: 'the next timer' },
];

const tenants: Source = async ({ client }) => {
  const { data } = await client.GET('/v1/tenants', { params: { query } });
  return (data?.items ?? []).map(({ name }) => ({ value: name, about: '' }));
};

const stories: Source = async ({ client }) => {
  const { data } = await client.GET('/v1/stories');
  return (data?.items ?? []).map(({ id, title }) => ({ value: id, about: title }));
};

const contexts: Source = async ({ io }) =>
  Object.entries(readContexts(io.env).contexts).map(([value, { url }]) => ({ value, about: url }));

/** By the name of an argument, or of an option. A new command uses these names. */
const sources: Readonly<Record<string, Source>> = {
  fs: filesystems,
  from: filesystems,
  file: files,
  with: files,
  mapping: mappings,
  pin: pins,
  operation: operations,
  at: operations,
  task: tasks,
  tenant: tenants,
  story: stories,
  context: contexts,
};
