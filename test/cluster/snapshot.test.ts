// A snapshot that fails concerns one filesystem: the others of the node go on.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalKeys } from '../../src/durable/keys.ts';
import { ask, insist, TestCluster, type TestNode } from './nodes.ts';

let cluster: TestCluster;
let a: TestNode;

beforeEach(async () => {
  cluster = new TestCluster();
  a = await cluster.add('a', { snapshotEntries: 4 });
});
afterEach(() => cluster.stop());

const patience = { timeout: 60_000, interval: 20 };
const fsOf = (name: string) => `/v1/filesystems/${name}`;
const placeOf = (name: string) =>
  [...cluster.shared.places.values()].find((place) => place.name === name);

async function make(name: string): Promise<void> {
  const json = { name, sizeBytes: 8 * 1024 * 1024 };
  expect((await insist(a, 'POST', '/v1/filesystems', { json })).status).toBe(201);
}

/** Creates files until a snapshot was read back, and returns the last answer. */
async function writeUntil(name: string, isRead: () => boolean): Promise<void> {
  for (let n = 0; !isRead() && n < 200; n += 1)
    await ask(a, 'POST', `${fsOf(name)}/files`, { json: { name: `f${n}` } });
  expect(isRead()).toBe(true);
}

/** What a reads back of x's snapshots is missing. */
function loseSnapshotsOfX(meanwhile: () => void): () => boolean {
  let read = false;
  const x = placeOf('x')?.fs;
  a.store.onRead = (fs, key, value) => {
    if (fs !== x || !key.startsWith(journalKeys.snapshots)) return value;
    if (!read) meanwhile();
    read = true;
    return null;
  };
  return () => read;
}

async function expectOthersServe(): Promise<void> {
  expect(a.store.failed).toBeNull();
  const made = await insist(a, 'POST', `${fsOf('y')}/files`, { json: { name: 'g' } });
  expect(made.status, made.text).toBe(201);
}

test('one that the database does not keep stops its filesystem alone', async () => {
  await make('x');
  await make('y');
  const isRead = loseSnapshotsOfX(() => {});
  await writeUntil('x', isRead);
  await expect
    .poll(() => a.service.engine.find('default', 'x')?.stopped?.why, patience)
    .toBe('log');
  await expectOthersServe();
});

test('one of a filesystem that another node had meanwhile stops nothing', async () => {
  await make('x');
  await make('y');
  const before = a.service.engine.find('default', 'x');
  const isRead = loseSnapshotsOfX(() => {
    const place = placeOf('x');
    if (place === undefined) throw new Error('there is no x');
    cluster.shared.places.set(place.fs, { ...place, owner: null, epoch: place.epoch + 1 });
  });
  await writeUntil('x', isRead);
  // The next command meets the fence, and x comes back with what its journal says.
  const last = await insist(a, 'POST', `${fsOf('x')}/files`, { json: { name: 'last' } });
  expect(last.status, last.text).toBe(201);
  expect(before?.mounted).toBe(false);
  expect(a.service.engine.find('default', 'x')?.stopped).toBeNull();
  await expectOthersServe();
});
