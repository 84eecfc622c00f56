// A snapshot and the events after its cursor give the same picture as a later snapshot.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  applyEvent,
  blocksUsed,
  type Picture,
  pictureOf,
  readPicture,
  SnapshotRefused,
  type State,
  watch,
} from '../../src/client/index.ts';
import { dose } from '../dose.ts';
import { call, must, type Service, start } from '../http/start.ts';
import { listen } from '../http/stream-reader.ts';
import { type Prng, prng } from '../sim/prng.ts';

const page = 4096;

let service: Service;
afterEach(() => service.close());

const strategies = [
  'break-layouts',
  'busy-extents',
  'wait-for-refs',
  'detach-and-wait',
  'refuse',
  'none',
];

const files = ['a', 'b', 'c', 'd'];

/** The ids that commands were answered with. Some of them are gone by now. */
interface Made {
  mappings: string[];
  pins: string[];
}

/** Commands of one client, one after the other. Refusals are part of it. */
async function commands(fs: string, random: Prng, made: Made, count: number): Promise<void> {
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  const range = () => ({ offset: random.below(6) * page, length: (1 + random.below(3)) * page });
  const later = { headers: { prefer: 'respond-async' } };
  const owner = `o${random.below(4)}`;
  const post = (path: string, json: object) =>
    call(service, 'POST', `${fs}${path}`, { json, ...later });
  const change = (op: string, args: object) => post(`/files/${pick(files)}/${op}`, args);
  const map = async () => {
    const json = { ...range(), access: 'read-write' };
    const answer = await call(service, 'POST', `${fs}/files/${pick(files)}/mappings`, { json });
    if (answer.status === 201) made.mappings.push(answer.json.id);
  };
  const pin = async () => {
    const hold = random.oneIn(3) ? { holdMs: 1 + random.below(30) } : {};
    const json = { offset: 0, length: (1 + random.below(3)) * page, access: 'write', owner };
    const path = `/mappings/${pick(made.mappings) ?? 'map_1'}/pins`;
    const answer = await post(path, { ...json, ...hold });
    if (answer.status === 201) made.pins.push(answer.json.id);
  };
  const write = () =>
    call(service, 'PUT', `${fs}/files/${pick(files)}/content?offset=${random.below(8) * page}`, {
      bytes: Buffer.alloc(page * (1 + random.below(3)), 'x'),
      ...later,
    });
  const unpin = () => call(service, 'DELETE', `${fs}/pins/${pick(made.pins) ?? 'pin_1'}`);
  const often = [
    ...[pin, pin, pin, write, map, unpin],
    () => change('truncate', { sizeBytes: random.below(8) * page, owner }),
    () => change('punch-hole', { ...range(), owner }),
    () => change('zero-range', { ...range(), owner }),
    () => change('allocate', range()),
    () => change('collapse-range', { ...range(), owner }),
    () => change('insert-range', { ...range(), owner }),
    () =>
      change('exchange-range', {
        with: pick(files),
        offset: 0,
        withOffset: 0,
        length: page,
        owner,
      }),
  ];
  const seldom = [
    () => post('/files', { name: pick(files), sizeBytes: random.below(8) * page }),
    () => call(service, 'DELETE', `${fs}/mappings/${pick(made.mappings) ?? 'map_1'}`),
    () => change('rename', { name: pick(files), replace: true }),
    () => call(service, 'DELETE', `${fs}/files/${pick(files)}`, later),
    () => post(`/operations/op_${1 + random.below(80)}/cancel`, {}),
  ];
  const rarely = [
    () => call(service, 'PUT', `${fs}/strategy`, { json: { name: pick(strategies) } }),
    () => post('/power-cycle', {}),
  ];
  for (let i = 0; i < count; i += 1)
    await pick(random.oneIn(80) ? rarely : random.oneIn(6) ? seldom : often)();
}

/** Files with content and a mapping each. */
async function beginning(fs: string): Promise<Made> {
  const made: Made = { mappings: [], pins: [] };
  for (const name of files) {
    await must(service, 201, 'POST', `${fs}/files`, { json: { name } });
    await must(service, 200, 'PUT', `${fs}/files/${name}/content`, {
      bytes: Buffer.alloc(8 * page, name),
    });
    const json = { offset: 0, length: 8 * page, access: 'read-write' };
    const { id } = (await must(service, 201, 'POST', `${fs}/files/${name}/mappings`, { json }))
      .json;
    made.mappings.push(id);
  }
  return made;
}

/** What a picture is compared by; ended operations apart, because a snapshot forgets some. */
function comparable(picture: Picture): object {
  const sorted = (map: Map<unknown, unknown>) =>
    [...map.entries()].sort(([a], [b]) => String(a).localeCompare(String(b)));
  const live = new Map(
    [...picture.operations].filter(([, { state }]) => state === 'running' || state === 'sleeping'),
  );
  return {
    cursor: picture.cursor,
    strategy: picture.strategy,
    free: picture.blocksFree,
    used: blocksUsed(picture),
    files: sorted(picture.files),
    mappings: sorted(picture.mappings),
    // Events do not say when get_user_pages began, only when it got a page.
    pins: sorted(picture.pins).map(([id, pin]) => [id, { ...(pin as object), sinceMs: 0 }]),
    live: sorted(live),
    busy: sorted(picture.busy),
    detached: sorted(picture.detached),
  };
}

const endedOf = (picture: Picture): [string, string][] =>
  [...picture.operations.values()]
    .filter(({ state }) => state !== 'running' && state !== 'sleeping')
    .map(({ id, state }) => [id, state]);

const stateOf = async (fs: string): Promise<State> =>
  (await must(service, 200, 'GET', `${fs}/state`)).json as State;

/** Follows the stream until the picture is at this cursor or the stream ends. */
async function pictureAt(
  watched: AsyncGenerator<{ picture: Picture }>,
  cursor: string,
): Promise<Picture | null> {
  for await (const { picture } of watched) if (picture.cursor === cursor) return picture;
  return null;
}

async function listThenWatch(base: string, seed: number): Promise<void> {
  const random = prng(seed);
  const name = `fs-${seed}`;
  const fs = `/v1/filesystems/${name}`;
  const json = {
    name,
    sizeBytes: 128 * page,
    kind: random.oneIn(3) ? 'ext4' : 'xfs',
    kernel: random.oneIn(2) ? '6.12' : '7.3',
    strategy: { name: strategies[random.below(strategies.length)] },
  };
  await must(service, 201, 'POST', '/v1/filesystems', { json });
  const made = await beginning(fs);
  await commands(fs, random, made, random.below(20));
  const work = Promise.all([1, 2, 3].map((w) => commands(fs, prng(1000 * seed + w), made, 20)));
  const abort = new AbortController();
  const watched = watch({ baseUrl: base, filesystem: name, signal: abort.signal });
  // The snapshot is read while the commands run.
  await watched.next();
  await work;
  const fresh = pictureOf(await stateOf(fs));
  const rebuilt = await pictureAt(watched, fresh.cursor);
  abort.abort();
  if (rebuilt === null) throw new Error(`seed ${seed}: the stream ended before ${fresh.cursor}`);
  expect(comparable(rebuilt), `seed ${seed}`).toEqual(comparable(fresh));
  for (const [id, { sinceMs }] of fresh.pins)
    expect(rebuilt.pins.get(id)?.sinceMs, `seed ${seed} ${id}`).toBeGreaterThanOrEqual(sinceMs);
  const ended = new Map(endedOf(rebuilt));
  for (const [id, state] of endedOf(fresh)) expect(ended.get(id), `seed ${seed} ${id}`).toBe(state);
  await must(service, 200, 'DELETE', `${fs}?force=true`);
}

describe('a picture that is kept up to date by events', () => {
  const runs = dose(25, 100);
  it(`equals a fresh one after each of ${runs} runs under load`, async () => {
    service = await start({ waitDefaultMs: 1 });
    const base = await listen(service);
    for (let seed = 1; seed <= runs; seed += 1) await listThenWatch(base, seed);
  }, 300_000);

  it('is complete with more records than a snapshot has', async () => {
    service = await start();
    const base = await listen(service);
    const fs = '/v1/filesystems/scratch';
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 4096 * page },
    });
    let made = 0;
    const make = async () => {
      made += 1;
      await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${made}` } });
    };
    for (let i = 0; i < 2500; i += 1) await make();
    let going = true;
    const load = (async () => {
      const random = prng(7);
      while (going) {
        await make();
        await call(service, 'DELETE', `${fs}/files/f${1 + random.below(made)}`);
      }
    })();
    const abort = new AbortController();
    const watched = watch({ baseUrl: base, filesystem: 'scratch', signal: abort.signal });
    const { value } = await watched.next();
    if (!value) throw new Error('there is a snapshot');
    expect(value.picture.files.size).toBeGreaterThan(2000);
    expect(value.picture.incomplete).toEqual([]);
    going = false;
    await load;
    const { cursor } = (await must(service, 200, 'GET', `${fs}/files?pageSize=1`)).json;
    const rebuilt = await pictureAt(watched, cursor);
    abort.abort();
    const fresh = await readPicture({ baseUrl: base, filesystem: 'scratch' });
    expect(rebuilt?.cursor).toBe(fresh.cursor);
    expect([...(rebuilt?.files ?? [])]).toEqual([...fresh.files]);
  }, 60_000);

  it('ignores what it has heard, and does not follow another stream', async () => {
    service = await start();
    const fs = '/v1/filesystems/scratch';
    const json = { name: 'scratch', sizeBytes: 128 * page, clock: 'manual' };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    const before = pictureOf(await stateOf(fs));
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 5 } });
    const { text } = await must(service, 200, 'GET', `${fs}/events?from=${before.cursor}`);
    const lines = text.trim().split('\n');
    const events = lines.flatMap((line) => JSON.parse(line).events ?? []);
    expect(events.length).toBeGreaterThan(0);
    const after = pictureOf(await stateOf(fs));
    for (const event of [...events, ...events]) expect(applyEvent(before, event)).toBe(true);
    expect(comparable(before)).toEqual(comparable(after));
    expect(before.nowMs).toBe(5);
    expect(applyEvent(before, { ...events[0], epoch: 'other', seq: 1000 })).toBe(false);
    expect(comparable(before)).toEqual(comparable(after));
  });

  it('has the pages of a get_user_pages that has not returned', async () => {
    service = await start();
    const fs = '/v1/filesystems/mail';
    const json = { name: 'mail', story: 'S01', strategy: 'wait-for-refs' };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    const picture = pictureOf(await stateOf(fs));
    const follow = async () => {
      const { text } = await must(service, 200, 'GET', `${fs}/events?from=${picture.cursor}`);
      const lines = text.trim().split('\n');
      const events = lines.flatMap((line) => JSON.parse(line).events ?? []);
      for (const event of events) expect(applyEvent(picture, event)).toBe(true);
      expect(comparable(picture)).toEqual(comparable(pictureOf(await stateOf(fs))));
    };
    const pin = { offset: 0, length: 2 * page, access: 'write', owner: 'G' };
    await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, { json: pin });
    await follow();
    expect(picture.pins.size).toBe(0);
    const step = (args: object) =>
      must(service, 200, 'POST', `${fs}/scheduler/step`, { json: args });
    for (let i = 0; i < 7; i += 1) await step({ task: 'op_6' });
    await follow();
    const held = { pages: 1, collecting: true, runs: [{ pfn: 2, pages: 1 }], allRuns: true };
    expect(picture.pins.get('pin_1')).toMatchObject(held);
    const punch = { offset: 0, length: 2 * page, owner: 'T' };
    await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, { json: punch });
    await step({ task: 'op_14', until: 'blocked' });
    await step({ until: 'deadlock' });
    await follow();
  });

  it('ends with the filesystem, and says why there is none', async () => {
    service = await start();
    const base = await listen(service);
    const json = { name: 'scratch', sizeBytes: 128 * page };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    const watched = watch({ baseUrl: base, filesystem: 'scratch' });
    await watched.next();
    const types: string[] = [];
    const over = (async () => {
      for await (const { event } of watched) types.push(event?.type ?? '');
    })();
    await must(service, 201, 'POST', '/v1/filesystems/scratch/files', { json: { name: 'a' } });
    while (types.length === 0) await sleep(1);
    await must(service, 200, 'DELETE', '/v1/filesystems/scratch');
    await over;
    expect(types.at(0)).toBe('pinhole.file.created');
    expect(types.at(-1)).toBe('pinhole.filesystem.unmounted');
    const refused = readPicture({ baseUrl: base, filesystem: 'scratch' });
    await expect(refused).rejects.toThrow(SnapshotRefused);
    await expect(refused).rejects.toMatchObject({ status: 404 });
  });
});
