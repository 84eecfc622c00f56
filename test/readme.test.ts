// The commands of the README's tour print what the README shows. They run in one shell against a
// fresh server; `…` matches anything.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settingsTable } from '../src/config.ts';
import { at, matches, root, runTour, startForTour, type TourServer, tourOf } from './tour.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
let server: TourServer;
beforeAll(async () => {
  server = await startForTour();
});
afterAll(() => server.stop());

test('the tour prints what the README says, command by command', async () => {
  const tour = tourOf(readme);
  expect(tour.length).toBeGreaterThan(20);
  const watched: string[] = [];
  const { port } = server;
  const first = tour.findIndex(({ command }) => command.includes('"name": "scratch"')) + 1;
  const shell = at(port, tour[0]?.command ?? '');
  await runTour(port, tour.slice(0, first));
  const watch = spawn(process.execPath, ['tour/watch.mjs', 'scratch', `ws://127.0.0.1:${port}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (watch.stdout === null) throw new Error('the watcher has no stdout');
  createInterface(watch.stdout).on('line', (line) => watched.push(line));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await runTour(port, tour.slice(first), shell);
  watch.kill();
  const shown = [...readme.matchAll(/^```text\n(.*?)^```/gms)].flatMap(([, block]) =>
    (block ?? '').trim().split('\n'),
  );
  const places = shown.map((line) => watched.findIndex((seen) => matches(seen, line)));
  expect(places, watched.join('\n')).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('the settings of the README are those of the program', () => {
  expect(readme.match(/<!-- settings -->\n(.*)\n<!-- \/settings -->/s)?.[1]).toBe(
    settingsTable().trim(),
  );
});
