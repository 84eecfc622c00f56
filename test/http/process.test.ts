// The process: what it prints, how it refuses to start, how it stops.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

let child: ChildProcess | null = null;
afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
});

function run(args: string[], env: Record<string, string> = {}) {
  const started = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const out = { stdout: '', stderr: '' };
  started.stdout.on('data', (data) => {
    out.stdout += data;
  });
  started.stderr.on('data', (data) => {
    out.stderr += data;
  });
  const exited = new Promise<number | null>((resolve) => started.on('exit', resolve));
  const listening = async (): Promise<string> => {
    const line = () =>
      out.stdout
        .split('\n')
        .find((one) => one.startsWith('{') && one.includes('"msg":"listening"'));
    await expect.poll(line, { timeout: 20_000 }).toBeDefined();
    return JSON.parse(line() ?? '{}').url;
  };
  return { process: started, out, exited, listening };
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of several shapes
const get = async (url: string): Promise<any> => (await fetch(url)).json();
const post = (url: string, json: object, headers = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  });

describe('the process', () => {
  it('listens, serves, and on SIGTERM answers who waits, then exits with 0', async () => {
    const server = run(['--port', '0', '--volatile']);
    const url = await server.listening();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const fs = `${url}/v1/filesystems/scratch`;
    expect(
      (await post(`${url}/v1/filesystems`, { name: 'scratch', sizeBytes: 1_048_576 })).status,
    ).toBe(201);
    expect((await get(`${url}/v1`)).durability).toBe('memory');
    await post(`${fs}/files`, { name: 'a' });
    const content = {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.alloc(8192),
    };
    expect((await fetch(`${fs}/files/a/content`, content)).status).toBe(200);
    await post(`${fs}/files/a/mappings`, { offset: 0, length: 8192, access: 'read-write' });
    expect(
      (await post(`${fs}/mappings/map_1/pins`, { offset: 0, length: 4096, access: 'write' }))
        .status,
    ).toBe(201);
    const waiting = post(`${fs}/files/a/truncate`, { sizeBytes: 0 }, { prefer: 'wait=60' });
    await expect.poll(async () => (await get(fs)).counts.sleepers).toBe(1);
    server.process.kill('SIGTERM');
    expect((await waiting).status).toBe(202);
    expect(await server.exited).toBe(0);
  });

  it('says that it stops while a request is still coming in, and serves that one', async () => {
    const server = run(['--port', '0', '--volatile', '--drain-ms', '120000']);
    const url = await server.listening();
    const body = JSON.stringify({ name: 'scratch', sizeBytes: 1_048_576 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    const head = `POST /v1/filesystems HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    socket.write(`${head}\r\n\r\n${body.slice(0, 5)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    // Who goes on coming does not hold it.
    let stopped = false;
    const others = Array.from({ length: 8 }, async () => {
      while (!stopped)
        await fetch(`${url}/v1`, { headers: { connection: 'close' } }).catch(() => null);
    });
    const began = performance.now();
    socket.write(body.slice(5));
    expect(await server.exited).toBe(0);
    expect(performance.now() - began).toBeLessThan(60_000);
    stopped = true;
    await Promise.all(others);
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  });

  it.each([
    [['--prot', '1'], {}, /unknown option/],
    [['--port', '70000'], {}, /--port/],
    [[], { PINHOLE_PROT: '1' }, /unknown setting: PINHOLE_PROT/],
    [['--host', '0.0.0.0', '--port', '0'], {}, /operator token/],
  ])('%j %j is a start-up error', async (args, env, message) => {
    const server = run(args, env as Record<string, string>);
    expect(await server.exited).toBe(2);
    expect(server.out.stderr).toMatch(message);
    expect(server.out.stderr).not.toMatch(/\n\s+at /);
    expect(server.out.stdout).toBe('');
  });

  it('makes an operator token where there is none, and needs it elsewhere than on loopback', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pinhole-')), 'operator');
    const server = run([
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--volatile',
      '--operator-token-file',
      file,
    ]);
    const url = (await server.listening()).replace('0.0.0.0', '127.0.0.1');
    expect(existsSync(file)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await fetch(`${url}/v1/tenants`)).status).toBe(401);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(server.out.stdout).not.toContain('ph_operator');
  });
});
