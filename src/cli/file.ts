// pinhole file: files of a filesystem.
import { Command } from 'commander';
import { operations } from '../kernel/ops/index.ts';
import type { Io } from './lib/io.ts';
import { operationCommand } from './lib/operation.ts';
import { viewCommand } from './lib/view.ts';
import { operationWords } from './operation-words.ts';

export function fileCommand(io: Io): Command {
  const group = new Command('file').description('Files of a filesystem, their bytes and blocks.');
  group.addCommand(viewCommand(io, 'files', { command: 'ls', example: 'pinhole file ls' }));
  group.addCommand(viewCommand(io, 'file', { command: 'show', example: 'pinhole file show a' }));
  group.addCommand(viewCommand(io, 'extents', { example: 'pinhole file extents a' }));
  for (const [name, words] of Object.entries(operationWords)) {
    const op = operations.get(name);
    if (op !== undefined && words.group === 'file')
      group.addCommand(operationCommand(io, op, words));
  }
  return group;
}
