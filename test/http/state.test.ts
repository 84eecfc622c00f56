// GET …/state: several views at one cursor.
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventRing } from '../../src/engine/event-ring.ts';
import { partNames, partsByDefault } from '../../src/kernel/views/state.ts';
import {
  call,
  fs,
  must,
  pinnedWorld,
  type Service,
  sleepingWorld,
  start,
  waiting,
} from './start.ts';

const page = 4096;

let service: Service;
afterEach(() => service.close());

const read = async (url: string) => (await must(service, 200, 'GET', `${fs}${url}`)).json;
const ringOf = () =>
  (service.context.engine.find('default', 'scratch') as { ring: EventRing }).ring;

describe('a snapshot of the state', () => {
  it('has the records of the lists, at the cursor of the stream', async () => {
    service = await start();
    await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
    const state = await read(`/state?parts=${partNames}`);
    expect(state.cursor).toBe(`${ringOf().epoch}.${ringOf().nextSeq - 1}`);
    expect(state.truncated).toEqual([]);
    const { cursor: _, ...graph } = await read('/wait-graph');
    const { cursor: _at, ...queues } = await read('/waitqueues');
    expect(state.filesystem).toEqual(await read(''));
    for (const part of ['files', 'mappings', 'pins', 'operations', 'locks'])
      expect(state[part], part).toEqual((await read(`/${part}`)).items);
    expect(state.waitGraph).toEqual(graph);
    expect(state.waitqueues).toEqual(queues);
    expect(state.busyExtents).toEqual((await read('/busy-extents')).extents);
    expect(state.detachedExtents).toEqual([]);
  });

  it('has the parts that are asked for, or those that a picture begins with', async () => {
    service = await start();
    await pinnedWorld(service);
    const partsOf = (json: object) =>
      Object.keys(json).filter((name) => name !== 'cursor' && name !== 'truncated');
    expect(partsOf(await read('/state')).sort()).toEqual([...partsByDefault].sort());
    expect(partsOf(await read('/state?parts=pins'))).toEqual(['pins']);
    expect(partsOf(await read('/state?parts=pins,%20files,pins'))).toEqual(['pins', 'files']);
  });

  it('refuses parts that do not exist, and names those that do', async () => {
    service = await start();
    await pinnedWorld(service);
    for (const parts of ['', 'nope', 'pins,', 'pins,nope', '__proto__', 'x'.repeat(300)]) {
      const { json } = await must(service, 400, 'GET', `${fs}/state?parts=${parts}`);
      expect(json).toMatchObject({ errno: 'EINVAL', rule: 'H2' });
      if (parts.length < 256) for (const name of partNames) expect(json.detail).toContain(name);
    }
    await must(service, 404, 'GET', '/v1/filesystems/other/state');
  });

  it('is not sent again while nothing was done', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: { clock: 'manual' } });
    const { headers } = await must(service, 200, 'GET', `${fs}/state`);
    const again = { headers: { 'if-none-match': headers.etag ?? '' } };
    await must(service, 304, 'GET', `${fs}/state`, again);
    await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
    await must(service, 200, 'GET', `${fs}/state`, again);
    await must(service, 412, 'GET', `${fs}/state`, { headers: { 'if-match': '"other"' } });
  });

  it('says which parts are cut, and which list has the others', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: { clock: 'manual' } });
    const pin = { json: { offset: 0, length: page, access: 'read' } };
    await Promise.all(
      Array.from({ length: 1200 }, async (_, i) => {
        await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
        await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, pin);
      }),
    );
    const state = await read('/state');
    expect(state.truncated).toMatchObject([
      { part: 'files', shown: 1000, total: 1201 },
      { part: 'pins', shown: 1000, total: 1201 },
    ]);
    for (const { part, list } of state.truncated) {
      const rest = await must(service, 200, 'GET', `${list}&pageSize=1000`);
      const ids = [...state[part], ...rest.json.items].map(({ id, ino }) => id ?? ino);
      expect(new Set(ids).size).toBe(1201);
    }
  });

  it('shows operations that run or sleep before those that have ended', async () => {
    service = await start({ endedOperationsMax: 2000 });
    await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'b' } });
    const keep = { headers: { prefer: 'respond-async' }, json: { offset: 0, length: page } };
    for (let i = 0; i < 1100; i += 1)
      await must(service, 202, 'POST', `${fs}/files/b/truncate`, {
        headers: keep.headers,
        json: { sizeBytes: 0 },
      });
    const late = await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, keep);
    const { operations, truncated } = await read('/state?parts=operations');
    expect(operations).toHaveLength(1000);
    expect(truncated).toMatchObject([{ part: 'operations', shown: 1000, total: 1102 }]);
    const shown = (operations as { id: string; state: string }[]).map(({ id }) => id);
    const { json } = await must(service, 200, 'GET', `${fs}/operations?state=sleeping`);
    expect(json.items).toHaveLength(2);
    for (const { id } of json.items) expect(shown).toContain(id);
    expect(late.json.id).toBe(shown.at(-1));
    expect([...shown].sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))).toEqual(shown);
  });

  // With many sleepers it takes several turns of the event loop to read, or is read again.
  it.each([0, 800])(
    'is of one moment, whatever happens meanwhile: %i sleepers',
    async (sleepers) => {
      service = await start({ waitDefaultMs: 1 });
      await pinnedWorld(service, { mkfs: waiting });
      const asleep = Array.from({ length: sleepers }, () =>
        must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
          json: { offset: 0, length: page },
          headers: { prefer: 'respond-async' },
        }),
      );
      await Promise.all(asleep);
      let going = true;
      const worker = async (w: number) => {
        for (let i = 0; going; i += 1) {
          await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${w}-${i}` } });
          const pin = { json: { offset: 0, length: page, access: 'read' } };
          await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, pin);
          if (i % 2 === 0) await must(service, 200, 'DELETE', `${fs}/files/f${w}-${i}`);
        }
      };
      const work = Promise.all([0, 1, 2].map(worker));
      const cursors = new Set<string>();
      for (let i = 0; i < (sleepers === 0 ? 60 : 15); i += 1) {
        const state = await read('/state');
        const { files, pins, mappings } = state.filesystem.counts;
        expect(state.files).toHaveLength(files);
        expect(state.pins).toHaveLength(pins);
        expect(state.mappings).toHaveLength(mappings);
        const ids = new Set(state.operations.map(({ id }: { id: string }) => id));
        const nodes = state.waitGraph.nodes as { id: string; kind: string }[];
        for (const { id, kind } of nodes) if (kind === 'operation') expect(ids).toContain(id);
        cursors.add(state.cursor);
        await setImmediate();
      }
      going = false;
      await work;
      expect(cursors.size).toBeGreaterThan(5);
      expect((await call(service, 'GET', `${fs}/state`)).json.truncated).toEqual([]);
    },
  );
});
