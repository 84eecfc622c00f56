// The wall clock is set between two starts and while the server runs: time never runs backwards and
// never stops, and expired tokens stay expired. Debian's faketime sets the clock for one process
// and leaves its monotonic clock alone, as on a real host.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Running, startWith } from './server.ts';

const hour = 3_600_000;
const library = spawnSync('dpkg', ['-L', 'libfaketime'], { encoding: 'utf8' })
  .stdout.split('\n')
  .find((path) => path.endsWith('libfaketimeMT.so.1'));

let folder: string;
let server: Running | null = null;
const tokenFile = () => join(folder, 'operator');
const clockFile = () => join(folder, 'clock');
const setClock = (ms: number) =>
  writeFileSync(clockFile(), `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}\n`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinhole-clock-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

/** A server whose wall clock is off by so much, and can be set again with setClock(). */
async function start(offsetMs: number): Promise<Running> {
  setClock(offsetMs);
  const env = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: clockFile(),
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const flags = [
    '--port',
    '0',
    '--data-dir',
    join(folder, 'data'),
    '--operator-token-file',
    tokenFile(),
  ];
  server = await startWith(env, ...flags);
  return server;
}

const fs = '/v1/filesystems/t';
interface Seen {
  nowMs: number;
}

async function makeSleepers({ call }: Running): Promise<void> {
  await call('POST', '/v1/filesystems', { name: 't', sizeBytes: 1_048_576 });
  await call('POST', `${fs}/files`, { name: 'a', sizeBytes: 8192 });
  await call('POST', `${fs}/files/a/mappings`, { offset: 0, length: 8192, access: 'read-write' });
  await call('POST', `${fs}/mappings/map_1/pins`, {
    offset: 0,
    length: 4096,
    access: 'write',
    owner: 'nic',
  });
  await call('POST', `${fs}/mappings/map_1/pins`, {
    offset: 4096,
    length: 4096,
    access: 'write',
    holdMs: 4000,
  });
  await call('POST', `${fs}/files/a/truncate`, { sizeBytes: 0 });
}

/** Time goes on in the filesystem, with everything that depends on it. */
async function timeGoesOn({ base, call }: Running): Promise<void> {
  const { nowMs: before } = await call<Seen>('GET', fs);
  const reading = fetch(`${base}${fs}/files/a/content`, { headers: { prefer: 'respond-async' } });
  await sleep(2500);
  expect((await reading).status).toBe(202);
  const { nowMs: after } = await call<Seen>('GET', fs);
  expect(after - before).toBeGreaterThanOrEqual(2400);
  const hung = await call<{ items: { op: string }[] }>('GET', `${fs}/hung-tasks?seconds=1`);
  expect(hung.items.map(({ op }) => op)).toContain('read');
  const metrics = await (await fetch(`${base}${fs}/metrics`)).text();
  const age = Number(/^pinhole_pin_oldest_age_seconds(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1]);
  expect(age).toBeGreaterThan(2);
}

async function expired(running: Running, operator: string): Promise<string> {
  const asOperator = (path: string, body: object) =>
    fetch(`${running.base}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await asOperator('/v1/tenants', { name: 'team' });
  const { token } = (await (
    await asOperator('/v1/tenants/team/tokens', { expiresInMs: 1000 })
  ).json()) as { token: string };
  await sleep(1200);
  expect(await statusWith(running, token)).toBe(401);
  return token;
}
const statusWith = async ({ base }: Running, token: string) =>
  (await fetch(`${base}/v1`, { headers: { authorization: `Bearer ${token}` } })).status;
const operatorToken = (): string => readFileSync(tokenFile(), 'utf8').trim();

describe.each([
  ['an hour', hour],
  ['five years', 5 * 365 * 24 * hour],
])('the clock was %s ahead at the first start', (_name, ahead) => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s time continues, and expired tokens stay expired',
    async (signal) => {
      const first = await start(ahead);
      await makeSleepers(first);
      const token = await expired(first, operatorToken());
      await sleep(100);
      await first.stop(signal);
      const second = await start(0);
      expect(await statusWith(second, token)).toBe(401);
      await timeGoesOn(second);
      // holdMs has let go of the second pin.
      await sleep(2000);
      expect((await second.call<{ items: unknown[] }>('GET', `${fs}/pins`)).items).toHaveLength(1);
    },
  );
});

describe('the clock is set while the server runs', () => {
  it('forward: stamps are those of the Date header again, tokens and timers are due', async () => {
    const running = await start(0);
    await makeSleepers(running);
    const headers = {
      authorization: `Bearer ${operatorToken()}`,
      'content-type': 'application/json',
    };
    await fetch(`${running.base}/v1/tenants`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name: 'team' }),
    });
    const issued = await fetch(`${running.base}/v1/tenants/team/tokens`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ expiresInMs: hour / 6 }),
    });
    const { token } = (await issued.json()) as { token: string };
    await running.call('POST', `${fs}/mappings/map_1/pins`, {
      offset: 0,
      length: 4096,
      access: 'write',
      holdMs: hour / 2,
    });
    setClock(hour);
    await sleep(2500);
    expect(await statusWith(running, token)).toBe(401);
    const made = await fetch(`${running.base}${fs}/files`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'late' }),
    });
    const { createdMs } = (await made.json()) as { createdMs: number };
    expect(Math.abs(createdMs - Date.parse(made.headers.get('date') ?? ''))).toBeLessThan(2000);
    const pins = await running.call<{ items: { untilMs: number | null }[] }>('GET', `${fs}/pins`);
    expect(pins.items.map(({ untilMs }) => untilMs)).toEqual([null]);
    const metrics = await (await fetch(`${running.base}/metrics`)).text();
    expect(metrics).toContain('pinhole_clock_jumps_total{direction="forward"} 1\n');
  });

  it('set back: time continues at its normal speed', async () => {
    const running = await start(0);
    await makeSleepers(running);
    setClock(-hour);
    await timeGoesOn(running);
    const metrics = await (await fetch(`${running.base}/metrics`)).text();
    expect(metrics).toContain('pinhole_clock_jumps_total{direction="backward"} 1\n');
    expect(Number(/^pinhole_clock_ahead_seconds (\S+)$/m.exec(metrics)?.[1])).toBeCloseTo(3600, -1);
  });
});
