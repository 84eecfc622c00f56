// pinhole ops: operations that run, sleep or have ended; with -w each change as it happens.
import { Command, Option } from 'commander';
import { type OperationPicture, watch } from '../client/index.ts';
import { Refused } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { fsOption } from './lib/operation.ts';
import { operationTable } from './lib/record-tables.ts';
import { filesystemOf, onServer, type Session, wholeList } from './lib/session.ts';

interface Options {
  fs?: string;
  state?: OperationPicture['state'];
  owner?: string;
  file?: string;
  watch?: true;
}

const states = ['running', 'sleeping', 'done', 'failed', 'cancelled'] as const;

export function opsCommand(io: Io): Command {
  const command = new Command('ops')
    .description(
      'Lists the operations that run or sleep, and those that have ended and are still stored. ' +
        'With -w it prints each change as it happens, until the filesystem is removed: time, id, ' +
        'operation, owner, state, and what it sleeps on. With -o json or ndjson that is an object ' +
        '{timeMs, id, op, owner, state, sleepingOn}.',
    )
    .addOption(new Option('--state <name>', 'only in this state').choices(states))
    .option('--owner <name>', 'only of this thread')
    .option('--file <name>', 'only on this file')
    .option('-w, --watch', 'print each change as it happens')
    .addOption(fsOption());
  example(command, 'pinhole ops --state sleeping');
  return onServer<Options>(command, io, async (session, { options }) => {
    const { client, output, curl } = session;
    const { state, owner, file } = options;
    const fs = await filesystemOf(session, options.fs);
    if (options.watch === true && !curl) return follow(session, fs, options);
    const all = await wholeList((page) =>
      client.GET('/v1/filesystems/{fs}/operations', {
        params: {
          path: { fs },
          query: {
            ...page,
            ...(state === undefined ? {} : { state }),
            ...(owner === undefined ? {} : { owner }),
            ...(file === undefined ? {} : { file }),
          },
        },
      }),
    );
    output.print(all, () => operationTable(all));
  });
}

async function follow(session: Session, filesystem: string, options: Options): Promise<void> {
  const { connection, output } = session;
  const { url: baseUrl, token } = connection;
  const last = new Map<string, string>();
  const chosen = { baseUrl, filesystem, ...(token === null ? {} : { token }) };
  try {
    for await (const { picture } of watch(chosen))
      for (const operation of picture.operations.values()) {
        const { id, op, owner, state, sleepingOn } = operation;
        const now = JSON.stringify([state, sleepingOn]);
        if (last.get(id) === now) continue;
        last.set(id, now);
        if (!isAsked(operation, picture.files, options)) continue;
        const change = { timeMs: picture.nowMs, id, op, owner, state, sleepingOn };
        output.print(change, () =>
          [
            new Date(picture.nowMs).toISOString().slice(11),
            id.padEnd(7),
            op.padEnd(14),
            (owner ?? '-').padEnd(8),
            state.padEnd(9),
            sleepingOn === null ? '' : placeText(sleepingOn),
          ]
            .join(' ')
            .trimEnd(),
        );
      }
  } catch (error) {
    throw new Refused((error as Error).message);
  }
}

function isAsked(
  { owner, state, sleepingOn }: OperationPicture,
  files: ReadonlyMap<number, { name: string }>,
  asked: Options,
): boolean {
  if (asked.state !== undefined && asked.state !== state) return false;
  if (asked.owner !== undefined && asked.owner !== owner) return false;
  return asked.file === undefined || files.get(sleepingOn?.ino ?? 0)?.name === asked.file;
}

function placeText({ on, pfn, pgoff, lock }: NonNullable<OperationPicture['sleepingOn']>): string {
  if (on === 'page') return `page ${pgoff} (pfn ${pfn})`;
  return on === 'lock' ? (lock ?? 'a lock') : `the entry of page ${pgoff}`;
}
