// Every story as a scenario of the explorer, with the expected verdict of each strategy. S01 to S12
// are the table of docs/explored.md.
import type { Verdict } from '../../src/kernel/explore.ts';
import { stories } from '../../src/stories/index.ts';
import type { Column, Story } from '../../src/stories/story.ts';
import { leapfrogEnded } from '../../src/stories/waiting.ts';

export interface Scenario {
  id: string;
  /** The story that it begins like. */
  story: string;
  tells: string;
  play: Pick<Story, 'filesystem' | 'setup' | 'threads'>;
  /** What differs from `completes`. */
  but: Partial<Record<Column, Verdict[]>>;
}

const freed: Partial<Record<Column, Verdict[]>> = { none: ['completes', 'frees under the pin'] };

/** Of S01 to S12: a line of the table, and what differs from `completes`. */
const explored: Record<string, { tells: string; but: Scenario['but'] }> = {
  S01: {
    tells: 'get_user_pages of two pages against a punch of both',
    but: { ...freed, 'wait-for-refs': ['completes', 'deadlock'] },
  },
  S02: { tells: 'no pins', but: {} },
  S03: { tells: 'a pin inside the range', but: freed },
  S04: { tells: 'a pin outside the range', but: {} },
  S05: { tells: 'a fault of another page during the wait', but: freed },
  S06: {
    tells: 'the pinned page is faulted back in during the wait',
    but: { ...freed, 'break-layouts modern': ['completes', 'hangs'] },
  },
  S07: {
    tells: 'two owners pin in turn, without end',
    but: {
      ...freed,
      'break-layouts classic': ['completes', 'starves'],
      'break-layouts modern': ['completes', 'hangs', 'starves'],
      'break-layouts fixed': ['completes', 'starves'],
    },
  },
  'S07, ended': {
    tells: 'two owners pin in turn, and stop',
    but: { ...freed, 'break-layouts modern': ['completes', 'hangs'] },
  },
  S08: { tells: 'a read and another truncate behind a truncate', but: freed },
  S09: {
    tells: 'the holder of the pin reads the file',
    but: {
      ...freed,
      'wait-for-refs': ['completes', 'deadlock'],
      'break-layouts classic': ['completes', 'deadlock'],
      'break-layouts modern': ['completes', 'deadlock'],
      'break-layouts fixed': ['completes', 'deadlock'],
    },
  },
  S10: { tells: 'a signal to the waiter', but: freed },
  S11: {
    tells: 'unlink and last munmap with a pin',
    but: { ...freed, 'break-layouts classic': ['completes', 'frees under the pin'] },
  },
  S12: {
    tells: 'only the waiting process could unpin',
    but: {
      ...freed,
      'break-layouts classic': ['completes', 'frees under the pin'],
      'wait-for-refs': ['deadlock'],
      'break-layouts modern': ['deadlock'],
      'break-layouts fixed': ['deadlock'],
    },
  },
};

/** Of the others, what differs from `completes`. */
const others: Record<string, Scenario['but']> = {
  S13: freed,
  S15: freed,
  S16: freed,
  S18: freed,
  S19: freed,
  S22: freed,
  S23: freed,
  S24: freed,
  S25: freed,
  S26: freed,
  S27: freed,
  S29: freed,
  S31: freed,
};

export const scenarios: Scenario[] = Object.entries(explored).map(([id, { tells, but }]) => {
  const story = id.slice(0, 3);
  const play = id === story ? stories.get(id) : leapfrogEnded;
  if (play === undefined) throw new Error(`no story ${id}`);
  return { id, story, tells, play, but };
});

/** The stories without a row in docs/explored.md. */
export const furtherScenarios: Scenario[] = [...stories.values()].flatMap((play) => {
  const { id, title } = play;
  return explored[id] === undefined
    ? [{ id, story: id, tells: title, play, but: others[id] ?? {} }]
    : [];
});

export const expected = ({ but }: Scenario, column: Column): Verdict[] =>
  but[column] ?? ['completes'];
