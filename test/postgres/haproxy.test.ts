// deploy/haproxy.cfg before three nodes.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Haproxy, missingHaproxy } from './haproxy.ts';
import { ask, insist, type NodeProcess, NodeProcesses } from './nodes.ts';
import { missing, Postgres } from './postgres.ts';

describe.skipIf(missing !== null || missingHaproxy !== null)('deploy/haproxy.cfg', () => {
  let database: Postgres;
  let cluster: NodeProcesses;
  let balancer: Haproxy;
  const names = Array.from({ length: 60 }, (_, i) => `disk-${i}`);

  beforeAll(async () => {
    database = await Postgres.start();
    cluster = new NodeProcesses([database.url()], {
      'quota-filesystems': '100',
      'stream-heartbeat-ms': '100',
    });
    await Promise.all(['a', 'b', 'c'].map((name) => cluster.start(name)));
    const urls = ['a', 'b', 'c'].map((name) => named(name).url);
    balancer = await Haproxy.start(urls);
  });
  afterAll(async () => {
    await balancer?.stop();
    await cluster?.stop();
    await database?.remove();
  });

  const named = (name: string): NodeProcess =>
    cluster.live.find((node) => node.name === name) as NodeProcess;

  /** The node to which HAProxy sends each name. */
  async function met(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const name of names) {
      // Nobody owns it, so each node answers by itself.
      const path = `/v1/filesystems/none-${name}`;
      const { status, node } = await ask(balancer.url, 'GET', path);
      expect(status).toBe(404);
      found.set(name, node as string);
    }
    return found;
  }

  const owners = async (): Promise<(string | null)[]> =>
    Promise.all(
      names.map(async (name) => {
        const path = `/v1/filesystems/${name}`;
        const { status, node } = await insist(() => [balancer.url], 'GET', path);
        expect(status).toBe(200);
        return node;
      }),
    );

  test('a name meets the node on which it was made, without a hop', async () => {
    for (const name of names) {
      const json = { name, sizeBytes: 1024 * 1024 };
      const made = await ask(balancer.url, 'POST', '/v1/filesystems', { json });
      expect(made.status).toBe(201);
      const again = await ask(balancer.url, 'GET', `/v1/filesystems/${name}`, {
        headers: { prefer: 'redirect' },
      });
      // A node that is not the owner redirects.
      expect([again.status, again.node]).toEqual([200, made.node]);
    }
    const counts = new Map<string | null, number>();
    for (const node of await owners()) counts.set(node, (counts.get(node) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(Math.max(...counts.values())).toBeLessThan(names.length / 2);
  });

  test('requests without a name go to one node, which redeems its own tickets', async () => {
    const nodes = new Set<string | null>();
    for (let i = 0; i < 6; i += 1) nodes.add((await ask(balancer.url, 'GET', '/v1')).node);
    expect(nodes.size).toBe(1);
    const json = { sizeBytes: 1024 * 1024 };
    const nameless = await ask(balancer.url, 'POST', '/v1/filesystems', { json });
    expect([nameless.status, nameless.node]).toEqual([400, [...nodes][0]]);
    const { json: ticket } = await ask(balancer.url, 'POST', '/v1/tickets', { json: {} });
    const stream = new WebSocket(
      `${balancer.url.replace('http', 'ws')}/v1/events?ticket=${ticket.ticket}`,
    );
    await once(stream, 'open');
    stream.terminate();
  });

  test('a stream goes through, both ways', async () => {
    const url = `${balancer.url.replace('http', 'ws')}/v1/filesystems/${names[0]}/events`;
    const stream = new WebSocket(url);
    await once(stream, 'open');
    // Pinhole closes a stream that leaves two pings unanswered.
    for (let pings = 0; pings < 4; pings += 1) await once(stream, 'ping');
    stream.close(1000);
    expect((await once(stream, 'close'))[0]).toBe(1000);
  });

  test('with one node gone only its names go elsewhere', async () => {
    const before = await met();
    const owned = await owners();
    const gone = named('b');
    gone.kill('SIGKILL');
    await once(gone.child, 'exit');
    const after = await met();
    for (const [name, node] of before) {
      if (node === 'b') expect(['a', 'c']).toContain(after.get(name));
      else expect([name, after.get(name)]).toEqual([name, node]);
    }
    // What it owned is served by others; nothing else changed hands.
    const now = await owners();
    owned.forEach((node, i) => {
      if (node === 'b') expect(['a', 'c']).toContain(now[i]);
      else expect(now[i]).toBe(node);
    });
    // It comes back under its address, and gets its names again.
    await cluster.start('b');
    await expect.poll(met).toEqual(before);
  });
});
