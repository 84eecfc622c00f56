// The store on a disk that fails at the n-th flush, for every n.

// The store on a disk that fails at the n-th flush, for every n.
import fsModule, {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadFile } from '../../src/journal/head-file.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import type { Level } from '../../src/journal/sealed.ts';
import type { Service } from '../../src/server.ts';
import { some } from '../dose.ts';
import { call, must } from '../http/start.ts';
import { failingDisk } from './failing-disk.ts';
import { durable, freshFolder, openStore } from './kept.ts';

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A disk whose `n`-th flush fails with `message`, having written or not. */
const disk = (n: number, message: string, written: boolean) =>
  failingDisk(({ number }) => number === n, message, written);

/** Makes files one after the other; says which were acknowledged, and what the others were told. */
async function work(
  service: Service,
  count: number,
): Promise<{ acknowledged: string[]; refused: { status: number; outcome?: string }[] }> {
  const acknowledged: string[] = [];
  const refused: { status: number; outcome?: string }[] = [];
  const made = await call(service, 'POST', '/v1/filesystems', {
    json: { name: 's', sizeBytes: 1_048_576 },
  });
  if (made.status !== 201) refused.push(made.json);
  for (let i = 0; i < count; i++) {
    const answer = await call(service, 'POST', '/v1/filesystems/s/files', {
      json: { name: `f${i}` },
    });
    if (answer.status === 201) acknowledged.push(`f${i}`);
    else refused.push(answer.json);
  }
  return { acknowledged, refused };
}

const filesOf = async (service: Service): Promise<string[]> => {
  const answer = await call(service, 'GET', '/v1/filesystems/s/files?pageSize=1000');
  return answer.status === 200 ? answer.json.items.map(({ name }: { name: string }) => name) : [];
};

const fails = Array.from({ length: 40 }, (_, n) => n + 1);

describe('a disk that fails', () => {
  it.each(some(fails, 5))(
    'at flush %i: nothing is acknowledged after it, and all that was is there',
    async (n) => {
      const failed: JournalError[] = [];
      const options = {
        openLevel: disk(n, 'IO error: Input/output error', n % 2 === 0),
        onFailed: (e: JournalError) => failed.push(e),
      };
      let acknowledged: string[] = [];
      // The first flushes are those of the start.
      const service = await durable(folder, options).catch((error: unknown) => {
        expect(error).toMatchObject({ kind: 'failed' });
        return null;
      });
      if (service !== null) {
        const done = await work(service, 45);
        acknowledged = done.acknowledged;
        expect(done.refused[0]).toMatchObject({ status: 503, outcome: 'unknown' });
        expect(acknowledged).toEqual(
          Array.from({ length: acknowledged.length }, (_, i) => `f${i}`),
        );
        await service.close();
      }
      expect(failed).toHaveLength(1);
      const again = await durable(folder);
      const files = await filesOf(again);
      await again.close();
      expect(files.slice(0, acknowledged.length)).toEqual(acknowledged);
      // What was told to be unknown is there or not, and nothing else.
      expect(files.length - acknowledged.length).toBeLessThanOrEqual(1);
    },
  );

  it('disk full: operations that free space and came first are done from the reserve', async () => {
    let full = false;
    const once = () => {
      const now = full;
      full = false;
      return now;
    };
    const service = await durable(folder, {
      openLevel: failingDisk(once, 'IO error: No space left on device', false),
    });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576 },
    });
    await must(service, 201, 'POST', '/v1/filesystems/scratch/files', {
      json: { name: 'a', sizeBytes: 8192 },
    });
    full = true;
    const [cut, made] = await Promise.all([
      call(service, 'POST', '/v1/filesystems/scratch/files/a/truncate', { json: { sizeBytes: 0 } }),
      call(service, 'POST', '/v1/filesystems/scratch/files', { json: { name: 'b' } }),
    ]);
    expect([cut.status, made.status]).toEqual([200, 507]);
    await service.close();
    const again = await durable(folder);
    const { json } = await must(again, 200, 'GET', '/v1/filesystems/scratch/files');
    expect(json.items).toMatchObject([{ name: 'a', sizeBytes: 0 }]);
    await again.close();
  });

  it.each(some(fails.slice(4), 5))(
    'disk full at flush %i: continues when there is space',
    async (n) => {
      const written = n % 2 === 0;
      const service = await durable(folder, {
        openLevel: disk(n, 'IO error: No space left on device', written),
      });
      const { acknowledged, refused } = await work(service, 45);
      // In the store or not, the client was told; and where it was not, that is certain.
      expect(refused.length).toBeGreaterThan(0);
      for (const one of refused)
        expect(one).toMatchObject({ status: expect.toBeOneOf([507, 404]) });
      for (const one of refused) expect(one.outcome).toBeUndefined();
      expect(await filesOf(service)).toEqual(acknowledged);
      const room = async () =>
        (await must(service, 200, 'GET', '/readyz?verbose=true')).json.checks;
      await expect
        .poll(room, { timeout: 5000 })
        .toContainEqual({ name: 'journal-has-room', ok: true });
      const { acknowledged: later } = await work(service, 50);
      expect(later.at(-1)).toBe('f49');
      const files = await filesOf(service);
      expect(files.slice(0, acknowledged.length)).toEqual(acknowledged);
      await service.close();
      const again = await durable(folder);
      expect(await filesOf(again)).toEqual(files);
      await again.close();
    },
  );
});

describe('a store', () => {
  it('in memory does not collect the records of a volatile server', async () => {
    for (const keepsRecords of [true, false]) {
      const store = new MemoryStore({ keepsRecords });
      const records = [{ key: 'answer/a/k', value: new Uint8Array(1) }];
      const changes = [{ key: 'tail', value: new Uint8Array(1) }];
      store.journal('1').commit(changes, () => {}, records);
      expect((await store.records.get('answer/a/k')) !== null).toBe(keepsRecords);
      expect(await store.journal('1').get('tail')).not.toBeNull();
    }
  });

  it('keeps a second one away', async () => {
    const store = await openStore(folder);
    await expect(openStore(folder)).rejects.toMatchObject({ kind: 'locked' });
    await store.close();
  });

  it('tells what is committed together together, in order', async () => {
    const store = await openStore(folder);
    const told: number[] = [];
    const groups = Array.from({ length: 20 }, (_, i) => {
      store.records.commit([{ key: `tenant/${i}`, value: new Uint8Array([i]) }], (error) =>
        told.push(error === null ? i : -1),
      );
      return store.next.group;
    });
    await store.records.put([{ key: 'tenant/x', value: new Uint8Array(1) }]);
    expect(told).toEqual(groups.map((_, i) => i));
    expect(new Set(groups).size).toBe(1);
    await store.close();
    await expect(
      store.records.put([{ key: 'tenant/y', value: new Uint8Array(1) }]),
    ).rejects.toMatchObject({
      kind: 'failed',
    });
  });

  it('says so where acknowledged flushes are gone, at every start, until it is told to go on', async () => {
    const store = await openStore(folder);
    for (let i = 0; i < 5; i++)
      await store.records.put([{ key: `tenant/${i}`, value: new Uint8Array(10) }]);
    await store.close();
    const head = new HeadFile(join(folder, 'head'));
    head.write(head.read() + 1);
    head.close();
    for (let i = 0; i < 2; i++)
      await expect(openStore(folder)).rejects.toMatchObject({
        kind: 'damaged',
        message: /was acknowledged/,
      });
    const despite = () => openStore(folder, { despiteLoss: true });
    await (await despite()).close();
    await expect(openStore(folder), 'nobody accepted it').rejects.toMatchObject({
      kind: 'damaged',
    });
    const going = await despite();
    await going.records.put([{ key: 'tenant/x', value: new Uint8Array(1) }]);
    await going.close();
    await (await openStore(folder)).close();
  });

  it('leaves every file unchanged if it only inspects, so damage can be repaired', async () => {
    // The second time in a log, the first time in a table.
    for (let time = 0; time < 2; time++) {
      const store = await openStore(folder);
      for (let i = 0; i < 5; i++)
        await store.records.put([{ key: `tenant/${time}${i}`, value: new Uint8Array(10) }]);
      await store.close();
    }
    const current = join(folder, 'store', 'CURRENT');
    const log = join(
      folder,
      'store',
      readdirSync(join(folder, 'store')).find((name) => name.endsWith('.log')) ?? '',
    );
    const [nameOfManifest, records] = [readFileSync(current), readFileSync(log)];
    rmSync(current);
    await expect(openStore(folder)).rejects.toMatchObject({ kind: 'damaged' });
    writeFileSync(current, nameOfManifest);
    writeFileSync(log, records.subarray(0, 100));
    await expect(openStore(folder)).rejects.toMatchObject({ kind: 'damaged' });
    expect(readFileSync(log).length).toBe(100);
    writeFileSync(log, records);
    const again = await openStore(folder);
    for (let i = 0; i < 5; i++) expect(await again.records.get(`tenant/0${i}`)).toHaveLength(10);
    await again.close();
    expect(readFileSync(log)).toEqual(records);
  });

  it('puts back what a start left behind that was killed before it had looked', async () => {
    const store = await openStore(folder);
    await store.records.put([{ key: 'tenant/a', value: new Uint8Array(10) }]);
    await store.close();
    const looking = await openStore(folder);
    expect(readdirSync(folder)).toContain('untouched');
    // As a kill between two renames leaves it.
    cpSync(folder, `${folder}-killed`, { recursive: true });
    rmSync(join(`${folder}-killed`, 'store'), { recursive: true });
    await looking.records.put([{ key: 'tenant/b', value: new Uint8Array(10) }]);
    expect(readdirSync(folder)).not.toContain('untouched');
    await looking.close();
    const [killed, written] = [await openStore(`${folder}-killed`), await openStore(folder)];
    expect([await killed.records.get('tenant/a'), await written.records.get('tenant/b')]).toEqual([
      expect.anything(),
      expect.anything(),
    ]);
    await killed.close();
    await written.close();
    rmSync(`${folder}-killed`, { recursive: true });
  });

  it('loses nothing where any one call on the way in or out fails', async () => {
    const names = [
      'linkSync',
      'mkdirSync',
      'renameSync',
      'rmSync',
      'fsyncSync',
      'readdirSync',
    ] as const;
    const originals = Object.fromEntries(names.map((name) => [name, fsModule[name]]));
    const patch = (functions: object) => {
      Object.assign(fsModule, functions);
      syncBuiltinESMExports();
    };
    let calls = 0;
    const failAt = (n: number, message: string) => {
      calls = 0;
      const failing =
        (name: string) =>
        (...args: unknown[]) => {
          calls += 1;
          if (calls === n)
            throw Object.assign(new Error(message), {
              code: message.slice(0, message.indexOf(':')),
            });
          return (originals[name] as (...args: unknown[]) => unknown)(...args);
        };
      patch(Object.fromEntries(names.map((name) => [name, failing(name)])));
    };
    const store = await openStore(folder);
    for (let i = 0; i < 5; i++)
      await store.records.put([{ key: `tenant/${i}`, value: new Uint8Array(10) }]);
    await store.close();
    let most = 0;
    for (const message of ['EIO: i/o error', 'ENOSPC: no space left on device']) {
      for (const writes of [false, true]) {
        calls = 1;
        // The last round is one in which nothing fails.
        for (let n = 1; n <= calls; n++) {
          failAt(n, message);
          const opened = await openStore(folder).catch(() => null);
          if (writes)
            await opened?.records
              .put([{ key: 'tenant/x', value: new Uint8Array(1) }])
              .catch(() => {});
          await opened?.close().catch(() => {});
          most = Math.max(most, calls);
          patch(originals);
          const again = await openStore(folder);
          for (let i = 0; i < 5; i++)
            expect(await again.records.get(`tenant/${i}`), `${message}, call ${n}`).toHaveLength(
              10,
            );
          await again.close();
          if (calls >= n) calls = n + 1;
        }
      }
    }
    expect(most).toBeGreaterThan(12);
  });

  it('keeps a second process away even if the lock files are damaged', async () => {
    await (await openStore(folder)).close();
    writeFileSync(join(folder, 'lock', 'CURRENT'), 'nonsense');
    const store = await openStore(folder);
    await expect(openStore(folder)).rejects.toMatchObject({ kind: 'locked' });
    await store.close();
  });

  it('closes where there is not even room to open it again', async () => {
    let full = false;
    const openLevel = async (location: string): Promise<Level> => {
      if (full) throw new Error('No space left on device');
      return disk(2, 'No space left on device', false)(location);
    };
    const store = await openStore(folder, { openLevel });
    await store.records.put([{ key: 'tenant/a', value: new Uint8Array(1) }]);
    full = true;
    const refused = store.records
      .put([{ key: 'tenant/b', value: new Uint8Array(1) }])
      .catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store.close();
    expect(await refused).toMatchObject({ kind: 'failed' });
    full = false;
    await (await openStore(folder)).close();
  });

  it('does not mind a head that was cut', async () => {
    const store = await openStore(folder);
    await store.records.put([{ key: 'tenant/a', value: new Uint8Array(10) }]);
    await store.close();
    truncateSync(join(folder, 'head'), 5);
    expect(statSync(join(folder, 'head')).size).toBe(5);
    await (await openStore(folder)).close();
  });

  it('notices what was not written by itself', async () => {
    const store = await openStore(folder);
    await store.records.put([{ key: 'tenant/a', value: new Uint8Array(10) }]);
    await store.close();
    const raw = new ClassicLevel<string, Uint8Array>(join(folder, 'store'), {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
    });
    const sealed = (await raw.get('tenant/a')) as Uint8Array;
    await raw.put('tenant/b', sealed);
    await raw.close();
    await expect(openStore(folder)).rejects.toThrow(JournalError);
  });
});
