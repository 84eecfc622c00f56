// GET /v1/filesystems: what an operator sees of many filesystems at once.
import { afterEach, describe, expect, it } from 'vitest';
import { durable, freshFolder } from '../journal/kept.ts';
import { fs, must, pinnedWorld, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
afterEach(() => service.close());

const list = async (query = '') =>
  (await must(service, 200, 'GET', `/v1/filesystems${query}`)).json;

describe('who waits', () => {
  it('says since when the oldest operation sleeps, and nothing of one where nobody does', async () => {
    service = await start();
    await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
    await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 500 } });
    const json = { name: 'idle', sizeBytes: 1_048_576 };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    const { items } = await list();
    expect(items.map(({ name, nowMs, waits }: never) => ({ name, nowMs, waits }))).toEqual([
      { name: 'scratch', nowMs: 500, waits: { oldestSinceMs: 0, deadlocked: false } },
      {
        name: 'idle',
        nowMs: expect.any(Number),
        waits: { oldestSinceMs: null, deadlocked: false },
      },
    ]);
  });

  it('tells a deadlock while it lasts', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: waiting, owner: 'nic' });
    const headers = { prefer: 'wait=0', 'pinhole-owner': 'nic' };
    await must(service, 202, 'POST', `${fs}/files/a/truncate`, { json: { sizeBytes: 0 }, headers });
    expect((await list()).items[0].waits.deadlocked).toBe(true);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect((await list()).items[0].waits).toEqual({ oldestSinceMs: null, deadlocked: false });
  });
});

it('names a filesystem that stopped, and why, and lists the others', async () => {
  service = await durable(freshFolder());
  for (const name of ['broken', 'whole'])
    await must(service, 201, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 1_048_576 } });
  const broken = service.engine.find('default', 'broken');
  await expect(broken?.submit({ op: 'no-such-operation', on: {}, args: {} })).rejects.toThrow();
  const { items, stopped } = await list();
  expect(items.map(({ name }: { name: string }) => name)).toEqual(['whole']);
  expect(stopped).toEqual([
    {
      name: 'broken',
      kind: 'xfs',
      sizeBytes: 1_048_576,
      detail: expect.stringContaining('broke a law'),
    },
  ]);
});
