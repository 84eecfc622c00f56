// A power loss of the simulated device, and a mount. Any subset of the unflushed 8-byte words may
// be lost, pins and mappings end, and the filesystem recovers from its journal. The service itself
// keeps running.
import { z } from 'zod';
import { losePower } from '../dev/pmem.ts';
import { emit } from '../emit.ts';
import { failure } from '../errno.ts';
import { touch } from '../fs/inode.ts';
import { recover } from '../fs/recovery.ts';
import { eachExtent } from '../lib/extent-map.ts';
import type { Inode } from '../state.ts';
import { lastPage, type Pfn, toPgOff, zBytes, zCount } from '../units.ts';
import { defineAtomic, done } from './define.ts';

/**
 * A stream of random booleans from a seed (mulberry32), so that the same seed loses the same words
 * on every machine.
 */
function coins(seed: number): () => boolean {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) & 1) === 1;
  };
}

/** Does the file own bytes in one of these frames, which ascend? */
function ownsAny(inode: Inode, pfns: readonly Pfn[]): boolean {
  let owns = false;
  if (pfns.length === 0) return owns;
  eachExtent(inode.extents, toPgOff(0), lastPage, ({ pfn, pages, written }) => {
    if (!written) return; // It reads as zero, whatever its lines lost.
    let low = 0;
    let high = pfns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pfns[middle] as number) < pfn) low = middle + 1;
      else high = middle;
    }
    owns ||= low < pfns.length && (pfns[low] as number) < pfn + pages;
  });
  return owns;
}

export const powerCycle = defineAtomic({
  name: 'power-cycle',
  summary: 'Cut the power of the device and mount the filesystem again',
  doc:
    'drop decides what is lost of cache lines that were stored to and not flushed: all of their ' +
    '8-byte words, none, or some (chosen by seed). With eADR nothing is lost. A file that lost ' +
    'nothing keeps its ETag. Pins and mappings end, running operations fail with ENODEV, busy ' +
    'and detached blocks become free, and unlinked files are removed.',
  on: 'filesystem',
  route: { method: 'POST', path: 'power-cycle', status: 200 },
  args: z.strictObject({
    drop: z.enum(['some', 'all', 'none']).default('some'),
    seed: zBytes.max(2 ** 32 - 1).default(1),
  }),
  result: z.object({
    linesDirty: zCount,
    linesLost: zCount.describe('Lines that lost at least one word that was stored.'),
    pinsDropped: zCount,
    mappingsDropped: zCount,
    operationsEnded: zCount,
    blocksFreed: zCount,
  }),
  run(k, { args: { drop, seed } }) {
    const { dirtyLines: linesDirty } = k.pmem;
    const { pins: pinsDropped, mappings: mappingsDropped } = k.counts;
    const toss = coins(seed);
    const keepsAll = drop === 'none' || k.geometry.persistenceDomain === 'eadr';
    const { lines: linesLost, pfns } = losePower(
      k,
      keepsAll ? () => true : drop === 'all' ? () => false : toss,
    );
    emit(k, 'power.cut', null, { linesDirty, linesLost });
    k.turn.pending.endAll = failure('ENODEV', 'PC1', 'a power cycle ended the operation');
    const blocksFreed = recover(k);
    for (const inode of k.inodes.values()) if (ownsAny(inode, pfns)) touch(k, inode);
    emit(k, 'power.restored', null, { pinsDropped, mappingsDropped, blocksFreed });
    const operationsEnded = k.tasks.size;
    return done({
      linesDirty,
      linesLost,
      pinsDropped,
      mappingsDropped,
      operationsEnded,
      blocksFreed,
    });
  },
});
