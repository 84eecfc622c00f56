// The bytes of a bundle: a magic, a version, a SHA-256, and gzip of frames. A frame is a length of
// four bytes and one MessagePack value, so that a reader can stop between two of them.
//
//   PHBUNDLE  version  sha256 of the rest  gzip( length value  length value … )
//   8 bytes   1        32
import { kMaxLength } from 'node:buffer';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, createGzip, gunzip } from 'node:zlib';
import { decode, encode } from '../journal/codec.ts';
import { BundleError } from './bundle-error.ts';

const magic = Buffer.from('PHBUNDLE');
const version = 1;
const sumAt = magic.length + 1;
const restAt = sumAt + 32;
const gunzipped = promisify(gunzip);

const sumOf = (rest: Uint8Array): Buffer => createHash('sha256').update(rest).digest();

/** Packs values in order. Throws a BundleError when the bundle grows above `bytesMax`. */
export class Packer {
  readonly #gzip = createGzip({ level: constants.Z_DEFAULT_COMPRESSION });
  readonly #parts: Buffer[] = [];
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#gzip.on('data', (part: Buffer) => {
      this.#bytes += part.length;
      this.#parts.push(part);
    });
  }

  /** Resolves when the compressor takes more. */
  async add(value: unknown): Promise<void> {
    if (this.#bytes > this.#bytesMax) throw tooLarge(this.#bytesMax);
    const body = encode(value);
    const frame = Buffer.allocUnsafe(4 + body.length);
    frame.writeUInt32LE(body.length);
    frame.set(body, 4);
    if (!this.#gzip.write(frame))
      await new Promise<void>((resolve) => this.#gzip.once('drain', resolve));
  }

  async end(): Promise<Buffer> {
    await new Promise<void>((resolve) => {
      this.#gzip.once('end', resolve);
      this.#gzip.end();
    });
    const rest = Buffer.concat(this.#parts);
    if (rest.length > this.#bytesMax) throw tooLarge(this.#bytesMax);
    return Buffer.concat([magic, Buffer.from([version]), sumOf(rest), rest]);
  }
}

const tooLarge = (max: number): BundleError =>
  new BundleError('BD5', `the bundle would have more than ${max} bytes; choose a shorter span`);

/** Unpacked, a bundle may have this many times the bytes that it may have packed. */
const expansionMax = 16;

/**
 * Checks and decompresses a bundle. Rejects with a BundleError if it is not one, is cut, or was
 * changed, or if it has more than `bytesMax` bytes packed or 16 times as many unpacked.
 */
export async function unpack(bundle: Uint8Array, bytesMax: number): Promise<Iterable<unknown>> {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  if (bytes.length < restAt || !bytes.subarray(0, magic.length).equals(magic))
    throw new BundleError('BD1', 'the body is not a bundle: it does not begin with PHBUNDLE');
  const has = bytes[magic.length];
  if (has !== version)
    throw new BundleError('BD2', `the bundle has format ${has}; this release reads ${version}`);
  const rest = bytes.subarray(restAt);
  if (!sumOf(rest).equals(bytes.subarray(sumAt, restAt)))
    throw new BundleError('BD1', 'the bundle was cut or changed: its checksum differs');
  const maxOutputLength = Math.min(expansionMax * bytesMax, kMaxLength);
  let frames: Buffer;
  try {
    frames = await gunzipped(rest, { maxOutputLength });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new BundleError('BD5', `the bundle unpacks to more than ${maxOutputLength} bytes`);
    throw new BundleError('BD1', 'the bundle cannot be decompressed');
  }
  return valuesOf(frames);
}

function* valuesOf(frames: Buffer): Generator<unknown> {
  for (let at = 0; at < frames.length; ) {
    const end = at + 4 <= frames.length ? at + 4 + frames.readUInt32LE(at) : Number.NaN;
    if (!(end <= frames.length)) throw new BundleError('BD1', 'a frame of the bundle is cut');
    let value: unknown;
    try {
      value = decode(frames.subarray(at + 4, end));
    } catch {
      throw new BundleError('BD1', 'a frame of the bundle is not MessagePack');
    }
    yield value;
    at = end;
  }
}
