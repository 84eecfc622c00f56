// The cursor of a list: the events after it are exactly those that the list does not show yet.
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventRing } from '../../src/engine/event-ring.ts';
import { views } from '../../src/kernel/views/index.ts';
import { fill, routes } from './registry.ts';
import { call, fs, must, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
afterEach(() => service.close());

interface Told {
  seq: number;
  type: string;
  source: string;
  subject?: string;
  data: { from?: string; to?: string };
}

/** Every event of a stream. */
async function eventsOf(url: string): Promise<Told[]> {
  const { text } = await must(service, 200, 'GET', `${url}?from=oldest`);
  return text
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { events?: Told[] }).events ?? []);
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));

/** What `read` returns again and again while `work` runs. */
async function readDuring<T>(work: Promise<unknown>, read: () => Promise<T>): Promise<T[]> {
  let going = true;
  const over = work.finally(() => {
    going = false;
  });
  const all: T[] = [];
  while (going) {
    all.push(await read());
    // A read needs no turn of the event loop, and the commands need one each.
    await setImmediate();
  }
  await over;
  return all;
}

describe('the cursor of a list', () => {
  it('stands on every view but the records of one thing, and is where the stream is', async () => {
    service = await start();
    await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
    const { ring } = service.context.engine.find('default', 'scratch') as { ring: EventRing };
    for (const { name, method, url } of routes) {
      const view = views.get(name.replace('view ', ''));
      if (method !== 'GET' || view === undefined || !name.startsWith('view ')) continue;
      const { json } = await must(service, 200, 'GET', fill(url));
      if (view.single) expect(json, name).not.toHaveProperty('cursor');
      else expect(json.cursor, name).toBe(`${ring.epoch}.${ring.nextSeq - 1}`);
    }
  });

  it('is exact: the events up to it give the list, under load too', async () => {
    service = await start();
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576 },
    });
    const worker = async (w: number) => {
      for (let i = 0; i < 25; i += 1) {
        const name = `f${w}-${i}`;
        await must(service, 201, 'POST', `${fs}/files`, { json: { name } });
        if (i % 3 === 0)
          await must(service, 200, 'POST', `${fs}/files/${name}/rename`, {
            json: { name: `r${w}-${i}` },
          });
        else if (i % 3 === 1) await must(service, 200, 'DELETE', `${fs}/files/${name}`);
      }
    };
    const work = Promise.all([0, 1, 2, 3].map(worker));
    const lists = await readDuring(
      work,
      async () => (await must(service, 200, 'GET', `${fs}/files?pageSize=1000`)).json,
    );
    const events = await eventsOf(`${fs}/events`);
    expect(new Set(lists.map(({ cursor }) => cursor)).size).toBeGreaterThan(5);
    for (const { items, cursor } of lists) {
      const names = new Set<string>();
      for (const { seq, type, subject = '', data } of events) {
        if (seq > seqOf(cursor)) break;
        const name = subject.replace('files/', '');
        if (type === 'pinhole.file.created') names.add(name);
        if (type === 'pinhole.file.renamed') names.delete(data.from ?? '');
        if (type === 'pinhole.file.renamed') names.add(data.to ?? '');
        if (type === 'pinhole.file.unlinked') names.delete(name);
      }
      const listed = (items as { name: string }[]).map(({ name }) => name);
      expect(listed.sort(), cursor).toEqual([...names].filter((n) => n !== '').sort());
    }
  });

  it('of the filesystems of a tenant is one of the stream of the tenant', async () => {
    service = await start();
    const worker = async (w: number) => {
      for (let i = 0; i < 8; i += 1) {
        const json = { name: `fs${w}-${i}`, sizeBytes: 1_048_576 };
        await must(service, 201, 'POST', '/v1/filesystems', { json });
        if (i % 2 === 0) await must(service, 200, 'DELETE', `/v1/filesystems/${json.name}`);
      }
    };
    const work = Promise.all([0, 1, 2].map(worker));
    const lists = await readDuring(
      work,
      async () => (await must(service, 200, 'GET', '/v1/filesystems?pageSize=1000')).json,
    );
    const events = await eventsOf('/v1/events');
    for (const { items, cursor } of lists) {
      const names = new Set<string>();
      for (const { seq, type, source } of events) {
        if (seq > seqOf(cursor)) break;
        const name = source.replace('/v1/filesystems/', '');
        if (type === 'pinhole.filesystem.created') names.add(name);
        if (type === 'pinhole.filesystem.unmounted') names.delete(name);
      }
      const listed = (items as { name: string }[]).map(({ name }) => name);
      expect(listed.sort(), cursor).toEqual([...names].sort());
    }
    const last = (await call(service, 'GET', '/v1/filesystems')).json;
    const { text } = await must(service, 200, 'GET', `/v1/events?from=${last.cursor}`);
    expect(text).not.toContain('"events"');
  });
});
