// A deadlock in a sentence and in columns, as lockdep prints them.
import type { Picture } from 'pinhole/client';
import type { Part } from '../parts/sentence-part.ts';
import { nounOf } from '../parts/thing-words.ts';
import type { Cycle } from '../state/wait-graph.ts';

type Step = Cycle['steps'][number];

const named = ({ operation, op, owner }: Step): Part => ({
  id: operation,
  text: owner === null ? `${operation} (${op})` : `${operation} (${op} by ${owner})`,
});

/** A cycle of more operations is told this far. */
const toldMax = 8;

/** "op_6 waits for page 2 of a. op_8 holds it by pin_1, and waits for invalidate_lock of a. …" */
export function cycleSentence(picture: Picture | null, { nodes, steps }: Cycle): Part[] {
  const operations = nodes.filter((_node, at) => at % 2 === 0);
  const parts: Part[] = [];
  const naming = (id: string): Part => {
    const step = steps.find(({ operation }) => operation === id);
    return step === undefined ? { id, text: id } : named(step);
  };
  const first = operations[0] ?? '';
  for (const [at, id] of operations.slice(0, toldMax).entries()) {
    const before = nodes[2 * at - 1];
    const wanted = nodes[2 * at + 1];
    if (before !== undefined) {
      const it = at === operations.length - 1 ? { id: first, text: first } : naming(id);
      parts.push(' ', it, holding(steps, id, before));
    } else parts.push(naming(id));
    if (wanted === undefined) parts.push('.');
    else {
      const thing = { id: wanted, text: nounOf(picture, wanted) };
      parts.push(before === undefined ? ' waits for ' : ', and waits for ', thing, '.');
    }
  }
  const left = operations.length - toldMax;
  if (left > 0) parts.push(` The circle has ${left} more.`);
  const both = new Set(operations).size === 2 ? 'Neither of the two' : 'None of them';
  return [...parts, ` ${both} can go on, because each waits for what the next one holds.`];
}

function holding(steps: readonly Step[], operation: string, node: string): string {
  const step = steps.find(
    (one) => one.does === 'holds' && one.operation === operation && one.node === node,
  );
  if (step === undefined) return ' stands before it in the queue';
  const by = step.pin === undefined ? '' : ` by ${step.pin}`;
  return ` holds it${by}${step.mode === undefined ? '' : ` ${step.mode}`}`;
}

export interface CycleColumns {
  /** The operation of each column. */
  operations: string[];
  /** One row for each step, oldest first: in which column, and what it does. */
  rows: { column: number; does: 'holds' | 'wants'; node: string; how: string }[];
}

export function cycleColumns({ steps }: Pick<Cycle, 'steps'>): CycleColumns {
  const operations = [...new Set(steps.map(({ operation }) => operation))];
  const rows = steps.map(({ operation, does, node, pin, mode }) => ({
    column: operations.indexOf(operation),
    does,
    node,
    how: pin ?? mode ?? '',
  }));
  return { operations, rows };
}
