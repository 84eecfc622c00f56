// The findings of a run that a reader will want to see: the first deadlocks, hangs, starvations and
// foreign writes, each with the entry at which it happened.

export const findingKinds = ['deadlock', 'hang', 'starvation', 'foreign write'] as const;
export type FindingKind = (typeof findingKinds)[number];

/** An event of the machine that may be a finding. */
export interface Moment {
  file: string | null;
  /** The page of a hang. */
  pfn?: number;
  text: string;
}

export interface Finding {
  kind: FindingKind;
  /** The number of the entry that did it. A bundle begins before it. */
  entry: number;
  atMs: number;
  file: string | null;
  text: string;
}

/** At most so many of each kind in one run. */
export const findingsMax = 3;
