// The commands of a document, which run in one shell against a fresh server and print what the
// document shows; `…` matches anything.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect } from 'vitest';

export const root = join(import.meta.dirname, '..');
const mark = '=====';

interface Said {
  command: string;
  expected: string;
}

/**
 * The commands of the ```console blocks, each with the lines printed below it. A line that begins
 * with `> ` continues the command.
 */
export function tourOf(text: string): Said[] {
  const blocks = [...text.matchAll(/^```console\n(.*?)^```/gms)].map(([, block]) => block ?? '');
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).flatMap((part) => {
      const lines = part.split('\n');
      const end = lines.findIndex((line, index) => index > 0 && !line.startsWith('> '));
      const command = lines.slice(0, end).join('\n').replaceAll(/^> /gm, '');
      return command === '' ? [] : [{ command, expected: lines.slice(end).join('\n').trim() }];
    }),
  );
}

export function matches(printed: string, expected: string): boolean {
  const pattern = expected.split('…').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*?')}$`, 's').test(printed.trim());
}

export interface TourServer {
  port: string;
  stop(): Promise<void>;
}

export async function startForTour(): Promise<TourServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-'));
  const args = ['--import', 'tsx', 'src/main.ts', '--port', '0', '--data-dir', folder];
  const server: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (server.stdout === null) throw new Error('the server has no stdout');
  let port = '';
  for await (const line of createInterface(server.stdout)) {
    if (!line.includes('"msg":"listening"')) continue;
    port = new URL((JSON.parse(line) as { url: string }).url).port;
    break;
  }
  return {
    port,
    async stop() {
      const exited = once(server, 'exit');
      server.kill('SIGTERM');
      await exited;
    },
  };
}

export const at = (port: string, text: string): string =>
  text.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`);

/** `npx pinhole` is the command of a clone, but a test may run in another folder. */
const here = (text: string): string =>
  text.replaceAll('npx pinhole', `'${process.execPath}' '${join(root, 'dist/main.js')}'`);

/** Runs the commands in one shell, after `before`, in the folder of the repository or another. */
export async function runTour(
  port: string,
  said: readonly Said[],
  { before = '', cwd = root }: { before?: string; cwd?: string } = {},
): Promise<void> {
  const script = said
    .map(({ command }) => `${here(at(port, command))}\nprintf '\\n${mark}\\n'`)
    .join('\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', `${before}\n${script}`], {
    cwd,
    env: { ...process.env, PINHOLE_URL: `http://127.0.0.1:${port}`, NO_COLOR: '1' },
  });
  const printed = stdout.split(`\n${mark}\n`);
  said.forEach(({ command, expected }, index) => {
    if (!matches(printed[index] ?? '', expected))
      expect(`${command}\n${printed[index]}`).toBe(`${command}\n${expected}`);
  });
}
