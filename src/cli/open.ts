// pinhole open: the page of the server in a browser.
import { Command } from 'commander';
import { browse } from './lib/browser.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { demand, onServer } from './lib/session.ts';

export function openCommand(io: Io): Command {
  const command = new Command('open')
    .description(
      'Opens the page of the server in a browser, and prints its URL where there is no browser. ' +
        'BROWSER names the program.',
    )
    .argument('[fs]', 'the filesystem to show; without it, the list of filesystems')
    .option('--print', 'only print the URL');
  example(command, 'pinhole open --print');
  return onServer<{ print?: true }>(command, io, async (session, { args: [fs], options }) => {
    const { client, connection, output } = session;
    // A page that cannot be loaded says less than this refusal.
    const path = fs === undefined ? '' : `fs/${encodeURIComponent(fs)}`;
    if (fs === undefined) await demand(client.GET('/v1', {}));
    else await demand(client.GET('/v1/filesystems/{fs}', { params: { path: { fs } } }));
    const url = `${connection.url}/ui/${path}`;
    const opened = options.print !== true && (await browse(io, url));
    if (!opened || output.format !== 'table') output.print({ url, opened }, () => url);
  });
}
