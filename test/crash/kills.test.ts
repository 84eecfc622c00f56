import { expect, it } from 'vitest';
import { killLoop } from './kills.ts';

it('60 kills under load: everything acknowledged is there, nothing is there twice', { timeout: 600_000 }, async () => {
  const totals = await killLoop(60, 1);
  expect(totals).toMatchObject({ kills: 60, replays: 3 });
  // It was under load, and the kills did strike in the middle of it.
  expect(totals.acknowledged).toBeGreaterThan(600);
  expect(totals.unanswered).toBeGreaterThan(60);
  expect(totals.doneUnanswered).toBeGreaterThan(0);
});
