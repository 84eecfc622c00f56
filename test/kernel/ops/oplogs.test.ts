// The block rules compared with real kernels: errno, size, content and extents on every line of the
// recorded logs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Kind, LinuxVersion } from '../../../src/kernel/state.ts';
import { replay } from './replay.ts';

const read = (name: string): string =>
  gunzipSync(
    readFileSync(join(import.meta.dirname, '../../fixtures/oplogs', `${name}.gz`)),
  ).toString();

const logs: [Kind, number, LinuxVersion, string][] = [
  ['xfs', 101, '6.12', 'xfs-seed101.txt'],
  ['xfs', 102, '7.3', 'xfs-seed102.txt'],
  ['ext4', 101, '6.12', 'ext4-seed101.6.12.txt'],
  ['ext4', 101, '7.3', 'ext4-seed101.7.3.txt'],
  ['ext4', 102, '6.12', 'ext4-seed102.6.12.txt'],
  ['ext4', 102, '7.3', 'ext4-seed102.7.3.txt'],
];

test.each(logs)(
  'BR1 %s, seed %i, on %s: 1500 lines as the real kernel',
  (kind, seed, kernel, recording) => {
    const ops = read(`${kind}-seed${seed}.ops`);
    const recorded = read(recording).trim().split('\n');
    const asked = ops.trim().split('\n');
    const differing: object[] = [];
    let line = 0;
    for (const ours of replay(kind, kernel, ops)) {
      // F n NAME offset length, then what we compare, but st_blocks: it depends on where the
      // allocator put the blocks.
      const real = (recorded[line] ?? '')
        .split(' ')
        .filter((_, column) => column > 4 && column !== 7)
        .join(' ');
      if (ours !== real && differing.length < 5)
        differing.push({ line: line + 1, op: asked[line], ours, real });
      line += 1;
    }
    expect(differing).toEqual([]);
    expect(line).toBe(1500);
  },
);
