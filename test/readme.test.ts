// The commands of the README's tour print what the README shows. They run in one shell against a
// fresh server; `…` matches anything.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settingsTable } from '../src/config.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const mark = '=====';

interface Said {
  command: string;
  expected: string;
}

/** The commands of the ```console blocks, each with the lines printed below it. */
function tourOf(text: string): Said[] {
  const blocks = [...text.matchAll(/^```console\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).flatMap((part) => {
      const [command, ...lines] = part.split('\n');
      return command === undefined || command === ''
        ? []
        : [{ command, expected: lines.join('\n').trim() }];
    }),
  );
}

function matches(printed: string, expected: string): boolean {
  const pattern = expected.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*?')}$`, 's').test(printed.trim());
}

let server: ChildProcess;
let port: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-'));
  server = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/main.ts', '--port', '0', '--data-dir', folder],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (server.stdout === null) throw new Error('the server has no stdout');
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes('"msg":"listening"')) continue;
    port = new URL((JSON.parse(line) as { url: string }).url).port;
    break;
  }
});

afterAll(async () => {
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  await exited;
});

test('the tour prints what the README says, command by command', async () => {
  const tour = tourOf(readme);
  expect(tour.length).toBeGreaterThan(20);
  const watched: string[] = [];
  const here = (text: string) => text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);
  const run = async (said: Said[], before: string) => {
    const script = said.map(({ command }) => `${here(command)}\nprintf '\\n${mark}\\n'`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-c', `${before}\n${script}`], {
      cwd: root,
    });
    const printed = stdout.split(`\n${mark}\n`);
    said.forEach(({ command, expected }, index) => {
      if (!matches(printed[index] ?? '', expected))
        expect(`${command}\n${printed[index]}`).toBe(`${command}\n${expected}`);
    });
  };
  const first = tour.findIndex(({ command }) => command.includes('"name": "scratch"')) + 1;
  const shell = here(tour[0]?.command ?? '');
  await run(tour.slice(0, first), '');
  const watch = spawn(process.execPath, ['tour/watch.mjs', 'scratch', `ws://127.0.0.1:${port}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (watch.stdout === null) throw new Error('the watcher has no stdout');
  createInterface(watch.stdout).on('line', (line) => watched.push(line));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await run(tour.slice(first), shell);
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
