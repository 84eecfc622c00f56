// Forks over HTTP: at now, at a cursor, at a named moment; on a volatile server and on one with a
// store, also after a restart.
import { afterEach, describe, expect, test } from 'vitest';
import type { HostedFilesystem } from '../../src/engine/engine.ts';
import { Unmounted } from '../../src/engine/engine-error.ts';
import { fork as forkOf } from '../../src/engine/fork.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import type { Account } from '../../src/tenants/quotas.ts';
import { type CallOptions, call, type Service, start } from './start.ts';

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

async function begin(store?: MemoryStore): Promise<Service> {
  const service = await start({}, store === undefined ? {} : { openStore: async () => store });
  services.push(service);
  return service;
}

const page = 4096;

async function must(service: Service, method: string, url: string, options: CallOptions = {}) {
  const answer = await call(service, method, url, options);
  expect(answer.status, `${method} ${url}: ${answer.text}`).toBeLessThan(300);
  return answer;
}

/** S01 as far as the pin of page 0, on a filesystem `a` with a file `f` of two pages. */
async function withPin(service: Service, args: object = {}): Promise<void> {
  const json = { name: 'a', sizeBytes: 64 * page, clock: 'manual', ...args };
  await must(service, 'POST', '/v1/filesystems', { json });
  await must(service, 'POST', '/v1/filesystems/a/files', { json: { name: 'f' } });
  await must(service, 'PUT', '/v1/filesystems/a/files/f/content', {
    bytes: new Uint8Array(2 * page).fill(0x41),
  });
  await must(service, 'POST', '/v1/filesystems/a/files/f/mappings', {
    json: { offset: 0, length: 2 * page, access: 'read-write' },
  });
  await must(service, 'POST', '/v1/filesystems/a/mappings/map_1/pins', {
    json: { offset: 0, length: page, access: 'write', owner: 'G' },
  });
}

const ndjson = { headers: { accept: 'application/x-ndjson', prefer: 'wait=0' } };

const truncate = (service: Service, fs = 'a') =>
  call(service, 'POST', `/v1/filesystems/${fs}/files/f/truncate`, {
    json: { sizeBytes: 0, owner: 'T' },
    headers: { prefer: 'respond-async' },
  });

async function cursorNow(service: Service, fs = 'a'): Promise<string> {
  const { ring } = service.engine.find('default', fs) as never as {
    ring: { epoch: string; nextSeq: number };
  };
  return `${ring.epoch}.${ring.nextSeq - 1}`;
}

const fork = (service: Service, from: object, args: object = {}) =>
  call(service, 'POST', '/v1/filesystems', {
    json: { name: 'b', from: { filesystem: 'a', ...from }, ...args },
  });

const stateOf = async (service: Service, fs: string, op: string) =>
  (await call(service, 'GET', `/v1/filesystems/${fs}/operations/${op}`)).json;

describe.each(['volatile', 'stored'])('%s', (mode) => {
  const open = () => begin(mode === 'stored' ? new MemoryStore() : undefined);

  test('a fork at now has the same sleeper, and the original goes on without it', async () => {
    const service = await open();
    await withPin(service);
    const asleep = await truncate(service);
    expect(asleep.status).toBe(202);
    const op = asleep.json.id;
    expect((await fork(service, {})).status).toBe(201);
    for (const fs of ['a', 'b']) expect((await stateOf(service, fs, op)).state).toBe('sleeping');
    await must(service, 'DELETE', '/v1/filesystems/b/pins/pin_1');
    expect((await stateOf(service, 'b', op)).state).toBe('done');
    expect((await stateOf(service, 'a', op)).state).toBe('sleeping');
    const sizeOf = async (fs: string) =>
      (await call(service, 'GET', `/v1/filesystems/${fs}/files/f`)).json.sizeBytes;
    expect([await sizeOf('a'), await sizeOf('b')]).toEqual([2 * page, 0]);
  });

  test('a fork at a cursor has the state right after the command of that event', async () => {
    const service = await open();
    await withPin(service);
    const cursor = await cursorNow(service);
    await must(service, 'DELETE', '/v1/filesystems/a/pins/pin_1');
    await must(service, 'POST', '/v1/filesystems/a/files/f/truncate', { json: { sizeBytes: 0 } });
    expect((await fork(service, { cursor })).status).toBe(201);
    expect((await call(service, 'GET', '/v1/filesystems/b/pins')).json.items).toHaveLength(1);
    const content = await call(service, 'GET', '/v1/filesystems/b/files/f/content');
    expect(content.bytes.equals(Buffer.alloc(2 * page, 0x41))).toBe(true);
    // The contents are its own.
    await must(service, 'PUT', '/v1/filesystems/a/files/f/content', { bytes: 'x' });
    expect(
      (await call(service, 'GET', '/v1/filesystems/b/files/f/content')).bytes.equals(content.bytes),
    ).toBe(true);
  });

  test('before: the state right before the command of that event', async () => {
    const service = await open();
    await withPin(service);
    const cursor = await cursorNow(service);
    expect((await fork(service, { cursor, before: true })).status).toBe(201);
    expect((await call(service, 'GET', '/v1/filesystems/b/pins')).json.items).toEqual([]);
    // A fork of a fork goes further back in the past of the original.
    const [created] = (
      await must(service, 'GET', '/v1/filesystems/b/events?from=oldest', ndjson)
    ).text
      .split('\n')
      .flatMap((line) => (line === '' ? [] : (JSON.parse(line).events ?? [])));
    const [filesystem, at] = created.data.forkOf.split(' ');
    const again = { filesystem, cursor: at, before: true };
    expect((await fork(service, again, { name: 'c' })).status).toBe(201);
    expect((await call(service, 'GET', '/v1/filesystems/c/mappings')).json.items).toEqual([]);
    // A fork has no past of its own when it begins.
    const beyond = await call(service, 'POST', '/v1/filesystems', {
      json: { name: 'd', from: { filesystem: 'c', before: true } },
    });
    expect([beyond.status, beyond.json.type]).toEqual([410, '/v1/problems/past-not-kept']);
  });

  test('the command that led to the moment is not applied twice', async () => {
    const service = await open();
    await withPin(service);
    const op = (await truncate(service)).json.id;
    for (const when of ['submitted', 'blocked']) {
      const answer = await fork(service, { at: { operation: op, when } }, { name: when });
      expect(answer.status, answer.text).toBe(201);
      const url = `/v1/filesystems/${when}/operations`;
      const { items } = (await must(service, 'GET', url)).json;
      const truncates = items.filter((one: { op: string }) => one.op === 'truncate');
      expect(truncates).toMatchObject([{ id: op, state: 'sleeping' }]);
    }
  });

  test('an operation that was submitted has not run yet if the fork is stepped', async () => {
    const service = await open();
    await withPin(service);
    const op = (await truncate(service)).json.id;
    const at = { operation: op, when: 'submitted' };
    expect((await fork(service, { at }, { scheduler: 'stepped' })).status).toBe(201);
    expect(await stateOf(service, 'b', op)).toMatchObject({ state: 'running', owner: 'T' });
    expect((await fork(service, { at }, { name: 'c' })).status).toBe(201);
    expect(await stateOf(service, 'c', op)).toMatchObject({ state: 'sleeping' });
  });

  test('blocked and ended name the moments of an operation', async () => {
    const service = await open();
    await withPin(service);
    const op = (await truncate(service)).json.id;
    await must(service, 'DELETE', '/v1/filesystems/a/pins/pin_1');
    await must(service, 'POST', '/v1/filesystems/a/files', { json: { name: 'g' } });
    expect((await fork(service, { at: { operation: op, when: 'blocked' } })).status).toBe(201);
    expect((await stateOf(service, 'b', op)).state).toBe('sleeping');
    const ended = { at: { operation: op, when: 'ended' } };
    expect((await fork(service, ended, { name: 'c' })).status).toBe(201);
    expect((await stateOf(service, 'c', op)).state).toBe('done');
    expect((await call(service, 'GET', '/v1/filesystems/c/files/g')).status).toBe(404);
    const never = await fork(
      service,
      { at: { operation: 'op_2', when: 'blocked' } },
      { name: 'd' },
    );
    expect([never.status, never.json.rule]).toEqual([404, 'FK2']);
    const future = await fork(
      service,
      { at: { operation: 'op_99', when: 'ended' } },
      { name: 'd' },
    );
    expect([future.status, future.json.rule]).toEqual([404, 'FK2']);
  });

  test('the last deadlock, with another strategy', async () => {
    const service = await open();
    await withPin(service, { strategy: { name: 'wait-for-refs' } });
    const none = await fork(service, { at: { deadlock: 'last' } });
    expect([none.status, none.json.rule]).toEqual([404, 'FK2']);
    const op = (await truncate(service)).json.id;
    await call(service, 'POST', '/v1/filesystems/a/mappings/map_1/pins', {
      json: { offset: page, length: page, access: 'write', owner: 'G' },
      headers: { prefer: 'respond-async' },
    });
    await must(service, 'POST', `/v1/filesystems/a/operations/${op}/cancel`);
    const args = { strategy: { name: 'break-layouts' } };
    expect((await fork(service, { at: { deadlock: 'last' } }, args)).status).toBe(201);
    // Under break-layouts the truncate drops invalidate_lock, so the pin is not stuck.
    expect((await stateOf(service, 'b', op)).state).toBe('sleeping');
    expect((await call(service, 'GET', '/v1/filesystems/b/pins')).json.items).toHaveLength(2);
  });

  test('a cursor of another epoch, of the future, and bad arguments make nothing', async () => {
    const service = await open();
    await withPin(service);
    const cursor = await cursorNow(service);
    const [epoch, seq] = cursor.split('.');
    const later = await fork(service, { cursor: `${epoch}.${Number(seq) + 1}` });
    expect([later.status, later.json.rule]).toEqual([400, 'FK1']);
    const other = await fork(service, { cursor: `x${epoch}.1` });
    expect([other.status, other.json.rule, other.json.oldest]).toEqual([410, 'FK3', `${epoch}.0`]);
    expect((await fork(service, { filesystem: 'z' })).status).toBe(404);
    const both = { cursor, at: { deadlock: 'last' } };
    expect((await fork(service, both)).json.rule).toBe('H2');
    expect((await fork(service, {}, { name: 'a' })).json.rule).toBe('M2');
    expect((await fork(service, {}, { strategy: { name: 'x' } })).json.rule).toBe('ST1');
    expect((await fork(service, {}, { sizeBytes: 4096 * 64 })).json.rule).toBe('H1');
    expect((await call(service, 'GET', '/v1/filesystems')).json.items).toHaveLength(1);
  });
});

test('a fork survives a restart, and can be forked', async () => {
  const store = new MemoryStore();
  const first = await begin(store);
  await withPin(first);
  const op = (await truncate(first)).json.id;
  await must(first, 'POST', '/v1/filesystems', { json: { name: 'b', from: { filesystem: 'a' } } });
  await must(first, 'POST', '/v1/filesystems/b/files', { json: { name: 'g' } });
  await must(first, 'PUT', '/v1/filesystems/b/files/g/content', { bytes: 'in the fork' });
  const events = (await call(first, 'GET', '/v1/filesystems/b')).headers.etag;
  await first.close();
  services.pop();
  const second = await begin(store);
  expect((await call(second, 'GET', '/v1/filesystems/b')).headers.etag).toBe(events);
  expect((await stateOf(second, 'b', op)).state).toBe('sleeping');
  expect((await call(second, 'GET', '/v1/filesystems/b/files/g/content')).text).toBe('in the fork');
  await must(second, 'POST', '/v1/filesystems', { json: { name: 'c', from: { filesystem: 'b' } } });
  await must(second, 'DELETE', '/v1/filesystems/c/pins/pin_1');
  expect((await stateOf(second, 'c', op)).state).toBe('done');
});

/** Breaks a law of the machine, so that the filesystem stops. */
async function stopByLaw(service: Service): Promise<void> {
  const fs = service.engine.find('default', 'a');
  await expect(fs?.submit({ op: 'no-such-operation', on: {}, args: {} })).rejects.toMatchObject({
    kind: 'filesystem-stopped',
  });
}

describe('a filesystem that stopped over a law', () => {
  test('is forked up to the entry before', async () => {
    const service = await begin();
    await withPin(service);
    const op = (await truncate(service)).json.id;
    const cursor = await cursorNow(service);
    await stopByLaw(service);
    expect((await call(service, 'GET', '/v1/filesystems/a/files')).status).toBe(500);
    expect((await fork(service, {})).status).toBe(201);
    expect((await fork(service, { cursor }, { name: 'c' })).status).toBe(201);
    expect(
      (await fork(service, { at: { operation: op, when: 'blocked' } }, { name: 'd' })).status,
    ).toBe(201);
    for (const fs of ['b', 'c', 'd'])
      expect((await stateOf(service, fs, op)).state).toBe('sleeping');
  });

  test('also after a start that could not restore it', async () => {
    const store = new MemoryStore();
    const first = await begin(store);
    await withPin(first);
    const op = (await truncate(first)).json.id;
    await stopByLaw(first);
    await first.close();
    services.pop();
    const second = await begin(store);
    expect((await call(second, 'GET', '/v1/filesystems/a')).json.type).toMatch(
      /filesystem-stopped/,
    );
    expect((await fork(second, {})).status).toBe(201);
    expect((await stateOf(second, 'b', op)).state).toBe('sleeping');
  });
});

test('the bundle and the operations of a filesystem that a start could not restore', async () => {
  const store = new MemoryStore();
  const first = await begin(store);
  await withPin(first);
  const op = (await truncate(first)).json.id;
  await stopByLaw(first);
  await first.close();
  services.pop();
  const second = await begin(store);
  const at = { operation: op, when: 'submitted' };
  expect((await fork(second, { at })).status).toBe(201);
  const never = { operation: 'op_99', when: 'ended' };
  expect((await fork(second, { at: never }, { name: 'c' })).json.rule).toBe('FK2');
  const { bytes } = await must(second, 'GET', '/v1/filesystems/a/bundle');
  const headers = { 'content-type': 'application/vnd.pinhole.bundle' };
  await must(second, 'POST', '/v1/filesystems?name=d', { bytes, headers });
  expect((await stateOf(second, 'd', op)).state).toBe('sleeping');
});

test('an original that is removed while its past is read', async () => {
  const service = await begin();
  await withPin(service);
  const { engine } = service;
  const origin = engine.find('default', 'a') as HostedFilesystem;
  await must(service, 'DELETE', '/v1/filesystems/a', { json: { force: true } });
  const moments = ['now', { event: 1 }, { deadlock: 'last' }] as const;
  for (const moment of moments)
    await expect(forkOf(engine, origin, { name: 'b', moment })).rejects.toThrow(Unmounted);
});

test('a moment by an event is right after its command, also if a snapshot follows', async () => {
  const service = await start({ snapshotEntries: 8 }, { openStore: async () => new MemoryStore() });
  services.push(service);
  await withPin(service);
  const origin = service.engine.find('default', 'a') as HostedFilesystem;
  const cursor = await cursorNow(service);
  const { seq } = origin.kernel;
  // A command that fails has no event of the filesystem.
  for (let i = 0; i < 6; i += 1)
    await call(service, 'POST', '/v1/filesystems/a/files', { json: { name: 'f' } });
  expect(await cursorNow(service)).toBe(cursor);
  expect((await fork(service, { cursor })).status).toBe(201);
  expect(service.engine.find('default', 'b')?.kernel.seq).toBe(seq);
});

test('an operation that the fork begins is the one of the original', async () => {
  const service = await begin();
  await withPin(service);
  const op = (await truncate(service)).json.id;
  const { limits } = (service.context.tenants.get('default') as { account: Account }).account;
  // A new command would get nowait.
  limits.sleepers = 1;
  const made = await fork(
    service,
    { at: { operation: op, when: 'submitted' } },
    { scheduler: 'stepped', strategy: { name: 'none' } },
  );
  expect(made.status).toBe(201);
  const { kernel } = service.engine.find('default', 'b') as HostedFilesystem;
  expect([...kernel.tasks.values()].map(({ nowait }) => nowait)).toEqual([false]);
  expect(kernel.strategy.name).toBe('none');
});

describe('bounds', () => {
  test('a fork is charged like a filesystem that is created and then filled', async () => {
    const service = await begin();
    await withPin(service);
    const { used, limits } = (service.context.tenants.get('default') as { account: Account })
      .account;
    for (const name of [
      'filesystems',
      'bytes',
      'blocks',
      'files',
      'mappings',
      'pins',
      'memory',
    ] as const) {
      const before = { ...used };
      const limit = limits[name];
      limits[name] = used[name];
      const refused = await fork(service, {});
      expect([name, refused.status, refused.json.quota?.name]).toEqual([name, 507, name]);
      // For want of memory the past was forgotten first.
      expect({ ...used, memory: 0 }).toEqual({ ...before, memory: 0 });
      limits[name] = limit;
    }
    const before = { ...used };
    expect((await fork(service, {})).status).toBe(201);
    for (const name of ['filesystems', 'blocks', 'files', 'mappings', 'pins'] as const)
      expect([name, used[name]]).toEqual([name, 2 * before[name]]);
    await must(service, 'DELETE', '/v1/filesystems/b', { json: { force: true } });
    expect({ ...used, memory: 0 }).toEqual({ ...before, memory: 0 });
  });

  test('a volatile server forgets what is too long, and still forks the present', async () => {
    const service = await start({ pastBytesMax: 65_536 });
    services.push(service);
    await withPin(service);
    const cursor = await cursorNow(service);
    for (let i = 0; i < 20; i += 1)
      await must(service, 'PUT', `/v1/filesystems/a/files/f/content?offset=${page}`, {
        bytes: new Uint8Array(page).fill(i),
      });
    const old = await fork(service, { cursor });
    expect([old.status, old.json.rule]).toEqual([410, 'FK3']);
    expect((await fork(service, {})).status).toBe(201);
    const content = (await call(service, 'GET', '/v1/filesystems/b/files/f/content')).bytes;
    expect(content.subarray(page).equals(Buffer.alloc(page, 19))).toBe(true);
    expect((await call(service, 'GET', '/v1/filesystems/b/pins')).json.items).toHaveLength(1);
  });

  test('the past of every tenant goes before a server without memory refuses a request', async () => {
    const memoryMax = 16 * 2 ** 20;
    const service = await start({ memoryMax, quotaMemory: memoryMax });
    services.push(service);
    await withPin(service);
    for (let i = 0; i < 200; i += 1)
      await must(service, 'PUT', `/v1/filesystems/a/files/f/content?offset=${page}`, {
        bytes: new Uint8Array(page).fill(i),
      });
    await service.context.tenants.create('other', {}, 0);
    const before = service.engine.memory.used;
    const held = service.engine.hold('other', memoryMax - before + 65_536);
    expect(held).toBeTypeOf('function');
    expect(service.engine.memory.used).toBeLessThanOrEqual(memoryMax);
    (held as () => void)();
  });

  test('a fork that is larger than the past may be begins without one', async () => {
    const service = await start({ pastBytesMax: 65_536 });
    services.push(service);
    await withPin(service);
    await must(service, 'PUT', '/v1/filesystems/a/files/f/content', {
      bytes: Buffer.alloc(32 * page, 'x'),
    });
    const { used } = (service.context.tenants.get('default') as { account: Account }).account;
    const before = used.memory;
    await must(service, 'POST', '/v1/filesystems', {
      json: { name: 'b', from: { filesystem: 'a' } },
    });
    expect(used.memory - before).toBeLessThan(1.5 * 64 * page);
    const old = { filesystem: 'b', at: { deadlock: 'last' } };
    const refused = await call(service, 'POST', '/v1/filesystems', {
      json: { name: 'c', from: old },
    });
    expect([refused.status, refused.json.oldest]).toEqual([410, null]);
    await must(service, 'POST', '/v1/filesystems', {
      json: { name: 'c', from: { filesystem: 'b' } },
    });
  });

  test('a store keeps what follows the older of two snapshots, and says where that begins', async () => {
    const store = new MemoryStore();
    const service = await start({ snapshotEntries: 100 }, { openStore: async () => store });
    services.push(service);
    await withPin(service);
    const cursor = await cursorNow(service);
    for (let i = 0; i < 350; i += 1)
      await must(service, 'POST', '/v1/filesystems/a/files', { json: { name: `g${i}` } });
    const old = await fork(service, { cursor });
    expect([old.status, old.json.rule]).toEqual([410, 'FK3']);
    const made = await fork(service, { cursor: old.json.oldest });
    expect([made.status, made.text.length > 0]).toEqual([201, true]);
    const files = (await call(service, 'GET', '/v1/filesystems/b/files?pageSize=1000')).json.items;
    expect(files.length).toBeGreaterThan(90);
    expect(files.length).toBeLessThan(260);
  });
});

test('timers of a realtime filesystem keep their distance', async () => {
  const held: { nowMs: number; rings: [number, () => void][] } = { nowMs: 1_000_000, rings: [] };
  const clock = {
    nowMs: () => held.nowMs,
    at: (atMs: number, ring: () => void) => {
      const one: [number, () => void] = [atMs, ring];
      held.rings.push(one);
      return () => void held.rings.splice(held.rings.indexOf(one), 1);
    },
  };
  const service = await start({}, { clock });
  services.push(service);
  await withPin(service, { clock: 'realtime' });
  await must(service, 'POST', '/v1/filesystems/a/mappings/map_1/pins', {
    json: { offset: 0, length: page, access: 'read', holdMs: 5000 },
  });
  held.nowMs += 1000;
  await must(service, 'POST', '/v1/filesystems/a/files', { json: { name: 'later' } });
  const cursor = await cursorNow(service);
  held.nowMs += 60_000;
  for (const [, ring] of held.rings.splice(0)) ring();
  const pinsOf = async (fs: string) =>
    (await call(service, 'GET', `/v1/filesystems/${fs}/pins`)).json.items.length;
  while ((await pinsOf('a')) === 2) await new Promise((resolve) => setImmediate(resolve));
  expect((await fork(service, { cursor })).status).toBe(201);
  expect(await pinsOf('b')).toBe(2);
  // The pin has 4 s left, on the clock of the server from now on.
  expect(held.rings.map(([atMs]) => atMs - held.nowMs)).toContain(4000);
  expect((await call(service, 'GET', '/v1/filesystems/b')).json.nowMs).toBe(1_001_000);
  held.nowMs += 4000;
  for (const [, ring] of held.rings.splice(0)) ring();
  while ((await pinsOf('b')) === 2) await new Promise((resolve) => setImmediate(resolve));
  expect(await pinsOf('b')).toBe(1);
});
