// A small dose of the journal simulator, on a disk that delays, fails, fills up, tears and loses
// flushes.
import { expect, test } from 'vitest';
import { dose, isFull } from '../dose.ts';
import { noJournalCounts, runJournal } from './journal.ts';

const seeds = dose(10, 100);

test(`SM8 ${seeds} seeds lose nothing that was acknowledged, and do nothing twice`, {
  timeout: 900_000,
}, async () => {
  const counts = noJournalCounts();
  for (let seed = 1; seed <= seeds; seed++) {
    const broken = await runJournal(seed, counts);
    if (broken !== null)
      throw new Error(
        `seed ${seed}: ${broken.message}\nagain: npm run sim -- --journal --seed ${seed}`,
      );
  }
  const never = Object.entries(counts).flatMap(([state, times]) => (times === 0 ? [state] : []));
  if (isFull) expect(never, 'states that no seed came to').toEqual([]);
});
