import { describe, expect, test } from 'vitest';
import { type Clocks, Heartbeat, Lease, Nodes } from '../../src/cluster/beat.ts';
import type { NodeRow } from '../../src/journal/cluster-store.ts';
import { ClusterMemory, type ClusterMemoryStore } from './cluster-memory.ts';

const leaseMs = 3000;

class Hands implements Clocks {
  monotonic = 10_000;
  wall = 1_700_000_000_000;
  monotonicMs = () => this.monotonic;
  wallMs = () => this.wall;

  pass(ms: number): void {
    this.monotonic += ms;
    this.wall += ms;
  }
}

describe('a lease', () => {
  test('holds from the first acknowledged beat on, for the lease less a sixth', () => {
    const clocks = new Hands();
    const lease = new Lease(leaseMs, clocks);
    expect(lease.holds).toBe(false);
    lease.renew(lease.now());
    clocks.pass(2499);
    expect(lease.holds).toBe(true);
    clocks.pass(1);
    expect(lease.holds).toBe(false);
  });

  test('counts from the sending of a beat and not from its answer', () => {
    const clocks = new Hands();
    const lease = new Lease(leaseMs, clocks);
    const sent = lease.now();
    clocks.pass(2000);
    lease.renew(sent);
    clocks.pass(499);
    expect(lease.holds).toBe(true);
    clocks.pass(1);
    expect(lease.holds).toBe(false);
  });

  test.each(['monotonic', 'wall'] as const)('ends by the %s clock alone', (hand) => {
    const clocks = new Hands();
    const lease = new Lease(leaseMs, clocks);
    lease.renew(lease.now());
    clocks[hand] += 2500;
    expect(lease.holds).toBe(false);
  });

  test('ends at once where it is ended', () => {
    const lease = new Lease(leaseMs, new Hands());
    lease.renew(lease.now());
    lease.end();
    expect(lease.holds).toBe(false);
  });
});

describe('the nodes', () => {
  const record = (id: string, beat: number): NodeRow => ({
    id,
    name: id,
    url: `http://${id}`,
    release: '1',
    kernelVersion: 1,
    beat,
    version: 1,
    leaving: false,
  });

  test('count one as dead whose beat was the same for a whole lease of readings', () => {
    const clocks = new Hands();
    const nodes = new Nodes(leaseMs, clocks);
    nodes.read({ nodes: [record('a', 5)] });
    for (let ms = 0; ms < 2000; ms += 1000) {
      clocks.pass(1000);
      nodes.read({ nodes: [record('a', 5)] });
    }
    expect(nodes.isDead('a')).toBe(false);
    // Time alone is no reading.
    clocks.pass(1400);
    expect(nodes.isDead('a')).toBe(false);
    nodes.read({ nodes: [record('a', 5)] });
    expect(nodes.isDead('a')).toBe(true);
    nodes.read({ nodes: [record('a', 6)] });
    expect(nodes.isDead('a')).toBe(false);
  });

  test('are counted anew after a gap between two readings', () => {
    const clocks = new Hands();
    const nodes = new Nodes(leaseMs, clocks);
    nodes.read({ nodes: [record('a', 5)] });
    clocks.pass(60_000);
    nodes.read({ nodes: [record('a', 5)] });
    expect(nodes.isDead('a')).toBe(false);
    for (let ms = 0; ms < leaseMs; ms += 1000) {
      clocks.pass(1000);
      nodes.read({ nodes: [record('a', 5)] });
    }
    expect(nodes.isDead('a')).toBe(true);
  });

  test('count one without a row as dead, and list the others in order', () => {
    const nodes = new Nodes(leaseMs, new Hands());
    nodes.read({ nodes: [record('b', 1), record('a', 1)] });
    nodes.read({ nodes: [record('b', 2), record('c', 1)] });
    expect(nodes.isDead('a')).toBe(true);
    expect(nodes.get('b')?.beat).toBe(2);
    expect(nodes.all().map(({ id }) => id)).toEqual(['b', 'c']);
  });
});

describe('a heartbeat', () => {
  const shared = () => new ClusterMemory();
  const self = { name: 'n', release: '1', kernelVersion: 1 };

  function heartOf(store: ClusterMemoryStore, clocks: Clocks) {
    const told: string[] = [];
    const heart = new Heartbeat({
      store,
      leaseMs,
      clocks,
      self,
      onRegain: async () => void told.push('regain'),
      onBeat: ({ version }) => told.push(`beat ${version}`),
      onFailed: () => told.push('failed'),
    });
    return { heart, told };
  }

  test('reads its places again only where its lease had run out', async () => {
    const clocks = new Hands();
    const store = shared().open('a');
    const { heart, told } = heartOf(store, clocks);
    await heart.start('http://n');
    clocks.pass(1000);
    await heart.beat();
    store.away = true;
    clocks.pass(1000);
    await heart.beat();
    expect(heart.lease.holds).toBe(true);
    clocks.pass(1000);
    await heart.beat();
    clocks.pass(1000);
    expect(heart.lease.holds).toBe(false);
    store.away = false;
    await heart.beat();
    expect(heart.lease.holds).toBe(true);
    expect(told).toEqual(['regain', 'beat 1', 'beat 1', 'failed', 'failed', 'regain', 'beat 1']);
    await heart.stop();
    expect(heart.lease.holds).toBe(false);
  });

  test('joins again after its row was removed, and serves nothing before', async () => {
    const clocks = new Hands();
    const memory = shared();
    const { heart, told } = heartOf(memory.open('a'), clocks);
    await heart.start('http://n');
    memory.nodes.delete('a');
    await heart.beat();
    expect(heart.lease.holds).toBe(false);
    await heart.beat();
    expect(heart.lease.holds).toBe(true);
    expect(told).toEqual(['regain', 'beat 1', 'regain', 'beat 1']);
    await heart.stop();
  });
});
