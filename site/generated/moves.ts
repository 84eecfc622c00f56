// A way through a story as a table: who moves, and what that step does.
import { readFileSync } from 'node:fs';
import { beginningOf } from '../../src/stories/beginning.ts';
import { type Move, movesOf } from '../../src/stories/play.ts';
import { type Column, columns, type Story } from '../../src/stories/story.ts';
import { wayTold } from '../../src/stories/told.ts';
import type { Told } from '../../src/stories/ways-text.ts';
import { code, table } from './text.ts';

const steps = readFileSync(new URL('../../docs/steps.md', import.meta.url), 'utf8');
/** The number of each step in docs/steps.md, by the name that a record shows. */
const numbers = new Map(
  [...steps.matchAll(/^\| ([A-Z]\d) \| (\w+) \|/gm)]
    .map(([, number = '', name = '']): [string, string] => [name, number])
    // Two steps are called `scan`: L3 of the operation stands before D1 of the wait.
    .reverse(),
);

const linked = (name: string): string => {
  const number = numbers.get(name);
  return number === undefined
    ? code(name)
    : `${code(name)} [${number}](../steps.md#step-${number})`;
};

const step = ({ submit, step, touches }: Move): [string, string] =>
  submit === undefined
    ? [linked(step ?? ''), touches === null || touches === undefined ? '' : code(touches)]
    : [`calls ${code(submit.op)}`, ''];

/** Null if the strategy cannot begin the story, or has no way to such an end. */
export function movesTable(story: Story, column: Column, told: Told): string | null {
  const way = wayTold(story.id, column, told);
  if (way === null) return null;
  const beginning = beginningOf(story, columns[column]);
  if ('errno' in beginning) return null;
  const moves = movesOf(beginning.kernel, story.threads, way);
  const rows = moves.map((move, index) => {
    const [what, on] = step(move);
    return [String(index + 1), move.who, what, on];
  });
  return table(['', 'who', 'step', 'touches'], rows);
}
