// pinhole show: every view of the machine, by its name in the API.
import { Command } from 'commander';
import { views } from '../kernel/views/index.ts';
import type { Io } from './lib/io.ts';
import { viewCommand } from './lib/view.ts';

/** What the example of a view asks for. */
const examples: Readonly<Record<string, string>> = {
  file: ' a',
  extents: ' a',
  mapping: ' map_1',
  pin: ' pin_1',
  operation: ' op_13',
  pages: ' --pinned',
  map: ' --file a',
};

export function showCommand(io: Io): Command {
  const group = new Command('show').description('Shows the state of a filesystem, part by part.');
  for (const name of views.keys())
    group.addCommand(
      viewCommand(io, name, { example: `pinhole show ${name}${examples[name] ?? ''}` }),
    );
  return group;
}
