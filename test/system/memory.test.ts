// The worst legal calls of a tenant for memory: the process stays near its limit, other tenants are
// served, operations that need memory are refused with the name of the limit, also after a restart,
// and freed memory can be used again.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Running, startWith } from './server.ts';

const MiB = 2 ** 20;
const memoryMax = 192 * MiB;
/** Node, the code, the heap's room for garbage and what is in flight. */
const processBytes = 320 * MiB;
const page = 4096;

let folder: string;
let server: (Running & { pid: number }) | null = null;

async function start(): Promise<Running & { pid: number }> {
  const flags = [
    '--port',
    '0',
    '--data-dir',
    join(folder, 'data'),
    '--operator-token-file',
    join(folder, 'operator'),
  ];
  server = await startWith(
    { NODE_OPTIONS: '--max-old-space-size=320' },
    ...flags,
    '--memory-max',
    String(memoryMax),
  );
  return server;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinhole-memory-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

const resident = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

async function tokenOf(running: Running, tenant: string): Promise<string> {
  const operator = readFileSync(join(folder, 'operator'), 'utf8').trim();
  const post = (path: string, body: object) =>
    fetch(`${running.base}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await post('/v1/tenants', { name: tenant });
  return ((await (await post(`/v1/tenants/${tenant}/tokens`, {})).json()) as { token: string })
    .token;
}

type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Seen>;
interface Seen {
  status: number;
  text: string;
}

const asking =
  (running: Running, token: string): Ask =>
  async (method, path, body, headers = {}) => {
    const bytes = body instanceof Uint8Array;
    const type =
      body === undefined
        ? {}
        : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' };
    const response = await fetch(`${running.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...type, ...headers },
      ...(body === undefined ? {} : { body: bytes ? (body as never) : JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };

const fs = '/v1/filesystems/big';

/** Each attack goes on until it is refused, or has done what once was too much. */
const attacks: Record<string, (ask: Ask) => AsyncGenerator<Seen>> = {
  async *'one-byte writes far apart'(ask) {
    await ask('POST', '/v1/filesystems', { name: 'big', sizeBytes: 2 ** 36 });
    await ask('POST', `${fs}/files`, { name: 'a' });
    for (let i = 0; i < 60_000; i++)
      yield await ask('PUT', `${fs}/files/a/content?offset=${i * 262_144}`, new Uint8Array([1]));
  },
  async *'whole contents'(ask) {
    await ask('POST', '/v1/filesystems', { name: 'big', sizeBytes: 2 ** 36 });
    await ask('POST', `${fs}/files`, { name: 'a' });
    for (let i = 0; i < 40; i++)
      yield await ask(
        'PUT',
        `${fs}/files/a/content?offset=${i * 16 * MiB}`,
        new Uint8Array(16 * MiB).fill(7),
      );
  },
  async *'faults and pins of 65,536 pages'(ask) {
    await ask('POST', '/v1/filesystems', { name: 'big', sizeBytes: 2 ** 36 });
    await ask('POST', `${fs}/files`, { name: 'a' });
    await ask('POST', `${fs}/files/a/allocate`, { offset: 0, length: 2 ** 35 });
    await ask('POST', `${fs}/files/a/mappings`, {
      offset: 0,
      length: 2 ** 35,
      access: 'read-write',
    });
    for (let i = 0; i < 60; i++) {
      const range = { offset: i * 65_536 * page, length: 65_536 * page };
      yield await ask(
        'POST',
        `${fs}/mappings/map_1/pins`,
        { ...range, access: 'write' },
        { prefer: 'wait=20' },
      );
    }
  },
  async *'cycles of 160 owners'(ask) {
    await ask('POST', '/v1/filesystems', { name: 'big', sizeBytes: 64 * MiB });
    const owners = 160;
    for (let i = 0; i < owners; i++) {
      await ask('POST', `${fs}/files`, { name: `f${i}`, sizeBytes: page });
      await ask('POST', `${fs}/files/f${i}/mappings`, {
        offset: 0,
        length: page,
        access: 'read-write',
      });
      await ask('POST', `${fs}/mappings/map_${i + 1}/pins`, {
        offset: 0,
        length: page,
        access: 'write',
        owner: `o${i}`,
      });
    }
    for (let i = 0; i < 1500; i++) {
      const owner = `o${(i + 1) % owners}`;
      const how = { sizeBytes: 0, owner };
      yield await ask('POST', `${fs}/files/f${i % owners}/truncate`, how, {
        prefer: 'respond-async',
      });
    }
  },
};

it.each(Object.entries(attacks))('%s', { timeout: 300_000 }, async (_name, attack) => {
  let running = await start();
  const own = asking(running, await tokenOf(running, 'own'));
  const heavyToken = await tokenOf(running, 'heavy');
  expect((await own('POST', '/v1/filesystems', { name: 'small', sizeBytes: MiB })).status).toBe(
    201,
  );
  const heavy = asking(running, heavyToken);
  let most = 0;
  let calls = 0;
  let refused: Seen | null = null;
  for await (const seen of attack(heavy)) {
    most = Math.max(most, resident(running.pid));
    expect(most).toBeLessThan(memoryMax + processBytes);
    calls += 1;
    if (calls % 50 === 0) {
      expect((await own('GET', '/v1/filesystems/small')).status).toBe(200);
      expect((await own('POST', '/v1/filesystems/small/files', { name: `f${calls}` })).status).toBe(
        201,
      );
    }
    if (seen.status < 400) continue;
    refused = seen;
    break;
  }
  if (refused !== null) {
    expect(refused.status).toBe(507);
    const { quota, detail } = JSON.parse(refused.text) as {
      quota?: { name: string };
      detail: string;
    };
    expect(quota?.name ?? detail).toMatch(/memory/);
  }
  expect((await own('POST', '/v1/filesystems/small/files', { name: 'last' })).status).toBe(201);
  const { base } = running;
  const files = (await own('GET', '/v1/filesystems/small')).text;
  await running.stop('SIGKILL');

  running = await start();
  expect(running.base).not.toBe(base);
  const again = asking(running, heavyToken);
  expect(resident(running.pid)).toBeLessThan(memoryMax + processBytes);
  const space = (text: string) => (JSON.parse(text) as { space: unknown }).space;
  const ownAgain = asking(running, await tokenOf(running, 'own'));
  expect(space((await ownAgain('GET', '/v1/filesystems/small')).text)).toEqual(space(files));
  const held = async () =>
    Number(
      /^pinhole_memory_held_bytes (\S+)$/m.exec(
        await (await fetch(`${running.base}/metrics`)).text(),
      )?.[1],
    );
  const before = await held();
  expect((await again('DELETE', `${fs}?force=true`)).status).toBe(200);
  await sleep(100);
  expect(await held()).toBeLessThan(before / 2 + 8 * MiB);
  expect((await again('POST', '/v1/filesystems', { name: 'new', sizeBytes: MiB })).status).toBe(
    201,
  );
});
