// What a reader must know before he trusts a table.
import type { ResultPoint, StrategyRow } from './result.ts';
import { seedsForSpread } from './statistics.ts';

/** With fewer calls in a run its 99th percentile is its longest call. */
const callsForP99 = 100;
/** So many failures can move the 99th percentile. */
const failedShare = 0.01;

export function notesOn(seeds: number, points: readonly ResultPoint[]): string[] {
  const rows = points.flatMap(({ strategies }) => strategies);
  const having = (of: (row: StrategyRow) => boolean): string[] => [
    ...new Set(rows.filter(of).map(({ strategy }) => strategy)),
  ];
  const notes: string[] = [];
  if (seeds < seedsForSpread)
    notes.push(`${seeds} seeds are too few for a spread; take ${seedsForSpread} or more.`);
  if (rows.some(({ figures }) => Number(figures.ended?.median ?? callsForP99) < callsForP99))
    notes.push(
      `Some runs have fewer than ${callsForP99} layout changes that ended; there latencyP99Ms is ` +
        'the longest of them, or nearly. Take a longer durationMs.',
    );
  const failing = having(
    ({ changes: { ended, failed } }) =>
      (failed ?? 0) > 0 && (failed ?? 0) >= failedShare * ((failed ?? 0) + (ended ?? 0)),
  );
  if (failing.length > 0)
    notes.push(
      `Under ${failing.join(', ')} one of 100 layout changes or more failed. The latencies are ` +
        'those of the others.',
    );
  const cut = having(({ latency }) =>
    Object.values(latency).some(({ neverEnded }) => (neverEnded.unfinished ?? 0) > 0),
  );
  if (cut.length > 0)
    notes.push(
      `Under ${cut.join(', ')} a layout change had not ended as long again as durationMs after ` +
        'the measurement. It counts with the time that it had waited. Take a longer durationMs.',
    );
  const [first] = rows;
  if (first?.refused !== undefined && rows.length > points.length)
    notes.push(
      `The filesystem cannot have ${first.strategy}, the first strategy, so there are no ` +
        'differences to it.',
    );
  return notes;
}
