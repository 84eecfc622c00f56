// The commands of docs/rewind.md print what it says: S01 under wait-for-refs is stepped to its
// deadlock, forked before it, and ends well in the other order.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, runTour, startForTour, type TourServer, tourOf } from './tour.ts';

let server: TourServer;
beforeAll(async () => {
  server = await startForTour();
});
afterAll(() => server.stop());

test('docs/rewind.md prints what it says, command by command', async () => {
  const tour = tourOf(readFileSync(join(root, 'docs/rewind.md'), 'utf8'));
  expect(tour.length).toBeGreaterThan(18);
  await runTour(server.port, tour);
});
