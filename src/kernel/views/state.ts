// A snapshot of a filesystem in parts. All of them are read between the same two calls of `apply`,
// so they belong together. Each part has the records of a view.
import type { z } from 'zod';
import { pageSizeMax } from '../records/contract.ts';
import type { Kernel } from '../state.ts';
import { busyExtents } from './busy-extents.ts';
import type { View } from './define.ts';
import { files } from './files.ts';
import { filesystem } from './filesystem.ts';
import { locks } from './locks.ts';
import { mappings } from './mappings.ts';
import { liveFirst, operationsView } from './operations.ts';
import { pins } from './pins.ts';
import { waitGraph } from './wait-graph.ts';
import { waitqueues } from './waitqueues.ts';

/** The most records of one part. */
export const recordsMax = pageSizeMax;

/** `more` is there if the part is cut: how many records there are, and the list that has them. */
export interface PartRead {
  value: unknown;
  more?: { total: number; list: string };
}

export interface StatePart {
  doc: string;
  result: z.ZodType;
  read(k: Kernel, nowMs: number): PartRead;
}

/** The result of a view that has no target and refuses nothing. */
function resultOf(
  view: View,
  k: Kernel,
  nowMs: number,
  query: object = {},
): Record<string, unknown> {
  const read = view.read(k, {}, view.query.parse(query), nowMs);
  if (!read.ok) throw new Error(`${view.name} refuses ${JSON.stringify(query)}`);
  return read.result as Record<string, unknown>;
}

const shapeOf = (view: View): Record<string, z.ZodType> =>
  (view.result as z.ZodObject).shape as Record<string, z.ZodType>;

const whole = (view: View): StatePart => ({
  doc: `As GET of ${view.name} shows it.`,
  result: view.result,
  read: (k, nowMs) => ({ value: resultOf(view, k, nowMs) }),
});

/**
 * A page of a list, the field `field` of its answer. `total` is how many records it has; without
 * it the list is bounded by its view.
 */
function listed(
  view: View,
  field: string,
  total: ((k: Kernel) => number) | null,
  query: Record<string, string | boolean> = {},
): StatePart {
  return {
    doc: `The records of the list ${view.path}.`,
    result: shapeOf(view)[field] as z.ZodType,
    read(k, nowMs) {
      const paged = total === null ? query : { ...query, pageSize: recordsMax };
      const read = resultOf(view, k, nowMs, paged);
      const value = read[field] as unknown[];
      const all = total?.(k) ?? 0;
      if (value.length >= all) return { value };
      const { nextPageToken } = read as { nextPageToken?: string };
      const rest = new URLSearchParams(
        Object.entries({ ...query, pageToken: nextPageToken ?? '' }).map(
          ([name, one]): [string, string] => [name, String(one)],
        ),
      );
      return { value, more: { total: all, list: `${view.path}?${rest}` } };
    },
  };
}

const operationsPart: StatePart = {
  doc: 'Those that run or sleep, then the newest of those that have ended, in ascending order.',
  result: shapeOf(operationsView).items as z.ZodType,
  read(k, nowMs) {
    const { items: value, total } = liveFirst(k, nowMs, recordsMax);
    return value.length === total
      ? { value }
      : { value, more: { total, list: operationsView.path } };
  },
};

/** By name. Those of `partsByDefault` are what a picture of a filesystem begins with. */
export const stateParts = {
  filesystem: whole(filesystem),
  files: listed(files, 'items', (k) => k.inodes.size, { orphans: true }),
  mappings: listed(mappings, 'items', (k) => k.mappings.size),
  pins: listed(pins, 'items', (k) => k.pins.size),
  operations: operationsPart,
  busyExtents: listed(busyExtents, 'extents', (k) => k.busy.runs),
  detachedExtents: listed(busyExtents, 'detached', (k) => k.detached.runs),
  waitGraph: whole(waitGraph),
  locks: listed(locks, 'items', null),
  waitqueues: whole(waitqueues),
} satisfies Record<string, StatePart>;

export type PartName = keyof typeof stateParts;
export const partNames = Object.keys(stateParts) as PartName[];
export const partsByDefault: readonly PartName[] = [
  'filesystem',
  'files',
  'mappings',
  'pins',
  'operations',
  'busyExtents',
  'detachedExtents',
  'waitGraph',
];
