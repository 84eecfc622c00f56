import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, insist, TestCluster, type TestNode } from './nodes.ts';

let cluster: TestCluster;
let a: TestNode;
let b: TestNode;
let c: TestNode;

beforeEach(async () => {
  cluster = new TestCluster();
  a = await cluster.add('a');
  b = await cluster.add('b');
  c = await cluster.add('c');
});
afterEach(() => cluster.stop());

const fsOf = (name: string) => `/v1/filesystems/${name}`;

async function make(node: TestNode, name: string): Promise<void> {
  const made = await insist(node, 'POST', '/v1/filesystems', {
    json: { name, sizeBytes: 8 * 1024 * 1024 },
  });
  expect(made.status, made.text).toBe(201);
}

const nodeOf = async (at: TestNode, name: string): Promise<string | null> => {
  const { status, headers } = await ask(at, 'GET', fsOf(name));
  return status === 200 ? headers.get('pinhole-node') : null;
};

const patience = { timeout: 60_000, interval: 50 };

describe('a node that stops', () => {
  test('leaves its filesystems to the others, with all that they have', async () => {
    await make(a, 'x');
    await insist(a, 'POST', `${fsOf('x')}/files`, { json: { name: 'f' } });
    const before = await ask(a, 'GET', `${fsOf('x')}/events?from=oldest`, {
      headers: { accept: 'application/x-ndjson' },
    });
    await a.service.close();
    await expect.poll(() => nodeOf(b, 'x'), patience).toMatch(/^[bc]$/);
    const after = await ask(c, 'GET', `${fsOf('x')}/events?from=oldest`, {
      headers: { accept: 'application/x-ndjson' },
    });
    // The last line is the position of the reader.
    expect(after.text).toContain(before.text.trim().split('\n').slice(0, -1).join('\n'));
    expect((await insist(b, 'GET', `${fsOf('x')}/files/f`)).status).toBe(200);
    await expect.poll(() => [...cluster.shared.nodes.keys()], patience).toEqual(['b', 'c']);
  });

  test('is refused by readyz, and takes nothing', async () => {
    await make(b, 'x');
    const closing = a.service.close();
    await b.service.close();
    await closing;
    expect([...cluster.shared.places.values()].map(({ owner }) => owner)).not.toContain('a');
    await expect.poll(() => nodeOf(c, 'x'), patience).toBe('c');
  });
});

describe('a node that loses the database', () => {
  test('serves nothing past its lease, and the others take its filesystems', async () => {
    await make(a, 'x');
    await make(a, 'y');
    a.store.away = true;
    await expect.poll(async () => (await ask(a, 'GET', fsOf('x'))).status, patience).toBe(503);
    const refused = await ask(a, 'GET', fsOf('x'));
    expect(refused.json).toMatchObject({ rule: 'H40', outcome: 'not_applied' });
    expect(refused.headers.get('retry-after')).toBe('1');
    await expect.poll(() => nodeOf(b, 'x'), patience).toMatch(/^[bc]$/);
    // Nobody asks for y, and it is taken all the same.
    const ownerOf = (name: string) =>
      [...cluster.shared.places.values()].find((place) => place.name === name)?.owner;
    await expect.poll(() => ownerOf('y'), patience).toMatch(/^[bc]$/);
    await insist(b, 'POST', `${fsOf('x')}/files`, { json: { name: 'new' } });
    // The woken node knows that it lost them before it serves.
    a.store.away = false;
    await expect.poll(() => nodeOf(a, 'x'), patience).toMatch(/^[bc]$/);
    expect((await ask(a, 'GET', `${fsOf('x')}/files/new`)).status).toBe(200);
    expect([...a.service.engine.all()]).toEqual([]);
  });

  test('gets the same answer for the same Idempotency-Key from the next owner', async () => {
    await make(a, 'x');
    const again = { json: { name: 'f' }, headers: { 'idempotency-key': 'k1' } };
    const first = await insist(a, 'POST', `${fsOf('x')}/files`, again);
    expect(first.status).toBe(201);
    a.store.away = true;
    await expect.poll(() => nodeOf(b, 'x'), patience).toMatch(/^[bc]$/);
    const second = await insist(c, 'POST', `${fsOf('x')}/files`, again);
    expect(second.status).toBe(201);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.json).toEqual(first.json);
  });

  test('drops an append that it did not bring in, and its caller may repeat it', async () => {
    await make(a, 'x');
    // As if the node had been paused: another one has taken the place meanwhile, and given it away.
    for (const place of cluster.shared.places.values())
      cluster.shared.places.set(place.fs, { ...place, owner: null, epoch: place.epoch + 2 });
    const answer = await ask(a, 'POST', `${fsOf('x')}/files`, {
      json: { name: 'f' },
      headers: { 'idempotency-key': 'k2' },
    });
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ outcome: 'not_applied' });
    const again = await insist(b, 'POST', `${fsOf('x')}/files`, {
      json: { name: 'f' },
      headers: { 'idempotency-key': 'k2' },
    });
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBeNull();
  });
});

describe('tenants and tokens', () => {
  test('of one node are in force at the others when they are answered', async () => {
    await make(a, 'x');
    const made = await insist(a, 'POST', '/v1/tenants', { json: { name: 'acme' } });
    expect(made.status, made.text).toBe(201);
    const issued = await insist(b, 'POST', '/v1/tenants/acme/tokens', {
      json: { scopes: ['read', 'write'] },
    });
    expect(issued.status, issued.text).toBe(201);
    const headers = { authorization: `Bearer ${issued.json.token}` };
    const listed = () =>
      Promise.all([a, b, c].map((node) => ask(node, 'GET', '/v1/filesystems', { headers })));
    expect((await listed()).map(({ status }) => status)).toEqual([200, 200, 200]);
    const revoked = await ask(c, 'DELETE', `/v1/tenants/acme/tokens/${issued.json.id}`);
    expect(revoked.status, revoked.text).toBeLessThan(300);
    expect((await listed()).map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  test('of one name are made once, where two nodes are asked at the same time', async () => {
    const made = await Promise.all(
      [a, b, c].map((node) => ask(node, 'POST', '/v1/tenants', { json: { name: 'acme' } })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const ids = [a, b, c].map(({ service }) => service.context.tenants.get('acme')?.id);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBeDefined();
  });

  test('of the first node count, where another one began on the same empty database', async () => {
    await insist(a, 'POST', '/v1/tenants', { json: { name: 'acme' } });
    const { json } = await insist(a, 'POST', '/v1/tenants/acme/tokens', {
      json: { scopes: ['read'] },
    });
    const before = a.service.context.tenants.get('default')?.id;
    const { shared } = cluster;
    const open = shared.open.bind(shared);
    shared.open = (owner) => {
      const store = open(owner);
      let isFirst = true;
      // It read the records before the first node had stored any.
      Object.defineProperty(store, 'next', { value: { group: 1, position: 0 } });
      const { all } = store.records;
      const { records } = store;
      Object.defineProperty(store, 'records', {
        value: {
          ...records,
          all: (parts: readonly string[]) => {
            if (!isFirst) return all(parts);
            isFirst = false;
            return (async function* () {})();
          },
        },
      });
      return store;
    };
    const late = await cluster.add('late');
    const headers = { authorization: `Bearer ${json.token}` };
    const listed = await Promise.all(
      [a, b, late].map((node) => ask(node, 'GET', '/v1/filesystems', { headers })),
    );
    expect(listed.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(late.service.context.tenants.get('default')?.id).toBe(before);
  });
});
