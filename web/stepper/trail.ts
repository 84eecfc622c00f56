// Back is a fork at an earlier moment. The trail is the filesystems of these moments in their order,
// so that Forward finds the way back to the later ones.

export interface Stop {
  fs: string;
  /** The number of its last event when the page was there; null before the page has seen it. */
  seq: number | null;
}

/** The earliest moment first. */
export type Trail = readonly Stop[];

/**
 * The trail for a page that sees `fs` at its event `seq`. If the filesystem has gone on since, the
 * moments before and after it are no longer next to it.
 */
export function seenAt(trail: Trail, fs: string, seq: number): Trail {
  const at = indexIn(trail, fs);
  const known = trail[at]?.seq;
  if (known === seq) return trail;
  const here = { fs, seq };
  return known === null ? trail.map((stop, i) => (i === at ? here : stop)) : [here];
}

/** The trail with the fork at the moment before `fs`. */
export function withEarlier(trail: Trail, fs: string, fork: string): Trail {
  const at = Math.max(0, indexIn(trail, fs));
  return [{ fs: fork, seq: null }, ...trail.slice(at)];
}

export const earlierOf = (trail: Trail, fs: string): string | null =>
  trail[indexIn(trail, fs) - 1]?.fs ?? null;

export function laterOf(trail: Trail, fs: string): string | null {
  const at = indexIn(trail, fs);
  return at === -1 ? null : (trail[at + 1]?.fs ?? null);
}

const indexIn = (trail: Trail, fs: string): number => trail.findIndex((stop) => stop.fs === fs);

/** As many forks of one filesystem: then a person must delete some. */
export const forksMax = 99;

/** The name that forks of `fs` begin with: that of the filesystem that is no fork itself. */
export const rootOf = (fs: string): string => fs.replace(/~\d+$/, '').slice(0, 60);

/** `NAME~1`, `NAME~2` …: the first that is free; null if there are too many. */
export function forkName(fs: string, taken: ReadonlySet<string>): string | null {
  for (let i = 1; i <= forksMax; i += 1) {
    const name = `${rootOf(fs)}~${i}`;
    if (!taken.has(name)) return name;
  }
  return null;
}

/** The number of an event in its cursor. */
export const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));
