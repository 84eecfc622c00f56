// The values of a histogram. In a separate file, because both server.ts and define.ts need it.

/** An example operation for the values of one bucket. */
export interface Exemplar {
  operation: string;
  filesystem: string;
  value: number;
  atMs: number;
}

/**
 * `bounds` are upper bounds in seconds, ascending. Each count is the number of values in its
 * bucket; the last count is of values above all bounds.
 */
export interface Distribution {
  readonly bounds: readonly number[];
  readonly counts: number[];
  /** The latest exemplar of each bucket, if there is one. */
  readonly exemplars: (Exemplar | undefined)[];
  sum: number;
}
