// pinhole events: the event stream. With -f it follows, and resumes after a lost connection.
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { events, type PinholeEvent, StreamGap, StreamRefused } from '../client/index.ts';
import { authorization, CurlShown, shellWord } from './lib/curl.ts';
import { Refused } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { type Asked, ask } from './lib/request.ts';
import { onServer, type Session } from './lib/session.ts';
import { wholeOf } from './lib/sizes.ts';

interface Options {
  follow?: true;
  from?: string;
  types?: string[];
  file?: string;
  count?: number;
  fs?: string;
}

export function eventsCommand(io: Io): Command {
  const command = new Command('events')
    .description(
      'Prints events: one in each line, with the cursor after it. Without -f it prints those ' +
        'that are stored, and ends. With -f it prints new ones until you stop it, and ' +
        'continues without a gap after a lost connection or a restart of the server.',
    )
    .option('-f, --follow', 'print new events as they happen')
    .option('--from <cursor>', 'oldest, now, or the cursor of the last known event')
    .option('--types <type...>', 'only these, such as page.idle; a prefix with * such as page.*')
    .option('--file <name>', 'only events of this file')
    .addOption(new Option('-n, --count <number>', 'end after so many events').argParser(wholeOf))
    .option('--fs <name>', 'the filesystem; without it, all of the tenant (PINHOLE_FS)');
  example(command, 'pinhole events --fs scratch -n 3', 'pinhole events -f --from oldest -n 3');
  return onServer<Options>(command, io, (session, { options }) => run(session, options));
}

async function run(session: Session, options: Options): Promise<void> {
  const { connection, curl, output } = session;
  const fs = options.fs ?? connection.fs;
  const path = fs === null ? '/v1/events' : `/v1/filesystems/${encodeURIComponent(fs)}/events`;
  const from = options.from ?? (options.follow === true ? 'now' : 'oldest');
  const types = options.types?.map((type) =>
    type.startsWith('pinhole.') ? type : `pinhole.${type}`,
  );
  if (curl) throw new CurlShown(curlOfStream(session, path, { ...options, from, types }));
  const items: PinholeEvent[] = [];
  const line = printer(session, items);
  const most = options.count ?? Number.POSITIVE_INFINITY;
  const filter = {
    ...(types === undefined ? {} : { types }),
    ...(options.file === undefined ? {} : { file: options.file }),
  };
  const place = { path, from, filter, most };
  if (options.follow === true) await follow(session, place, line);
  else await past(session, place, line);
  if (output.format === 'json' && options.follow !== true) output.print({ items }, () => '');
}

interface Place {
  path: string;
  from: string;
  filter: { types?: string[]; file?: string };
  most: number;
}

async function follow(session: Session, place: Place, line: (event: PinholeEvent) => void) {
  const { connection, io } = session;
  const { path, from, filter, most } = place;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  let count = 0;
  let cursor = from;
  let connected = false;
  try {
    if (most === 0) return;
    const { url, token } = connection;
    for await (const event of events({
      url: `${url}${path}`,
      ...(token === null ? {} : { token }),
      from,
      filter,
      signal: stop.signal,
      onConnected(now) {
        if (connected && !now && !stop.signal.aborted)
          io.say('The connection was lost; events continue after it is back.');
        connected = now;
      },
      onStopped: (fs) => io.say(`${fs} has stopped; it has no more events.`),
    })) {
      line(event);
      cursor = event.id;
      count += 1;
      if (count >= most) return;
    }
    io.say(`Continue with --from ${cursor}`);
  } catch (error) {
    throw streamEnd(error);
  } finally {
    process.removeListener('SIGINT', onSignal);
  }
}

function streamEnd(error: unknown): unknown {
  if (error instanceof StreamGap)
    return new Refused(`${error.message}; continue with --from ${error.oldest}`);
  if (error instanceof StreamRefused) return new Refused(`the stream ended: ${error.detail}`);
  return error;
}

type Message =
  | { type: 'event'; events: PinholeEvent[] }
  | { type: 'ack' | 'bookmark'; cursor: string }
  | { type: 'gap'; oldest: string };

/** A poll: the server sends what is stored and ends. */
async function past(session: Session, place: Place, line: (event: PinholeEvent) => void) {
  const { path, from, filter, most } = place;
  const { types, file } = filter;
  let count = 0;
  let cursor = from;
  for (;;) {
    const asked: Asked = {
      method: 'GET',
      url: path,
      path: {},
      query: {
        from: cursor,
        ...(types === undefined ? {} : { types: types.join(',') }),
        ...(file === undefined ? {} : { file }),
      },
      headers: { accept: 'application/x-ndjson' },
      givesBytes: true,
    };
    const { data } = await ask(session, asked);
    const lines = new TextDecoder().decode(data as Uint8Array).split('\n');
    const before = cursor;
    for (const text of lines) {
      if (text === '') continue;
      const message = JSON.parse(text) as Message;
      if (message.type === 'ack' || message.type === 'bookmark') cursor = message.cursor;
      if (message.type !== 'event') continue;
      for (const event of message.events) {
        if (count >= most) return;
        line(event);
        cursor = event.id;
        count += 1;
      }
    }
    if (cursor === before || from === 'now') return;
  }
}

/** Prints each event when it comes. -o json without -f is one list at the end. */
function printer({ output }: Session, items: PinholeEvent[]): (event: PinholeEvent) => void {
  return (event) => {
    if (output.format === 'table') output.write(`${lineOf(event)}\n`);
    else if (output.format === 'yaml') output.write(`---\n${stringify(event)}`);
    else if (output.format === 'ndjson') output.write(`${JSON.stringify(event)}\n`);
    else items.push(event);
  };
}

function lineOf({ id, time, source, operation, op, subject, type, data }: PinholeEvent): string {
  const who = operation === undefined ? '-' : `${operation} ${op ?? ''}`.trim();
  const fs = source.slice(source.lastIndexOf('/') + 1);
  const words = Object.entries(data)
    .filter(([, value]) => value !== false)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  const about = subject === undefined ? [] : [subject];
  return [id, time, fs, who, ...about, type.replace(/^pinhole\./, ''), ...words].join(' ');
}

function curlOfStream(
  { connection }: Session,
  path: string,
  { from, types, file }: { from: string; types: string[] | undefined; file?: string },
): string {
  const query = new URLSearchParams({ from });
  if (types !== undefined) query.set('types', types.join(','));
  if (file !== undefined) query.set('file', file);
  const token = connection.token === null ? '' : ` -H ${authorization(connection)}`;
  const url = shellWord(`${connection.url}${path}?${query}`);
  return `curl -N -H 'accept: text/event-stream'${token} ${url}`;
}
