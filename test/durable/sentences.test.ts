// The sentence of a failure is in the record of the operation, and a release may word it
// differently. The machine is the same, so such a journal is no damage.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFilesystems } from '../../src/durable/read.ts';
import { withoutEvents } from '../../src/durable/replay.ts';
import type { Failure } from '../../src/kernel/errno.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { must } from '../http/start.ts';
import { durable, freshFolder, openStore } from '../journal/kept.ts';

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fs = '/v1/filesystems/scratch';

/** A journal whose snapshot has a recorded failure as `change` left it. */
async function makeJournal(change: (failure: Failure) => void): Promise<void> {
  const service = await durable(folder);
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 1_048_576, strategy: { name: 'refuse' } },
  });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 8192 } });
  await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
    json: { offset: 0, length: 8192, access: 'read-write' },
  });
  await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
    json: { offset: 0, length: 4096, access: 'write' },
  });
  await must(service, 409, 'POST', `${fs}/files/a/truncate`, {
    json: { sizeBytes: 0 },
    headers: { prefer: 'respond-async' },
  });
  const ended = service.engine.find(defaultTenant, 'scratch')?.kernel.ended ?? new Map();
  expect(ended.size).toBe(1);
  for (const { outcome } of ended.values()) if (!outcome.ok) change(outcome.failure);
  for (let i = 0; i < 120; i += 1)
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
  await service.close();
}

async function recovered() {
  const store = await openStore(folder);
  try {
    return await readFilesystems(store, withoutEvents);
  } finally {
    await store.close();
  }
}

describe('a snapshot and its replay', () => {
  it('are the same state although a failure is worded differently', async () => {
    await makeJournal((failure) => {
      failure.why = 'somebody has pinned it';
    });
    const { filesystems, unrecovered } = await recovered();
    expect(unrecovered).toEqual([]);
    expect(filesystems).toHaveLength(1);
    const [failed] = filesystems[0]?.kernel.ended.values() ?? [];
    expect(failed?.outcome).toMatchObject({ ok: false, failure: { errno: 'EBUSY' } });
  });

  it('differ where the failure has another rule', async () => {
    await makeJournal((failure) => {
      failure.rule = 'PH1';
    });
    const { filesystems, unrecovered } = await recovered();
    expect(filesystems).toEqual([]);
    expect(unrecovered.map(({ error }) => error.message).join()).toContain('hashes differ');
  });
});
