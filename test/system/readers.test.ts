// A client that we did not write, cut 50 times at random under load: what it read is the whole log, once and in order.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { python } from './needs.ts';
import { type Running, startPinhole } from './server.ts';

const cuts = 50;
let server: Running;
const folder = mkdtempSync(join(tmpdir(), 'pinhole-readers-'));
beforeAll(async () => {
  server = await startPinhole('--ring-events-max', '1000000', '--tenant-ring-events-max', '1000000');
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
  await server.call('POST', `${fs}/files/a/mappings`, { offset: 0, length: 65_536, access: 'read-write' });
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

it.each(['websocket', 'sse', 'ndjson'])('over %s the union of 50 pieces is the log', async (transport) => {
  const fs = `/v1/filesystems/${transport}`;
  const end = join(folder, transport);
  let reading = true;
  const writer = write(transport, () => reading);
  // The log must be there before somebody reads it.
  await expect.poll(async () => (await fetch(`${server.base}${fs}`)).status).toBe(200);
  const asked = [join(import.meta.dirname, 'reader.py'), transport, server.base, `${fs}/events`, String(cuts), end];
  const reader = promisify(execFile)(python, asked, { maxBuffer: 2 ** 28 });
  const watch = setTimeout(() => {
    reading = false;
  }, 8000);
  await writer;
  clearTimeout(watch);
  const log = await fetch(`${server.base}${fs}/events?from=oldest`, { headers: { accept: 'application/x-ndjson' } });
  const messages = (await log.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { events?: { seq: number }[] });
  const all = messages.flatMap(({ events = [] }) => events.map(({ seq }) => seq));
  writeFileSync(end, String(all.at(-1)));
  const { stdout } = await reader;
  const read = JSON.parse(stdout) as { seqs: number[]; cuts: number };
  expect(read.cuts).toBe(cuts);
  expect(all.length).toBeGreaterThan(1000);
  expect(all).toEqual(all.map((_, i) => i + 1));
  expect(read.seqs).toEqual(all);
});
