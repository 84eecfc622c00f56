// A view of the kernel as a command that prints a table. Its arguments and options are those of its
// query; its words are in view-tables.ts.
import { Command, Option } from 'commander';
import { urlOf } from '../../http/target.ts';
import { views } from '../../kernel/views/index.ts';
import { addFields, fieldsOf, givenFields } from './fields.ts';
import { example } from './help.ts';
import type { Io } from './io.ts';
import { addTarget, fsOption } from './operation.ts';
import { ask } from './request.ts';
import { filesystemOf, onServer, type Session } from './session.ts';
import { wholeOf } from './sizes.ts';
import { anyTable, viewWords } from './view-tables.ts';

interface Placed {
  /** The name of the command, if it is not that of the view. */
  command?: string;
  example: string;
}

interface Options {
  fs?: string;
  limit?: number;
}

const limitDefault = 1000;

export function viewCommand(io: Io, name: string, placed: Placed): Command {
  const view = views.get(name);
  const words = viewWords[name];
  if (view === undefined || words === undefined) throw new Error(`there is no view ${name}`);
  const all = fieldsOf(view.query, name);
  const fields = all.filter(({ flag }) => flag !== 'page-size' && flag !== 'page-token');
  const pages = name === 'map' ? 'offset' : all.length > fields.length ? 'token' : null;
  const command = new Command(placed.command ?? name)
    .summary(words.summary)
    .description(`${view.summary}. ${view.doc}`);
  addTarget(command, view.on);
  addFields(command, fields);
  const limit = new Option('--limit <number>', 'entries at most; 0 means all');
  if (pages !== null) command.addOption(limit.argParser(wholeOf).default(limitDefault));
  command.addOption(fsOption());
  example(command, placed.example);
  return onServer<Options>(command, io, async (session, { args, options }) => {
    const fs = await filesystemOf(session, options.fs);
    const asked = {
      url: urlOf({ on: view.on, path: view.path }),
      path: { fs, ...(view.on === 'filesystem' ? {} : { [view.on]: args[0] ?? '' }) },
      query: givenFields(command, fields),
    };
    const data = await allPages(session, asked, { pages, limit: options.limit ?? 0 });
    session.output.print(data, () => (words.table ?? anyTable)(data as never));
    if (pages !== null && hasMore(data)) session.io.say('There are more; --limit 0 shows all.');
  });
}

type Answer = Record<string, unknown>;
type Query = Record<string, unknown>;

interface Asked {
  url: string;
  path: Readonly<Record<string, string>>;
  query: Query;
}

const pageSizeMax = 1000;

/** The answers to all pages as one, up to about `limit` entries; 0 means all. */
async function allPages(
  session: Session,
  { url, path, query }: Asked,
  { pages, limit }: { pages: 'token' | 'offset' | null; limit: number },
): Promise<Answer> {
  const pageSize = limit === 0 ? pageSizeMax : Math.min(limit, pageSizeMax);
  let next: Query = pages === 'token' ? { ...query, pageSize } : query;
  const whole: Answer = {};
  for (;;) {
    const { data } = await ask(session, { method: 'GET', url, path, query: next });
    const page = data as Answer;
    const isLast = !hasMore(page);
    delete whole.nextPageToken;
    delete whole.nextOffset;
    for (const [name, value] of Object.entries(page)) {
      const before = whole[name];
      whole[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
    }
    const left = limit - longest(whole);
    if (pages === null || isLast || (limit !== 0 && left <= 0)) return whole;
    next =
      pages === 'offset'
        ? fromOffset(next, page.nextOffset as number)
        : {
            ...next,
            pageToken: page.nextPageToken,
            ...(limit === 0 ? {} : { pageSize: Math.min(left, pageSizeMax) }),
          };
  }
}

const hasMore = ({ nextPageToken, nextOffset }: Answer): boolean =>
  nextPageToken !== undefined || nextOffset !== undefined;

const longest = (answer: Answer): number =>
  Math.max(0, ...Object.values(answer).map((value) => (Array.isArray(value) ? value.length : 0)));

/** The rest of a map, whose length counts from its offset. */
function fromOffset({ offset = 0, length, ...rest }: Query, nextOffset: number): Query {
  const left = length === undefined ? {} : { length: Number(length) - nextOffset + Number(offset) };
  return { ...rest, offset: nextOffset, ...left };
}
