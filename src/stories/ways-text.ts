// A way as a short text: a character for each move, and a round in brackets: `001(01)`.
import { verdicts, type Way } from '../kernel/explore.ts';
import { eviction, timer, worker } from '../kernel/interleave.ts';

/** What a way shows. `waits`: the first thread waits for a page, and all ends well. */
export const tellings = [...verdicts, 'waits'] as const;
export type Told = (typeof tellings)[number];

const letters = new Map([
  [worker, 'w'],
  [eviction, 'e'],
  [timer, 't'],
]);
const movers = new Map([...letters].map(([by, letter]) => [letter, by]));

const textOf = (moves: readonly number[]): string =>
  moves.map((by) => letters.get(by) ?? String(by)).join('');
const movesOf = (text: string): number[] =>
  [...text].map((letter) => movers.get(letter) ?? Number(letter));

export function wayText({ to, round }: Way): string {
  return round === undefined ? textOf(to) : `${textOf(to)}(${textOf(round)})`;
}

export function wayOf(text: string): Way {
  const [, to = '', round] = /^([^(]*)(?:\((.*)\))?$/.exec(text) ?? [];
  return round === undefined ? { to: movesOf(to) } : { to: movesOf(to), round: movesOf(round) };
}
