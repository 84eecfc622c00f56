// A small dose; `npm run random-client -- --runs 200 --calls 2000` is the full one.
import { expect, it } from 'vitest';
import { play } from './random-client.ts';

it.each(Array.from({ length: 10 }, (_, seed) => seed + 1))(
  'seed %i finds nothing',
  async (seed) => {
    const { calls, kills } = await play(seed, 200);
    expect(calls).toBeGreaterThanOrEqual(200);
    expect(kills).toBeGreaterThan(0);
  },
);
