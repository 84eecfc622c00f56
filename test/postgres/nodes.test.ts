// Gates of a cluster of three processes: owners that are killed and paused, a database that fails
// over, and a node with many filesystems. Under load; every history is linearizable (K10).
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dose } from '../dose.ts';
import { figure, Load } from './load.ts';
import { ask, insist, type NodeProcess, NodeProcesses } from './nodes.ts';
import { missing, Postgres } from './postgres.ts';

const leaseMs = 3000;

describe.skipIf(missing !== null)('three nodes', () => {
  let databases: Postgres[];
  let cluster: NodeProcesses;
  const urls = () => cluster.live.map(({ url }) => url);

  async function begin(settings: Record<string, string> = {}, standby = false): Promise<void> {
    const primary = await Postgres.start();
    databases = [primary];
    if (standby) {
      databases.push(await primary.standby());
      await primary.restart({ synchronous_standby_names: 'standby' });
    }
    cluster = new NodeProcesses(
      databases.map((database) => database.url()),
      { 'lease-ms': String(leaseMs), ...settings },
    );
    await Promise.all(['a', 'b', 'c'].map((name) => cluster.start(name)));
  }
  beforeEach(() => {
    databases = [];
  });
  afterEach(async () => {
    await cluster.stop();
    await Promise.all(databases.map((database) => database.remove()));
  });

  const named = (name: string | null): NodeProcess => {
    const found = cluster.live.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  };
  const ownerOf = async (fs: string): Promise<NodeProcess> =>
    named((await insist(urls, 'GET', `/v1/filesystems/${fs}`)).node);

  /** Filesystems on every node, with clients that work on them. */
  async function loaded(count: number): Promise<{ load: Load; names: string[] }> {
    const load = new Load(urls);
    const names = Array.from({ length: count }, (_, i) => `x${i}`);
    for (const name of names) await load.add(name);
    return { load, names };
  }

  /** Resolves with the time until a filesystem is served by another node than `was`. */
  async function untilServed(fs: string, was: string): Promise<number> {
    const begun = performance.now();
    for (;;) {
      const { node } = await insist(urls, 'GET', `/v1/filesystems/${fs}`);
      if (node !== was) return performance.now() - begun;
      await delay(20);
    }
  }

  async function end(load: Load): Promise<void> {
    await load.stop();
    expect(await load.faults()).toEqual([]);
    console.info(`${load.answers} answers, ${load.refusals} refusals and broken connections`);
    expect(load.answers).toBeGreaterThan(0);
  }

  test('K2: an owner is killed under load, and nothing is lost', async () => {
    await begin();
    const { load, names } = await loaded(3);
    const times: number[] = [];
    for (let kill = 0; kill < dose(4, 200); kill += 1) {
      await delay(500);
      const fs = names[kill % names.length] as string;
      const owner = await ownerOf(fs);
      owner.kill('SIGKILL');
      await once(owner.child, 'exit');
      times.push(await untilServed(fs, `${owner.name} that was killed`));
      await cluster.start(owner.name);
    }
    figure('K2: first answer after kill -9 of the owner', times);
    await end(load);
  });

  test('K3: an owner is paused for two leases, and shows nothing old', async () => {
    await begin();
    const { load, names } = await loaded(2);
    for (let pause = 0; pause < dose(2, 100); pause += 1) {
      await delay(500);
      const fs = names[pause % names.length] as string;
      const path = `/v1/filesystems/${fs}/files/register`;
      const owner = await ownerOf(fs);
      owner.kill('SIGSTOP');
      const paused = performance.now();
      await untilServed(fs, owner.name);
      // It is written by the next owner, and only then is the old one asked.
      const size = 1_000_000 + pause;
      const written = await insist(
        () => urls().filter((url) => url !== owner.url),
        'POST',
        `/v1/filesystems/${fs}/files`,
        { json: { name: `new-${size}` } },
      );
      expect(written.status).toBe(201);
      const late = ask(owner.url, 'GET', `${path.replace('register', `new-${size}`)}`, {
        ms: 60_000,
      });
      await delay(Math.max(0, paused + 2 * leaseMs - performance.now()));
      owner.kill('SIGCONT');
      const { status } = await late;
      // The old owner has never heard of this file: a 404 would be its old state.
      expect([200, 503]).toContain(status);
    }
    await end(load);
  });

  test('K4: the primary is killed, and nobody recovers anything again', async () => {
    await begin({}, true);
    const { load, names } = await loaded(3);
    await delay(1000);
    const owners = await Promise.all(names.map(async (name) => (await ownerOf(name)).name));
    const [primary, standby] = databases as [Postgres, Postgres];
    await primary.stop('SIGQUIT');
    await standby.promote();
    await standby.sql('alter system set synchronous_standby_names = default');
    const begun = performance.now();
    const answers = load.answers;
    await expect.poll(() => load.answers).toBeGreaterThan(answers);
    figure('K4: first write after the promotion', [performance.now() - begun]);
    await delay(2000);
    expect(await Promise.all(names.map(async (name) => (await ownerOf(name)).name))).toEqual(
      owners,
    );
    await end(load);
  });

  test('K9: a node with a third of many filesystems is killed', async () => {
    await begin({ 'quota-filesystems': '2000' });
    const count = dose(90, 1000);
    const names = Array.from({ length: count }, (_, i) => `many${i}`);
    await Promise.all(
      [0, 1, 2].map(async (first) => {
        const { url } = cluster.nodes[first] as NodeProcess;
        for (let i = first; i < count; i += 3) {
          const made = await insist(() => [url], 'POST', '/v1/filesystems', {
            json: { name: names[i], sizeBytes: 1024 * 1024 },
            headers: { 'idempotency-key': `many${i}` },
          });
          expect(made.status).toBe(201);
        }
      }),
    );
    const [first] = cluster.nodes as [NodeProcess];
    const others = names.filter((_, i) => i % 3 !== 0);
    const kept = await Promise.all(others.map(async (name) => [name, (await ownerOf(name)).name]));
    const begun = performance.now();
    first.kill('SIGKILL');
    await once(first.child, 'exit');
    const placesOf = async () => {
      const { json } = await insist(urls, 'GET', '/v1/cluster');
      return json.nodes.map(({ places }: { places: number }) => places);
    };
    // Nobody asks for them: timers and sleepers go on without traffic.
    await expect
      .poll(async () => (await placesOf()).reduce((a: number, b: number) => a + b, 0))
      .toBe(count);
    const times = await Promise.all(
      names
        .filter((_, i) => i % 3 === 0)
        .map(async (name) => {
          const { status } = await insist(urls, 'GET', `/v1/filesystems/${name}`);
          expect(status).toBe(200);
          return performance.now() - begun;
        }),
    );
    figure('K9: every filesystem of the killed node served', times);
    expect(
      await Promise.all(others.map(async (name) => [name, (await ownerOf(name)).name])),
    ).toEqual(kept);
  });
});
