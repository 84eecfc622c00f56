// A page for each subcommand of `pinhole`, made of its --help.
import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { subcommands } from '../../src/cli/registry.ts';
import { rootCommand } from '../../src/cli/run.ts';
import { code, page, plain, table } from './text.ts';

/** As wide as a code block of the docs. */
const columns = 92;

const silent = new Writable({ write: (_chunk, _coding, done) => done() });
const nothing = { stdin: Readable.from([]), stdout: silent, stderr: silent, env: {}, say() {} };

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => columns,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}

/** The command, and below it each of its subcommands. */
function sections(command: Command, path: string): string[] {
  return command.commands.flatMap((one) => {
    const name = `${path} ${one.name()}`;
    return [`## ${code(name)}`, helpOf(one), ...sections(one, name)];
  });
}

export async function commandPages(): Promise<[string, string][]> {
  const root = await rootCommand(nothing, () => true);
  const rows = subcommands.map(({ name, group, summary }) => [
    group,
    `[pinhole ${name}](./${name}.md)`,
    plain(summary),
  ]);
  const index = page(
    '# The command',
    'In a clone, `npx pinhole` runs the command after `npm start` or `npm run build`. From a package it is `npx ./pinhole-0.1.0.tgz`; the `./` is needed. Without a subcommand it starts the server. These pages are the `--help` of each subcommand. [The lab](../lab-command.md) has a page of its own.',
    table(['group', 'subcommand', ''], rows),
    helpOf(root),
    '[Exit codes](../exit-codes.md) are the same for all of them. [Settings](../settings.md) are those of `pinhole serve`.',
  );
  const pages = root.commands.map((command): [string, string] => [
    `command/${command.name()}.md`,
    page(
      `# pinhole ${command.name()}`,
      plain(command.summary() || command.description()),
      helpOf(command),
      ...sections(command, `pinhole ${command.name()}`),
    ),
  ]);
  return [['command/index.md', index], ...pages];
}
