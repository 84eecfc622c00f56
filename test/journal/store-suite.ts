// What every Store does, whatever it stores in.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalError } from '../../src/journal/journal-error.ts';
import type { Change, PlaceChange, Store } from '../../src/journal/store.ts';

export interface Engine {
  /** An empty store. */
  open(): Promise<Store>;
  /** The same store in another process, after the first was closed. Null if nothing is kept. */
  again: (() => Promise<Store>) | null;
  /** Whether close() ends it; the store in memory only ends with the process. */
  closes: boolean;
  remove(): Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const set = (key: string, value: string): Change => ({ key, value: bytes(value) });
const named = (name: string): PlaceChange => ({ tenant: 'default', name, number: 1 });

async function all(entries: AsyncIterable<[string, unknown]>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const [key, value] of entries) found.push([key, String(value)]);
  return found;
}

async function listed(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

export function storeSuite(name: string, engine: Engine): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await engine.open();
    });
    afterEach(async () => {
      await store.close();
      await engine.remove();
    });

    it('gives back what it stored, the newest value of each key, and nothing that is deleted', async () => {
      const journal = store.journal('f1');
      await journal.put([set('fs', 'born'), set('j/01', 'a'), set('j/02', 'b')], named('one'));
      await journal.put([set('j/02', 'c'), { key: 'j/01', value: null }, set('j/03', '')]);
      expect(await journal.get('fs')).toEqual(bytes('born'));
      expect(await journal.get('j/01')).toBeNull();
      expect(await all(journal.entries('j/'))).toEqual([
        ['j/02', 'c'],
        ['j/03', ''],
      ]);
      expect(await store.journal('f2').get('fs')).toBeNull();
    });

    it('lets the later of two changes of a key in one commit count', async () => {
      const journal = store.journal('f1');
      await journal.put([set('a', '1'), { key: 'a', value: null }, set('b', '1')], named('one'));
      await journal.put([{ key: 'b', value: null }, set('b', '2')]);
      expect([await journal.get('a'), await journal.get('b')]).toEqual([null, bytes('2')]);
    });

    it('reads keys in the order of their bytes, in parts and ranges, over many pages', async () => {
      const journal = store.journal('f1');
      const keys = Array.from({ length: 700 }, (_, i) => `j/${String(i * 3).padStart(5, '0')}`);
      const changes = [...keys].reverse().map((key) => set(key, key));
      await journal.put(
        [set('fs', 'x'), set('tail', 't'), set('k/1', 'k'), ...changes],
        named('a'),
      );
      expect(await listed(journal.keys('j/'))).toEqual(keys);
      expect(await listed(journal.keys('j/', { from: 'j/00300', to: 'j/00310' }))).toEqual([
        'j/00300',
        'j/00303',
        'j/00306',
        'j/00309',
      ]);
      const read = await all(journal.all(['tail', 'fs', 'j/', 'nothing/', 'k/']));
      expect(read.map(([key]) => key)).toEqual(['tail', 'fs', ...keys, 'k/1']);
      expect(read.every(([key, value]) => !key.startsWith('j/') || value === key)).toBe(true);
    });

    it('reads one state, although it changes meanwhile', async () => {
      const journal = store.journal('f1');
      const keys = Array.from({ length: 400 }, (_, i) => `j/${String(i).padStart(5, '0')}`);
      await journal.put([...keys.map((key) => set(key, 'old'))], named('a'));
      const reading = journal.all(['j/'])[Symbol.asyncIterator]();
      const first = await reading.next();
      await journal.put(keys.map((key) => ({ key, value: null })));
      const found = [first.value[0]];
      for (let next = await reading.next(); next.done !== true; next = await reading.next())
        found.push(next.value[0]);
      expect(found).toEqual(keys);
      expect(await listed(journal.keys('j/'))).toEqual([]);
    });

    it('calls back in the order of the commits', async () => {
      await store.journal('f1').put([set('fs', 'x')], named('one'));
      const told: number[] = [];
      await new Promise<void>((resolve) => {
        for (let i = 0; i < 50; i++)
          store
            .journal('f1')
            .commit([set(`j/${i}`, 'x'.repeat(i % 7 === 0 ? 400_000 : 10))], () => {
              told.push(i);
              if (told.length === 50) resolve();
            });
      });
      expect(told).toEqual([...told.keys()]);
    });

    it('stores changes of the server together with those of a filesystem', async () => {
      const done = new Promise<JournalError | null>((resolve) =>
        store.journal('f1').commit([set('fs', 'x')], resolve, [set('answer/a/k', 'r')], named('a')),
      );
      expect(await done).toBeNull();
      await store.records.put([set('tenant/a', 't'), set('tenant/b', 'u')]);
      await store.records.put([{ key: 'tenant/b', value: null }]);
      expect(await store.records.get('answer/a/k')).toEqual(bytes('r'));
      expect(await all(store.records.all(['tenant/', 'answer/']))).toEqual([
        ['tenant/a', 't'],
        ['answer/a/k', 'r'],
      ]);
    });

    it('names the filesystems that have keys of a kind, and the kinds', async () => {
      await store.journal('f1').put([set('fs', 'x'), set('j/1', 'x')], named('one'));
      await store.journal('f2').put([set('gone', 'x'), set('jj', 'x')], named('two'));
      const found = await store.journals(['fs', 'j', 'gone']);
      expect([...found].sort()).toEqual([
        ['f1', new Set(['fs', 'j'])],
        ['f2', new Set(['gone'])],
      ]);
    });

    it('drops keys', async () => {
      const journal = store.journal('f1');
      const keys = Array.from({ length: 600 }, (_, i) => `j/${i}`);
      await journal.put([set('fs', 'x'), ...keys.map((key) => set(key, 'x'))], named('one'));
      await journal.drop(journal.keys('j/'));
      expect(await listed(journal.keys('j/'))).toEqual([]);
      expect(await journal.get('fs')).toEqual(bytes('x'));
    });

    it('says the next position in ascending order', async () => {
      const journal = store.journal('f1');
      await journal.put([set('fs', 'x')], named('one'));
      const before = store.next;
      await journal.put([set('j/1', 'x')]);
      const after = store.next;
      expect([after.group, after.position] > [before.group, before.position]).toBe(true);
      expect(after.group).toBeGreaterThan(before.group);
    });

    it.skipIf(engine.again === null)('has everything in another process, and goes on', async () => {
      const journal = store.journal('f1');
      await journal.put([set('fs', 'x')], named('one'));
      await store.records.put([set('tenant/a', 't')]);
      const { group } = store.next;
      await store.close();
      store = await (engine.again as () => Promise<Store>)();
      expect(await store.journal('f1').get('fs')).toEqual(bytes('x'));
      expect(await store.records.get('tenant/a')).toEqual(bytes('t'));
      expect(store.next.group).toBeGreaterThanOrEqual(group);
      await store.journal('f1').put([set('fs', 'y')]);
      expect(await store.journal('f1').get('fs')).toEqual(bytes('y'));
    });

    it.skipIf(!engine.closes)('refuses commits after close', async () => {
      await store.close();
      const journal = store.journal('f1');
      await expect(journal.put([set('a', 'b')], named('a'))).rejects.toMatchObject({
        kind: 'failed',
      });
    });
  });
}
