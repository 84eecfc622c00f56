// Snapshots of one filesystem in the store. The machine without its contents is written completely,
// in pieces. Of the contents only what changed since the snapshot before is written. A snapshot is
// valid only with its manifest, which is written last, after everything was read back and compared.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { decodeAll, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Journal } from '../journal/store.ts';
import {
  contentChunks,
  kernelVersion,
  Restore,
  type SnapshotRecord,
  snapshotFormat,
  snapshotRecords,
} from '../kernel/snapshot.ts';
import type { Kernel } from '../kernel/state.ts';
import { journalKeys, seqOf } from './keys.ts';
import { type Manifest, manifestRecord } from './records.ts';

export type JournalPosition = Pick<Manifest, 'group' | 'position' | 'chain' | 'digest'>;

const pieceBytes = 65_536;
/** Bytes of a snapshot that one flush writes. */
const flushBytes = 16 * pieceBytes;
/** How many chunks of contents are read in parallel. */
const chunksPerRead = 16;
/** The records of the machine, joined to pieces of about `pieceBytes`. */
export function* piecesOf(k: Kernel, { sentences = true } = {}): Generator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for (const record of snapshotRecords(k)) {
    const part = encode(sentences ? record : withoutSentences(record));
    parts.push(part);
    bytes += part.length;
    if (bytes < pieceBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

/** A copy without the sentences of failures, which stand beside an errno. */
function withoutSentences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSentences);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const kept = Object.entries(value).filter(([name]) => !(name === 'why' && 'errno' in value));
  return Object.fromEntries(kept.map(([name, part]) => [name, withoutSentences(part)]));
}

/** Checksums of chunks from an earlier snapshot, so that unchanged contents are not read again. */
type Known = ReadonlyMap<number, { seq: number; crc: number }>;

export const knownOf = (manifest: Manifest | undefined): Known =>
  new Map(manifest?.content.map(([chunk, seq, crc]) => [chunk, { seq, crc }]));

/** `records` is the checksum of all records, independent of how they are divided into pieces. */
function hashOf(records: number, content: Manifest['content']): string {
  return createHash('sha256')
    .update(JSON.stringify([records, content]))
    .digest('hex');
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The hash that a snapshot of `k` would have now. `k` must not change meanwhile. Two states that
 * differ only in the sentences of failures have the same hash with `sentences: false`.
 */
export async function stateHash(
  k: Kernel,
  known: Known,
  form: { sentences?: boolean } = {},
): Promise<string> {
  let records = 0;
  for (const piece of piecesOf(k, form)) {
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

/**
 * Writes everything but the manifest, reads it back and compares. `k` must not change meanwhile.
 */
export async function writeSnapshot(
  journal: Journal,
  k: Kernel,
  place: JournalPosition,
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
    await journal.put(together);
    for (const { key, crc } of together) {
      const back = await journal.get(key);
      if (back === null || crc32(back) !== crc)
        throw new JournalError('damaged', `${key} was not read back as written`);
    }
    together = [];
    togetherBytes = 0;
  };
  const put = async (key: string, value: Uint8Array, crc: number) => {
    together.push({ key, value, crc });
    togetherBytes += value.length;
    // Between two pieces the event loop serves other callbacks.
    await (togetherBytes < flushBytes ? turn() : flush());
  };
  for (const piece of piecesOf(k)) {
    const crc = crc32(piece);
    bytes += piece.length;
    records = crc32(piece, records);
    await put(journalKeys.piece(seq, pieces.length), piece, crc);
    pieces.push(crc);
  }
  for (const chunk of contentChunks(k)) {
    const before = known.get(chunk.index);
    const crc = before?.seq === chunk.seq ? before.crc : crc32(chunk.bytes);
    content.push([chunk.index, chunk.seq, crc]);
    if (before?.seq !== chunk.seq)
      await put(journalKeys.chunk(chunk.index, chunk.seq), chunk.bytes, crc);
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

export const manifestChange = (manifest: Manifest): Change =>
  manifestRecord.change(journalKeys.manifest(manifest.seq), manifest);

/**
 * Reads the machine from a snapshot. Rejects with `damaged` if a piece is missing or differs from
 * the manifest. `pieceOf` returns a piece, or null if there is none.
 */
export async function readSnapshot(
  journal: Journal,
  manifest: Manifest,
  pieceOf: (key: string) => Promise<Uint8Array | null>,
): Promise<Kernel> {
  const restore = new Restore();
  const checked = (key: string, body: Uint8Array | null | undefined, crc: number): Uint8Array => {
    if (body === null || body === undefined || crc32(body) !== crc)
      throw new JournalError('damaged', `the snapshot at entry ${manifest.seq} lacks ${key}`);
    return body;
  };
  for (const [piece, crc] of manifest.pieces.entries()) {
    const key = journalKeys.piece(manifest.seq, piece);
    for (const record of decodeAll(checked(key, await pieceOf(key), crc)))
      restore.add(record as SnapshotRecord);
    await turn();
  }
  for (let at = 0; at < manifest.content.length; at += chunksPerRead) {
    const some = manifest.content.slice(at, at + chunksPerRead);
    const bodies = await Promise.all(
      some.map(([index, seq]) => journal.get(journalKeys.chunk(index, seq))),
    );
    for (const [i, [index, seq, crc]] of some.entries()) {
      const body = checked(journalKeys.chunk(index, seq), bodies[i], crc);
      restore.addContent({ index, seq, bytes: new Uint8Array(body) });
    }
  }
  return restore.kernel;
}

/** A copy that shares nothing with `k`, which must not change meanwhile. */
export async function copyOf(k: Kernel): Promise<Kernel> {
  const restore = new Restore();
  for (const piece of piecesOf(k)) {
    for (const record of decodeAll(piece)) restore.add(record as SnapshotRecord);
    await turn();
  }
  for (const { index, seq, bytes } of contentChunks(k)) {
    restore.addContent({ index, seq, bytes: new Uint8Array(bytes) });
    await turn();
  }
  return restore.kernel;
}

const chunkKeys = ({ content }: Manifest): string[] =>
  content.map(([chunk, seq]) => journalKeys.chunk(chunk, seq));

/**
 * The keys of snapshot `gone` that no snapshot of `kept` needs. An unfinished snapshot has no
 * manifest, so its keys are not among them.
 */
export function* obsoleteKeys(gone: Manifest, kept: readonly Manifest[]): Generator<string> {
  yield journalKeys.manifest(gone.seq);
  for (const piece of gone.pieces.keys()) yield journalKeys.piece(gone.seq, piece);
  const needed = new Set(kept.flatMap(chunkKeys));
  for (const key of chunkKeys(gone)) if (!needed.has(key)) yield key;
}

/**
 * All keys of snapshots that none of `kept` needs: older snapshots, and the rest of snapshots that
 * were never finished.
 */
export async function* strayKeys(
  journal: Journal,
  kept: readonly Manifest[],
): AsyncGenerator<string> {
  const seqs = new Set(kept.map(({ seq }) => seq));
  for await (const key of journal.keys(journalKeys.snapshots)) if (!seqs.has(seqOf(key))) yield key;
  const needed = new Set(kept.flatMap(chunkKeys));
  for await (const key of journal.keys(journalKeys.chunks)) if (!needed.has(key)) yield key;
}
