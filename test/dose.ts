// How much of each group of tests runs. `npm test` runs small doses, which take three minutes; `npm
// run test:full` runs all. Each small dose is a part of the full one.

/**
 * Not PINHOLE_…: servers that tests start inherit the environment, and would take it for a setting.
 */
export const isFull = process.env.TEST_DOSE === 'full';

export const dose = <T>(small: T, whole: T): T => (isFull ? whole : small);

/** Every so-manieth of them in a small dose, spread over all. */
export const some = <T>(all: readonly T[], every: number): T[] =>
  all.filter((_, index) => isFull || index % every === 0);
