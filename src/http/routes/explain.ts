// Explains the state of an operation: its steps so far, the locks that it holds, who blocks it,
// whom it blocks, and what the other strategies would do.
import { z } from 'zod';
import { cycleRecord, zCycle } from '../../kernel/records/cycle.ts';
import { zInode, zInodeOrNone } from '../../kernel/records/inode.ts';
import { zOperation } from '../../kernel/records/operation.ts';
import type { TaskId } from '../../kernel/units.ts';
import { zCount } from '../../kernel/units.ts';
import { operation as operationView } from '../../kernel/views/operations.ts';
import { cyclesThrough } from '../../kernel/waits/wait-graph.ts';
import {
  otherStrategies,
  queuedBehind,
  released,
  tooLarge,
  tooLate,
} from '../../kernel/what-if.ts';
import { withContentLink } from '../operation-record.ts';
import { KernelFailure } from '../problem.ts';
import { targetOf } from '../target.ts';
import { defineRoute, type Route } from './define.ts';

const zParty = z.object({
  operation: z.string(),
  op: z.string(),
  owner: z.string().nullable(),
  file: z.string().nullable(),
  ...zInodeOrNone,
  because: z.string(),
});
const zRelease = z.enum(['unpin', 'munmap', 'cancel']).describe('The operation that does it.');
const zStep = z.object({
  seq: zCount,
  timeMs: zCount,
  type: z.string(),
  ino: zCount.optional().describe('The inode that it is about.'),
  data: z.record(z.string(), z.unknown()),
});
/** How many of its latest events are shown, and how many operations behind it. */
const shownMax = 100;

const explain = defineRoute({
  name: 'explain-operation',
  url: '/v1/filesystems/:fs/operations/:operation/explain',
  scope: 'read',
  tag: 'operation',
  summary: 'Explain why an operation waits, and what would end the wait',
  doc:
    `The operation with its locks and blockers. \`path\` has its events, at most ${shownMax}, ` +
    'as far as the event log goes back. `behind` lists the operations that wait for it. ' +
    '`released` lists the pins, mappings and signals that end the wait, and `others` what the ' +
    'other strategies would do; both are found by running copies of the machine. `notRun` says why ' +
    'no copy was run. The machine itself does not change.',
  result: z.object({
    operation: zOperation,
    path: z.array(zStep),
    behind: z.array(zParty),
    released: z
      .object({
        pins: z.array(
          z.object({ pin: z.string(), owner: z.string().nullable(), kind: z.string(), ...zInode }),
        ),
        mappings: z
          .array(z.object({ mapping: z.string(), owner: z.string().nullable(), ...zInode }))
          .describe('Under the modern idle rule: mappings that must be removed.'),
        signals: z
          .array(z.object({ operation: z.string(), op: z.string(), owner: z.string().nullable() }))
          .describe('Operations that need a signal, because no release ends the wait.'),
        order: z
          .array(z.object({ do: zRelease, id: z.string() }))
          .describe('All of these, in the order in which they were tried.'),
        enough: z.boolean().describe('The operation ends after these.'),
      })
      .nullable(),
    cycles: z.array(zCycle).describe('The deadlocks that the operation is part of.'),
    strategy: z.looseObject({ name: z.string() }),
    others: z.array(
      z.object({
        strategy: z.string(),
        outcome: z.enum(['done', 'failed', 'cancelled', 'sleeping', 'running', 'refused']),
        errno: z.string().optional(),
        sleepingOn: z.unknown().optional(),
        result: z.unknown().optional(),
        blocksBusy: zCount,
        blocksDetached: zCount,
        deadlocks: zCount,
        warnings: zCount,
      }),
    ),
    notRun: z.string().nullable(),
  }),
  answer({ engine }, { request }) {
    const found = targetOf(engine, request, 'operation');
    if (found.fs === null) throw new KernelFailure(found.failure);
    const { fs, target } = found;
    const read = fs.view(operationView, target, {});
    if (!read.ok) throw new KernelFailure(read.failure);
    const { kernel, ring } = fs;
    const id = (target.operation ?? 0) as TaskId;
    const task = kernel.tasks.get(id);
    const asleep = task?.state === 'sleeping';
    const time = fs.nowMs();
    const notRun = asleep ? tooLarge(kernel) : 'the operation does not sleep';
    const late = tooLate(kernel, id);
    const log = ring.read(ring.oldestSeq, Number.POSITIVE_INFINITY);
    const path: z.infer<typeof zStep>[] = [];
    // A plain loop, because the log may have 100,000 events, few of them of the operation.
    let seq = log.kind === 'gap' ? 0 : log.firstSeq;
    for (const { event } of log.kind === 'gap' ? [] : log.records) {
      if (event.task === id)
        path.push({
          seq,
          timeMs: event.timeMs,
          type: `pinhole.${event.type}`,
          ...(event.ino === 0 ? {} : { ino: event.ino }),
          data: event.data,
        });
      seq += 1;
    }
    return {
      operation: withContentLink(fs, read.result),
      path: path.slice(-shownMax),
      behind: queuedBehind(kernel, id, shownMax),
      cycles:
        task === undefined
          ? []
          : cyclesThrough(kernel, task).map((one) => cycleRecord(kernel, one)),
      released: notRun === null ? released(kernel, id, time) : null,
      strategy: { name: kernel.strategy.name, ...kernel.strategy.options },
      others: notRun === null && late === null ? otherStrategies(kernel, id, time) : [],
      notRun: notRun ?? late,
    };
  },
});

export const explainRoutes: readonly Route[] = [explain];
