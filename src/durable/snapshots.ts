// Snapshots of one filesystem in the store. The machine without its contents is written whole, in
// pieces; of the contents only what changed since the snapshot before. Nothing counts before the
// manifest is there, and that is written when all of it was read back.
//
//   s/<id>/<seq>/m           the manifest
//   s/<id>/<seq>/<piece>     records of the machine, one behind the other
//   c/<id>/<chunk>/<seq>     a chunk of the contents as the entry `seq` left it
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decode, decodeAll, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Store } from '../journal/level-store.ts';
import {
  contentChunks,
  kernelVersion,
  Restore,
  type SnapshotRecord,
  snapshotFormat,
  snapshotRecords,
} from '../kernel/snapshot.ts';
import type { Kernel } from '../kernel/state.ts';

export interface Manifest {
  format: number;
  kernelVersion: number;
  /** The last entry that is in it. */
  seq: number;
  eventSeq: number;
  /**
   * Where the journal stood: the flush and the place in it of the last batch, its chained checksum
   * and the digest of all results.
   */
  group: number;
  position: number;
  chain: number;
  digest: number;
  /** The checksum of each piece. */
  pieces: number[];
  /** Index, entry that changed it last, and checksum. */
  content: [chunk: number, seq: number, crc: number][];
  /** Of everything. */
  hash: string;
  /** Of the pieces. */
  bytes: number;
}

export type Place = Pick<Manifest, 'group' | 'position' | 'chain' | 'digest'>;

const pieceBytes = 65_536;
/** As much of a snapshot as one flush takes. */
const flushBytes = 16 * pieceBytes;
const digits = (number: number, width: number): string => String(number).padStart(width, '0');
export const seqKey = (seq: number): string => digits(seq, 16);
const pieceKey = (id: string, seq: number, piece: number | 'm'): string =>
  `s/${id}/${seqKey(seq)}/${piece === 'm' ? 'm' : digits(piece, 8)}`;
const contentKey = (id: string, chunk: number, seq: number): string =>
  `c/${id}/${digits(chunk, 8)}/${seqKey(seq)}`;

/** The records in pieces of bounded size. */
function* piecesOf(k: Kernel): Generator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for (const record of snapshotRecords(k)) {
    const part = encode(record);
    parts.push(part);
    bytes += part.length;
    if (bytes < pieceBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

/** Checksums that are known, so that contents that did not change are not read again. */
type Known = ReadonlyMap<number, { seq: number; crc: number }>;

export const knownOf = (manifest: Manifest | undefined): Known =>
  new Map(manifest?.content.map(([chunk, seq, crc]) => [chunk, { seq, crc }]));

/** `records` is the checksum of all of them, in whatever pieces they are kept. */
function hashOf(records: number, content: Manifest['content']): string {
  return createHash('sha256')
    .update(JSON.stringify([records, content]))
    .digest('hex');
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The hash that a snapshot would have now. `k` must not change meanwhile. */
export async function stateHash(k: Kernel, known: Known): Promise<string> {
  let records = 0;
  for (const piece of piecesOf(k)) {
    records = crc32(piece, records);
    await turn();
  }
  const content: Manifest['content'] = [];
  for (const { index, seq, bytes } of contentChunks(k)) {
    const before = known.get(index);
    if (before?.seq === seq) content.push([index, seq, before.crc]);
    else {
      content.push([index, seq, crc32(bytes)]);
      await turn();
    }
  }
  return hashOf(records, content);
}

/** Writes everything but the manifest, and reads it back. `k` must not change meanwhile. */
export async function writeSnapshot(
  store: Store,
  id: string,
  k: Kernel,
  place: Place,
  known: Known,
): Promise<Manifest> {
  const { seq, eventSeq } = k;
  const pieces: number[] = [];
  const content: Manifest['content'] = [];
  let bytes = 0;
  let records = 0;
  let together: { key: string; value: Uint8Array; crc: number }[] = [];
  let togetherBytes = 0;
  const flush = async () => {
    await store.put(together);
    for (const { key, crc } of together) {
      const back = await store.get(key);
      if (back === null || crc32(back) !== crc)
        throw new JournalError('damaged', `${key} was not read back as written`);
    }
    together = [];
    togetherBytes = 0;
  };
  const put = async (key: string, value: Uint8Array, crc: number) => {
    together.push({ key, value, crc });
    togetherBytes += value.length;
    // Others want the event loop between two pieces.
    await (togetherBytes < flushBytes ? turn() : flush());
  };
  for (const piece of piecesOf(k)) {
    const crc = crc32(piece);
    bytes += piece.length;
    records = crc32(piece, records);
    await put(pieceKey(id, seq, pieces.length), piece, crc);
    pieces.push(crc);
  }
  for (const chunk of contentChunks(k)) {
    const before = known.get(chunk.index);
    const crc = before?.seq === chunk.seq ? before.crc : crc32(chunk.bytes);
    content.push([chunk.index, chunk.seq, crc]);
    if (before?.seq !== chunk.seq)
      await put(contentKey(id, chunk.index, chunk.seq), chunk.bytes, crc);
  }
  if (together.length > 0) await flush();
  return {
    format: snapshotFormat,
    kernelVersion,
    seq,
    eventSeq,
    ...place,
    pieces,
    content,
    hash: hashOf(records, content),
    bytes,
  };
}

export const manifestChange = (id: string, manifest: Manifest): Change => ({
  key: pieceKey(id, manifest.seq, 'm'),
  value: encode(manifest),
});

/** Those that were finished, the oldest first. */
export async function manifestsOf(store: Store, id: string): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for await (const key of store.keys(`s/${id}/`)) {
    if (!key.endsWith('/m')) continue;
    const body = await store.get(key);
    if (body !== null) found.push(decode(body) as Manifest);
  }
  return found;
}

/** Rejects with `damaged` where a piece is missing or is not what the manifest says. */
export async function readSnapshot(store: Store, id: string, manifest: Manifest): Promise<Kernel> {
  const restore = new Restore();
  const read = async (key: string, crc: number): Promise<Uint8Array> => {
    const body = await store.get(key);
    if (body === null || crc32(body) !== crc)
      throw new JournalError('damaged', `the snapshot of filesystem ${id} lacks ${key}`);
    return body;
  };
  for (const [piece, crc] of manifest.pieces.entries()) {
    const body = await read(pieceKey(id, manifest.seq, piece), crc);
    for (const record of decodeAll(body)) restore.add(record as SnapshotRecord);
  }
  for (const [index, seq, crc] of manifest.content) {
    restore.addContent({
      index,
      seq,
      bytes: new Uint8Array(await read(contentKey(id, index, seq), crc)),
    });
  }
  return restore.kernel;
}

const contentKeys = (id: string, { content }: Manifest): string[] =>
  content.map(([chunk, seq]) => contentKey(id, chunk, seq));

/**
 * Of what the manifest `gone` names, what none of `kept` needs. What was never finished is in no
 * manifest.
 */
export function* obsoleteKeys(
  id: string,
  gone: Manifest,
  kept: readonly Manifest[],
): Generator<string> {
  yield pieceKey(id, gone.seq, 'm');
  for (const piece of gone.pieces.keys()) yield pieceKey(id, gone.seq, piece);
  const needed = new Set(kept.flatMap((manifest) => contentKeys(id, manifest)));
  for (const key of contentKeys(id, gone)) if (!needed.has(key)) yield key;
}

/**
 * Of all that is there, what none of `kept` needs: older snapshots, and what those left that were
 * never finished.
 */
export async function* strayKeys(
  store: Store,
  id: string,
  kept: readonly Manifest[],
): AsyncGenerator<string> {
  const seqs = new Set(kept.map(({ seq }) => seqKey(seq)));
  for await (const key of store.keys(`s/${id}/`)) if (!seqs.has(key.split('/')[2] ?? '')) yield key;
  const needed = new Set(kept.flatMap((manifest) => contentKeys(id, manifest)));
  for await (const key of store.keys(`c/${id}/`)) if (!needed.has(key)) yield key;
}
