// A command that talks to a server: its options, its client of `pinhole/client`, its errors.
import { type Command, Option } from 'commander';
import { restClient } from '../../client/rest.ts';
import { clientVariables } from '../../config.ts';
import { type Connection, type ConnectionOptions, connectionOf } from './connection.ts';
import { CurlShown, type CurlSource, curlOf, stdinSource } from './curl.ts';
import { Refused, UsageError } from './exit.ts';
import type { Io } from './io.ts';
import { type Format, formats, type Output, outputOf } from './output.ts';
import type { Problem } from './schemas.ts';

type Client = ReturnType<typeof restClient>;

export interface Session {
  io: Io;
  /** Of `pinhole/client`. Its answers go through `demand`. */
  client: Client;
  connection: Connection;
  output: Output;
  /** The request is printed instead of sent. */
  curl: boolean;
  /** Where the command that --curl prints reads its bytes. */
  curlSource: CurlSource;
}

interface CommonOptions extends ConnectionOptions {
  output: Format;
  curl?: true;
}

type Act<Options> = (
  session: Session,
  call: { args: string[]; options: Options; command: Command },
) => Promise<void>;

const { url, tokenFile, context } = clientVariables;

/** Adds the options of every command that talks to a server, and calls `act` with a session. */
export function onServer<Options = Record<string, unknown>>(
  command: Command,
  io: Io,
  act: Act<Options>,
): Command {
  return withOutput(command)
    .addOption(commonOption('--url <url>', `${url.doc} (${url.name})`))
    .addOption(commonOption('--token-file <file>', `${tokenFile.doc} (${tokenFile.name})`))
    .addOption(commonOption('--context <name>', `${context.doc} (${context.name})`))
    .addOption(commonOption('--curl', 'print the request as a curl command instead of sending it'))
    .action(async () => {
      const options = command.opts<Options & CommonOptions>();
      const session = sessionOf(options, io);
      try {
        await act(session, { args: command.args, options, command });
      } catch (caught) {
        const { output } = session;
        const error = brokenAnswer(caught, session.connection) ?? caught;
        if (error instanceof CurlShown) return output.write(`${error.message}\n`);
        // A program that asks for JSON gets the problem as the server sent it, too.
        if (error instanceof Refused && error.problem !== null && error.problem.status > 0)
          output.print(error.problem, () => '');
        throw error;
      }
    });
}

/** For a command that plays in this process: with --curl it has no request to print. */
export function playsHere({ curl }: Session): void {
  if (curl) throw new UsageError('this needs no server, so --curl has no request to print');
}

/** Adds -o, for a command that prints data. */
export const withOutput = (command: Command): Command =>
  command.addOption(
    commonOption('-o, --output <format>', 'how data is printed').choices(formats).default('table'),
  );

const commonOption = (flags: string, doc: string): Option =>
  new Option(flags, doc).helpGroup('Connection and output:');

function sessionOf(options: CommonOptions, io: Io): Session {
  const connection = connectionOf(options, io);
  const { url: baseUrl, token } = connection;
  const client = restClient(token === null ? { baseUrl } : { baseUrl, token });
  client.use({
    async onRequest({ request }) {
      if (options.curl === true)
        throw new CurlShown(await curlOf(request, connection, session.curlSource));
      return undefined;
    },
    onError: ({ error }) => unreachable(error, connection),
  });
  const output = outputOf(io, options.output);
  const session: Session = {
    io,
    client,
    connection,
    output,
    curl: options.curl === true,
    curlSource: stdinSource,
  };
  return session;
}

/** Why fetch failed; any other error is passed on. */
function unreachable(error: unknown, connection: Connection): Error {
  const cause = error instanceof TypeError ? (error.cause as Error | undefined) : undefined;
  if (cause === undefined) return error as Error;
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === 'ECONNREFUSED' ? '' : `: ${code ?? cause.message}`;
  return new Refused(
    `no server answers at ${connection.url}${why}. Start one with "pinhole serve", or name ` +
      'another with --url.',
  );
}

/** The server died while it answered, or it is another program. Null for any other error. */
function brokenAnswer(error: unknown, { url: server }: Connection): Refused | null {
  // fetch says so only when the body is read, which is after `onError`.
  if (error instanceof TypeError && error.message === 'terminated')
    return new Refused(
      `the connection to ${server} was lost during the answer; ` +
        'the request may have been carried out',
    );
  if (error instanceof SyntaxError)
    return new Refused(`${server} does not answer with JSON as a Pinhole server does`);
  return null;
}

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws the problem if the server refused the request. */
export async function demand<T>(answer: Promise<Answered<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw refusal(error, response);
  return (data ?? null) as NonNullable<T>;
}

function refusal(error: unknown, response: Response): Refused {
  const known = typeof error === 'object' && error !== null && 'detail' in error;
  if (known) return new Refused((error as Problem).detail, error as Problem, response.url);
  return new Refused(`${response.url} answered ${response.status} ${response.statusText}`.trim());
}

interface Page<T> {
  items: T[];
  nextPageToken?: string;
}

/** All pages of a list as one answer. `get` requests one page. */
export async function wholeList<P extends Page<unknown>>(
  get: (query: { pageSize: number; pageToken?: string }) => Promise<Answered<P>>,
): Promise<Omit<P, 'nextPageToken'>> {
  const pageSize = 1000;
  let page = await demand(get({ pageSize }));
  const items = [...page.items];
  while (page.nextPageToken !== undefined) {
    page = await demand(get({ pageSize, pageToken: page.nextPageToken }));
    for (const item of page.items) items.push(item);
  }
  const { nextPageToken: _, ...rest } = page;
  return { ...rest, items };
}

/**
 * The filesystem that a command is about: `--fs`, else PINHOLE_FS or the context, else the only one
 * of the server. @public
 */
export async function filesystemOf(session: Session, given: string | undefined): Promise<string> {
  const { client, connection, curl } = session;
  const named = given ?? connection.fs;
  if (named !== null && named !== undefined) return named;
  if (curl) throw new UsageError('name the filesystem with --fs: --curl sends no request');
  const { items, stopped } = await wholeList((query) =>
    client.GET('/v1/filesystems', { params: { query } }),
  );
  const names = [...items, ...stopped].map(({ name }) => name);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new UsageError(
    only === undefined
      ? 'there is no filesystem; create one with "pinhole fs create"'
      : `name the filesystem with --fs: ${listed(names)}`,
  );
}

const listedMax = 12;
const listed = (names: readonly string[]): string =>
  names.length <= listedMax
    ? names.join(', ')
    : `${names.slice(0, listedMax).join(', ')} and ${names.length - listedMax} more`;
