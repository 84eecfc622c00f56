// `pinhole repair` on a journal on which no server starts.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RepairOrders, repair, repairCommand } from '../../src/cli/repair.ts';
import { recordKeys } from '../../src/durable/keys.ts';
import { type BatchRecord, clockRecord, type Manifest } from '../../src/durable/records.ts';
import { decode, encode } from '../../src/journal/codec.ts';
import { HeadFile } from '../../src/journal/head-file.ts';
import { kernelVersion } from '../../src/kernel/snapshot.ts';
import type { Service } from '../../src/server.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { call, must } from '../http/start.ts';
import { comesBack, durable, freshFolder, openStore } from './kept.ts';

let folder: string;
let service: Service | null = null;
let said: string;
const journal = () => join(folder, 'journal');

beforeEach(() => {
  folder = freshFolder();
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<Service> {
  service = await durable(journal());
  return service;
}
async function stop(): Promise<void> {
  await service?.close();
  service = null;
}
/** Starts, and says why filesystem `one` did not come back, while the other serves. */
async function startWithoutOne(): Promise<string> {
  const running = await start();
  await must(running, 200, 'GET', '/v1/filesystems/two');
  const asked = await call(running, 'GET', '/v1/filesystems/one/files');
  expect(asked).toMatchObject({ status: 500, json: { type: '/v1/problems/filesystem-stopped' } });
  const why = hostedOf(running, 'one').stopped;
  expect(why).toMatchObject({ why: 'journal' });
  await stop();
  return why?.detail ?? '';
}
async function run(argv: readonly string[]): Promise<number> {
  let orders: RepairOrders | null = null;
  repairCommand((given) => {
    orders = given;
  })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parse(argv, { from: 'user' });
  return repair(orders as unknown as RepairOrders);
}
const order = (...argv: string[]): Promise<number> => {
  said = '';
  return run(['--data-dir', folder, ...argv]);
};

const hostedOf = (running: Service, name: string) => {
  const fs = running.engine.find(defaultTenant, name);
  if (fs === undefined) throw new Error(`no filesystem ${name}`);
  return fs;
};
const epochsOf = (running: Service) => ({
  tenant: running.engine.tenantRing(defaultTenant).epoch,
  one: hostedOf(running, 'one').ring.epoch,
  two: hostedOf(running, 'two').ring.epoch,
});

const answerOf = (running: Service, key: string) =>
  `answer/${running.context.tenants.get(defaultTenant)?.id}/${key}`;
const newFile = (name: string, key?: string) => ({
  json: { name },
  ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
});
const filesOf = async (running: Service, name: string): Promise<string[]> => {
  const { json } = await must(running, 200, 'GET', `/v1/filesystems/${name}/files?pageSize=1000`);
  return (json as { items: { name: string }[] }).items.map((file) => file.name);
};

/** Two filesystems, files in the first; its id. */
async function begin(files: number): Promise<string> {
  const running = await start();
  for (const name of ['one', 'two']) {
    await must(running, 201, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 1_048_576 } });
  }
  for (let i = 1; i <= files; i++)
    await must(running, 201, 'POST', '/v1/filesystems/one/files', newFile(`f${i}`));
  return hostedOf(running, 'one').id;
}

describe('repair', () => {
  it('without an order looks, and changes nothing', async () => {
    await begin(3);
    await stop();
    const before = await comesBack(journal());
    expect(await order()).toBe(0);
    expect(said).toMatch(
      /^store: 2 filesystems\ntenants: 1, with 0 tokens, 0 answers and 0 labs\n/,
    );
    expect(said).toMatch(/default\/one\): good, up to entry 3, state [0-9a-f]{64}/);
    expect(await comesBack(journal())).toBe(before);
  });

  it('leaves out the entry that breaks a law, and none but that', async () => {
    const id = await begin(3);
    const running = service as Service;
    const epochs = epochsOf(running);
    const key = { record: answerOf(running, 'k'), fingerprint: 'x', sinceMs: Date.now() };
    const bad = hostedOf(running, 'one').submit({ op: 'no-such-operation', on: {}, args: {} }, key);
    await expect(bad).rejects.toMatchObject({ kind: 'filesystem-stopped' });
    await stop();
    expect(await startWithoutOne()).toContain('(one), entry 4');
    expect(await order()).toBe(3);
    await expect(order('--filesystem', id, '--skip', '3')).rejects.toThrow(
      /entry 3 .* does not break a law/,
    );
    expect(await order('--filesystem', id, '--skip', '4')).toBe(0);
    const again = await start();
    expect(await filesOf(again, 'one')).toEqual(['f1', 'f2', 'f3']);
    const { tenant, ...others } = epochsOf(again);
    expect(others).toEqual({ one: epochs.one, two: epochs.two });
    expect(tenant).not.toBe(epochs.tenant);
    // It was not done, so its key may come again.
    await must(again, 201, 'POST', '/v1/filesystems/one/files', newFile('f4', 'k'));
    await stop();
    await expect(order('--filesystem', id, '--skip', '2')).rejects.toThrow(/does not break a law/);
    expect(await filesOf(await start(), 'one')).toEqual(['f1', 'f2', 'f3', 'f4']);
  });

  it('cut-before: later entries are deleted, streams begin a new epoch, and keys of undone requests are free', async () => {
    const id = await begin(3);
    const running = service as Service;
    const epochs = epochsOf(running);
    const keyed = newFile('f4', 'k');
    await must(running, 201, 'POST', '/v1/filesystems/one/files', keyed);
    // Answers are kept without anybody waiting for it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await stop();
    await expect(order('--filesystem', id, '--cut-before', '9')).rejects.toThrow(
      /entry 9 .* is not the first of a batch/,
    );
    expect(await order('--filesystem', id, '--cut-before', '3')).toBe(0);
    const again = await start();
    expect(await filesOf(again, 'one')).toEqual(['f1', 'f2']);
    const now = epochsOf(again);
    expect(now.two).toBe(epochs.two);
    expect(now.one).not.toBe(epochs.one);
    expect(now.tenant).not.toBe(epochs.tenant);
    await must(again, 201, 'POST', '/v1/filesystems/one/files', newFile('other'));
    await must(again, 201, 'POST', '/v1/filesystems/one/files', newFile('another'));
    const retried = await call(again, 'POST', '/v1/filesystems/one/files', keyed);
    expect(retried).toMatchObject({ status: 409, json: { type: '/v1/problems/answer-not-kept' } });
    expect(await filesOf(again, 'one')).toEqual(['f1', 'f2', 'other', 'another']);
  });

  it('cuts where a batch is missing, and nowhere behind that', async () => {
    const id = await begin(9);
    await stop();
    const store = await openStore(journal());
    await store.records.put([{ key: `j/${id}/${'4'.padStart(16, '0')}`, value: null }]);
    await store.close();
    expect(await startWithoutOne()).toMatch(/entry 4 is missing before 5/);
    await expect(order('--filesystem', id, '--cut-before', '5')).rejects.toThrow(
      /entry 4 is missing|not the first/,
    );
    await expect(order('--filesystem', id, '--cut-before', '7')).rejects.toThrow(
      /entry 4 is missing/,
    );
    expect(await order('--filesystem', id, '--cut-before', '4')).toBe(0);
    expect(await filesOf(await start(), 'one')).toEqual(['f1', 'f2', 'f3']);
    await stop();
    expect(await order('--filesystem', id, '--cut-before', '1')).toBe(0);
    expect(await filesOf(await start(), 'one')).toEqual([]);
  });

  it('refuses a cut for which no snapshot has the earlier state', async () => {
    const id = await begin(350);
    await stop();
    const store = await openStore(journal());
    const batches: string[] = [];
    for await (const key of store.records.keys(`j/${id}/`)) batches.push(key);
    const manifests: string[] = [];
    for await (const key of store.records.keys(`s/${id}/`))
      if (key.endsWith('/m')) manifests.push(key);
    const [older = '', newer = ''] = manifests;
    expect(manifests).toHaveLength(2);
    // As a kill in the middle of the sweep leaves it: the journal of the oldest is gone, and some
    // of its pieces are.
    const oldest = `s/${id}/${'3'.padStart(16, '0')}/m`;
    await store.records.put([
      { key: oldest, value: (await store.records.get(older)) as Uint8Array },
    ]);
    await store.close();
    const numberIn = (key: string) => Number(key.split('/')[2]);
    const first = Number((batches[0] as string).split('/')[2]);
    expect(first).toBe(numberIn(older) + 1);
    await expect(order('--filesystem', id, '--cut-before', String(first - 1))).rejects.toThrow(
      /no snapshot has the state before it/,
    );
    const between = numberIn(newer) - 1;
    expect(await order('--filesystem', id, '--cut-before', String(between))).toBe(0);
    expect(await filesOf(await start(), 'one')).toHaveLength(between - 1);
  });

  it('forgets a filesystem, and leaves the others alone', async () => {
    const id = await begin(2);
    const epochs = epochsOf(service as Service);
    await stop();
    expect(await order('--filesystem', id, '--remove')).toBe(0);
    const again = await start();
    expect((await call(again, 'GET', '/v1/filesystems/one')).status).toBe(404);
    expect(hostedOf(again, 'two').ring.epoch).toBe(epochs.two);
    expect(again.engine.tenantRing(defaultTenant).epoch).not.toBe(epochs.tenant);
    await must(again, 201, 'POST', '/v1/filesystems', {
      json: { name: 'one', sizeBytes: 1_048_576 },
    });
  });

  it('accept-loss: continues without the lost changes, with new epochs', async () => {
    await begin(1);
    const epochs = epochsOf(service as Service);
    await stop();
    await expect(order('--accept-loss')).rejects.toThrow(/there is no loss to accept/);
    const head = new HeadFile(join(journal(), 'head'));
    head.write(head.read() + 1);
    head.close();
    expect(await order()).toBe(3);
    expect(said).toMatch(
      /was acknowledged; to start without the lost changes, run --accept-loss.*\n.*tokens.*\n.*good, up to entry/,
    );
    expect(await order('--accept-loss')).toBe(0);
    const now = epochsOf(await start());
    for (const of of ['tenant', 'one', 'two'] as const) expect(now[of]).not.toBe(epochs[of]);
  });

  it('takes snapshots from which a release with another machine goes on', async () => {
    await begin(150);
    await stop();
    expect(await order('--snapshot')).toBe(0);
    expect(said).toMatch(/a snapshot at entry 150/);
    const before = await comesBack(journal());
    const store = await openStore(journal());
    let newest = '';
    for await (const [key, body] of store.records.entries('j/')) {
      const [, ...rest] = decode(body) as BatchRecord;
      await store.records.put([{ key, value: encode([kernelVersion - 1, ...rest]) }]);
    }
    for await (const [key, body] of store.records.entries('s/')) {
      if (!key.endsWith('/m')) continue;
      await store.records.put([
        { key, value: encode({ ...(decode(body) as Manifest), kernelVersion: kernelVersion - 1 }) },
      ]);
      newest = key;
    }
    await store.close();
    expect(await comesBack(journal())).toBe(before);
    const running = await start();
    for (let i = 0; i < 120; i++)
      await must(running, 201, 'POST', '/v1/filesystems/one/files', newFile(`g${i}`));
    await stop();
    expect((await filesOf(await start(), 'one')).length).toBe(270);
    await stop();
    const other = await openStore(journal());
    for await (const key of other.records.keys('s/'))
      if (key.endsWith('/m')) await other.records.put([{ key, value: null }]);
    await other.close();
    expect(newest).not.toBe('');
    expect(await startWithoutOne()).toMatch(/no snapshot has the state before it/);
  });

  it('deletes a recorded time that is far ahead, and says so', async () => {
    await begin(1);
    await stop();
    expect(await order()).toBe(0);
    expect(said).not.toContain('clock');
    const store = await openStore(journal());
    const ahead = Date.now() + 1e10;
    await store.records.put([clockRecord.change(recordKeys.clock, ahead)]);
    await store.close();
    expect((await start()).context.nowMs()).toBeGreaterThanOrEqual(ahead);
    await stop();
    expect(await order()).toBe(0);
    expect(said).toMatch(/^clock: .* ahead of this host; --reset-clock deletes that record$/m);
    expect(await order('--reset-clock')).toBe(0);
    expect(said).toMatch(/^clock: the recorded time is deleted$/m);
    expect((await start()).context.nowMs()).toBeLessThan(ahead - 1e9);
  });

  it('refuses an order that is not clear', async () => {
    await begin(1);
    await stop();
    await expect(order('--skip', '1')).rejects.toThrow(/--filesystem must be given/);
    await expect(order('--filesystem', 'x', '--skip', '1', '--remove')).rejects.toThrow(
      /cannot be combined/,
    );
    await expect(order('--filesystem', 'x', '--remove')).rejects.toThrow(
      /there is no filesystem x/,
    );
    await expect(run(['--data-dir', join(folder, 'nowhere')])).rejects.toThrow(
      /there is no journal/,
    );
    await expect(order('--filesystem', 'x', '--skip', 'one')).rejects.toThrow(/not a whole number/);
  });
});

describe('a log of several blocks with a flipped bit', () => {
  it.each([0.2, 0.45, 0.7, 0.9])(
    'at %d of it: with explicit orders a server starts again',
    async (place) => {
      const running = await start();
      for (const name of ['one', 'two']) {
        await must(running, 201, 'POST', '/v1/filesystems', {
          json: { name, sizeBytes: 1_048_576 },
        });
        for (let i = 0; i < 90; i++) {
          await must(
            running,
            201,
            'POST',
            `/v1/filesystems/${name}/files`,
            newFile(`${name}${i}`, `k-${name}-${i}`),
          );
        }
      }
      await stop();
      const at = join(journal(), 'store');
      const log = readdirSync(at).find((name) => name.endsWith('.log')) ?? '';
      const bytes = readFileSync(join(at, log));
      expect(bytes.length).toBeGreaterThan(2 * 32_768);
      bytes[Math.floor(place * bytes.length)]! ^= 1;
      writeFileSync(join(at, log), bytes);
      await expect(start()).rejects.toMatchObject({ kind: 'damaged' });
      // What the report says is what an operator goes by.
      for (let code = await order('--accept-loss'), tries = 0; code !== 0; tries++) {
        expect(tries).toBeLessThan(5);
        const missing = /^(\w+) \(.*: entry (\d+) is missing/m.exec(said);
        const short = /^(\w+) \(.*ends with entry (\d+), but/m.exec(said);
        const unknown = /^store: .* filesystem (\w+) is missing/m.exec(said);
        if (missing !== null)
          code = await order('--filesystem', missing[1] ?? '', '--cut-before', missing[2] ?? '');
        else if (short !== null)
          code = await order(
            '--filesystem',
            short[1] ?? '',
            '--cut-before',
            String(Number(short[2]) + 1),
          );
        else code = await order('--filesystem', unknown?.[1] ?? said, '--remove');
      }
      await start();
    },
  );
});
