// The registry of the stories S01 to S32 of docs/scenarios.md.
import { faults } from './faults.ts';
import { races } from './races.ts';
import { space } from './space.ts';
import type { Story } from './story.ts';
import { waiting } from './waiting.ts';

export const stories: ReadonlyMap<string, Story> = new Map(
  [...waiting, ...space, ...races, ...faults].map((story) => [story.id, story]),
);
