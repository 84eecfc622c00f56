// What one node does with the places of a database in memory, without a server.
import { expect, test } from 'vitest';
import { Places, type PlacesOptions } from '../../src/cluster/places.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import { ClusterMemory } from './cluster-memory.ts';

const fs = 'f1';

test('a filesystem that was lost and taken again while it was read is read again', async () => {
  const shared = new ClusterMemory();
  const store = shared.open('a');
  const ownedBy = (owner: string): void => {
    const epoch = (shared.places.get(fs)?.epoch ?? 0) + 1;
    const names = { tenant: 'default', name: 'x', number: 1, kernelVersion: 1 };
    shared.places.set(fs, { fs, ...names, owner, epoch, flush: 1 });
  };
  ownedBy('a');
  const readings: ((id: string) => void)[] = [];
  const adopted: string[] = [];
  const options = {
    store,
    engine: {
      onChanged: () => {},
      find: () => adopted[0],
      isCreating: () => false,
    },
    heart: { lease: { holds: true }, leaving: false, nodes: { isDead: () => false } },
    logger: { error: () => {}, warn: () => {}, info: () => {} },
    recover: () => new Promise((resolve) => readings.push(resolve as (id: string) => void)),
    adopt: (what: string) => adopted.push(what),
    purge: () => {},
  };
  const places = new Places(options as unknown as PlacesOptions);
  const found = places.where('default', 'x');
  await expect.poll(() => readings.length).toBe(1);

  // Another node takes it and gives it back, before the reading ends.
  ownedBy('b');
  store.dropHeld([fs]);
  store.onLost(fs, new JournalError('moved', 'another node has it'));
  ownedBy('a');
  expect(await store.raise([fs])).toEqual([fs]);
  readings[0]?.('an old state');

  await expect.poll(() => readings.length).toBe(2);
  readings[1]?.('the state of now');
  expect(await found).toEqual({ is: 'here' });
  expect(adopted).toEqual(['the state of now']);
});
