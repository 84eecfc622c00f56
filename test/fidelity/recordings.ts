// Reads the recorded results of Linux from the fixtures: eight recordings with one line for each
// operation.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Kind, LinuxVersion } from '../../src/kernel/state.ts';

export interface Asked {
  /** From 1. */
  line: number;
  name: string;
  offset: number;
  length: number;
  keepSize: boolean;
}

export interface Recorded {
  errno: number;
  sizeBytes: number;
  blocks512: number;
  hash: string;
  /** `4-5u 6-9w`: blocks, end exclusive, neighbours of one state merged. */
  extents: string;
}

export interface Recording {
  kind: Kind;
  seed: number;
  kernel: LinuxVersion;
  asked: Asked[];
  linux: Recorded[];
}

/** The names of the errnos that the recordings hold. */
export const errnoNumbers: Record<string, number> = {
  EINVAL: 22,
  EFBIG: 27,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
};

const combinations: [Kind, number, LinuxVersion][] = (['xfs', 'ext4'] as const).flatMap((kind) =>
  [101, 102].flatMap((seed) =>
    (['6.12', '7.3'] as const).map((kernel): [Kind, number, LinuxVersion] => [kind, seed, kernel]),
  ),
);

function linesOf(name: string): string[] {
  const packed = readFileSync(join(import.meta.dirname, '../fixtures/oplogs', `${name}.gz`));
  return gunzipSync(packed).toString().trim().split('\n');
}

function askedOf(text: string, index: number): Asked {
  const [name = '', offset, length] = text.split(' ');
  return {
    line: index + 1,
    name,
    offset: Number(offset),
    length: Number(length),
    keepSize: text.endsWith('keep_size'),
  };
}

function recordedOf(text: string): Recorded {
  const [, , , , , errno = '', size = '', blocks = '', hash = '', ...extents] = text.split(' ');
  return {
    errno: Number(errno.slice(1)),
    sizeBytes: Number.parseInt(size.slice(1), 16),
    blocks512: Number(blocks.slice(1)),
    hash,
    extents: extents.join(' '),
  };
}

/** All eight. XFS did the same on both kernels, so there one fixture serves two. */
export function recordings(): Recording[] {
  return combinations.map(([kind, seed, kernel]) => ({
    kind,
    seed,
    kernel,
    asked: linesOf(`${kind}-seed${seed}.ops`).map(askedOf),
    linux: linesOf(kind === 'xfs' ? `xfs-seed${seed}.txt` : `ext4-seed${seed}.${kernel}.txt`).map(
      recordedOf,
    ),
  }));
}

/** Blocks of the extents, and how many runs of one state they are. */
export function shapeOf(extents: string): { blocks: number; runs: number } {
  const runs = extents === '' ? [] : extents.split(' ');
  const blocks = runs.reduce((sum, run) => {
    const [first = 0, end = 0] = run.slice(0, -1).split('-').map(Number);
    return sum + end - first;
  }, 0);
  return { blocks, runs: runs.length };
}
