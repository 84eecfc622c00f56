// The events of labs. They belong to the stream of the tenant, because a lab has no filesystem.
import { z } from 'zod';
import type { KernelEvent } from '../kernel/events.ts';
import { zCount } from '../kernel/units.ts';

const lab = z.string().describe('`lab_…`.');
const name = z.string().describe('The name of its workload.');

/** The types by name, as in the table of the events of the kernel. */
export const labEventTable = {
  'lab.progress': {
    doc: 'A lab has begun (`done` is 0), or more of its runs have ended.',
    data: z.object({
      lab,
      name,
      done: zCount.describe('Runs that have ended.'),
      total: zCount.describe('The runs of the lab.'),
    }),
  },
  'lab.done': {
    doc: 'A lab has ended, and its result can be read.',
    data: z.object({ lab, name, digest: z.string().describe('The digest of the result.') }),
  },
  'lab.failed': {
    doc: 'A lab was given up, because one of its runs reached a limit or its thread died.',
    data: z.object({
      lab,
      name,
      reason: z.string().describe('As `failure.reason` of the lab.'),
      detail: z.string().describe('A sentence for a person.'),
    }),
  },
  'lab.cancelled': { doc: 'A client cancelled a lab.', data: z.object({ lab, name }) },
  'lab.removed': {
    doc: 'A lab that had ended was removed with its result, by a client or by the quota.',
    data: z.object({ lab, name }),
  },
} as const;
export type LabEventType = keyof typeof labEventTable;
export const labEventTypes = Object.keys(labEventTable) as LabEventType[];

/** It has the fields that every event has; it is about no file and no operation. */
export interface LabEvent
  extends Pick<KernelEvent, 'seq' | 'timeMs' | 'task' | 'op' | 'file' | 'ino' | 'unlinked'> {
  type: LabEventType;
  data: { lab: string; name: string; [field: string]: unknown };
}

/** An event of a stream. */
export type StreamEvent = KernelEvent | LabEvent;

export const isLabEvent = (event: StreamEvent): event is LabEvent =>
  Object.hasOwn(labEventTable, event.type);

export const labEvent = (type: LabEventType, timeMs: number, data: LabEvent['data']): LabEvent => ({
  type,
  timeMs,
  data,
  seq: 0,
  task: 0,
  op: null,
  file: null,
  ino: 0,
  unlinked: false,
});
