import { distance } from 'fastest-levenshtein';

/** The known name that somebody probably meant; null if none is near. */
export function nearest(name: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const one of known) {
    const away = distance(name.toLowerCase(), one.toLowerCase());
    if (away >= least) continue;
    least = away;
    best = one;
  }
  return best;
}

const listedMax = 12;

/** `there is no file "db9"; did you mean "db0"?`, or the list where none is near. */
export function noSuch(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== null) return `there is no ${what} "${name}"; did you mean "${near}"?`;
  const more = known.length > listedMax ? `, and ${known.length - listedMax} more` : '';
  const names = known.slice(0, listedMax).join(', ');
  return known.length === 0
    ? `there is no ${what} "${name}"`
    : `there is no ${what} "${name}"; there are: ${names}${more}`;
}
