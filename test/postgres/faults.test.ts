// K1 and the store's part of K3: who may write, and what becomes of an append whose answer is lost.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JournalError } from '../../src/journal/journal-error.ts';
import type { PgStore } from '../../src/journal/pg-store.ts';
import { dose, some } from '../dose.ts';
import { openPg } from './open.ts';
import { missing, Postgres } from './postgres.ts';
import { faults, Wire } from './wire.ts';

const set = (key: string, value: string) => ({ key, value: Buffer.from(value) });
const named = (name: string) => ({ tenant: 'default', name, number: 1 });

async function keysOf(store: PgStore, fs: string): Promise<string[]> {
  const found: string[] = [];
  for await (const key of store.journal(fs).keys('j/')) found.push(key);
  return found;
}

const kindOf = (put: Promise<void>): Promise<string> =>
  put.then(
    () => 'stored',
    (error: JournalError) => error.kind,
  );

/** Takes a filesystem from whoever has it, as from a dead node. */
async function take(store: PgStore, fs: string): Promise<boolean> {
  const place = (await store.places()).find((one) => one.fs === fs);
  const info = { name: 'x', url: null, release: '', kernelVersion: 1, leaving: false, version: 0 };
  const { nodes } = await store.beat(info, 60_000);
  const owner = nodes.find(({ id }) => id === place?.owner);
  if (owner === undefined) return false;
  return (await store.takeOver(owner, [fs])).length > 0;
}

describe.skipIf(missing !== null)('the fence', () => {
  let postgres: Postgres;
  let count = 0;
  let database: string;
  beforeAll(async () => {
    postgres = await Postgres.start();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    count += 1;
    database = `f${count}`;
    await postgres.database(database);
  });
  const open = (more = {}) => openPg(postgres.url(database), more);
  const sql = (text: string) => postgres.sql(text, database);

  it('stores a new key once, and what stood beside it in the same statement all the same', async () => {
    const [one, two] = (await Promise.all([open(), open()])) as [PgStore, PgStore];
    const isNew = { ...set('tenant/acme', 'of one'), isNew: true };
    expect(await kindOf(one.records.put([isNew]))).toBe('stored');
    const kinds = await Promise.all(
      [
        [set('answer/1', 'before')],
        [{ ...set('tenant/acme', 'of two'), isNew: true }, set('answer/2', 'with it')],
        [set('answer/3', 'after')],
      ].map((changes) => kindOf(two.records.put(changes))),
    );
    expect(kinds).toEqual(['stored', 'taken', 'stored']);
    const read = await Promise.all(
      ['tenant/acme', 'answer/1', 'answer/2', 'answer/3'].map((key) => one.records.get(key)),
    );
    expect(read.map((value) => value && Buffer.from(value).toString())).toEqual([
      'of one',
      'before',
      null,
      'after',
    ]);
    const raced = [one, two].map((store) =>
      kindOf(store.records.put([{ ...set('tenant/raced', store.owner), isNew: true }])),
    );
    expect((await Promise.all(raced)).sort()).toEqual(['stored', 'taken']);
    await Promise.all([one.close(), two.close()]);
  });

  it('K1: three writers race; what was acknowledged is there once, what was refused is not', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    await (stores[0] as PgStore).journal('f').put([set('fs', 'x')], named('a'));
    const stored: string[] = [];
    const refused: string[] = [];
    await Promise.all(
      stores.map(async (store, writer) => {
        for (let i = 0; i < dose(40, 1000); i++) {
          if (!store.held.has('f')) await take(store, 'f');
          const key = `j/${writer}-${String(i).padStart(5, '0')}`;
          const kind = await kindOf(store.journal('f').put([set(key, key)]));
          if (kind === 'stored') stored.push(key);
          else refused.push(`${kind} ${key}`);
        }
      }),
    );
    expect(await keysOf(stores[0] as PgStore, 'f')).toEqual(stored.sort());
    // Each was an append of its own, after the one before it.
    const [place] = await (stores[0] as PgStore).places();
    expect(place?.flush).toBe(1 + stored.length);
    expect(refused.filter((one) => !one.startsWith('moved '))).toEqual([]);
    expect(stored.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('K1: an own late rise of the epoch refuses an append, which is sent again', async () => {
    const store = await open();
    await store.journal('f').put([set('fs', 'x')], named('a'));
    await sql("update pinhole.place set epoch = epoch + 5 where fs = 'f'");
    await store.journal('f').put([set('j/1', 'x')]);
    expect(await keysOf(store, 'f')).toEqual(['j/1']);
    await store.close();
  });

  it('K1: an append that nobody here made is noticed as a loss', async () => {
    const lost: string[] = [];
    const store = await open();
    store.onLost = (fs, { kind }) => lost.push(`${kind} ${fs}`);
    await store.journal('f').put([set('fs', 'x')], named('a'));
    await sql("update pinhole.place set flush = flush + 5 where fs = 'f'");
    expect(await kindOf(store.journal('f').put([set('j/1', 'x')]))).toBe('lost');
    expect(await kindOf(store.journal('f').put([set('j/2', 'x')]))).toBe('lost');
    expect(lost).toEqual(['lost f']);
    expect(await keysOf(store, 'f')).toEqual([]);
    await store.close();
  });

  it('K1: of two filesystems in one append, the one with another owner is refused, the other not', async () => {
    const store = await open();
    await store.journal('f').put([set('fs', 'x')], named('a'));
    await store.journal('g').put([set('fs', 'x')], named('b'));
    await sql("update pinhole.place set owner = 'other', epoch = epoch + 1 where fs = 'f'");
    const answers = new Promise<JournalError | null>((resolve) =>
      store.journal('f').commit([set('j/1', 'x')], resolve, [set('answer/a/k', 'x')]),
    );
    const kinds = await Promise.all([
      answers.then((error) => error?.kind),
      kindOf(store.journal('g').put([set('j/1', 'x')])),
    ]);
    expect(kinds).toEqual(['moved', 'stored']);
    expect(await store.records.get('answer/a/k')).toBeNull();
    await store.close();
  });

  it('K1: a name is used once per tenant, until its filesystem is unmounted', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    await a.journal('f').put([set('fs', 'x')], named('a'));
    await b.journal('h').put([set('fs', 'x')], named('h'));
    const kinds = await Promise.all([
      kindOf(b.journal('g').put([set('fs', 'x')], named('a'))),
      kindOf(b.journal('h').put([set('j/1', 'x')])),
    ]);
    expect(kinds).toEqual(['taken', 'stored']);
    await a.journal('f').put([{ key: 'fs', value: null }, set('gone', 'x')], 'unnamed');
    await b.journal('g').put([set('fs', 'x')], named('a'));
    await a.journal('f').put([{ key: 'gone', value: null }], 'removed');
    expect((await a.places()).map(({ fs }) => fs).sort()).toEqual(['g', 'h']);
    await Promise.all([a.close(), b.close()]);
  });

  it('two calls at once that take a filesystem do not disturb its appends', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    const lost: string[] = [];
    b.onLost = (fs, { kind }) => lost.push(`${kind} ${fs}`);
    await a.journal('f').put([set('fs', 'x')], named('a'));
    for (let i = 0; i < 20; i++) {
      const taken = [0, 1, 2].map(async () => {
        do await take(b, 'f');
        while (!b.held.has('f'));
        for (let n = 0; n < 5; n++) await b.journal('f').put([set(`j/${i}-${n}`, 'x')]);
      });
      await Promise.all(taken);
      await b.give(['f'], null);
      a.dropHeld(['f']);
      expect(await a.claim(['f'])).toEqual(['f']);
    }
    expect(lost).toEqual([]);
    expect(await keysOf(a, 'f')).toHaveLength(100);
    await Promise.all([a.close(), b.close()]);
  });

  it('K3: an append that a paused writer had sent is not taken after a take-over', async () => {
    const wire = await Wire.to(postgres.socket);
    const paused = await openPg(wire.url(database));
    const other = await open();
    await paused.journal('f').put([set('fs', 'x')], named('a'));
    for (let i = 0; i < dose(5, 100); i++) {
      wire.hold();
      const late = kindOf(paused.journal('f').put([set(`j/late-${i}`, 'x')]));
      expect(await take(other, 'f')).toBe(true);
      await other.journal('f').put([set(`j/new-${i}`, 'x')]);
      wire.release();
      expect(await late).toBe('moved');
      expect(await kindOf(paused.journal('f').put([set('j/later', 'x')]))).toBe('moved');
      await other.give(['f'], null);
      await paused.claim(['f']);
    }
    expect((await keysOf(other, 'f')).filter((key) => key.includes('late'))).toEqual([]);
    await Promise.all([paused.close(), other.close()]);
    await wire.close();
  });

  const last = 24;
  it.each(
    some(
      Array.from({ length: last }, (_, n) => n + 1),
      5,
    ),
  )(
    'K1: a connection cut at statement %i, before it, after it, or held: all is there once',
    async (n) => {
      for (const fault of faults) {
        const wire = await Wire.to(postgres.socket);
        const store = await openPg(wire.url(database), { answerMs: 1000 });
        const from = wire.statements;
        let done = 0;
        wire.onStatement = (number) => {
          if (number !== from + n) return null;
          done += 1;
          return fault;
        };
        const [f, g] = [`f-${fault}`, `g-${fault}`];
        const put = (fs: string, i: number) =>
          store.journal(fs).put([set(`j/${i}`, i === 4 ? 'x'.repeat(500_000) : `${i}`)]);
        await Promise.all([
          store.journal(f).put([set('fs', 'x')], named(f)),
          store.journal(g).put([set('fs', 'x')], named(g)),
        ]);
        await store.records.put([set('tenant/a', fault)]);
        for (let i = 0; i < 8; i++) await Promise.all([put(f, i), put(g, i)]);
        await store.journal(g).put([{ key: 'j/7', value: null }]);
        expect(await keysOf(store, f)).toHaveLength(8);
        expect(await keysOf(store, g)).toHaveLength(7);
        expect(String(await store.records.get('tenant/a'))).toBe(fault);
        const flushes = (await store.places()).map(({ flush }) => flush);
        await store.journal(g).put([set('gone', 'x')], 'unnamed');
        await store.journal(g).put([], 'removed');
        expect((await store.places()).map(({ fs }) => fs)).not.toContain(g);
        // Each append counted once, however often it was sent.
        expect(flushes).toContain(9);
        expect(flushes).toContain(10);
        expect(done).toBe(1);
        await store.close();
        await wire.close();
      }
    },
  );
});
