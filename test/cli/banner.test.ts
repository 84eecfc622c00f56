// What a person reads when the server has started, and that it works as it is printed.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { quote } from 'shell-quote';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { banner } from '../../src/cli/lib/banner.ts';

const bash = promisify(execFile);
const main = join(import.meta.dirname, '../../src/main.ts');
const server = [process.execPath, '--import', 'tsx', main];
let folder: string;
let child: ChildProcess | null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinhole banner '));
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
  rmSync(folder, { recursive: true, force: true });
});

/** All that the command has printed so far. */
function run(command: string, args: readonly string[]): () => string {
  let printed = '';
  const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  child = started;
  return () => printed;
}

/** On a terminal of its own, which ends with the process. */
async function onTerminal(...flags: string[]): Promise<string> {
  const command = quote([...server, '--port', '0', '--data-dir', folder, ...flags]);
  const printed = run('script', ['-qefc', `exec ${command}`, '/dev/null']);
  await expect.poll(printed, { timeout: 60_000 }).toContain('Ctrl-C stops it.');
  return stripVTControlCharacters(printed().replaceAll('\r', ''));
}

/** The indented lines of the banner, in one shell that ends with the first request that is refused. */
async function tryOut(text: string): Promise<string> {
  const lines = text.slice(text.indexOf('Pinhole is at')).split('\n');
  const commands = lines.filter((line) => line.startsWith('  '));
  const curl = 'curl() { command curl -sS --fail-with-body "$@"; }';
  const { stdout } = await bash('bash', ['-ec', [curl, ...commands].join('\n')]);
  return stdout;
}

it('prints words on a terminal, and commands that work', async () => {
  const text = await onTerminal();
  expect(text).toMatch(/^Pinhole is at http:\/\/127\.0\.0\.1:\d+\. Open it in a browser\.$/m);
  expect(text).toContain(`Its state is stored in ${folder}.`);
  expect(text).not.toMatch(/^\{|token/m);
  expect(await tryOut(text)).toContain('"name":"scratch"');
});

it('says where the operator token is off loopback, and prints commands that use it', async () => {
  const file = join(folder, 'operator token');
  const text = await onTerminal('--host', '0.0.0.0', '--operator-token-file', file);
  expect(text).toMatch(/^Pinhole is at http:\/\/127\.0\.0\.1:(\d+), and at port \1 of every addr/m);
  expect(text).toContain(`The operator token is in ${file}.`);
  const printed = await tryOut(text);
  expect(printed).toContain('"name":"scratch"');
  expect(printed).not.toContain('unauthorized');
});

it('prints lines of JSON and nothing else for a program', async () => {
  const [command = '', ...args] = [...server, '--port', '0', '--volatile'];
  const printed = run(command, args);
  await expect.poll(printed, { timeout: 60_000 }).toContain('"msg":"listening"');
  child?.kill('SIGTERM');
  await expect.poll(printed, { timeout: 60_000 }).toContain('"msg":"stopped"');
  for (const line of printed().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
});

it('prints an address of version 6 that a shell and a browser take', () => {
  const given = { volatile: true, dataDir: '.', operatorTokenFile: null, tokenNeeded: false };
  expect(banner({ ...given, host: '::1', port: 8080 })).toContain('at http://[::1]:8080. ');
  expect(banner({ ...given, host: '::', port: 1 })).toContain('http://[::1]:1, and at port 1 of');
});
