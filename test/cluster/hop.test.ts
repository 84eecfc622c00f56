import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { JournalError } from '../../src/journal/journal-error.ts';
import { ask, insist, TestCluster, type TestNode } from './nodes.ts';

let cluster: TestCluster;
let a: TestNode;
let b: TestNode;

beforeEach(async () => {
  cluster = new TestCluster();
  a = await cluster.add('a');
  b = await cluster.add('b');
});
afterEach(() => cluster.stop());

const fs = '/v1/filesystems/scratch';

async function scratch(): Promise<void> {
  const made = await insist(a, 'POST', '/v1/filesystems', {
    json: { name: 'scratch', sizeBytes: 64 * 1024 * 1024 },
  });
  expect(made.status, made.text).toBe(201);
  expect((await insist(a, 'POST', `${fs}/files`, { json: { name: 'f' } })).status).toBe(201);
}

const bytes = { 'content-type': 'application/octet-stream' };

describe('[H40] [H41] a request at a node that does not own the filesystem', () => {
  test('is answered by the owner', async () => {
    await scratch();
    const answer = await insist(b, 'GET', `${fs}/files/f`);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('pinhole-node')).toBe('a');
    expect(answer.json.name).toBe('f');
    const own = await ask(a, 'GET', `${fs}/files/f`);
    expect(own.headers.get('pinhole-node')).toBe('a');
    expect(own.text).toBe(answer.text);
  });

  test('brings its body along, short or long', async () => {
    await scratch();
    for (const size of [5, 4096, 3_000_000]) {
      const content = Buffer.alloc(size, 'x');
      const written = await insist(b, 'PUT', `${fs}/files/f/content`, {
        body: content,
        headers: bytes,
      });
      expect(written.status, written.text).toBe(200);
      const read = await insist(b, 'GET', `${fs}/files/f/content`);
      expect(read.text).toBe(content.toString());
    }
    const chunked = new Blob([Buffer.alloc(70_000, 'y')]).stream();
    const written = await insist(b, 'PUT', `${fs}/files/f/content`, {
      body: chunked,
      headers: bytes,
    });
    expect(written.status, written.text).toBe(200);
    expect((await ask(a, 'GET', `${fs}/files/f/content`)).text).toBe('y'.repeat(70_000));
  });

  test('gets the problems of the owner as they are', async () => {
    await scratch();
    const missing = await insist(b, 'GET', `${fs}/files/none`);
    expect(missing.status).toBe(404);
    expect(missing.json).toMatchObject({ errno: 'ENOENT' });
    expect(missing.headers.get('content-type')).toContain('application/problem+json');
    const nobody = await insist(b, 'GET', '/v1/filesystems/nobody/files/f');
    expect(nobody.status).toBe(404);
    expect(nobody.headers.get('pinhole-node')).toBe('b');
  });

  test('may be redirected instead', async () => {
    await scratch();
    await insist(b, 'GET', `${fs}/files/f`);
    const there = await ask(b, 'GET', `${fs}/files/f?x=1`, { headers: { prefer: 'redirect' } });
    expect(there.status).toBe(307);
    expect(there.headers.get('location')).toBe(`${a.url}${fs}/files/f?x=1`);
  });

  test('is not answered 404 if the filesystem leaves while the body comes in', async () => {
    await scratch();
    const request = httpRequest(`${a.url}${fs}/files`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', expect: '100-continue' },
    });
    const answered = once(request, 'response');
    request.flushHeaders();
    await once(request, 'continue');
    const [id] = cluster.shared.places.keys();
    a.store.onLost(id as string, new JournalError('moved', 'another node has it'));
    await expect.poll(() => a.service.engine.find('default', 'scratch')).toBeUndefined();
    request.end(JSON.stringify({ name: 'late' }));
    const [{ statusCode }] = (await answered) as [IncomingMessage];
    expect(statusCode).toBe(503);
  });

  test('hops once: at a third node it is refused', async () => {
    await scratch();
    await insist(b, 'GET', `${fs}/files/f`);
    const refused = await ask(b, 'GET', `${fs}/files/f`, { headers: { 'pinhole-hop': 'c' } });
    expect(refused.status).toBe(421);
    expect(refused.json).toMatchObject({ rule: 'H41', outcome: 'not_applied' });
  });

  test('cannot use a name twice', async () => {
    await scratch();
    const again = await insist(b, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 8 * 1024 * 1024 },
    });
    expect(again.status).toBe(409);
    expect(again.json).toMatchObject({ errno: 'EEXIST', rule: 'M2' });
  });

  test('gets a stream whose close codes come through', async () => {
    await scratch();
    await insist(b, 'GET', `${fs}/files/f`);
    const socket = new WebSocket(`${b.url.replace('http', 'ws')}${fs}/events?from=oldest`);
    const messages: string[] = [];
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.on('message', (data) => messages.push(String(data)));
    await expect.poll(() => messages.join('\n'), { timeout: 30_000 }).toContain('file.created');
    await a.service.close();
    expect(await closed).toBe(1012);
    await expect
      .poll(async () => (await ask(b, 'GET', `${fs}/files/f`)).headers.get('pinhole-node'), {
        timeout: 30_000,
      })
      .toBe('b');
  });
});

describe('GET /v1/cluster', () => {
  test('lists the nodes and how many filesystems each owns', async () => {
    await scratch();
    await expect
      .poll(
        async () => {
          const { json } = await ask(b, 'GET', '/v1/cluster');
          return json.nodes.map((node: { name: string; places: number; live: boolean }) => [
            node.name,
            node.places,
            node.live,
          ]);
        },
        { timeout: 30_000 },
      )
      .toEqual([
        ['a', 1, true],
        ['b', 0, true],
      ]);
  });
});
