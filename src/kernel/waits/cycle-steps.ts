// A cycle as a person reads it: who took what and then waits for what, in the order of time, and
// the same in columns, which lockdep prints for two CPUs:
//
//     op_6 pin (nic)                    op_7 punch-hole (db)
//     ----                              ----
//     pin(page:2);
//                                       lock(a:invalidate_lock);
//                                       wait(page:2);
//     rlock(a:invalidate_lock);
//
//      *** DEADLOCK ***
import type { EventData } from '../events.ts';
import type { Kernel, Task } from '../state.ts';
import { opId, pinId } from '../units.ts';
import { type WaitEdge, waitsMax } from './wait-graph.ts';

export type CycleStep = EventData<'deadlock.detected'>['steps'][number];

/** A picture with more columns than this cannot be read. */
const columnsMax = 8;
/** Of more sleepers, the order of those that fell asleep in the same millisecond is not looked up. */
const rankedMax = 1024;

/**
 * What each operation of the cycle holds and what it waits for, oldest first. In the same
 * millisecond whatever is held comes first: nobody could have waited for it before. Lists the waits
 * that `explain` lists.
 */
export function stepsOf(k: Kernel, cycle: readonly WaitEdge[]): CycleStep[] {
  const ranks = k.sleepers.size > rankedMax ? [] : [...k.sleepers];
  const steps: { step: CycleStep; atMs: number; rank: number }[] = [];
  for (const edge of cycle.slice(0, waitsMax)) {
    const from = k.tasks.get(edge.from);
    const to = k.tasks.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const hold = holdOf(k, edge, from, to);
    if (hold !== null) steps.push({ step: hold, atMs: hold.sinceMs ?? to.submittedMs, rank: -1 });
    const mode = from.sleep?.on === 'lock' ? { mode: from.sleep.mode } : {};
    const want = { ...partyOf(from), does: 'wants', node: edge.through, ...mode } as const;
    const sinceMs = from.sleptSinceMs;
    steps.push({ step: { ...want, sinceMs }, atMs: sinceMs, rank: ranks.indexOf(from.id) });
  }
  steps.sort(
    (a, b) => a.atMs - b.atMs || Number(a.rank >= 0) - Number(b.rank >= 0) || a.rank - b.rank,
  );
  return steps.map(({ step }) => step);
}

const partyOf = ({ id, op, owner }: Task) => ({ operation: opId(id), op, owner });

/** What `to` holds that `from` waits for; null where it is only queued before `from`. */
function holdOf(k: Kernel, edge: WaitEdge, from: Task, to: Task): CycleStep | null {
  const hold = { ...partyOf(to), does: 'holds', node: edge.through } as const;
  switch (edge.relation) {
    case 'queued':
      return null;
    case 'owns':
    case 'collects': {
      const pin = k.pins.get(edge.pin ?? (to.pin as Exclude<Task['pin'], 0>));
      if (pin === undefined) return null;
      return { ...hold, pin: pinId(pin.id), sinceMs: pin.createdMs };
    }
    case 'holds': {
      const { sleep } = from;
      const held = to.locks.find(
        ({ ino, lock }) => sleep?.on === 'lock' && ino === sleep.ino && lock === sleep.lock,
      );
      // Nobody notes when the lock of a mapping entry was taken.
      if (held === undefined) return { ...hold, sinceMs: null };
      return { ...hold, mode: held.mode, sinceMs: held.sinceMs };
    }
  }
}

/** The steps in one column for each operation; null if they are too many to be read. */
export function columnsOf(steps: readonly CycleStep[]): string | null {
  const operations = [...new Set(steps.map(({ operation }) => operation))];
  if (operations.length === 0 || operations.length > columnsMax) return null;
  const cells = steps.map((step) => ({
    at: operations.indexOf(step.operation),
    text: cellOf(step),
  }));
  const heads = operations.map((id) => {
    const step = steps.find(({ operation }) => operation === id);
    return [id, step?.op, ...(step?.owner == null ? [] : [`(${step.owner})`])].join(' ');
  });
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...cells.filter((cell) => cell.at === at).map(({ text }) => text.length)),
  );
  const line = (texts: readonly string[]): string =>
    `  ${texts.map((text, at) => text.padEnd((widths[at] ?? 0) + 4)).join('')}`.trimEnd();
  const rows = cells.map(({ at, text }) => line(heads.map((_, i) => (i === at ? text : ''))));
  return [line(heads), line(heads.map(() => '----')), ...rows, '', '   *** DEADLOCK ***', ''].join(
    '\n',
  );
}

/** In the words of lockdep, which has none for pages. */
function cellOf({ does, node, mode }: CycleStep): string {
  if (node.startsWith('page:')) return `${does === 'holds' ? 'pin' : 'wait'}(${node});`;
  return `${mode === 'shared' ? 'rlock' : 'lock'}(${node.replace(/^lock:/, '')});`;
}
