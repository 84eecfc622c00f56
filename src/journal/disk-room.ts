// The room on the disk of the journal, and reserves of it: files that are given up when the disk is
// full, so that what gives back can still be written (`reserve`), and that the store can be opened
// the next time (`reserve-open`).
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

/** A file is cut between blocks: a part of one may have to be written anew, and that takes room. */
const blockBytes = 4096;

export class Reserve {
  readonly #file: string;
  readonly #bytes: number;

  constructor(directory: string, name: 'reserve' | 'reserve-open', bytes: number) {
    this.#file = join(directory, name);
    this.#bytes = bytes;
  }

  /** 0 where there is more than asked for: it was made under another setting. */
  get missing(): number {
    return Math.max(0, this.#bytes - this.#size);
  }

  get #size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Says whether all of it is there now. What there is room for is kept. */
  fill(): boolean {
    if (this.missing <= 0) return true;
    let fd: number | null = null;
    try {
      fd = openSync(this.#file, 'a', 0o600);
      const block = Buffer.alloc(65_536);
      for (let at = this.#size; at < this.#bytes; at += block.length) {
        // Not zeros: a filesystem that compresses would give room away that is not there.
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
   * Gives up so much of it, or what is left: no more than is needed, for whoever filled the disk
   * may take that too.
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
      // Where files are copied on write, even that may take room.
      if (!isFull(error)) throw error;
      this.giveUp();
    }
  }
}

export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** LevelDB's own words are in the cause. */
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
