// What a bundle contains, frame by frame. The first frame is the head; then comes the state at the
// beginning, then the entries, and last the end.
import { z } from 'zod';
import type { EntryRecord } from '../durable/records.ts';
import { mkfsArgs } from '../kernel/ops/mkfs.ts';
import { kernelLimitTable } from '../kernel/state.ts';
import { BundleError } from './bundle-error.ts';

const zCount = z.int().nonnegative();
const zBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** The name that a filesystem has inside of a bundle, because whoever opens it chooses another. */
export const nameInside = 'bundle';

export const noteMax = 1000;

export const zHead = z.strictObject({
  pinhole: z.literal('bundle'),
  kernelVersion: z.int(),
  snapshotFormat: z.int(),
  args: mkfsArgs,
  limits: z.strictObject(
    Object.fromEntries(Object.keys(kernelLimitTable).map((name) => [name, zCount])) as Record<
      keyof typeof kernelLimitTable,
      typeof zCount
    >,
  ),
  /** `omitted`: contents of files are zeros, and of each removed part there is a hash. */
  contents: z.enum(['kept', 'omitted']),
  note: z.string().max(noteMax),
  /** The number of the last entry before the beginning. */
  seq: zCount,
});
export type Head = z.infer<typeof zHead>;

/** The most entries of one frame. The digest of the results is compared after each frame. */
export const entriesPerFrame = 64;

const isEntries = (value: unknown): value is EntryRecord[] =>
  Array.isArray(value) &&
  value.length <= entriesPerFrame &&
  value.every((entry) => Array.isArray(entry) && entry.length <= 6);

const zFrame = z.union([
  /** A piece of the machine at the beginning, as in a snapshot. */
  z.tuple([z.literal('state'), zBytes]),
  /** A chunk of contents: index, the entry that changed it last, bytes. */
  z.tuple([z.literal('chunk'), zCount, zCount, zBytes]),
  /** A chunk that was removed: index, entry, SHA-256. */
  z.tuple([z.literal('omitted'), zCount, zCount, z.string()]),
  /** The beginning is complete; the hash of its state. */
  z.tuple([z.literal('begin'), z.string()]),
  /**
   * Entries, and the digest of the results of all entries so far. Of data that was removed: the
   * number of the entry in this frame, and SHA-256.
   */
  z.tuple([
    z.literal('entries'),
    z.custom<EntryRecord[]>(isEntries),
    z.number(),
    z.array(z.tuple([zCount, z.string()])),
  ]),
  /** The hash of the state at the end. */
  z.tuple([z.literal('end'), z.string()]),
]);
export type Frame = z.infer<typeof zFrame>;

export function frameOf(value: unknown): Frame {
  const parsed = zFrame.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BundleError('BD3', 'the bundle has a frame of an unknown form');
}

export function headOf(value: unknown): Head {
  const parsed = zHead.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BundleError('BD3', `the head of the bundle: ${z.prettifyError(parsed.error)}`);
}
