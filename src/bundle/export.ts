// Writes a span of the past of a filesystem as a bundle.
import { createHash } from 'node:crypto';
import { digestOf } from '../durable/digest.ts';
import { entryRecordOf } from '../durable/entry-record.ts';
import type { LoggedEntry } from '../durable/log.ts';
import { Slice, servingSliceMs } from '../durable/slice.ts';
import { knownOf, piecesOf, stateHash } from '../durable/snapshots.ts';
import { apply } from '../kernel/kernel.ts';
import { contentChunks, kernelVersion, snapshotFormat } from '../kernel/snapshot.ts';
import type { Kernel } from '../kernel/state.ts';
import { Packer } from './container.ts';
import { entriesPerFrame, type Frame, type Head } from './frames.ts';
import { argsInside, inside, withoutContents, withoutData } from './inside.ts';

export interface BundleRequest {
  contents: Head['contents'];
  note: string;
  bytesMax: number;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * `kernel` is the machine at the beginning. It is changed, so nobody else may use it. Rejects with
 * a BundleError if the bundle grows above `bytesMax`.
 */
export async function writeBundle(
  kernel: Kernel,
  entries: readonly LoggedEntry[],
  { contents, note, bytesMax }: BundleRequest,
): Promise<Buffer> {
  const packer = new Packer(bytesMax);
  const add = (frame: Frame): Promise<void> => packer.add(frame);
  inside(kernel);
  const head: Head = {
    pinhole: 'bundle',
    kernelVersion,
    snapshotFormat,
    args: argsInside(kernel),
    limits: kernel.limits,
    contents,
    note,
    seq: kernel.seq,
  };
  await packer.add(head);
  await addState(kernel, contents, add);
  await addEntries(kernel, entries, contents, add);
  await add(['end', await stateHash(kernel, knownOf(undefined))]);
  return packer.end();
}

async function addState(
  kernel: Kernel,
  contents: Head['contents'],
  add: (frame: Frame) => Promise<void>,
): Promise<void> {
  // A reader needs the machine before its chunks, but they must be hashed before they are removed.
  const omitted: Frame[] = [];
  if (contents === 'omitted') {
    for (const { index, seq, bytes } of contentChunks(kernel))
      omitted.push(['omitted', index, seq, sha256(bytes)]);
    withoutContents(kernel);
  }
  for (const piece of piecesOf(kernel)) await add(['state', new Uint8Array(piece)]);
  for (const frame of omitted) await add(frame);
  if (contents === 'kept')
    for (const { index, seq, bytes } of contentChunks(kernel))
      await add(['chunk', index, seq, bytes]);
  await add(['begin', await stateHash(kernel, knownOf(undefined))]);
}

async function addEntries(
  kernel: Kernel,
  entries: readonly LoggedEntry[],
  contents: Head['contents'],
  add: (frame: Frame) => Promise<void>,
): Promise<void> {
  const slice = new Slice(servingSliceMs);
  let digest = 0;
  for (let at = 0; at < entries.length; at += entriesPerFrame) {
    const records: (Frame & ['entries', ...unknown[]])[1] = [];
    const hashes: [number, string][] = [];
    for (const { key: _, ...given } of entries.slice(at, at + entriesPerFrame)) {
      const data = given.command?.data;
      const entry = contents === 'omitted' ? withoutData(given) : given;
      if (contents === 'omitted' && data !== undefined) hashes.push([records.length, sha256(data)]);
      records.push(entryRecordOf(entry));
      if (slice.isOver) await slice.rest();
      digest = digestOf(digest, kernel, apply(kernel, entry));
    }
    await add(['entries', records, digest, hashes]);
  }
}
