// Gauges are updated incrementally. Here they are compared with a recount from the kernels, after
// everything that can happen to a filesystem.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostedFilesystem } from '../../src/engine/engine.ts';
import type { Kernel } from '../../src/kernel/state.ts';
import { Ledger } from '../../src/metrics/totals.ts';
import {
  call,
  fs,
  must,
  pinnedWorld,
  type Service,
  sleepingWorld,
  start,
  waiting,
} from '../http/start.ts';
import { durable, freshFolder } from '../journal/kept.ts';
import { parseExposition } from './exposition.ts';

let service: Service;
let ledger: Ledger;
beforeEach(async () => {
  service = await start({ quotaFilesystems: 5000 });
  ledger = new Ledger(service.engine);
});
afterEach(() => service.close());

/** By a walk, where the kernels keep counts. */
function recount(filesystems: Iterable<HostedFilesystem>) {
  const sum = {
    filesystems: 0,
    stopped: 0,
    'under:break-layouts': 0,
    'under:none': 0,
    files: 0,
    mappings: 0,
    pinnedPages: 0,
    operations: 0,
    sleepers: 0,
    blocks: 0,
  };
  for (const { kernel, stopped } of filesystems) {
    sum.filesystems += 1;
    if (kernel.strategy.name === 'break-layouts') sum['under:break-layouts'] += 1;
    if (kernel.strategy.name === 'none') sum['under:none'] += 1;
    sum.stopped += stopped === null ? 0 : 1;
    sum.files += kernel.inodes.size;
    sum.mappings += kernel.mappings.size;
    sum.pinnedPages += pinnedPages(kernel);
    sum.operations += kernel.tasks.size;
    sum.sleepers += [...kernel.tasks.values()].filter(({ state }) => state === 'sleeping').length;
    sum.blocks += kernel.geometry.blocks;
  }
  return sum;
}

const pinnedPages = ({ pins }: Kernel): number =>
  new Set([...pins.values()].flatMap(({ pfns }) => pfns)).size;

function expectRight(tenant?: string): void {
  const { engine } = service;
  const totals =
    tenant === undefined ? ledger.all(Date.now()) : ledger.of(engine.list(tenant), Date.now());
  const { blocks, ...rest } = recount(tenant === undefined ? engine.all() : engine.list(tenant));
  expect(totals).toMatchObject(rest);
  const { blocksMetadata, blocksUsed, blocksFree, blocksBusy, blocksDetached } = totals;
  expect(blocksMetadata + blocksUsed + blocksFree + blocksBusy + blocksDetached).toBe(blocks);
}

const stop = (one: HostedFilesystem) =>
  one.submit({ op: 'no-such-operation', on: {}, args: {} }).then(
    () => expect.unreachable(),
    () => {},
  );

const hosted = (name: string): HostedFilesystem =>
  service.engine.find('default', name) as HostedFilesystem;

describe('the totals', () => {
  it('are those of the kernels, whatever happened between two scrapes', async () => {
    expectRight();
    await sleepingWorld(service, { mkfs: waiting });
    expectRight();
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
    const { token } = (await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: {} }))
      .json;
    await pinnedWorld(service, { token });
    expectRight();
    expectRight('team-a');
    expectRight('default');
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expectRight();
    expect(ledger.all(Date.now()).sleepers).toBe(0);
    await must(service, 200, 'DELETE', `${fs}/mappings/map_1`);
    expectRight();
    await must(service, 200, 'PUT', `${fs}/strategy`, { json: { name: 'none' } });
    expectRight();
    expect(ledger.all(Date.now())['under:none']).toBe(1);
    await must(service, 200, 'POST', `${fs}/power-cycle`, { token, json: {} });
    expectRight();
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expectRight();
    // The row of the one that is gone is taken by another.
    await pinnedWorld(service);
    expectRight();
    expectRight('team-a');
  });

  it('of more filesystems than are read at once, and of those that are gone before they were read', async () => {
    for (let i = 0; i < 24; i += 1) {
      const made = Array.from({ length: 100 }, (_, n) =>
        must(service, 201, 'POST', '/v1/filesystems', {
          json: { name: `f${i}-${n}`, sizeBytes: 65_536 },
        }),
      );
      await Promise.all(made);
    }
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        must(service, 200, 'DELETE', `/v1/filesystems/f7-${n}`),
      ),
    );
    await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        must(service, 200, 'DELETE', `/v1/filesystems/f23-${n}`),
      ),
    );
    expect(ledger.all(Date.now()).filesystems).toBe(2200);
    expectRight();
  });

  it('tell the age by the clock of each filesystem', async () => {
    await pinnedWorld(service, { mkfs: { clock: 'manual' } });
    const later = Date.now() + 3_600_000;
    expect(ledger.all(later).oldestPinMs).toBe(0);
    await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 5000 } });
    expect(ledger.all(later).oldestPinMs).toBe(5000);
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expect(ledger.all(later).oldestPinMs).toBe(0);
    await pinnedWorld(service);
    const { createdMs } = [...hosted('scratch').kernel.pins.values()][0] ?? { createdMs: 0 };
    expect(ledger.all(later).oldestPinMs).toBe(later - createdMs);
    expect(ledger.all(later).oldestWaitMs).toBe(0);
  });

  it('count the wait of an operation that sleeps again from its first sleep', async () => {
    await pinnedWorld(service, {
      mkfs: { clock: 'manual', strategy: { name: 'break-layouts', idleRule: 'fixed' } },
    });
    const pin = { offset: 16_384, length: 4096, access: 'write' };
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, { json: pin });
    const punch = { json: { offset: 0, length: 32_768 }, headers: { prefer: 'respond-async' } };
    await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, punch);
    const advance = () => must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 5000 } });
    await advance();
    expect(ledger.all(Date.now()).oldestWaitMs).toBe(5000);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await advance();
    expect(ledger.all(Date.now()).oldestWaitMs).toBe(10_000);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_2`);
    expect(ledger.all(Date.now()).oldestWaitMs).toBe(0);
  });

  it('know what stopped', async () => {
    await pinnedWorld(service);
    expectRight();
    await stop(hosted('scratch'));
    expectRight();
    expect(ledger.all(Date.now()).stopped).toBe(1);
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expectRight();
  });
});

/** Kind to live pins; those without are left out. */
async function livePins(): Promise<Record<string, number>> {
  const families = parseExposition((await must(service, 200, 'GET', '/metrics')).text);
  const { samples = [] } = families.find(({ name }) => name === 'pinhole_pins') ?? {};
  return Object.fromEntries(
    samples.filter(({ value }) => value !== 0).map(({ labels, value }) => [labels.kind, value]),
  );
}

describe('the live pins by kind', () => {
  it('end with the power', async () => {
    await pinnedWorld(service);
    await must(service, 200, 'POST', `${fs}/power-cycle`, { json: {} });
    expect(await livePins()).toEqual({});
  });

  it('go with a filesystem that stopped', async () => {
    await pinnedWorld(service);
    await stop(hosted('scratch'));
    expect(await livePins()).toEqual({ 'direct-io': 1 });
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expect(await livePins()).toEqual({});
  });

  it('are there after a restart, and end as before', async () => {
    await service.close();
    const folder = freshFolder();
    service = await durable(folder);
    await pinnedWorld(service);
    const pin = { offset: 32_768, length: 4096, access: 'write', kind: 'rdma', longterm: false };
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, { json: pin });
    await service.close();
    service = await durable(folder);
    expect(await livePins()).toEqual({ 'direct-io': 1, rdma: 1 });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_2`);
    expect(await livePins()).toEqual({ 'direct-io': 1 });
    await call(service, 'DELETE', `${fs}/pins/pin_1`);
    expect(await livePins()).toEqual({});
  });
});

describe('over a restart', () => {
  const samples = async (url: string) =>
    parseExposition((await must(service, 200, 'GET', url)).text).flatMap(({ type, samples }) =>
      samples.map(({ name, labels, value }) => ({
        type,
        key: `${name} ${JSON.stringify(labels)}`,
        value,
      })),
    );
  const gauges = async (url: string) =>
    Object.fromEntries(
      (await samples(url))
        .filter(
          ({ type, key }) =>
            type === 'gauge' &&
            /^pinhole_/.test(key) &&
            // Of the tenant, so not in the scrape of one filesystem.
            !/age_seconds|quota/.test(key),
        )
        .map(({ key, value }) => [key, value]),
    );
  const counted = async (url: string) =>
    (await samples(url))
      .filter(({ type, value }) => type !== 'gauge' && value !== 0)
      .map(({ key, value }) => `${key} ${value}`);

  it('gauges are restored, and counters begin at zero: nothing is counted twice', async () => {
    await service.close();
    const folder = freshFolder();
    service = await durable(folder);
    await sleepingWorld(service, { mkfs: waiting });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 0, length: 4096, access: 'write' },
    });
    const punch = { json: { offset: 0, length: 4096 }, headers: { prefer: 'respond-async' } };
    await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, punch);
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 8192, length: 4096, access: 'write', kind: 'rdma', longterm: false },
    });
    expect((await counted('/v1/metrics')).length).toBeGreaterThan(10);
    const before = await gauges('/v1/metrics');
    await service.close();
    service = await durable(folder);
    for (const url of ['/v1/metrics', `${fs}/metrics`]) {
      expect(await gauges(url)).toEqual(before);
      expect(await counted(url)).toEqual([]);
    }
    expect(
      (await counted('/metrics')).filter((line) =>
        /pins|wake|waits|operations|blocks|faults/.test(line),
      ),
    ).toEqual([]);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_2`);
    for (const url of ['/metrics', '/v1/metrics', `${fs}/metrics`]) {
      const lines = await counted(url);
      expect(lines).toContain('pinhole_pins_released_total {"kind":"direct-io"} 1');
      expect(lines).toContain('pinhole_wakeups_total {"result":"useful"} 1');
      expect(lines.filter((line) => line.startsWith('pinhole_pins_acquired_total'))).toEqual([]);
    }
    // Also when the filesystem goes, whose counts of both times were its own.
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expect(await counted('/metrics')).toContain('pinhole_wakeups_total {"result":"useful"} 1');
    expect(await livePins()).toEqual({});
  });
});
