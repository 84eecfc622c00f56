// A small journal with one of everything that can be stored, and what a start restores from a
// directory.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { defaultConfig } from '../../src/config.ts';
import { bulkPrefixes } from '../../src/durable/keys.ts';
import { readWorld } from '../../src/durable/read.ts';
import { withoutEvents } from '../../src/durable/replay.ts';
import { stateHash } from '../../src/durable/snapshots.ts';
import { decode } from '../../src/journal/codec.ts';
import { LevelStore } from '../../src/journal/level-store.ts';
import type { LevelStoreOptions } from '../../src/journal/open-level.ts';
import { createService, type Service } from '../../src/server.ts';
import { call, must } from '../http/start.ts';

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'pinhole-journal-'));

export const openStore = (
  directory: string,
  more: Partial<LevelStoreOptions> = {},
): Promise<LevelStore> =>
  LevelStore.open({ directory, reserveBytes: 0, bulk: bulkPrefixes, onFailed() {}, ...more });

export const durable = (
  directory: string,
  more: Partial<LevelStoreOptions> = {},
): Promise<Service> =>
  createService(defaultConfig({ snapshotEntries: 100, waitDefaultMs: 0 }), {
    logger: pino({ level: 'silent' }),
    openStore: () => openStore(directory, more),
  });

const fs = '/v1/filesystems/scratch';

/**
 * Two filesystems, one with two snapshots, a tenant with a token, a key, a sleeping truncate. The
 * folder is copied while it is open.
 */
export async function makeJournal(directory: string): Promise<string> {
  let service = await durable(directory);
  await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team' } });
  await must(service, 201, 'POST', '/v1/tenants/team/tokens', { json: {} });
  for (const name of ['scratch', 'other']) {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name, sizeBytes: 1_048_576, kind: 'ext4' },
    });
  }
  await must(service, 201, 'POST', `${fs}/files`, {
    json: { name: 'a' },
    headers: { 'idempotency-key': 'k' },
  });
  await must(service, 200, 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(8192, 'a') });
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
    json: { offset: 0, length: 8192, access: 'read-write' },
  });
  await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
    json: { offset: 0, length: 4096, access: 'read' },
  });
  await call(service, 'POST', `${fs}/files/a/truncate`, {
    json: { sizeBytes: 0 },
    headers: { prefer: 'respond-async' },
  });
  for (let i = 0; i < 120; i++)
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
  await service.close();
  service = await durable(directory);
  for (let i = 120; i < 260; i++)
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
  await must(service, 200, 'PUT', `${fs}/files/f1/content`, { bytes: Buffer.alloc(4096, 'b') });
  await must(service, 201, 'POST', '/v1/filesystems/other/files', { json: { name: 'x' } });
  // Answers are kept without anybody waiting for it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const copy = freshFolder();
  cpSync(directory, copy, { recursive: true });
  await service.close();
  return copy;
}

/**
 * Everything that a server would have. Rejects with a JournalError where it would not start, or a
 * filesystem not come back.
 */
export async function comesBack(directory: string): Promise<string> {
  const store = await openStore(directory);
  try {
    const { tokenKey, filesystems, unrecovered } = await readWorld(store, {
      ...withoutEvents,
      nowMs: 0,
    });
    for (const { error } of unrecovered) throw error;
    const states: unknown[] = [[...tokenKey]];
    for (const { id, kernel, tail } of filesystems)
      states.push([id, kernel.seq, tail.digest, await stateHash(kernel, new Map())]);
    for (const prefix of ['tenant/', 'token/', 'answer/', 'events/']) {
      for await (const [key, body] of store.records.entries(prefix))
        states.push([key, decode(body)]);
    }
    return JSON.stringify(states);
  } finally {
    await store.close();
  }
}
