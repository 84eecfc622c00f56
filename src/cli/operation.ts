// A subcommand for one operation of the kernel, such as `pinhole pin`.
import type { Command } from 'commander';
import { operations } from '../kernel/ops/index.ts';
import type { Io } from './lib/io.ts';
import { operationCommand } from './lib/operation.ts';
import type { PlacedWords } from './operation-words.ts';

export function oneOperation(io: Io, name: string, words: PlacedWords): Command {
  const op = operations.get(name);
  if (op === undefined) throw new Error(`there is no operation ${name}`);
  return operationCommand(io, op, words);
}
