// The golden trace: what was asked, what happened, what was answered. One line each; the time of an
// event comes first.
//
//     > punch-hole a 0 8192 as T
//     0 op_5 punch-hole a  task.blocked on=page pfn=2 pgoff=0 bucket=17 state=S
//     < op_5 done sizeBytes=8192 blocksFreed=2 …
import type { KernelEvent } from '../kernel/events.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Effects, Reply } from '../kernel/state.ts';
import { bytesText, runsOf } from './bytes-text.ts';
import { commandWords } from './golden.ts';

export function commandLine(
  command: Command,
  given: Record<string, unknown>,
  effects: Effects,
): string {
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== false));
  if (command.op === 'scheduler-step') return ['>', command.op, ...stepTaken(effects)].join(' ');
  const words = ['>', ...commandWords({ ...command, args })];
  if (effects.task !== 0 && operations.get(command.op)?.waits === true)
    words.push(`(op_${effects.task})`);
  return words.join(' ');
}

/** Which task took which step: `op_5 punch-hole.scan`. */
function stepTaken(effects: Effects): string[] {
  const reply = effects.replies.find(({ task }) => task === effects.task);
  if (reply === undefined || !reply.outcome.ok) return ['nothing'];
  const { task, op, step } = reply.outcome.result as {
    task: string | null;
    op: string;
    step: string;
  };
  return task === null ? ['nothing'] : [task, `${op}.${step}`];
}

export function eventLine(event: KernelEvent): string {
  const who = event.task === 0 ? '-' : `op_${event.task} ${event.op}`;
  const head = [event.timeMs, who, ...(event.file === null ? [] : [event.file])].join(' ');
  const data = Object.entries(event.data)
    .filter(([key, value]) => key !== 'op' && value !== undefined && value !== false)
    .map(([key, value]) => (value === true ? key : `${key}=${plain(value)}`));
  return `${head}  ${[event.type, ...data].join(' ')}`;
}

/**
 * Records of files, mappings and pins have tests of their own; the trace tells what an operation
 * did.
 */
const told = new Set(
  'sizeBytes blocksFreed blocksBusy blocksDetached scans wakeups sleptMs bytesWritten bytesStored data id bytesPinned'
    .split(' ')
    .concat('withSizeBytes retries'.split(' '))
    .concat('pagesOrphan pagesReleased pagesUnmapped'.split(' ')),
);

export function replyLine({ task, outcome }: Reply): string {
  if (!outcome.ok)
    return `< op_${task} ${outcome.failure.errno} ${outcome.failure.rule}: ${outcome.failure.why}`;
  const result = Object.entries(outcome.result as Record<string, unknown>)
    .filter(([key]) => told.has(key))
    .map(([key, value]) => `${key}=${plain(value)}`);
  return [`< op_${task} done`, ...result].join(' ');
}

function plain(value: unknown): string {
  // An answer with many different bytes is told by its length.
  if (value instanceof Uint8Array)
    return runsOf(value, 16) === null ? `${value.length}B` : bytesText(value);
  if (Array.isArray(value)) return `[${value.map(plain).join(',')}]`;
  if (value === null) return '-';
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, field]) => `${key}=${plain(field)}`);
    return `{${fields.join(' ')}}`;
  }
  return typeof value === 'string' && value.includes(' ') ? JSON.stringify(value) : String(value);
}
