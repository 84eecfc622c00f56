// How far the journal was acknowledged, in a file of 12 bytes beside the store. It is written after
// each flush and never flushed itself: on a disk that honours flushes the store is never behind it,
// whatever was killed or cut. So where the store is behind, something was lost.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const bytes = 12;

export class HeadFile {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(bytes);

  constructor(file: string) {
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** 0 where it was never written, or where it cannot be read: then it says nothing. */
  read(): number {
    const read = readSync(this.#fd, this.#buffer, 0, bytes, 0);
    const body = this.#buffer.subarray(0, 8);
    return read === bytes && this.#buffer.readUInt32LE(8) === crc32(body)
      ? Number(body.readBigUInt64LE())
      : 0;
  }

  write(group: number): void {
    this.#buffer.writeBigUInt64LE(BigInt(group));
    this.#buffer.writeUInt32LE(crc32(this.#buffer.subarray(0, 8)), 8);
    writeSync(this.#fd, this.#buffer, 0, bytes, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
