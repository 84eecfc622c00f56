// The number of the last acknowledged flush, in a file of 12 bytes beside the store. It is written
// after each flush, and not flushed itself. On a disk that honours flushes, the store is therefore
// never behind this number, even after a kill or a power cut. If it is, acknowledged changes are
// lost.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const bytes = 12;

export class HeadFile {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(bytes);

  constructor(file: string) {
    this.#fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  /** 0 if it was never written or cannot be read; then nothing is known about losses. */
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
