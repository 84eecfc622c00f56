// How long a start takes that replays a million commands, compared with one that has a snapshot and
// replays a hundred thousand, and one that replays nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { defaultConfig } from '../src/config.ts';
import { bulkPrefixes } from '../src/durable/keys.ts';
import { LevelStore } from '../src/journal/level-store.ts';
import type { Command } from '../src/kernel/state.ts';
import { createService } from '../src/server.ts';
import { defaultTenant } from '../src/tenants/tenants.ts';
import { judge } from './goals.ts';
import { startPinhole } from './server.ts';

/** Pins and unpins, with a write and a punch now and then. */
function commandOf(i: number): Command {
  if (i % 10 === 8)
    return {
      op: 'write',
      on: { file: 'a' },
      args: { offset: (i * 4096) % 262_144 },
      data: new Uint8Array(64).fill(i),
    };
  if (i % 10 === 9)
    return {
      op: 'punch-hole',
      on: { file: 'b' },
      args: { offset: (i * 4096) % 262_144, length: 4096 },
    };
  if (i % 2 === 0) {
    const args = { offset: 0, length: 4096, access: 'read', longterm: false, kind: 'direct-io' };
    return { op: 'pin', on: { mapping: 1 }, args, owner: 'load' };
  }
  return {
    op: 'unpin',
    on: { pin: Math.floor(i / 10) * 4 + Math.floor((i % 10) / 2) + 1 },
    args: {},
  };
}

async function fill(folder: string, commands: number, snapshotEntries: number): Promise<void> {
  const service = await createService(defaultConfig({ snapshotEntries, snapshotBytes: 2 ** 40 }), {
    logger: pino({ level: 'silent' }),
    openStore: () =>
      LevelStore.open({
        directory: join(folder, 'journal'),
        reserveBytes: 0,
        bulk: bulkPrefixes,
        onFailed() {},
      }),
  });
  const { engine, app } = service;
  await app.inject({
    method: 'POST',
    url: '/v1/filesystems',
    payload: { name: 'load', sizeBytes: 16 * 1024 * 1024 },
  });
  const fs = engine.find(defaultTenant, 'load');
  if (fs === undefined) throw new Error('the filesystem was not made');
  for (const name of ['a', 'b'])
    await fs.submit({ op: 'create', on: {}, args: { name, sizeBytes: 262_144 } });
  await fs.submit({
    op: 'mmap',
    on: { file: 'a' },
    args: { offset: 0, length: 65_536, access: 'read-write', shared: true, sync: false },
  });
  for (let i = 0; i < commands; i += 5000) {
    const some = Array.from({ length: Math.min(5000, commands - i) }, (_, n) =>
      fs.submit(commandOf(i + n)),
    );
    for (const { outcome } of await Promise.all(some))
      if (outcome?.ok === false) throw new Error(outcome.failure.why);
  }
  await service.close();
}

/** From the start of the process to its first answer. */
async function startOn(folder: string) {
  const begin = performance.now();
  const server = await startPinhole({ PINHOLE_VOLATILE: '0', PINHOLE_DATA_DIR: folder });
  return { server, seconds: (performance.now() - begin) / 1000 };
}

/** Prints all; says whether everything came back, and in time. */
export async function recover(): Promise<boolean> {
  let good = true;
  const empty = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
  const nothing = await startOn(empty);
  await nothing.server.stop();
  rmSync(empty, { recursive: true });
  console.log('\nrecover: from the start of the process to its first answer');
  console.log(`${nothing.seconds.toFixed(2)} s with an empty journal`);
  for (const [what, commands, snapshotEntries, most] of [
    ['1,000,000 commands', 1_000_000, 1e9, 10],
    ['a snapshot and 100,000 commands', 249_990, 50_000, 2],
  ] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'pinhole-load-'));
    await fill(folder, commands, snapshotEntries);
    const { server, seconds } = await startOn(folder);
    const { counts } = (await (await fetch(`${server.url}/v1/filesystems/load`)).json()) as {
      counts: { pinsAcquired: number };
    };
    good &&= counts.pinsAcquired === commands * 0.4;
    console.log(`${seconds.toFixed(2)} s with ${what}`);
    good =
      judge([
        { what: `recovery of ${what}`, most, measured: seconds - nothing.seconds, unit: 's' },
      ]) && good;
    await server.stop();
    rmSync(folder, { recursive: true });
  }
  return good;
}
