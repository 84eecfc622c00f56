// How each story ends under each strategy, and the ways that show it, as the explorer found them.

import type { Way } from '../kernel/explore.ts';
import { type Verdict, verdicts } from '../kernel/explore.ts';
import { type Column, everyColumn } from './story.ts';
import { waysTold } from './ways.ts';
import { type Told, wayOf } from './ways-text.ts';

const cellOf = (story: string, column: Column) => waysTold[`${story} ${column}`] ?? {};

export const verdictsTold = (story: string, column: Column): Verdict[] =>
  verdicts.filter((verdict) => verdict in cellOf(story, column));

/** A shortest way to a verdict; null if there is none. */
export function wayTold(story: string, column: Column, told: Told): Way | null {
  const text = cellOf(story, column)[told];
  return text === undefined ? null : wayOf(text);
}

/** What is worth to be told first. */
const telling: readonly Told[] = ['deadlock', 'hangs', 'starves', 'waits', 'completes'];

/** What a strategy does in this story: the worst that can happen, or else a wait. */
export const toldOf = (story: string, column: Column): Told =>
  telling.find((told) => told in cellOf(story, column)) ?? 'completes';

/** The strategy that shows best what the story is about. */
export function columnTold(story: string): Column {
  for (const told of telling)
    for (const column of everyColumn) if (toldOf(story, column) === told) return column;
  return 'break-layouts modern';
}
