// Readers that stop reading cost a bounded amount of memory and are closed with 4413, and no other
// reader misses an event. The server is a separate process, so that its memory can be measured.
// `npm run load -- --scenario stalled` has more readers and measures rates and waits.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { closeCode, stalledReader } from '../../load/stalled-reader.ts';
import { open } from './stream-reader.ts';

const readers = 20;
/** Before the readers come, so that the heap and the logs have found their size. */
const warmEvents = 100_000;
/** More than the log keeps and the sockets of a reader buffer. */
const stalledEvents = 100_000;
const pages = 100;
const MiB = 1024 * 1024;

let server: ChildProcess;
let base: string;
beforeAll(async () => {
  const limits = { PINHOLE_RING_EVENTS_MAX: '16384', PINHOLE_TENANT_RING_EVENTS_MAX: '16384' };
  const env = { ...process.env, PINHOLE_PORT: '0', PINHOLE_VOLATILE: '1', ...limits };
  server = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({
    input: server.stdout as NonNullable<typeof server.stdout>,
  })) {
    if (!line.startsWith('{')) continue;
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    if (msg !== 'listening') continue;
    base = url;
    break;
  }
});
afterAll(() => {
  server.kill('SIGKILL');
});

const residentBytes = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024;

async function call<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<T> {
  const json =
    body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${base}/v1/filesystems${path}`, { method, ...json });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const seqOf = (cursor: string | undefined): number => Number(cursor?.split('.')[1]);

it('costs a bounded amount of memory, and no other reader an event', {
  timeout: 900_000,
}, async () => {
  await call('POST', '', {
    name: 'scratch',
    sizeBytes: 8 * MiB,
    strategy: { name: 'break-layouts', idleRule: 'fixed' },
  });
  await call('POST', '/scratch/files', { name: 'a', sizeBytes: pages * 4096 });
  await call('POST', '/scratch/files/a/mappings', {
    offset: 0,
    length: pages * 4096,
    access: 'read-write',
  });
  /** A pin and its end: an event for each page, and a few more. */
  const round = async () => {
    const { id } = await call<{ id: string }>('POST', '/scratch/mappings/map_1/pins', {
      offset: 0,
      length: pages * 4096,
      access: 'write',
    });
    await call('DELETE', `/scratch/pins/${id}`);
  };

  const healthy = await open(base, '/v1/filesystems/scratch/events?from=now');
  const { cursor } = await healthy.frame('ack');
  const first = seqOf(cursor);
  let last = first;
  let contiguous = true;
  healthy.socket.on('message', () => {
    for (const { seq } of healthy.frames.flatMap((frame) => frame.events ?? [])) {
      contiguous &&= seq === last + 1;
      last = seq;
    }
    healthy.frames.length = 0;
  });

  /**
   * So many events, as fast as the server makes them; the most memory that it had meanwhile, in
   * bytes.
   */
  const run = async (events: number): Promise<number> => {
    let peak = 0;
    for (const from = last; last - from < events; ) {
      for (let i = 0; i < 10; i += 1) await round();
      peak = Math.max(peak, residentBytes());
    }
    return peak;
  };

  const before = await run(warmEvents);
  const stalled = Array.from({ length: readers }, () =>
    stalledReader(base, '/v1/filesystems/scratch/events?from=now'),
  );
  const grown = ((await run(stalledEvents)) - before) / MiB;
  console.log(`${readers} stalled readers: ${grown.toFixed(1)} MiB more resident at the most`);
  // Without a bound each of the 20 readers costs about 55 MiB. On a busy machine the garbage that is
  // not yet collected adds some 40 MiB to what the readers cost, so the limit is far from both.
  expect(grown).toBeLessThan(256);

  // The log has what the healthy reader got, and not one event more.
  const other = await open(base, '/v1/filesystems/scratch/events?from=now');
  expect(seqOf((await other.frame('ack')).cursor)).toBe(last);
  await other.close();
  expect(contiguous).toBe(true);
  const codes = await Promise.all(stalled.map(closeCode));
  expect(codes).toEqual(codes.map(() => 4413));
  // A close is counted when its socket has gone, a moment after the close frame.
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toContain(
      `pinhole_stream_disconnects_total{reason="slow-reader"} ${readers}\n`,
    );
    expect(metrics).toContain('pinhole_stream_clients 1\n');
  }, 30_000);

  server.kill('SIGTERM');
  expect((await healthy.closed).code).toBe(1012);
});
