// The engine over a real store: after a restart every machine has its state, and every stream its
// events.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stateHash } from '../../src/durable/snapshots.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import type { Service } from '../../src/server.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { call, must } from '../http/start.ts';
import { comesBack, durable, freshFolder, openStore } from '../journal/kept.ts';

let folder: string;
let service: Service;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(async () => {
  await service.close().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => `/v1/filesystems/${name}`;

function kernelOf(name: string): Kernel {
  const fs = service.engine.find(defaultTenant, name);
  if (fs === undefined) throw new Error(`no filesystem ${name}`);
  return fs.kernel;
}

const eventsOf = (name: string) => {
  const ring = service.engine.find(defaultTenant, name)?.ring;
  const read = ring?.read(ring.oldestSeq, 1e9);
  if (ring === undefined || read?.kind !== 'events') throw new Error('the ring cannot be read');
  return {
    epoch: ring.epoch,
    firstSeq: read.firstSeq,
    events: read.records.map(({ event }) => event),
  };
};

/**
 * What clients do, by a number: files that grow, shrink and go, pins that come and go, sleepers.
 */
async function work(name: string, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    const file = `${at(name)}/files/f${i % 7}`;
    const pick = (i * 7919) % 11;
    if (i < 7) await must(service, 201, 'POST', `${at(name)}/files`, { json: { name: `f${i}` } });
    else if (pick < 4)
      await call(service, 'PUT', `${file}/content?offset=${(i * 512) % 20_000}`, {
        bytes: Buffer.alloc(3000, i % 256),
      });
    else if (pick < 6)
      await call(service, 'POST', `${file}/mappings`, {
        json: { offset: 0, length: 16_384, access: 'read-write' },
      });
    else if (pick < 8) {
      const json = {
        offset: 0,
        length: 8192,
        access: 'read',
        owner: `o${i % 3}`,
        ...(i % 2 === 0 ? { holdMs: 5 } : {}),
      };
      await call(service, 'POST', `${at(name)}/mappings/map_${1 + (i % 20)}/pins`, { json });
    } else if (pick === 8) await call(service, 'DELETE', `${at(name)}/pins/pin_${1 + (i % 30)}`);
    else
      await call(service, 'POST', `${file}/truncate`, {
        json: { sizeBytes: (i * 100) % 9000 },
        headers: { prefer: 'respond-async' },
      });
  }
}

describe('a restart', () => {
  it.each(['break-layouts', 'busy-extents', 'detach-and-wait', 'wait-for-refs'])(
    'under %s brings everything back',
    async (strategy) => {
      service = await durable(folder);
      for (const name of ['one', 'two']) {
        await must(service, 201, 'POST', '/v1/filesystems', {
          json: { name, sizeBytes: 4_194_304, strategy: { name: strategy } },
        });
      }
      // Past two snapshots, so that they are read, and past the third, so that the first is
      // deleted.
      for (const [from, to] of [
        [0, 130],
        [130, 300],
        [300, 420],
        [420, 425],
      ] as const) {
        await Promise.all([work('one', from, to), work('two', from, to)]);
        // The timers of pins that let go by themselves: they would run between the two looks.
        await new Promise((resolve) => setTimeout(resolve, 100));
        const before = await Promise.all(
          ['one', 'two'].map((name) => stateHash(kernelOf(name), new Map())),
        );
        const events = ['one', 'two'].map(eventsOf);
        const seq = kernelOf('one').seq;
        await service.close();
        service = await durable(folder);
        expect(kernelOf('one').seq).toBe(seq);
        expect(
          await Promise.all(['one', 'two'].map((name) => stateHash(kernelOf(name), new Map()))),
        ).toEqual(before);
        for (const [index, name] of ['one', 'two'].entries()) {
          const { epoch, firstSeq, events: again } = eventsOf(name);
          expect(epoch).toBe(events[index]?.epoch);
          expect(again).toEqual(events[index]?.events.slice(-again.length));
          expect(firstSeq + again.length).toBe(
            (events[index]?.firstSeq ?? 0) + (events[index]?.events.length ?? 0),
          );
        }
      }
      // Events since the older snapshot are there, and more than none of them are not.
      expect(eventsOf('one').firstSeq).toBeGreaterThan(1);
      expect(kernelOf('one').counts.sleepers + kernelOf('one').pins.size).toBeGreaterThan(0);
    },
  );

  it('reads a journal of which the newest snapshot is not there', async () => {
    service = await durable(folder);
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'one', sizeBytes: 4_194_304 },
    });
    await work('one', 0, 350);
    await service.close();
    const before = await comesBack(folder);
    const store = await openStore(folder);
    const manifests: string[] = [];
    for await (const key of store.records.keys('s/')) if (key.endsWith('/m')) manifests.push(key);
    expect(manifests).toHaveLength(2);
    await store.records.put([{ key: manifests[1] as string, value: null }]);
    await store.close();
    expect(await comesBack(folder)).toBe(before);
  });
});

describe('a journal that does not come out as it was recorded', () => {
  const damage = async (
    change: (bytes: Uint8Array) => Uint8Array | null,
    prefix: string,
    index: number,
  ) => {
    service = await durable(folder);
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'one', sizeBytes: 4_194_304 },
    });
    await work('one', 0, 40);
    await service.close();
    const store = await openStore(folder);
    const keys: string[] = [];
    for await (const key of store.records.keys(prefix)) keys.push(key);
    const key = keys[index] as string;
    await store.records.put([
      { key, value: change(new Uint8Array((await store.records.get(key)) as Uint8Array)) },
    ]);
    await store.close();
    return comesBack(folder).then(
      () => null,
      (error: unknown) => error as JournalError,
    );
  };

  it('names the entry behind a batch that is missing', async () => {
    const error = await damage(() => null, 'j/', 5);
    expect(error).toBeInstanceOf(JournalError);
    expect(error).toMatchObject({
      kind: 'damaged',
      message: expect.stringMatching(/\(one\).* entry \d+ is missing/),
    });
  });

  it('names the entry where another chain begins', async () => {
    // Well-formed, with the right checksum of its own, and not what was there.
    const error = await damage(
      (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
      'j/',
      5,
    );
    expect(error).toMatchObject({
      kind: expect.stringMatching(/damaged|poison/),
      message: expect.stringMatching(/\(one\), entry \d+/),
    });
  });
});
