// Reads a bundle: the machine at its beginning, and its entries. A bundle comes from outside, so
// every part is checked, and every command passes the schema of its operation again.
import { z } from 'zod';
import { digestOf } from '../durable/digest.ts';
import { entryOf } from '../durable/entry-record.ts';
import type { LoggedEntry } from '../durable/log.ts';
import type { EntryRecord } from '../durable/records.ts';
import { Slice, servingSliceMs } from '../durable/slice.ts';
import { knownOf, stateHash } from '../durable/snapshots.ts';
import { decodeAll } from '../journal/codec.ts';
import { checkInvariants } from '../kernel/invariants.ts';
import { apply } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import { kernelVersion, Restore, snapshotFormat } from '../kernel/snapshot.ts';
import type { Command, Effects, Kernel, KernelLimits } from '../kernel/state.ts';
import { pageSize, zMs } from '../kernel/units.ts';
import { BundleError } from './bundle-error.ts';
import { unpack } from './container.ts';
import { type Frame, frameOf, type Head, headOf } from './frames.ts';
import { argsInside } from './inside.ts';
import { recordOf } from './state-schema.ts';

/** What this server accepts. */
export interface BundleBounds {
  bytesMax: number;
  entriesMax: number;
  deviceBytesMax: number;
  limits: KernelLimits;
}

export interface Opened {
  head: Head;
  /** The machine at the beginning. */
  kernel: Kernel;
  /** The hash of the state at the beginning. */
  begin: string;
  /** The frames after the beginning. */
  rest: Iterator<unknown>;
}

/** Rejects with a BundleError. */
export async function openBundle(bytes: Uint8Array, bounds: BundleBounds): Promise<Opened> {
  const frames = (await unpack(bytes, bounds.bytesMax))[Symbol.iterator]();
  const head = headOf(frames.next().value);
  checkHead(head, bounds);
  const restore = new Restore();
  const slice = new Slice(servingSliceMs);
  for (;;) {
    if (slice.isOver) await slice.rest();
    const frame = nextFrame(frames);
    if (frame[0] === 'begin') {
      const { kernel } = faultIn('the state at the beginning', () => restore);
      faultIn('the state at the beginning', () => checkKernel(kernel, head));
      return { head, kernel, begin: frame[1], rest: frames };
    }
    if (frame[0] === 'state') await restoreState(restore, frame[1], slice);
    else faultIn('the state at the beginning', () => restoreChunk(restore, frame, head));
  }
}

/** A piece from outside may have any number of records. */
async function restoreState(restore: Restore, piece: Uint8Array, slice: Slice): Promise<void> {
  try {
    for (const record of decodeAll(piece)) {
      if (slice.isOver) await slice.rest();
      restore.add(recordOf(record));
    }
  } catch (error) {
    throw faultOf('the state at the beginning', error);
  }
}

function checkHead(
  { kernelVersion: version, snapshotFormat: format, args, limits }: Head,
  bounds: BundleBounds,
): void {
  if (version !== kernelVersion || format !== snapshotFormat)
    throw new BundleError(
      'BD2',
      `the bundle is of a machine of version ${version}.${format}; this server has ` +
        `${kernelVersion}.${snapshotFormat}`,
    );
  if (args.sizeBytes > bounds.deviceBytesMax)
    throw new BundleError(
      'BD5',
      `its device has ${args.sizeBytes} bytes; ${bounds.deviceBytesMax} are allowed`,
    );
  for (const [name, max] of Object.entries(bounds.limits)) {
    const limit = limits[name as keyof KernelLimits];
    if (limit > max)
      throw new BundleError('BD5', `its limit ${name} is ${limit}; this server allows ${max}`);
  }
}

function nextFrame(frames: Iterator<unknown>): Frame {
  const next = frames.next();
  if (next.done === true) throw new BundleError('BD3', 'the bundle has no end');
  return frameOf(next.value);
}

/** What a foreign value breaks is the fault of the bundle. */
function faultIn<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw faultOf(where, error);
  }
}

function faultOf(where: string, error: unknown): BundleError {
  if (error instanceof BundleError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new BundleError('BD3', `${where} is wrong: ${why}`);
}

function restoreChunk(restore: Restore, frame: Frame, { args, contents }: Head): void {
  const chunks = Math.ceil(args.sizeBytes / chunkBytes);
  const isChunk = frame[0] === 'chunk' && contents === 'kept' && frame[3].length === chunkBytes;
  const isOmitted = frame[0] === 'omitted' && contents === 'omitted';
  const index = frame[1] as number;
  if (!(isChunk || isOmitted) || index >= chunks)
    throw new BundleError('BD3', `a frame "${frame[0]}" is in the wrong place`);
  const bytes = frame[0] === 'chunk' ? frame[3] : new Uint8Array(chunkBytes);
  restore.addContent({ index, seq: frame[2] as number, bytes });
}

const chunkBytes = 64 * pageSize;

/** The head says what the machine is, because it was checked. */
function checkKernel(kernel: Kernel, { args, limits, seq }: Head): void {
  const own = [argsInside(kernel), kernel.limits, kernel.seq];
  const said = [args, limits, seq];
  if (JSON.stringify(sorted(own)) !== JSON.stringify(sorted(said)))
    throw new BundleError('BD3', 'the head and the state of the bundle differ');
  if (kernel.eventSeq !== 0) throw new BundleError('BD3', 'its events do not begin at 1');
  if (kernel.geometry.blocks !== args.sizeBytes / pageSize)
    throw new BundleError('BD3', 'the device of the state has another size');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]));
}

const zEtags = z.union([z.string(), z.array(z.string())]).optional();
const zOn = z.strictObject({
  file: z.string().max(255).optional(),
  mapping: z.int().optional(),
  pin: z.int().optional(),
  operation: z.int().optional(),
});
const zRest = z.strictObject({
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array).optional(),
  owner: z.string().min(1).max(128).optional(),
  nowait: z.boolean().optional(),
  timeoutMs: zMs.optional(),
  failOnDeadlock: z.boolean().optional(),
  keep: z.boolean().optional(),
  ifMatch: zEtags,
  ifNoneMatch: zEtags,
});

/** The entries of a frame. Each command has passed the schema of its operation. */
function entriesOf(records: readonly EntryRecord[], firstSeq: number): LoggedEntry[] {
  return records.map((record, i) => {
    const seq = firstSeq + i;
    return faultIn(`entry ${seq}`, () => {
      const entry = entryOf(seq, record);
      z.number()
        .min(0)
        .max(2 ** 53)
        .parse(entry.timeMs);
      z.int().nonnegative().optional().parse(entry.blocksMax);
      if (entry.command !== null) checkCommand(entry.command);
      return entry;
    });
  });
}

function checkCommand({ op, on, args, ...rest }: Command): void {
  const operation = operations.get(op);
  if (operation === undefined) throw new BundleError('BD3', `there is no operation ${op}`);
  zOn.parse(on);
  zRest.parse(rest);
  const parsed = operation.args.parse(args);
  if (JSON.stringify(sorted(parsed)) !== JSON.stringify(sorted(args)))
    throw new BundleError('BD3', `the arguments of ${op} are not complete`);
}

/** One frame of entries after the other. `kernel` must be at the entry before. */
export async function* entriesAfter(
  { head, rest }: Opened,
  { entriesMax }: BundleBounds,
): AsyncGenerator<{ entries: LoggedEntry[]; digest: number } | { end: string }> {
  let seq = head.seq;
  for (;;) {
    const frame = nextFrame(rest);
    if (frame[0] === 'end') {
      if (rest.next().done !== true) throw new BundleError('BD3', 'it goes on after its end');
      yield { end: frame[1] };
      return;
    }
    if (frame[0] !== 'entries')
      throw new BundleError('BD3', `a frame "${frame[0]}" is in the wrong place`);
    const entries = entriesOf(frame[1], seq + 1);
    seq += entries.length;
    if (seq - head.seq > entriesMax)
      throw new BundleError('BD5', `it has more than ${entriesMax} entries`);
    yield { entries, digest: frame[2] };
  }
}

/** What a replay of a bundle shows to its caller. */
export type Watcher = (entry: LoggedEntry, effects: Effects, kernel: Kernel) => void;

/**
 * Replays a bundle and compares everything that it says: the laws, the state at both ends, the
 * digests of the results. Resolves with the machine at the end; rejects with a BundleError.
 */
export async function verifyBundle(
  bytes: Uint8Array,
  bounds: BundleBounds,
  watch: Watcher = () => {},
): Promise<Verified> {
  try {
    return await replayBundle(bytes, bounds, watch);
  } catch (error) {
    throw faultOf('the bundle', error);
  }
}

export interface Verified {
  head: Head;
  /** The machine at the end. */
  kernel: Kernel;
  entries: number;
}

async function replayBundle(
  bytes: Uint8Array,
  bounds: BundleBounds,
  watch: Watcher,
): Promise<Verified> {
  const opened = await openBundle(bytes, bounds);
  const { head, kernel, begin } = opened;
  await demandState(kernel, begin, 'beginning');
  const slice = new Slice(servingSliceMs);
  let digest = 0;
  for await (const frame of entriesAfter(opened, bounds)) {
    if ('end' in frame) {
      await demandState(kernel, frame.end, 'end');
      return { head, kernel, entries: kernel.seq - head.seq };
    }
    for (const entry of frame.entries) {
      if (slice.isOver) await slice.rest();
      const effects = faultIn(`entry ${entry.seq}`, () => apply(kernel, entry));
      if (effects.unmounted)
        throw new BundleError('BD3', `entry ${entry.seq} unmounts the filesystem`);
      digest = digestOf(digest, kernel, effects);
      watch(entry, effects, kernel);
    }
    if (digest !== frame.digest)
      throw new BundleError(
        'BD4',
        `entry ${kernel.seq}: the replay gives other results than the bundle says`,
      );
  }
  throw new BundleError('BD3', 'the bundle has no end');
}

/** Law 1 is not checked, because the strategy none breaks it on purpose. */
async function demandState(kernel: Kernel, hash: string, where: string): Promise<void> {
  faultIn(`the state at the ${where}`, () => checkInvariants(kernel, { except: ['law 1'] }));
  if ((await stateHash(kernel, knownOf(undefined))) !== hash)
    throw new BundleError('BD4', `the state at the ${where} differs from what the bundle says`);
}
