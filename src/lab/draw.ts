// Random numbers. Each stream belongs to one purpose of one thread under one seed, and nothing else
// takes from it. A thread draws all values of a round of its loop when the round begins, used or
// not. So round n has the same values under every strategy, and differences between strategies are
// theirs alone (common random numbers).
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** The next draw: from 0 (included) to 1 (excluded). */
export type Stream = () => number;

/** A hash makes the state, because streams of neighbouring seeds must have nothing in common. */
export function streamOf(seed: number, actor: string, purpose: string): Stream {
  const name = JSON.stringify([seed, actor, purpose]);
  const digest = createHash('sha256').update(name).digest();
  const state = [0, 4, 8, 12].map((at) => digest.readInt32LE(at));
  const generator = xoroshiro128plusFromState(state);
  return () => uniformFloat64(generator);
}
