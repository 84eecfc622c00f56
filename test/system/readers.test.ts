// A client in another language, disconnected 50 times at random under load, reads the whole log
// once and in order.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { python } from './needs.ts';
import { type Running, startPinhole, startVolatile } from './server.ts';

const cuts = 50;
// No event may be forgotten while the clients read.
const MiB = 1024 * 1024;
const rings = [
  ['--ring-events-max', 1_000_000],
  ['--ring-bytes-max', 256 * MiB],
  ['--tenant-ring-events-max', 1_000_000],
  ['--quota-memory', 2048 * MiB],
  ['--memory-max', 2048 * MiB],
]
  .flat()
  .map(String);
let server: Running;
const folder = mkdtempSync(join(tmpdir(), 'pinhole-readers-'));
beforeAll(async () => {
  server = await startVolatile(...rings);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Pins, unpins and changes of layout, until it is told to stop. */
async function write(name: string, going: () => boolean): Promise<void> {
  const fs = `/v1/filesystems/${name}`;
  await server.call('POST', '/v1/filesystems', { name, sizeBytes: 8 * 1024 * 1024 });
  await server.call('POST', `${fs}/files`, { name: 'a', sizeBytes: 65_536 });
  await server.call('POST', `${fs}/files/a/mappings`, {
    offset: 0,
    length: 65_536,
    access: 'read-write',
  });
  while (going()) {
    const { id } = await server.call<{ id: string }>('POST', `${fs}/mappings/map_1/pins`, {
      offset: 0,
      length: 65_536,
      access: 'write',
    });
    const punch = server.call('POST', `${fs}/files/a/punch-hole`, { offset: 0, length: 16_384 });
    await server.call('DELETE', `${fs}/pins/${id}`);
    await punch;
  }
}

/** Every seq that the log holds. */
async function logOf(base: string, fs: string): Promise<number[]> {
  const log = await fetch(`${base}${fs}/events?from=oldest`, {
    headers: { accept: 'application/x-ndjson' },
  });
  const messages = (await log.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { events?: { seq: number }[] });
  return messages.flatMap(({ events = [] }) => events.map(({ seq }) => seq));
}

/** Cut at random, and told with the file `end` which event is the last. */
function startReader(
  transport: string,
  base: string,
  fs: string,
  end: string,
): Promise<{ stdout: string }> {
  const asked = [
    join(import.meta.dirname, 'reader.py'),
    transport,
    base,
    `${fs}/events`,
    String(cuts),
    end,
  ];
  return promisify(execFile)(python, asked, { maxBuffer: 2 ** 28 });
}

function expectAll(stdout: string, all: number[]): void {
  const read = JSON.parse(stdout) as { seqs: number[]; cuts: number };
  expect(read.cuts).toBe(cuts);
  expect(all).toEqual(all.map((_, i) => i + 1));
  expect(read.seqs).toEqual(all);
}

const transports = ['websocket', 'sse', 'ndjson'];

it.each(transports)('over %s the union of 50 pieces is the log', async (transport) => {
  const fs = `/v1/filesystems/${transport}`;
  const end = join(folder, transport);
  let reading = true;
  const writer = write(transport, () => reading);
  // The log must be there before somebody reads it.
  await expect.poll(async () => (await fetch(`${server.base}${fs}`)).status).toBe(200);
  const reader = startReader(transport, server.base, fs, end);
  const watch = setTimeout(() => {
    reading = false;
  }, 8000);
  await writer;
  clearTimeout(watch);
  const all = await logOf(server.base, fs);
  expect(all.length).toBeGreaterThan(1000);
  writeFileSync(end, String(all.at(-1)));
  expectAll((await reader).stdout, all);
});

it('over each of them also through restarts, planned and not', async () => {
  const data = join(folder, 'data');
  const fs = '/v1/filesystems/scratch';
  const limits = [...rings, '--data-dir', data];
  let durable = await startPinhole('--port', '0', ...limits);
  const { base } = durable;
  await durable.call('POST', '/v1/filesystems', { name: 'scratch', sizeBytes: 1_048_576 });
  const end = join(folder, 'restarts');
  const readers = transports.map((transport) => startReader(transport, base, fs, end));
  let going = true;
  const writer = (async () => {
    for (let i = 0; going; i += 1) {
      const name = `f${i}`;
      try {
        await durable.call('POST', `${fs}/files`, { name, sizeBytes: 4096 });
        await durable.call('DELETE', `${fs}/files/${name}`);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  })();
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await durable.stop(signal);
    durable = await startPinhole('--port', new URL(base).port, ...limits);
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  going = false;
  await writer;
  const all = await logOf(base, fs);
  writeFileSync(end, String(all.at(-1)));
  for (const { stdout } of await Promise.all(readers)) expectAll(stdout, all);
  expect(all.length).toBeGreaterThan(100);
  await durable.stop();
});
