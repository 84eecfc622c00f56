// The room on the disk of the journal, and a reserve of it: a file that is given up when the disk is full.
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const reserveFile = (directory: string): string => join(directory, 'reserve');

export function reserveSize(directory: string): number {
  return statSync(reserveFile(directory), { throwIfNoEntry: false })?.size ?? 0;
}

export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** Says whether all of it is there. */
export function makeReserve(directory: string, bytes: number): boolean {
  if (reserveSize(directory) >= bytes) return true;
  const file = reserveFile(directory);
  const fd = openSync(file, 'w', 0o600);
  try {
    // Not zeros: a filesystem that compresses would give room away that is not there.
    const block = Buffer.alloc(65_536, 0);
    for (let at = 0; at < bytes; at += block.length) {
      for (let i = 0; i < block.length; i += 8) block.writeDoubleLE((at + i) * Math.PI, i);
      let written = 0;
      while (written < block.length) written += writeSync(fd, block, written);
    }
    return true;
  } catch (error) {
    if (!isFull(error)) throw error;
    rmSync(file, { force: true });
    return false;
  } finally {
    closeSync(fd);
  }
}

export function giveUpReserve(directory: string): void {
  rmSync(reserveFile(directory), { force: true });
}

/** LevelDB's own words are in the cause. */
export function causeOf(error: unknown): { code?: unknown; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  return error.cause instanceof Error ? causeOf(error.cause) : (error as { code?: unknown; message: string });
}

export function isFull(error: unknown): boolean {
  const { code, message } = causeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device|Disk quota exceeded/.test(message);
}
