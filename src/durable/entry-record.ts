// An entry as a record of a batch, and back.
import type { Command } from '../kernel/state.ts';
import type { LoggedEntry } from './log.ts';
import type { EntryRecord } from './records.ts';

export function entryRecordOf({ timeMs, command, blocksMax, key }: LoggedEntry): EntryRecord {
  if (command === null)
    return blocksMax === undefined ? [timeMs] : [timeMs, null, null, null, null, blocksMax];
  const { op, on, args, ...others } = command;
  const rest = key === undefined ? others : { ...others, key };
  if (blocksMax !== undefined) return [timeMs, op, on, args, rest, blocksMax];
  for (const _ in rest) return [timeMs, op, on, args, rest];
  return [timeMs, op, on, args];
}

export function entryOf(
  seq: number,
  [timeMs, op, on, args, rest, blocksMax]: EntryRecord,
): LoggedEntry {
  const key = rest?.key;
  let command: Command | null = null;
  if (op !== undefined && op !== null && on !== undefined && on !== null)
    command = { op, on, args, ...(key === undefined ? rest : withoutKey(rest)) };
  // A million entries have neither: a spread for each of the two costs a replay some percent.
  if (key === undefined && blocksMax === undefined) return { seq, timeMs, command };
  const bound = blocksMax === undefined ? {} : { blocksMax };
  return { seq, timeMs, command, ...bound, ...(key === undefined ? {} : { key }) };
}

function withoutKey(rest: EntryRecord[4]): Omit<NonNullable<EntryRecord[4]>, 'key'> {
  const { key: _, ...others } = rest ?? {};
  return others;
}
