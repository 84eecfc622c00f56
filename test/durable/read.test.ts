// A world that is read back: over a store in memory, so that what is tested is the reading.
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { defaultConfig } from '../../src/config.ts';
import { bytesOf } from '../../src/durable/event-batch.ts';
import { journalKeys } from '../../src/durable/keys.ts';
import { type ReadOptions, readWorld } from '../../src/durable/read.ts';
import type { BatchRecord } from '../../src/durable/records.ts';
import { stateHash } from '../../src/durable/snapshots.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import type { Change } from '../../src/journal/store.ts';
import { createService, type Service } from '../../src/server.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { must } from '../http/start.ts';

const serve = (store: MemoryStore): Promise<Service> =>
  createService(defaultConfig({ snapshotEntries: 100 }), {
    logger: pino({ level: 'silent' }),
    openStore: async () => store,
  });

const of = (name: string, rest = '') => `/v1/filesystems/${name}${rest}`;

/** A store with filesystems of 30 files each, and the ids of those. */
async function storeWith(...names: string[]): Promise<{ store: MemoryStore; ids: string[] }> {
  const store = new MemoryStore();
  const service = await serve(store);
  for (const name of names) {
    await must(service, 201, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 1_048_576 } });
    for (let i = 0; i < 30; i++)
      await must(service, 201, 'POST', of(name, '/files'), { json: { name: `f${i}` } });
  }
  const ids = names.map((name) => service.engine.find(defaultTenant, name)?.id ?? '');
  await service.close();
  return { store, ids };
}

function options(more: Partial<ReadOptions> = {}): ReadOptions {
  const budget = { used: 0, max: () => Number.POSITIVE_INFINITY };
  return { nowMs: 0, events: { eventsMax: 1000, bytesMax: 1e9, budget }, ...more };
}

describe('a world', () => {
  it('is the same over any store: a service goes on from a map', async () => {
    const store = new MemoryStore();
    let service = await serve(store);
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'one', sizeBytes: 1_048_576 },
    });
    const file = { json: { name: 'a' }, headers: { 'idempotency-key': 'k' } };
    const first = await must(service, 201, 'POST', of('one', '/files'), file);
    for (let i = 0; i < 250; i++)
      await must(service, 201, 'POST', of('one', '/files'), { json: { name: `f${i}` } });
    const hash = () => {
      const fs = service.engine.find(defaultTenant, 'one');
      if (fs === undefined) throw new Error('there is no filesystem');
      return stateHash(fs.kernel, new Map());
    };
    const before = await hash();
    await service.close();
    service = await serve(store);
    expect(await hash()).toBe(before);
    const again = await must(service, 201, 'POST', of('one', '/files'), file);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
    await must(service, 200, 'DELETE', of('one', '?force=true'));
    await service.close();
    expect((await readWorld(store, options())).filesystems).toEqual([]);
  });

  it('is read without a change to the store', async () => {
    const { store } = await storeWith('one');
    const before = store.next.group;
    await readWorld(store, options());
    expect(store.next.group).toBe(before);
  });

  it('lets others have the event loop while it is read', async () => {
    const { store } = await storeWith('one');
    let turns = 0;
    let going = true;
    const look = () => {
      turns += 1;
      if (going) setImmediate(look);
    };
    setImmediate(look);
    // A slice of nothing: it rests whenever it looks at the clock, before every fourth entry.
    await readWorld(store, options({ sliceMs: 0 }));
    going = false;
    expect(turns).toBeGreaterThanOrEqual(7);
  });

  it('refuses a journal of kernelVersion 4, from which a start would go on with other events', async () => {
    const { store, ids } = await storeWith('one', 'two');
    const journal = store.journal(ids[0] ?? '');
    const changes: Change[] = [];
    for await (const [key, body] of journal.entries(journalKeys.batches)) {
      const [, ...rest] = decode(body) as BatchRecord;
      changes.push({ key, value: encode([4, ...rest]) });
    }
    expect(changes.length).toBeGreaterThan(0);
    await journal.put(changes);
    await expect(readWorld(store, options())).rejects.toMatchObject({ kind: 'version' });
  });

  it('returns the event budget of filesystems that are not restored', async () => {
    const { store, ids } = await storeWith('one', 'two');
    const [damaged = ''] = ids;
    await store.journal(damaged).put([{ key: journalKeys.batch(20), value: null }]);
    const asked = options();
    const { filesystems, unrecovered } = await readWorld(store, asked);
    expect(unrecovered.map(({ id, error }) => [id, error.kind])).toEqual([[damaged, 'damaged']]);
    const held = filesystems.flatMap(({ batches }) => batches.map(({ batch }) => bytesOf(batch)));
    expect(asked.events.budget.used).toBe(held.reduce((sum, bytes) => sum + bytes, 0));
  });

  it.each([
    ['a batch', journalKeys.batch(20)],
    ['the end of a journal', journalKeys.tail],
    ['the manifest of a snapshot', journalKeys.manifest(10)],
  ])('stops one filesystem alone where %s has another shape', async (what, key) => {
    const { store, ids } = await storeWith('one', 'two');
    const [damaged = '', good] = ids;
    await store.journal(damaged).put([{ key, value: encode({ neither: 'one nor the other' }) }]);
    const { filesystems, unrecovered } = await readWorld(store, options());
    expect(filesystems.map(({ id }) => id)).toEqual([good]);
    expect(unrecovered.map(({ error }) => error.message).join()).toContain(`is not ${what}`);
  });
});

it('a start that fails leaves no timer behind, and closes the store', async () => {
  const set = vi.spyOn(globalThis, 'setInterval');
  const cleared = vi.spyOn(globalThis, 'clearInterval');
  try {
    const store = new MemoryStore();
    const close = vi.spyOn(store, 'close');
    const put = vi.spyOn(store.records, 'put').mockRejectedValue(new Error('no record is taken'));
    await expect(serve(store)).rejects.toThrow('no record is taken');
    put.mockRestore();
    expect(close).toHaveBeenCalledTimes(1);
    const timers = set.mock.results.map(({ value }) => value);
    expect(timers.length).toBeGreaterThan(0);
    expect(cleared.mock.calls.map(([timer]) => timer)).toEqual(expect.arrayContaining(timers));
  } finally {
    vi.restoreAllMocks();
  }
});
