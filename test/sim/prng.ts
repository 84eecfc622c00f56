// The random numbers of the simulator: sfc32 from one integer seed. They are the same on every
// machine, and nothing else draws from this generator.

export interface Prng {
  /** An integer from 0 to n - 1. */
  below(n: number): number;
  /** True once in `n` times. */
  oneIn(n: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** The index of one of the weights, each as likely as it is large; -1 where all are 0. */
  weighted(weights: readonly number[]): number;
}

export function prng(seed: number): Prng {
  let a = 0x9e3779b9 ^ Math.floor(seed / 2 ** 32);
  let b = 0x243f6a88 ^ (seed >>> 0);
  let c = 0xb7e15162;
  let counter = 1;
  function next(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  }
  for (let i = 0; i < 15; i++) next();
  const below = (n: number): number => Math.floor((next() / 2 ** 32) * n);
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new RangeError('nothing to pick from');
      return from[below(from.length)] as T;
    },
    weighted(weights) {
      const sum = weights.reduce((total, weight) => total + weight, 0);
      if (sum <= 0) return -1;
      let left = (next() / 2 ** 32) * sum;
      for (const [index, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return index;
      }
      return weights.findLastIndex((weight) => weight > 0);
    },
  };
}
