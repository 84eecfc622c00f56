// The goals of a scenario: each is printed with the measured value, and a missed goal fails the
// run.

export interface Goal {
  what: string;
  /** Met where the measured value is at least, or at most, this one. */
  least?: number;
  most?: number;
  measured: number;
  unit?: string;
}

const shown = (value: number, unit = ''): string => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits)).toLocaleString('en')}${unit === '' ? '' : ` ${unit}`}`;
};

/** Nothing measured is not met. */
export const isMet = ({
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
  measured,
}: Goal): boolean => measured >= least && measured <= most;

export function lineOf(goal: Goal): string {
  const { what, least, most, measured, unit } = goal;
  const bound = least === undefined ? `≤ ${shown(most ?? 0, unit)}` : `≥ ${shown(least, unit)}`;
  return `  ${isMet(goal) ? 'met   ' : 'MISSED'} ${what}: goal ${bound}, measured ${shown(measured, unit)}`;
}

/** Prints them; says whether all were met. */
export function judge(goals: readonly Goal[]): boolean {
  for (const goal of goals) console.log(lineOf(goal));
  return goals.every(isMet);
}
