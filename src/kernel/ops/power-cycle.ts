// The power goes and comes back. What no flush has brought to the medium may be lost, in any subset; pins and mappings are gone; the
// filesystem recovers from its journal. This is an event inside the simulated world: the service itself goes on.
import { z } from 'zod';
import { losePower } from '../dev/pmem.ts';
import { failure } from '../errno.ts';
import { emit } from '../events.ts';
import { touch } from '../fs/inode.ts';
import { recover } from '../fs/recovery.ts';
import { zBytes } from '../units.ts';
import { defineOp, done } from './define.ts';

/** A stream of coin tosses from a seed (mulberry32): the same seed loses the same words everywhere. */
function coins(seed: number): () => boolean {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) & 1) === 1;
  };
}

export const powerCycle = defineOp({
  name: 'power-cycle',
  summary: 'Cut the power of the device and mount again',
  doc: `Of the cache lines that were stored to and not flushed, drop decides what is lost: all, none, or some of their 8-byte words by seed. On eADR
nothing is lost. Pins, mappings and operations are gone (ENODEV); busy and detached blocks are free, unlinked files are gone.`,
  on: 'filesystem',
  route: { method: 'POST', path: 'power-cycle', status: 200 },
  body: 'json',
  reply: 'json',
  args: z.strictObject({
    drop: z.enum(['some', 'all', 'none']).default('some'),
    seed: zBytes.max(2 ** 32 - 1).default(1),
  }),
  result: z.object({
    linesDirty: z.int(),
    linesLost: z.int().describe('Lines of which at least one word did not reach the medium.'),
    pinsDropped: z.int(),
    mappingsDropped: z.int(),
    operationsEnded: z.int(),
    blocksFreed: z.int(),
  }),
  errors: [],
  sleeps: false,
  atomic: true,
  first: 'cut',
  steps: {
    cut(k, { args: { drop, seed } }) {
      const { dirtyLines: linesDirty } = k.pmem;
      const { pins: pinsDropped, mappings: mappingsDropped } = k.counts;
      const toss = coins(seed);
      const keepsAll = drop === 'none' || k.geometry.persistenceDomain === 'eadr';
      const linesLost = losePower(k, keepsAll ? () => true : drop === 'all' ? () => false : toss);
      emit(k, 'power.cut', null, { linesDirty, linesLost });
      k.pending.endAll = failure('ENODEV', 'PC1', 'the power went while the operation ran');
      const blocksFreed = recover(k);
      // Bytes may have changed in any of them.
      if (linesLost > 0) for (const inode of k.inodes.values()) touch(k, inode);
      emit(k, 'power.restored', null, { pinsDropped, mappingsDropped, blocksFreed });
      const operationsEnded = k.tasks.size - 1;
      return done({ linesDirty, linesLost, pinsDropped, mappingsDropped, operationsEnded, blocksFreed });
    },
  },
});
