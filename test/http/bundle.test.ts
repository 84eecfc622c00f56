// Bundles over HTTP: exported, opened on another server, exported again, and damaged.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { BundleChecks } from '../../src/bundle/checks.ts';
import { writeBundle } from '../../src/bundle/export.ts';
import type { BundleBounds } from '../../src/bundle/read.ts';
import { replay } from '../../src/cli/replay.ts';
import { readWorld } from '../../src/durable/read.ts';
import { withoutEvents } from '../../src/durable/replay.ts';
import { knownOf, piecesOf, stateHash } from '../../src/durable/snapshots.ts';
import { type HostedFilesystem, kernelLimits } from '../../src/engine/engine.ts';
import type { EventRing } from '../../src/engine/event-ring.ts';
import { decode, decodeAll, encode } from '../../src/journal/codec.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { type ContentChunk, Restore, type SnapshotRecord } from '../../src/kernel/snapshot.ts';
import type { TaskId } from '../../src/kernel/units.ts';
import { dose } from '../dose.ts';
import { type Prng, prng } from '../sim/prng.ts';
import { call, must, type Service, start } from './start.ts';

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
const fs = '/v1/filesystems/a';
const type = { 'content-type': 'application/vnd.pinhole.bundle' };

/** A truncate that sleeps on a pin, and some more on a manual clock. */
async function withSleeper(service: Service): Promise<string> {
  const json = { name: 'a', sizeBytes: 64 * page, clock: 'manual' };
  await must(service, 201, 'POST', '/v1/filesystems', { json });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'f' } });
  await must(service, 200, 'PUT', `${fs}/files/f/content`, { bytes: 'secret'.repeat(1000) });
  await must(service, 201, 'POST', `${fs}/files/f/mappings`, {
    json: { offset: 0, length: 2 * page, access: 'read-write' },
  });
  await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
    json: { offset: 0, length: page, access: 'write', owner: 'G' },
  });
  const asleep = await must(service, 202, 'POST', `${fs}/files/f/truncate`, {
    json: { sizeBytes: 0, owner: 'T' },
    headers: { prefer: 'respond-async' },
  });
  await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 50 } });
  return asleep.json.id;
}

const bundleOf = async (service: Service, query = ''): Promise<Buffer> =>
  (await must(service, 200, 'GET', `${fs}/bundle${query}`)).bytes;

const open = (service: Service, bytes: Uint8Array, name = 'a') =>
  call(service, 'POST', `/v1/filesystems?name=${name}`, { bytes, headers: type });

/** The frames of a bundle, and a bundle of frames. */
function framesOf(bundle: Buffer): unknown[] {
  const bytes = gunzipSync(bundle.subarray(41));
  const frames: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    frames.push(decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  return frames;
}

function bundleOfFrames(frames: readonly unknown[]): Buffer {
  const parts = frames.flatMap((frame) => {
    const body = encode(frame);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return [length, body];
  });
  const rest = gzipSync(Buffer.concat(parts));
  const sum = createHash('sha256').update(rest).digest();
  return Buffer.concat([Buffer.from('PHBUNDLE\x01', 'latin1'), sum, rest]);
}

describe.each(['volatile', 'stored'])('%s', (mode) => {
  const server = () => begin(mode === 'stored' ? new MemoryStore() : undefined);

  test('a bundle gives the same filesystem elsewhere, and the same bundle again', async () => {
    const op = await withSleeper(await server());
    const bundle = await bundleOf(services[0] as Service);
    const second = await server();
    expect((await open(second, bundle, 'b')).status).toBe(201);
    expect((await call(second, 'GET', '/v1/filesystems/b/bundle')).bytes.equals(bundle)).toBe(true);
    const asleep = await call(second, 'GET', `/v1/filesystems/b/operations/${op}`);
    expect(asleep.json).toMatchObject({ state: 'sleeping', sleptMs: 50 });
    // It has its past: a fork of it at its beginning is empty.
    const { epoch } = (second.engine.find('default', 'b') as { ring: { epoch: string } }).ring;
    await must(second, 201, 'POST', '/v1/filesystems', {
      json: { name: 'c', from: { filesystem: 'b', cursor: `${epoch}.1` } },
    });
    expect((await call(second, 'GET', '/v1/filesystems/c/files')).json.items).toEqual([]);
    await must(second, 200, 'DELETE', '/v1/filesystems/b/pins/pin_1');
    const done = await call(second, 'GET', `/v1/filesystems/b/operations/${op}`);
    expect(done.json.state).toBe('done');
  });

  test('without contents a bundle has none of them, and everything else', async () => {
    const op = await withSleeper(await server());
    const first = services[0] as Service;
    const textOf = (bytes: Buffer): string =>
      framesOf(bytes)
        .map((frame) => Buffer.from(encode(frame)).toString('latin1'))
        .join('');
    expect(textOf(await bundleOf(first)).includes('secret')).toBe(true);
    const bundle = await bundleOf(first, '?contents=omit&note=for%20Ann');
    const text = textOf(bundle);
    expect([text.includes('secret'), text.includes('for Ann')]).toEqual([false, true]);
    const second = await server();
    expect((await open(second, bundle)).status).toBe(201);
    expect((await call(second, 'GET', `${fs}/operations/${op}`)).json.state).toBe('sleeping');
    const pins = async (service: Service) => (await call(service, 'GET', `${fs}/pins`)).json.items;
    expect(await pins(second)).toEqual(await pins(first));
    const extents = async (service: Service) =>
      (await call(service, 'GET', `${fs}/files/f/extents`)).json.items;
    expect(await extents(second)).toEqual(await extents(first));
  });

  test('a span begins and ends at cursors', async () => {
    const service = await server();
    await withSleeper(service);
    const { ring } = service.engine.find('default', 'a') as {
      ring: { epoch: string; nextSeq: number };
    };
    const at = (seq: number) => `${ring.epoch}.${seq}`;
    const bundle = await bundleOf(service, `?from=${at(3)}&to=${at(ring.nextSeq - 4)}`);
    expect((await open(service, bundle, 'b')).status).toBe(201);
    const wrong = async (query: string) =>
      (await call(service, 'GET', `${fs}/bundle?${query}`)).json;
    expect(await wrong(`from=${at(9)}&to=${at(5)}`)).toMatchObject({ status: 400, rule: 'FK1' });
    expect(await wrong(`from=${at(999)}`)).toMatchObject({ status: 400, rule: 'FK1' });
    expect(await wrong('from=other.1')).toMatchObject({ status: 410, oldest: at(0) });
    expect(await wrong('from=1')).toMatchObject({ status: 400, rule: 'H2' });
  });
});

test('a filesystem of a bundle survives a restart with its past', async () => {
  const op = await withSleeper(await begin());
  const bundle = await bundleOf(services[0] as Service);
  const store = new MemoryStore();
  const first = await begin(store);
  await must(first, 201, 'POST', '/v1/filesystems', {
    json: { name: 'other', sizeBytes: 2 ** 20 },
  });
  expect((await open(first, bundle)).status).toBe(201);
  const eventsOf = async (service: Service): Promise<string[]> => {
    const accept = 'application/x-ndjson';
    const url = `${fs}/events?from=oldest`;
    const { text } = await call(service, 'GET', url, { headers: { accept } });
    return text.split('\n').flatMap((line) => {
      const events = line === '' ? [] : (JSON.parse(line).events ?? []);
      return events.map(({ id, type }: { id: string; type: string }) => `${id} ${type}`);
    });
  };
  const events = await eventsOf(first);
  await first.close();
  services.pop();
  const second = await begin(store);
  expect((await call(second, 'GET', `${fs}/operations/${op}`)).json.state).toBe('sleeping');
  expect((await call(second, 'GET', `${fs}/bundle`)).bytes.equals(bundle)).toBe(true);
  // The event of the creation is not in the journal; the others are those of before.
  expect((await eventsOf(second)).join('\n')).toBe(events.slice(1).join('\n'));
});

test('the clock of a bundle from the future does not become that of the server', async () => {
  const clockOf = (nowMs: number) => ({ nowMs: () => nowMs, at: () => () => {} });
  const future = await start({}, { clock: clockOf(9e15) });
  services.push(future);
  await must(future, 201, 'POST', '/v1/filesystems', { json: { name: 'a', sizeBytes: 2 ** 20 } });
  const bundle = await bundleOf(future);
  const store = new MemoryStore();
  const first = await start({}, { openStore: async () => store, clock: clockOf(1000) });
  services.push(first);
  expect((await open(first, bundle)).status).toBe(201);
  await must(first, 201, 'POST', `${fs}/files`, { json: { name: 'f' } });
  const world = await readWorld(store, { nowMs: 1000, ...withoutEvents });
  expect(world.lastMs).toBe(1000);
});

test('after a restart the numbers in the stream of the tenant are the same', async () => {
  const limits = { ringEventsMax: 16 };
  const source = await begin();
  await must(source, 201, 'POST', '/v1/filesystems', { json: { name: 'a', sizeBytes: 2 ** 20 } });
  for (let i = 0; i < 300; i += 1)
    await must(source, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
  const bundle = await bundleOf(source);
  const store = new MemoryStore();
  const first = await start(limits, { openStore: async () => store });
  services.push(first);
  const other = '/v1/filesystems/other';
  await must(first, 201, 'POST', '/v1/filesystems', {
    json: { name: 'other', sizeBytes: 2 ** 20 },
  });
  let count = 0;
  const write = async () => {
    count += 1;
    await must(first, 201, 'POST', `${other}/files`, { json: { name: `g${count}` } });
  };
  let opened = false;
  const opening = open(first, bundle).then(({ status }) => {
    opened = true;
    expect(status).toBe(201);
  });
  while (!opened) await write();
  await opening;
  for (let i = 0; i < 4; i += 1) await write();
  const eventsOf = async (service: Service): Promise<string[]> => {
    const headers = { accept: 'application/x-ndjson' };
    const { text } = await call(service, 'GET', '/v1/events?from=oldest', { headers });
    return text.split('\n').flatMap((line) => {
      const events = line === '' ? [] : (JSON.parse(line).events ?? []);
      return events.map((event: { id: string; type: string; data: object }) =>
        JSON.stringify([event.id, event.type, event.data]),
      );
    });
  };
  const before = new Set(await eventsOf(first));
  await first.close();
  const second = await start(limits, { openStore: async () => store });
  services.push(second);
  const after = await eventsOf(second);
  expect(after.length).toBeGreaterThan(0);
  expect(after.filter((event) => !before.has(event))).toEqual([]);
});

test('a bundle may begin while the machine evicts a file', async () => {
  const service = await begin();
  const json = { name: 'a', sizeBytes: 64 * page, clock: 'manual', scheduler: 'stepped' };
  await must(service, 201, 'POST', '/v1/filesystems', { json });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'f', sizeBytes: page } });
  // The read holds the unlinked file open, so its end begins the eviction.
  const headers = { prefer: 'respond-async' };
  const read = await must(service, 202, 'GET', `${fs}/files/f/content`, { headers });
  const unlink = await must(service, 202, 'DELETE', `${fs}/files/f`, { headers });
  const { kernel, ring } = service.engine.find('default', 'a') as HostedFilesystem;
  for (const { json: one } of [unlink, read])
    while (kernel.tasks.has(Number(one.id.slice(3)) as TaskId))
      await must(service, 200, 'POST', `${fs}/scheduler/step`, { json: { task: one.id } });
  expect([...kernel.tasks.values()].map(({ op }) => op)).toEqual(['evict']);
  const bundle = await bundleOf(service, `?from=${ring.cursorAt(ring.nextSeq - 1)}`);
  expect((await open(service, bundle, 'b')).status).toBe(201);
});

test('pinhole replay plays a bundle without a server', async () => {
  await withSleeper(await begin());
  const bundle = await bundleOf(services[0] as Service, '?note=look');
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-bundle-'));
  const file = join(folder, 'a.pinhole');
  const play = async (quiet?: true) => {
    const lines: string[] = [];
    const orders = quiet === undefined ? { file } : { file, quiet };
    return { code: await replay(orders, (line) => lines.push(line)), lines };
  };
  try {
    writeFileSync(file, bundle);
    const { code, lines } = await play();
    expect(code).toBe(0);
    expect(lines).toContain('> pin map_1 0 4096 write as G');
    expect(lines.filter((line) => line.includes('task.blocked'))).toHaveLength(1);
    expect(lines.at(-2)).toBe('look');
    expect(lines.at(-1)).toMatch(/^6 commands on xfs of Linux 7.3, 1 operations still running: /);
    expect((await play(true)).lines).toHaveLength(2);
    writeFileSync(file, bundle.subarray(1));
    expect(await play()).toMatchObject({ code: 1, lines: [expect.stringMatching(/BD1/)] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the media type has parameters and capitals, and the refusal of others names it', async () => {
  const source = await begin();
  await withSleeper(source);
  const bytes = await bundleOf(source);
  const service = await begin();
  const send = (contentType: string, name: string) =>
    call(service, 'POST', `/v1/filesystems?name=${name}`, {
      bytes,
      headers: { 'content-type': contentType },
    });
  expect((await send('application/vnd.pinhole.bundle; v=1', 'b')).status).toBe(201);
  expect((await send('Application/VND.pinhole.bundle', 'c')).status).toBe(201);
  expect((await send('application/octet-stream', 'd')).json).toMatchObject({
    status: 415,
    accepts: 'application/json, application/vnd.pinhole.bundle',
  });
});

test('a span may begin and end within the events of one command', async () => {
  const service = await begin();
  await withSleeper(service);
  const { epoch } = (service.engine.find('default', 'a') as HostedFilesystem).ring;
  for (let seq = 1; seq < 8; seq += 1)
    await bundleOf(service, `?from=${epoch}.${seq}&to=${epoch}.${seq}`);
});

describe('the thread of checks', () => {
  const signal = new AbortController().signal;
  const boundsOf = ({ config }: Service['context']): BundleBounds => ({
    bytesMax: config.contentBytesMax,
    entriesMax: config.spanEntriesMax,
    deviceBytesMax: config.deviceBytesMax,
    limits: kernelLimits(config),
  });

  test('a server that stops says so', async () => {
    await withSleeper(await begin());
    const bundle = await bundleOf(services[0] as Service);
    const service = await begin();
    const running = open(service, bundle);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await service.context.bundleChecks.close();
    expect((await running).json).toMatchObject({ status: 503, type: '/v1/problems/not-ready' });
    expect((await open(service, bundle)).status).toBe(503);
  });

  test('the time of a check does not include the checks before it', async () => {
    await withSleeper(await begin());
    const { context } = services[0] as Service;
    const bundle = await bundleOf(services[0] as Service);
    const checks = new BundleChecks({ bundleMs: 100, bundleHeapBytes: 2 ** 28 });
    // The thread alone takes longer to start.
    const all = await Promise.allSettled(
      [1, 2, 3].map(() => checks.check(bundle, boundsOf(context), signal)),
    );
    await checks.close();
    const names = all.map((one) => (one.status === 'rejected' ? one.reason.name : 'checked'));
    expect(names[0]).toBe('BundleError');
    expect(names.slice(1)).not.toContain('checked');
    expect(names).toContain('NotChecked');
  });
});

describe('damage', () => {
  test('what is wrong in a bundle is named, and nothing is made', async () => {
    await withSleeper(await begin());
    const good = await bundleOf(services[0] as Service);
    const service = await begin();
    const frames = framesOf(good);
    const refused = async (bytes: Uint8Array) => {
      const answer = await open(service, bytes);
      return [answer.status, answer.json.rule];
    };
    const head = frames[0] as Record<string, unknown>;
    const withHead = (change: object) =>
      bundleOfFrames([{ ...head, ...change }, ...frames.slice(1)]);
    expect(await refused(Buffer.from('x'))).toEqual([400, 'BD1']);
    expect(await refused(good.subarray(0, good.length - 1))).toEqual([400, 'BD1']);
    const version = Buffer.from(good);
    version[8] = 2;
    expect(await refused(version)).toEqual([400, 'BD2']);
    expect(await refused(withHead({ kernelVersion: 1 }))).toEqual([400, 'BD2']);
    expect(await refused(withHead({ seq: 1 }))).toEqual([400, 'BD3']);
    expect(await refused(withHead({ args: {} }))).toEqual([400, 'BD3']);
    const limits = head.limits as Record<string, number>;
    expect(await refused(withHead({ limits: { ...limits, tasks: 1e9 } }))).toEqual([400, 'BD5']);
    expect(await refused(bundleOfFrames(frames.slice(0, -1)))).toEqual([400, 'BD3']);
    expect(await refused(bundleOfFrames([...frames, ['end', 'x']]))).toEqual([400, 'BD3']);
    const at = frames.findIndex((frame) => (frame as unknown[])[0] === 'entries');
    const [, entries, digest, hashes] = frames[at] as [string, unknown[][], number, unknown];
    const withEntries = (changed: unknown) =>
      bundleOfFrames(frames.with(at, ['entries', changed, digest, hashes]));
    const first = entries[0] as unknown[];
    expect(await refused(withEntries([first.with(1, 'no-op'), ...entries.slice(1)]))).toEqual([
      400,
      'BD3',
    ]);
    expect(await refused(withEntries([first.with(3, { name: 7 }), ...entries.slice(1)]))).toEqual([
      400,
      'BD3',
    ]);
    expect(await refused(withEntries(entries.slice(1)))).toEqual([400, 'BD4']);
    const bomb = gzipSync(Buffer.alloc(2 ** 28 + 2 ** 20));
    const sum = createHash('sha256').update(bomb).digest();
    const packed = Buffer.concat([Buffer.from('PHBUNDLE\x01', 'latin1'), sum, bomb]);
    expect(await refused(packed)).toEqual([400, 'BD5']);
    expect((await call(service, 'GET', '/v1/filesystems')).json.items).toEqual([]);
    expect((await open(service, good)).status).toBe(201);
    expect((await open(service, good)).json.rule).toBe('M2');
    const noName = await call(service, 'POST', '/v1/filesystems', { bytes: good, headers: type });
    expect(noName.json).toMatchObject({ status: 400, rule: 'H2' });
  });

  test('a bundle cannot unmount the filesystem that is made of it', async () => {
    const source = await begin();
    await must(source, 201, 'POST', '/v1/filesystems', { json: { name: 'a', sizeBytes: 2 ** 20 } });
    const kernel = Object.assign(Object.create(null), source.engine.find('default', 'a')?.kernel);
    const entry = {
      seq: 1,
      timeMs: kernel.nowMs,
      command: { op: 'umount', on: {}, args: { force: false } },
    };
    const bounds = { contents: 'kept' as const, note: '', bytesMax: 2 ** 20 };
    const bundle = await writeBundle(kernel, [entry], bounds);
    expect((await open(await begin(), bundle)).json).toMatchObject({ status: 400, rule: 'BD3' });
  });

  test('flips, cuts and edits of frames: no 5xx, nothing made', async () => {
    await withSleeper(await begin());
    const good = await bundleOf(services[0] as Service);
    const frames = framesOf(good);
    const service = await begin();
    const pick = prng(7);
    for (let i = 0; i < dose(1000, 10_000); i += 1) {
      const bad = damaged(good, frames, pick);
      if (bad.equals(good)) continue;
      const answer = await open(service, bad);
      expect([400, 413], `${i}: ${answer.text}`).toContain(answer.status);
    }
    expect((await call(service, 'GET', '/v1/filesystems')).json.items).toEqual([]);
  });
});

/** Replaces one value somewhere in the records of a state. */
function hostile(records: unknown[], pick: Prng): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
    if (part instanceof Map || part instanceof Set) {
      for (const one of part) visit(one);
      return;
    }
    for (const [name, value] of Object.entries(part)) {
      if (typeof value === 'object' && value !== null) visit(value);
      places.push([part as Record<string, unknown>, name]);
    }
  };
  // The head of a state is compared with the head of the bundle.
  for (const record of records.slice(1)) visit(record);
  const [part, name] = pick.pick(places);
  const values = [0, -1, 1, 7, 1.5, 2 ** 40, Number.NaN, '', 'op_1', null, true, [], {}, undefined];
  part[name] = pick.pick(values);
}

describe('a hostile state, whose hash is right', () => {
  test('is refused, or makes a filesystem that answers without 5xx', async () => {
    await withSleeper(await begin());
    const { ring } = (services[0] as Service).engine.find('default', 'a') as { ring: EventRing };
    const bundle = await bundleOf(
      services[0] as Service,
      `?from=${ring.cursorAt(ring.nextSeq - 1)}`,
    );
    const [head, ...frames] = framesOf(bundle) as [unknown, ...[string, ...unknown[]][]];
    const state = frames
      .filter(([kind]) => kind === 'state')
      .map(([, piece]) => piece as Uint8Array);
    const contents = frames.filter(([kind]) => kind === 'chunk');
    const service = await begin();
    const pick = prng(11);
    let opened = 0;
    for (let i = 0; i < dose(300, 4000); i += 1) {
      const records = state.flatMap((piece) => [...decodeAll(piece)]);
      hostile(records, pick);
      let pieces: Uint8Array[] = [];
      let hash = '';
      try {
        const restore = new Restore();
        for (const record of records) restore.add(record as SnapshotRecord);
        for (const [, index, seq, bytes] of contents)
          restore.addContent({ index, seq, bytes } as ContentChunk);
        pieces = [...piecesOf(restore.kernel)].map((piece) => new Uint8Array(piece));
        hash = await stateHash(restore.kernel, knownOf(undefined));
      } catch {
        continue;
      }
      const whole = [...pieces.map((piece) => ['state', piece]), ...contents];
      const bad = bundleOfFrames([head, ...whole, ['begin', hash], ['end', hash]]);
      const answer = await open(service, bad);
      expect([201, 400], `${i}: ${answer.text}`).toContain(answer.status);
      if (answer.status === 400) continue;
      opened += 1;
      for (const url of [
        '',
        '/files',
        '/pins',
        '/mappings',
        '/operations',
        '/locks',
        '/wait-graph',
        '/state',
        '/map',
        '/pages',
      ])
        expect((await call(service, 'GET', `${fs}${url}`)).status, `${i}: GET ${url}`).toBeLessThan(
          500,
        );
      await call(service, 'DELETE', `${fs}/pins/pin_1`);
      const done = await call(service, 'DELETE', fs, { json: { force: true } });
      expect(done.status, `${i}: ${done.text}`).toBeLessThan(300);
    }
    expect(opened).toBeGreaterThan(0);
  });
});

function damaged(good: Buffer, frames: readonly unknown[], pick: Prng): Buffer {
  const kind = pick.below(4);
  if (kind === 0) {
    const flipped = Buffer.from(good);
    const at = pick.below(good.length);
    flipped[at] = (flipped[at] as number) ^ (1 << pick.below(8));
    return flipped;
  }
  if (kind === 1) return good.subarray(0, pick.below(good.length));
  const at = pick.below(frames.length);
  if (kind === 2) {
    // The bytes of one frame, with a right checksum around them.
    const body = Buffer.from(encode(frames[at]));
    const place = pick.below(body.length);
    body[place] = (body[place] as number) ^ (1 << pick.below(8));
    let frame: unknown;
    try {
      frame = decode(body);
    } catch {
      return good;
    }
    return bundleOfFrames(frames.with(at, frame));
  }
  return bundleOfFrames(
    pick.below(2) === 0 ? frames.toSpliced(at, 1) : frames.toSpliced(at, 0, frames[at]),
  );
}
