// Every shell block of the README and of docs/ prints what the document shows. The blocks of one
// document run in one shell against a fresh server; `…` matches anything.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { settingsTable } from '../src/config.ts';
import { at, matches, root, runTour, startForTour, tourOf } from './tour.ts';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));
const played = documents.filter(({ text }) => tourOf(text).length > 0);

test('the tour, the rewind and the how-tos have commands', () => {
  expect(played.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'README.md',
      'docs/tour.md',
      'docs/rewind.md',
      'docs/how-to/bisect-a-race.md',
      'docs/how-to/choose-a-strategy.md',
      'docs/how-to/rdma-eopnotsupp.md',
      'docs/how-to/stuck-truncate.md',
    ]),
  );
});

test.each(played.filter(({ name }) => name !== 'docs/tour.md'))(
  '$name prints what it says, command by command',
  async ({ text }) => {
    const server = await startForTour();
    try {
      const cwd = mkdtempSync(join(tmpdir(), 'pinhole-docs-'));
      await runTour(server.port, tourOf(text), { cwd });
    } finally {
      await server.stop();
    }
  },
  300_000,
);

/** Run otherwise: the tests begin after them, or the test below runs what they run. */
const otherwise = ['npm ci\nnpm start', 'npm run watch -- scratch'];
const reason = /^# Not run by the tests: \S.*\.$/;

test.each(documents)('$name says of a shell block that is not run why', ({ text }) => {
  const blocks = [...text.matchAll(/^```(?:sh|bash|shell)\n(.*?)^```/gms)].map(([, block]) =>
    (block ?? '').trim(),
  );
  const silent = blocks.filter(
    (block) => !otherwise.includes(block) && !reason.test(block.split('\n')[0] ?? ''),
  );
  expect(silent).toEqual([]);
});

test('docs/tour.md prints what it says, and its second terminal the events that it shows', async () => {
  const { text = '' } = documents.find(({ name }) => name === 'docs/tour.md') ?? {};
  const tour = tourOf(text);
  expect(tour.length).toBeGreaterThan(20);
  const server = await startForTour();
  const { port } = server;
  const watched: string[] = [];
  const first = tour.findIndex(({ command }) => command.includes('"name": "scratch"')) + 1;
  const before = at(port, tour[0]?.command ?? '');
  await runTour(port, tour.slice(0, first));
  const watch = spawn(process.execPath, ['tour/watch.mjs', 'scratch', `ws://127.0.0.1:${port}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (watch.stdout === null) throw new Error('the watcher has no stdout');
  createInterface(watch.stdout).on('line', (line) => watched.push(line));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await runTour(port, tour.slice(first), { before });
  watch.kill();
  await server.stop();
  const shown = [...text.matchAll(/^```text\n(.*?)^```/gms)].flatMap(([, block]) =>
    (block ?? '').trim().split('\n'),
  );
  const places = shown.map((line) => watched.findIndex((seen) => matches(seen, line)));
  expect(places, watched.join('\n')).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
}, 300_000);

test('the settings of docs/settings.md are those of the program', () => {
  const { text = '' } = documents.find(({ name }) => name === 'docs/settings.md') ?? {};
  expect(text.match(/<!-- settings -->\n(.*)\n<!-- \/settings -->/s)?.[1]).toBe(
    settingsTable().trim(),
  );
});
