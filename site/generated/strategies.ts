import { stories } from '../../src/stories/index.ts';
import { type Column, everyColumn } from '../../src/stories/story.ts';
import { toldOf, verdictsTold } from '../../src/stories/told.ts';
import { movesTable } from './moves.ts';
import { page, table } from './text.ts';

const names = [...new Set(everyColumn.map((column) => column.split(' ')[0] ?? ''))];
const columnsOf = (name: string): Column[] =>
  everyColumn.filter((column) => column.split(' ')[0] === name);

/** One move after another in S03, where a pin lies in the range that T truncates. */
function playedIn(id: string, column: Column): string | null {
  const story = stories.get(id);
  return story === undefined ? null : movesTable(story, column, toldOf(id, column));
}

function verdicts(columns: readonly Column[]): string {
  const ids = [...stories.keys()].filter((id) =>
    columns.some((column) => verdictsTold(id, column).some((verdict) => verdict !== 'completes')),
  );
  if (ids.length === 0) return 'In every order of the steps of every story all calls finish.';
  return table(
    ['story', ...columns],
    ids.map((id) => [
      `${id} ${stories.get(id)?.title ?? ''}`,
      ...columns.map((column) => verdictsTold(id, column).join(', ')),
    ]),
  );
}

/** What the explorer found, after what the page of the strategy says. */
function found(name: string): string {
  const columns = columnsOf(name);
  const main = columns.find((column) => column.endsWith('modern')) ?? (columns[0] as Column);
  const moves = playedIn('S03', main);
  return page(
    '',
    '## S03, one step after another',
    'T truncates the file to nothing; P pins page 0 meanwhile, and releases it. ' +
      (columns.length > 1 ? `Under ${main}:` : 'One of the shortest ways:'),
    moves ?? 'There is no such way.',
    '## Where it goes wrong',
    'The stories in which the explorer found anything other than "completes":',
    verdicts(columns),
  );
}

export const strategyPages = (): [string, string][] =>
  names.map((name) => [`strategies/${name}.md`, found(name)]);
