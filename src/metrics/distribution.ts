// The values of a histogram. In a file of its own, because server.ts and define.ts both need it.

/** An operation that stands for the values of a bucket. */
export interface Exemplar {
  operation: string;
  filesystem: string;
  value: number;
  atMs: number;
}

/**
 * Upper bounds in seconds, and how often a value was at most that; the last count is of those
 * beyond.
 */
export interface Distribution {
  readonly bounds: readonly number[];
  readonly counts: number[];
  /** The latest exemplar of each bucket, where the observation had one. */
  readonly exemplars: (Exemplar | undefined)[];
  sum: number;
}
