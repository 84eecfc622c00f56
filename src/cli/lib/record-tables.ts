// The records of filesystems and operations as tables, and the words of their fields.
import { blockerText, sleepText } from './operation-text.ts';
import { columns, facts } from './output.ts';
import type { Schemas } from './schemas.ts';
import { sizeText, timeText } from './sizes.ts';

export const yes = (value: boolean): string => (value ? 'yes' : 'no');

/** An inode that has no name any more is `#7`. */
export const fileText = (
  file: string | null | undefined,
  ino: number | null | undefined,
): string | null => file ?? (ino === null || ino === undefined ? null : `#${ino}`);

export function operationTable({ items }: Pick<Schemas['Operations'], 'items'>): string {
  return columns(
    ['id', 'operation', 'file', 'owner', 'state', 'sleeps on', 'blocked by', 'slept'],
    items.map(({ id, op, file, ino, owner, state, problem, ...rest }) => [
      id,
      op,
      fileText(file, ino),
      owner,
      problem === undefined ? state : `${state} (${problem.errno})`,
      rest.sleepingOn === null ? null : sleepText(rest.sleepingOn, file),
      rest.blockedBy.map(({ pin, mapping, operation }) => pin ?? mapping ?? operation).join(', '),
      timeText(rest.sleptMs),
    ]),
  );
}

export const operationFacts = (operation: Schemas['Operation']): string =>
  facts([
    ['id', operation.id],
    ['operation', operation.op],
    ['file', operation.file],
    ['owner', operation.owner],
    ['state', operation.state],
    ['step', operation.step],
    [
      'sleeps on',
      operation.sleepingOn === null ? null : sleepText(operation.sleepingOn, operation.file),
    ],
    ['blocked by', operation.blockedBy.map(blockerText).join('; ')],
    [
      'holds',
      operation.holds.map(({ lock, file, mode }) => `${lock} of ${file} (${mode})`).join(', '),
    ],
    ['slept', timeText(operation.sleptMs)],
    ['wake-ups', operation.wakeups],
    ['failed with', operation.problem?.errno],
  ]);

type Filesystem = Schemas['Filesystem'];

export const filesystemTable = (items: readonly Filesystem[]): string =>
  columns(
    ['name', 'kind', 'kernel', 'size', 'strategy', 'files', 'pins', 'sleepers', 'deadlock'],
    items.map(({ name, kind, kernel, sizeBytes, strategy, counts, waits }) => [
      name,
      kind,
      kernel,
      sizeText(sizeBytes),
      strategy.name,
      counts.files,
      counts.pins,
      counts.sleepers,
      yes(waits.deadlocked),
    ]),
  );

export function filesystemFacts(filesystem: Filesystem): string {
  const { name, kind, kernel, sizeBytes, strategy, space, clock, scheduler, counts } = filesystem;
  const { name: strategyName, ...options } = strategy;
  const chosen = Object.entries(options).map(([key, value]) => ` ${key}=${value}`);
  return facts([
    ['name', name],
    ['kind', `${kind} of Linux ${kernel}`],
    ['size', sizeText(sizeBytes)],
    ['strategy', strategyName + chosen.join('')],
    ['clock', clock],
    ['scheduler', scheduler],
    [
      'blocks',
      `${space.blocks}: ${space.blocksUsed} used, ${space.blocksFree} free, ` +
        `${space.blocksBusy} busy, ${space.blocksDetached} detached`,
    ],
    ['files', counts.files],
    ['mappings', counts.mappings],
    ['pins', counts.pins],
    ['sleepers', `${counts.sleepers}${filesystem.waits.deadlocked ? ', deadlocked' : ''}`],
  ]);
}
