// `explain` in one page of JSON: who has pinned which page since when, which operations queue
// behind, what would release the operation, and what would happen under other strategies.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fs, must, pinnedWorld, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start();
});
afterEach(() => service.close());

const async = { headers: { prefer: 'respond-async' } };
const explained = async (path: string) => (await must(service, 200, 'GET', `${path}/explain`)).json;
const state = () =>
  JSON.stringify([
    ...(service.context.engine.find('default', 'scratch')?.kernel.tasks.values() ?? []),
  ]);

describe('a punch hole that waits', () => {
  it('is explained: its way, its locks, the page and its holder, those behind it', async () => {
    const path = await sleepingWorld(service, { mkfs: waiting });
    const read = (await must(service, 202, 'GET', `${fs}/files/a/content`, async)).json;
    const write = (
      await must(service, 202, 'PUT', `${fs}/files/a/content?offset=0`, { ...async, bytes: 'x' })
    ).json;
    const before = state();
    const { operation, path: way, behind, strategy } = await explained(path);
    expect(operation).toMatchObject({
      op: 'punch-hole',
      sleepingOn: { page: { pgoff: 0 } },
      blockedBy: [{ pin: 'pin_1', owner: 'device', kind: 'direct-io' }],
      holds: [{ lock: 'i_rwsem', mode: 'exclusive' }],
    });
    expect(way.map(({ type }: { type: string }) => type)).toEqual([
      'pinhole.operation.submitted',
      'pinhole.page.unmapped',
      'pinhole.layout.busy',
      'pinhole.task.blocked',
    ]);
    expect(behind.map(({ operation: id }: { operation: string }) => id)).toEqual([
      read.id,
      write.id,
    ]);
    expect(strategy.name).toBe('break-layouts');
    expect(state()).toBe(before);
  });

  it('explain tells which pins would release it, in order, and they do', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const pin = { offset: 4096, length: 4096, access: 'write', owner: 'other' };
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, { json: pin });
    const punch = await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
      ...async,
      json: { offset: 4096, length: 4096 },
    });
    const path = punch.headers.location ?? '';
    const { released } = await explained(path);
    expect(released).toEqual({
      pins: [
        { pin: 'pin_1', owner: 'device', kind: 'direct-io', ino: 2 },
        { pin: 'pin_2', owner: 'other', kind: 'direct-io', ino: 2 },
      ],
      mappings: [],
      signals: [],
      order: [
        { do: 'unpin', id: 'pin_1' },
        { do: 'unpin', id: 'pin_2' },
      ],
      enough: true,
    });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect((await explained(path)).operation.state).toBe('sleeping');
    await must(service, 200, 'DELETE', `${fs}/pins/pin_2`);
    const after = await explained(path);
    expect(after).toMatchObject({
      operation: { state: 'done' },
      released: null,
      others: [],
      notRun: 'the operation does not sleep',
    });
  });

  it('explain tells what the other strategies would do, and they do it', async () => {
    const path = await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
    const { others } = await explained(path);
    const outcomes = Object.fromEntries(
      others.map((one: { strategy: string; outcome: string }) => [one.strategy, one.outcome]),
    );
    expect(outcomes).toEqual({
      'busy-extents': 'done',
      'wait-for-refs': 'sleeping',
      'detach-and-wait': 'sleeping',
      refuse: 'failed',
      none: 'done',
    });
    const of = (name: string) =>
      others.find(({ strategy }: { strategy: string }) => strategy === name);
    expect(of('busy-extents')).toMatchObject({
      blocksBusy: 1,
      warnings: 0,
      result: { blocksBusy: 1, blocksFreed: 0 },
    });
    expect(of('detach-and-wait')).toMatchObject({ blocksDetached: 1 });
    expect(of('refuse').errno).toBe('EBUSY');
    expect(of('none').warnings).toBeGreaterThan(0);
    await must(service, 200, 'PUT', `${fs}/strategy`, { json: { name: 'busy-extents' } });
    expect((await must(service, 200, 'GET', path)).json).toMatchObject({
      state: 'done',
      result: of('busy-extents').result,
    });
  });

  it('under detach-and-wait comes too late to ask the others', async () => {
    const path = await sleepingWorld(service, {
      mkfs: { ...waiting, strategy: { name: 'detach-and-wait' } },
    });
    const { released, others, notRun } = await explained(path);
    expect({ released, others }).toMatchObject({
      released: { pins: [{ pin: 'pin_1' }], enough: true },
      others: [],
    });
    expect(notRun).toMatch(/detached/);
  });

  it('on a kind without a busy list is told that those strategies are refused', async () => {
    await pinnedWorld(service, { mkfs: { ...waiting, kind: 'ext2', kernel: '6.12' } });
    const truncate = await must(service, 202, 'POST', `${fs}/files/a/truncate`, {
      ...async,
      json: { sizeBytes: 0 },
    });
    const { others } = await explained(truncate.headers.location ?? '');
    expect(
      others.find(({ strategy }: { strategy: string }) => strategy === 'busy-extents'),
    ).toMatchObject({
      outcome: 'refused',
      errno: 'EOPNOTSUPP',
    });
  });

  it('of a large machine is explained without a copy', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 256 * 1024 * 1024, ...waiting },
    });
    const sizeBytes = 17_000 * 4096;
    const range = { offset: 0, length: sizeBytes, access: 'read' };
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    await must(service, 200, 'POST', `${fs}/files/a/allocate`, {
      json: { offset: 0, length: sizeBytes },
    });
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { ...range, access: 'read-write' },
    });
    await must(service, 200, 'POST', `${fs}/mappings/map_1/faults`, {
      headers: { prefer: 'wait=60' },
      json: { ...range, access: 'write' },
    });
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 0, length: 4096, access: 'write' },
    });
    const punch = await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
      ...async,
      json: { offset: 0, length: 4096 },
    });
    const { released, others, notRun, operation } = await explained(punch.headers.location ?? '');
    expect({ released, others, notRun }).toEqual({
      released: null,
      others: [],
      notRun: 'more than 4096 pages were touched',
    });
    expect(operation.blockedBy).toHaveLength(1);
  });
});

it('an operation queued behind it reports the same pin', async () => {
  await sleepingWorld(service, { mkfs: waiting });
  const read = await must(service, 202, 'GET', `${fs}/files/a/content`, async);
  const { released, behind } = await explained(read.headers.location ?? '');
  expect(released).toMatchObject({ pins: [{ pin: 'pin_1' }], enough: true });
  expect(behind).toEqual([]);
});

it('what is not there is 404', async () => {
  await sleepingWorld(service, { mkfs: waiting });
  for (const path of [
    `${fs}/operations/op_99`,
    `${fs}/operations/x`,
    '/v1/filesystems/other/operations/op_1',
  ]) {
    expect((await must(service, 404, 'GET', `${path}/explain`)).json.errno).toBe('ENOENT');
  }
});

it('S06: a truncate that mappings keep asleep is explained by the munmap that ends it', async () => {
  const strategy = { name: 'break-layouts', idleRule: 'modern' };
  const path = await sleepingWorld(service, { mkfs: { strategy, clock: 'manual' } });
  await must(service, 200, 'POST', `${fs}/mappings/map_1/faults`, {
    json: { offset: 0, access: 'read' },
  });
  await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
  const { released, operation } = await explained(path);
  expect(released).toEqual({
    pins: [],
    mappings: [{ mapping: 'map_1', owner: null, ino: 2 }],
    signals: [],
    order: [{ do: 'munmap', id: 'map_1' }],
    enough: true,
  });
  expect(operation.sleepingOn.page).toMatchObject({ pins: 0, mappings: 1 });
  const { json: graph } = await must(service, 200, 'GET', `${fs}/wait-graph`);
  expect(graph.edges).toContainEqual({
    from: 'page:2',
    to: 'map_1',
    because: 'is mapped by it',
  });
  await must(service, 200, 'DELETE', `${fs}/mappings/map_1`);
  expect((await explained(path)).operation.state).toBe('done');
});

it('S01 under wait-for-refs: the deadlock is explained as steps and in columns', async () => {
  const path = await sleepingWorld(service, {
    mkfs: { strategy: { name: 'wait-for-refs' }, clock: 'manual' },
  });
  await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, {
    ...async,
    json: { offset: 32_768, length: 4096, access: 'write', owner: 'device' },
  });
  const { cycles } = await explained(path);
  const { json: graph } = await must(service, 200, 'GET', `${fs}/wait-graph`);
  expect(cycles).toHaveLength(1);
  expect(graph.cycles).toEqual(cycles);
  expect(cycles[0].steps.map(({ does }: { does: string }) => does)).toEqual([
    'holds',
    'holds',
    'wants',
    'wants',
  ]);
  expect(cycles[0].columns).toMatch(/^ {2}op_\d+ pin \(device\) +op_\d+ punch-hole\n/);
  expect(cycles[0].columns).toContain('*** DEADLOCK ***');
});
