// Snapshots make older entries superfluous: these are deleted, and nothing else is.
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isManifest, journalKeys } from '../../src/durable/keys.ts';
import { journalsOf } from '../../src/durable/read.ts';
import { type Manifest, manifestRecord } from '../../src/durable/records.ts';
import { stateHash } from '../../src/durable/snapshots.ts';
import { encode } from '../../src/journal/codec.ts';
import type { Store } from '../../src/journal/store.ts';
import type { Service } from '../../src/server.ts';
import { defaultTenant } from '../../src/tenants/tenants.ts';
import { call, must } from '../http/start.ts';
import { type Flush, failingDisk } from '../journal/failing-disk.ts';
import { durable, freshFolder, openStore } from '../journal/kept.ts';

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = '/v1/filesystems/one/files';
const hashOf = (service: Service): Promise<string> => {
  const fs = service.engine.find(defaultTenant, 'one');
  if (fs === undefined) throw new Error('there is no filesystem');
  return stateHash(fs.kernel, new Map());
};

/** A file that stays as it is, in a chunk of its own, and one that is written. */
async function born(service: Service): Promise<void> {
  await must(service, 201, 'POST', '/v1/filesystems', {
    json: { name: 'one', sizeBytes: 4_194_304 },
  });
  for (const name of ['still', 'moving']) {
    await must(service, 201, 'POST', files, { json: { name } });
    await must(service, 200, 'PUT', `${files}/${name}/content`, {
      bytes: Buffer.alloc(600_000, name),
    });
  }
}

/** `count` commands, with a snapshot at some 115 of them. */
async function write(service: Service, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const answer = await call(
      service,
      'PUT',
      `${files}/moving/content?offset=${(i * 800) % 590_000}`,
      {
        bytes: Buffer.alloc(10, i),
      },
    );
    if (answer.status === 200) continue;
    expect(answer.status).toBe(507);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const digits = (number: number, width: number) => String(number).padStart(width, '0');

async function withStore<T>(
  look: (store: Awaited<ReturnType<typeof openStore>>, id: string) => Promise<T>,
): Promise<T> {
  const store = await openStore(folder);
  try {
    const [id] = (await journalsOf(store)).born;
    return await look(store, id as string);
  } finally {
    await store.close();
  }
}

/** Those that were finished, the oldest first. */
async function manifestsOf(store: Store, id: string): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for await (const [key, body] of store.journal(id).entries(journalKeys.snapshots))
    if (isManifest(key)) found.push(manifestRecord.decode(body, key));
  return found;
}

/** In the folder is what the last two snapshots need, and nothing else. Returns them. */
const swept = (): Promise<[older: Manifest, newer: Manifest]> =>
  withStore(async (store, id) => {
    const keysOf = async (prefix: string) => {
      const keys: string[] = [];
      for await (const key of store.records.keys(prefix)) keys.push(key);
      return keys;
    };
    const [older, newer, ...others] = await manifestsOf(store, id);
    expect(others).toEqual([]);
    if (older === undefined || newer === undefined) throw new Error('there are not two snapshots');
    const chunks = [older, newer].flatMap(({ content }) =>
      content.map(([chunk, seq]) => `c/${id}/${digits(chunk, 8)}/${digits(seq, 16)}`),
    );
    expect(await keysOf('c/')).toEqual([...new Set(chunks)].sort());
    // They share one.
    expect(chunks.length).toBeGreaterThan(new Set(chunks).size);
    expect(await keysOf('s/')).toHaveLength(older.pieces.length + newer.pieces.length + 2);
    const [batch = ''] = await keysOf('j/');
    expect(Number(batch.split('/')[2])).toBe(older.seq + 1);
    return [older, newer];
  });

async function comesBackAs(hash: string): Promise<void> {
  const service = await durable(folder);
  expect(await hashOf(service)).toBe(hash);
  await service.close();
}

it('after many snapshots of one life', async () => {
  const service = await durable(folder);
  await born(service);
  await write(service, 740);
  const hash = await hashOf(service);
  await service.close();
  const [older] = await swept();
  // Some sweeps had been made by what the manifests say.
  expect(older.seq).toBeGreaterThan(500);
  await comesBackAs(hash);
});

it('also what an earlier process left unfinished', async () => {
  let service = await durable(folder);
  await born(service);
  await write(service, 330);
  await service.close();
  await swept();
  await withStore(async (store, id) => {
    const [older] = await manifestsOf(store, id);
    const key = (seq: number, rest: string) => `s/${id}/${digits(seq, 16)}/${rest}`;
    await store.records.put([
      { key: key(299, '00000000'), value: new Uint8Array(10) },
      { key: `c/${id}/00000000/${digits(299, 16)}`, value: new Uint8Array(10) },
      { key: key(50, 'm'), value: encode({ ...older, seq: 50 }) },
    ]);
  });
  service = await durable(folder);
  await write(service, 400);
  const hash = await hashOf(service);
  await service.close();
  await swept();
  await comesBackAs(hash);
});

it('also what a sweep left that found no room', async () => {
  let failures = 0;
  const firstOfSnapshots = ({ deleted }: Flush): boolean => {
    const fails = failures === 0 && deleted.some((key) => key.startsWith('s/'));
    if (fails) failures += 1;
    return fails;
  };
  const openLevel = failingDisk(firstOfSnapshots, 'IO error: No space left on device', false);
  const service = await durable(folder, { openLevel });
  await born(service);
  await write(service, 740);
  expect(failures).toBe(1);
  const hash = await hashOf(service);
  await service.close();
  await swept();
  await comesBackAs(hash);
});
