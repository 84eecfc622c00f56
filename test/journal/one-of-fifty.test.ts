// One filesystem that is damaged, or whose entries break a law, stops alone: the others are served,
// and its data stays on disk.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BatchRecord } from '../../src/durable/records.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import type { Store } from '../../src/journal/store.ts';
import type { Service } from '../../src/server.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { call, must } from '../http/start.ts';
import { durable, freshFolder, openStore } from './kept.ts';

const count = 50;
const victim = 'fs7';
const of = (name: string, rest = '') => `/v1/filesystems/${name}${rest}`;

let folder: string;
let service: Service | null;
const directory = () => join(folder, 'journal');

async function start(): Promise<Service> {
  service = await durable(directory());
  return service;
}
async function stop(): Promise<void> {
  await service?.close();
  service = null;
}
const idOf = (running: Service): string => running.engine.find(defaultTenant, victim)?.id ?? '';

/** Everything that the store has of one filesystem. */
async function keptOf(store: Store, id: string): Promise<string[]> {
  const kept: string[] = [];
  for (const kind of ['j', 's', 'c', 'x'])
    for await (const key of store.records.keys(`${kind}/${id}/`)) kept.push(key);
  return kept;
}

/** The last batch of its journal, or the `nth` from its end. */
async function lastBatch(
  store: Store,
  id: string,
  nth: number,
): Promise<{ key: string; body: Uint8Array }> {
  const batches: { key: string; body: Uint8Array }[] = [];
  for await (const [key, body] of store.records.entries(`j/${id}/`)) batches.push({ key, body });
  return batches.at(-nth) as { key: string; body: Uint8Array };
}

beforeEach(async () => {
  folder = freshFolder();
  const running = await start();
  for (let i = 0; i < count; i++)
    await must(running, 201, 'POST', '/v1/filesystems', {
      json: { name: `fs${i}`, sizeBytes: 1_048_576 },
    });
  for (let i = 0; i < 420; i++)
    await must(running, 201, 'POST', of(victim, '/files'), { json: { name: `f${i}` } });
  await must(running, 200, 'PUT', of(victim, '/files/f1/content'), {
    bytes: Buffer.alloc(8192, 'a'),
  });
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What happens to the filesystem, and what the server then says of it. */
const mishaps: Record<
  string,
  {
    inflict?(store: Store, id: string): Promise<void>;
    /** When the store is closed again. */
    rot?(level: ClassicLevel<string, Uint8Array>, id: string): Promise<void>;
    says: RegExp;
  }
> = {
  'a flipped bit behind a good checksum': {
    says: /digest|does not follow|law|undefined|sizeBytes|entry/,
    async inflict(store, id) {
      const { key, body } = await lastBatch(store, id, 2);
      const flipped = Uint8Array.from(body);
      flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
      await store.records.put([{ key, value: flipped }]);
    },
  },
  'a bit that flipped on the disk': {
    says: /checksum of j\//,
    async rot(level, id) {
      const keys = await level.keys({ gte: `j/${id}/`, lt: `j/${id}/~` }).all();
      const key = keys.at(-2) as string;
      const sealed = Uint8Array.from((await level.get(key)) as Uint8Array);
      sealed[sealed.length - 1] = (sealed[sealed.length - 1] ?? 0) ^ 1;
      await level.put(key, sealed);
    },
  },
  'a bit that flipped on the disk, in the record of its end': {
    says: /checksum of tail\//,
    async rot(level, id) {
      const key = `tail/${id}`;
      const sealed = Uint8Array.from((await level.get(key)) as Uint8Array);
      sealed[sealed.length - 1] = (sealed[sealed.length - 1] ?? 0) ^ 1;
      await level.put(key, sealed);
    },
  },
  'a missing batch': {
    says: /is missing/,
    async inflict(store, id) {
      await store.records.put([{ key: (await lastBatch(store, id, 2)).key, value: null }]);
    },
  },
  'a missing snapshot': {
    says: /lacks s\//,
    async inflict(store, id) {
      for await (const key of store.records.keys(`s/${id}/`))
        if (!key.endsWith('/m')) await store.records.put([{ key, value: null }]);
    },
  },
  'a poison command': {
    says: /breaks a law of the machine/,
    async inflict(store, id) {
      const { key, body } = await lastBatch(store, id, 1);
      const record = decode(body) as BatchRecord;
      record[5] = [[Date.now(), 'no-such-operation', {}, {}]];
      await store.records.put([{ key, value: encode(record) }]);
    },
  },
};

it.each(Object.entries(mishaps))(
  '%s: 49 are served, and the stopped one says what to do',
  async (_name, { inflict, rot, says }) => {
    const id = idOf(service as Service);
    const epoch = (service as Service).engine.tenantRing(defaultTenant).epoch;
    await stop();
    const store = await openStore(directory());
    await inflict?.(store, id);
    const kept = await keptOf(store, id);
    await store.close();
    if (rot !== undefined) {
      const at = join(directory(), 'store');
      const level = new ClassicLevel<string, Uint8Array>(at, { valueEncoding: 'view' });
      await rot(level, id);
      await level.close();
    }

    const running = await start();
    for (let i = 0; i < count; i++) {
      if (`fs${i}` === victim) continue;
      await must(running, 201, 'POST', of(`fs${i}`, '/files'), { json: { name: 'x' } });
    }
    const asks = [
      await call(running, 'GET', of(victim)),
      await call(running, 'GET', of(victim, '/files/f1/content')),
      await call(running, 'POST', of(victim, '/files'), { json: { name: 'x' } }),
      await call(running, 'GET', of(victim, '/events'), {
        headers: { accept: 'application/x-ndjson' },
      }),
    ];
    for (const answer of asks)
      expect(answer).toMatchObject({
        status: 500,
        json: { type: '/v1/problems/filesystem-stopped', errno: 'EIO' },
      });
    const { detail } = asks.map(({ json }) => json as { detail: string })[0] ?? { detail: '' };
    expect(detail).toMatch(says);
    expect(detail).toContain('pinhole repair');
    expect(
      (
        await call(running, 'POST', '/v1/filesystems', {
          json: { name: victim, sizeBytes: 1_048_576 },
        })
      ).status,
    ).toBe(409);
    const ready = await must(running, 200, 'GET', '/readyz?verbose=true');
    expect(ready.json).toMatchObject({
      checks: expect.arrayContaining([{ name: 'filesystems-running', ok: false, stopped: [id] }]),
    });
    const { text } = await must(running, 200, 'GET', '/metrics');
    expect(text).toContain('pinhole_filesystems_stopped 1\n');
    // Its events are missing from the stream of the tenant, which therefore begins a new history.
    const without = running.engine.tenantRing(defaultTenant).epoch;
    expect(without).not.toBe(epoch);
    await stop();
    const looked = await openStore(directory());
    expect(await keptOf(looked, id)).toEqual(kept);
    await looked.close();

    // The next start finds the same: the history goes on.
    const again = await start();
    expect(again.engine.tenantRing(defaultTenant).epoch).toBe(without);
    await must(again, 200, 'DELETE', of(victim, '?force=true'));
    await must(again, 201, 'POST', '/v1/filesystems', {
      json: { name: victim, sizeBytes: 1_048_576 },
    });
    await stop();
    const last = await start();
    await must(last, 200, 'GET', of(victim));
  },
);
