// The past of a filesystem as a script. The commands are applied to a machine, so that the script
// can say the number of each operation, and whether it had to wait.
//
// A script has a manual clock. Where the clock of the filesystem moved by itself, the script has
// `clock-advance`, which is an operation and takes a number, so later numbers become larger. The
// script names operations by the numbers that they have when it is played.
import { apply } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Effects, Entry, Kernel, Mapping } from '../kernel/state.ts';
import { type MapId, numberOf, opId } from '../kernel/units.ts';

/** A command of a script, and what is known about it. */
export interface Told {
  command: Command;
  /** The number of its operation when the script is played. */
  task: number;
  /** It had not ended when its entry was applied. */
  waited: boolean;
  /** The mapping that it acts on, as it was before. */
  mapping: { file: string; mapping: Mapping } | null;
}

/** Changes the machine. Yields null for an entry without a command. */
export function* toldBy(k: Kernel, entries: Iterable<Entry>): Generator<Told | null> {
  const isRealtime = k.geometry.clock === 'realtime';
  const inserted: number[] = [];
  let toldMs = k.nowMs;
  for (const entry of entries) {
    const { command } = entry;
    const afterMs = isRealtime ? entry.timeMs - toldMs : 0;
    if (afterMs > 0 && command !== null) {
      yield advance(afterMs, k.nextTask + inserted.length);
      inserted.push(k.nextTask);
      toldMs = entry.timeMs;
    }
    const mapping = command === null ? null : mappingOf(k, command);
    const effects = apply(k, entry);
    if (command === null) yield null;
    else yield told(command, effects, { inserted, mapping });
    if (effects.unmounted) return;
  }
  if (isRealtime && k.nowMs > toldMs) yield advance(k.nowMs - toldMs, k.nextTask + inserted.length);
}

const advance = (ms: number, task: number): Told => ({
  command: { op: 'clock-advance', on: {}, args: { ms } },
  task,
  waited: false,
  mapping: null,
});

function mappingOf(k: Kernel, { on }: Command): Told['mapping'] {
  const mapping = k.mappings.get((on.mapping ?? 0) as MapId);
  const inode = mapping === undefined ? undefined : k.inodes.get(mapping.ino);
  return mapping === undefined || inode === undefined ? null : { file: inode.name, mapping };
}

function told(
  command: Command,
  { task, replies }: Effects,
  { inserted, mapping }: { inserted: readonly number[]; mapping: Told['mapping'] },
): Told {
  const outcome = replies.find((reply) => reply.task === task)?.outcome;
  const waits = operations.get(command.op)?.waits === true;
  // The file has another ETag where the script is played, so a precondition that held is left out.
  const isStale = outcome?.ok === false && outcome.failure.rule === 'NM5';
  const { ifMatch: _, ifNoneMatch: __, ...rest } = command;
  return {
    command: renumbered(isStale ? command : rest, inserted),
    task: task + inserted.length,
    waited: waits && outcome === undefined,
    mapping,
  };
}

/** The command with the numbers of operations that the script has. */
function renumbered(command: Command, inserted: readonly number[]): Command {
  const moved = (id: number): number => id + inserted.filter((at) => at <= id).length;
  const { operation } = command.on;
  if (operation !== undefined) return { ...command, on: { operation: moved(operation) } };
  const { task } = command.args as { task?: string };
  const number = command.op === 'scheduler-step' ? numberOf('operation', task ?? '') : null;
  return number === null ? command : { ...command, args: { task: opId(moved(number)) } };
}
