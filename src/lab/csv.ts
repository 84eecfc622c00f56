// A table of a lab as CSV: one line for each figure of each strategy at each point of the sweep, so
// that a spreadsheet or a data frame can group it as it likes.
import { stringify } from 'csv-stringify/sync';
import { figures } from './figures.ts';
import { type LabResult, pointsIn } from './result.ts';

export function csvOf(result: LabResult): string {
  const points = pointsIn(result);
  const swept = Object.keys(points[0]?.at ?? {});
  const rows = points.flatMap(({ at, strategies }) =>
    strategies.flatMap(({ strategy, figures: own, refused }) =>
      figures
        .flatMap(({ name, group, unit }) => {
          const figure = own[name];
          if (figure === undefined) return [];
          const { median, q1, q3, low, high, difference } = figure;
          const paired = [difference?.median, difference?.low, difference?.high];
          const point = swept.map((path) => JSON.stringify(at[path]));
          return [[...point, strategy, group, name, unit, median, q1, q3, low, high, ...paired]];
        })
        .concat(
          refused === undefined
            ? []
            : [[...swept.map((path) => JSON.stringify(at[path])), strategy, 'refused', refused]],
        ),
    ),
  );
  const header = [
    ...swept,
    ...['strategy', 'group', 'figure', 'unit', 'median', 'q1', 'q3', 'low', 'high'],
    ...['difference', 'differenceLow', 'differenceHigh'],
  ];
  return stringify([header, ...rows.map((row) => header.map((_, column) => row[column] ?? ''))]);
}
