// Every setting at its smallest and its largest value, in a separate process: it serves, stops with
// 0 and restarts with the same state, or it refuses to start with one sentence.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { some } from '../dose.ts';
import { type Extreme, extremes } from '../extremes.ts';
import { calls, isProper, type PlainCall } from './extreme-calls.ts';

const main = resolve('dist/main.js');

interface Process {
  /** Null where it refused to start. */
  url: string | null;
  stderr: () => string;
  exited: Promise<number | null>;
  stop(): void;
}

async function run(args: string[], cwd: string, known: string | null): Promise<Process> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const url = await new Promise<string | null>((done) => {
    child.stdout.on('data', (data) => {
      stdout += data;
      const found = /"url":"([^"]+)".*"msg":"listening"/.exec(stdout)?.[1];
      if (found !== undefined) done(found);
    });
    // A level can hide that line; then the port is a given one.
    if (known !== null) void answers(known, exited).then((did) => did && done(known));
    void exited.then(() => done(null));
    setTimeout(() => {
      child.kill('SIGKILL');
      done(null);
    }, 60_000).unref();
  });
  return { url, stderr: () => stderr, exited, stop: () => child.kill('SIGTERM') };
}

/** Whether the URL answers before the process has ended. */
async function answers(url: string, exited: Promise<unknown>): Promise<boolean> {
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const asked = await fetch(`${url}/livez`).catch(() => null);
    if (asked?.ok === true) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Again where the connection before has not gone yet, and there may be only one. */
async function send(url: string, call: PlainCall): ReturnType<typeof sendOnce> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await sendOnce(url, call);
    } catch (error) {
      if (tries === 20 || (error as { code?: string }).code !== 'ECONNRESET') throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** On a connection of its own: how long those live is a setting. */
function sendOnce(
  url: string,
  { method, path, json, bytes }: PlainCall,
): Promise<{ status: number; type: string; text: string }> {
  const body = json === undefined ? bytes : Buffer.from(JSON.stringify(json));
  const type = json === undefined ? 'application/octet-stream' : 'application/json';
  const headers = {
    prefer: 'wait=0',
    ...(body === undefined ? {} : { 'content-type': type, 'content-length': body.length }),
  };
  return new Promise((done, reject) => {
    const outgoing = request(
      `${url}${path}`,
      { method, headers, agent: false },
      (answer: IncomingMessage) => {
        let text = '';
        answer.setEncoding('latin1').on('data', (data) => {
          text += data;
        });
        answer.once('end', () =>
          done({
            status: answer.statusCode ?? 0,
            type: String(answer.headers['content-type'] ?? ''),
            text,
          }),
        );
      },
    );
    outgoing.once('error', reject).end(body);
  });
}

const kept = async (url: string): Promise<string> => {
  const paths = [
    '/v1/filesystems',
    '/v1/tenants',
    '/v1/filesystems/s/files',
    '/v1/filesystems/s/mappings',
  ];
  const lines: string[] = [];
  // One after the other: how many connections there may be is a setting.
  for (const path of paths) {
    const { status, text } = await send(url, { method: 'GET', path });
    lines.push(`${status} ${text.replace(/"seq":\d+|"nowMs":\d+|"etag":"[^,]*"/g, '')}`);
  }
  return lines.join('\n');
};

async function play({ name, flag, value }: Extreme): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'pinhole-extreme-'));
  try {
    const port = name === 'logLevel' ? await freePort() : 0;
    const args = name === 'port' ? [] : ['--port', String(port)];
    const all = [...args, `${flag}=${value}`];
    const known = port === 0 ? null : `http://127.0.0.1:${port}`;
    const first = await run(all, cwd, known);
    if (first.url === null) {
      expect(await first.exited).toBe(2);
      expect(first.stderr()).toMatch(/^pinhole: [^\n]{5,}\n(Try pinhole serve --help\.\n)?$/);
      return;
    }
    for (const one of calls) {
      const { status, type, text } = await send(first.url, one);
      // A file of operator tokens asks everybody for one.
      expect(
        isProper(status, type),
        `${one.method} ${one.path}: ${status} ${text.slice(0, 300)}`,
      ).toBe(true);
    }
    const before = await kept(first.url);
    first.stop();
    expect(await first.exited).toBe(0);
    const second = await run(all, cwd, known);
    expect(second.url, second.stderr()).not.toBeNull();
    const isVolatile = name === 'volatile' && ['1', 'true', ''].includes(value);
    if (!isVolatile) expect(await kept(second.url ?? '')).toBe(before);
    second.stop();
    expect(await second.exited).toBe(0);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

describe('a process', () => {
  it.each(some(extremes, 8).map((one) => ({ ...one, shown: one.value.slice(0, 40) })))(
    '$flag $shown',
    play,
  );
});
