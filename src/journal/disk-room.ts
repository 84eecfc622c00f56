// Free space on the disk of the journal, and two reserves of it. A reserve is a file that is
// deleted when the disk is full: `reserve` so that operations that free space can still be logged,
// and `reserve-open` so that the store can be opened at the next start.
import {
  closeSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Files are truncated at block boundaries, because rewriting a part of a block takes space. */
const blockBytes = 4096;

export class Reserve {
  readonly #file: string;
  readonly #bytes: number;

  constructor(directory: string, name: 'reserve' | 'reserve-open', bytes: number) {
    this.#file = join(directory, name);
    this.#bytes = bytes;
  }

  /** Bytes that must be added. 0 also if the file is larger, from a start with another setting. */
  get missing(): number {
    return Math.max(0, this.#bytes - this.#size);
  }

  get #size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /**
   * Returns true if the reserve is complete. If the space does not suffice, the part that fits
   * stays.
   */
  fill(): boolean {
    if (this.missing <= 0) return true;
    let fd: number | null = null;
    try {
      fd = openSync(this.#file, 'a', 0o600);
      const block = Buffer.alloc(65_536);
      for (let at = this.#size; at < this.#bytes; at += block.length) {
        // Not zeros, because a filesystem that compresses would use no space for them.
        for (let i = 0; i < block.length; i += 8) block.writeDoubleLE((at + i) * Math.PI, i);
        const wanted = Math.min(block.length, this.#bytes - at);
        for (let written = 0; written < wanted; )
          written += writeSync(fd, block, written, wanted - written);
      }
      return true;
    } catch (error) {
      if (!isFull(error)) throw error;
      return false;
    } finally {
      if (fd !== null) closeSync(fd);
    }
  }

  giveUp(): void {
    rmSync(this.#file, { force: true });
  }

  /**
   * Frees this many bytes, or all that is left. Never more than needed, because the process that
   * filled the disk may use the freed space, too.
   */
  giveUpSome(bytes: number): void {
    const left = Math.floor((this.#size - bytes) / blockBytes) * blockBytes;
    if (left <= 0) {
      this.giveUp();
      return;
    }
    try {
      truncateSync(this.#file, left);
    } catch (error) {
      // On a copy-on-write filesystem even a truncate can need space.
      if (!isFull(error)) throw error;
      this.giveUp();
    }
  }
}

export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** The innermost cause, which has the error of LevelDB itself. */
export function causeOf(error: unknown): { code?: unknown; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  return error.cause instanceof Error
    ? causeOf(error.cause)
    : (error as { code?: unknown; message: string });
}

export function isFull(error: unknown): boolean {
  const { code, message } = causeOf(error);
  return (
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    /No space left on device|Disk quota exceeded/.test(message)
  );
}
