import { expect, it } from 'vitest';
import { dose, isFull } from '../dose.ts';
import { killLoop } from './kills.ts';

const kills = dose(5, 60);

it(`${kills} kills under load: everything acknowledged is there, nothing is there twice`, {
  timeout: 1_800_000,
}, async () => {
  const totals = await killLoop(kills, 1);
  expect(totals).toMatchObject({ kills, replays: Math.floor(kills / 20) });
  // It was under load, and the kills did strike in the middle of it.
  expect(totals.acknowledged).toBeGreaterThan(kills);
  expect(totals.unanswered).toBeGreaterThan(0);
  if (isFull) expect(totals.doneUnanswered).toBeGreaterThan(0);
});
