// K5 and the store's part of K4 and K6: a primary with a synchronous standby, and what the store
// does when the database has lost what it acknowledged.
import { afterEach, describe, expect, it } from 'vitest';
import type { JournalError } from '../../src/journal/journal-error.ts';
import type { PgStore } from '../../src/journal/pg-store.ts';
import { dose } from '../dose.ts';
import { openPg } from './open.ts';
import { missing, Postgres } from './postgres.ts';

const set = (key: string, value: string) => ({ key, value: Buffer.from(value) });
const named = { tenant: 'default', name: 'a', number: 1 };
const strict = { synchronous_standby_names: 'standby' };

const waiting = "select pid, query from pg_stat_activity where wait_event = 'SyncRep'";

describe.skipIf(missing !== null)('a primary and a standby', () => {
  const made: Postgres[] = [];
  const stores: PgStore[] = [];
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    for (const server of made.splice(0)) await server.remove();
  });

  async function pair(): Promise<{ primary: Postgres; standby: Postgres }> {
    const primary = await Postgres.start();
    made.push(primary);
    const standby = await primary.standby();
    made.push(standby);
    return { primary, standby };
  }

  async function open(servers: Postgres[]): Promise<{ store: PgStore; lost: string[] }> {
    const lost: string[] = [];
    const store = await openPg('', { urls: servers.map((one) => one.url()), closeMs: 500 });
    store.onLost = (fs, { kind, message }) => {
      if (!fs.startsWith('node:')) lost.push(`${kind}: ${message}`);
    };
    stores.push(store);
    return { store, lost };
  }

  const isFollowing = async (primary: Postgres): Promise<boolean> => {
    const rows = await primary.sql<{ sync_state: string }>(
      'select sync_state from pg_stat_replication',
    );
    return rows.some(({ sync_state }) => sync_state === 'sync');
  };

  it('K4: the primary dies, the standby takes its place, and the store goes on', async () => {
    for (let i = 0; i < dose(1, 10); i++) {
      const { primary, standby } = await pair();
      await primary.restart(strict);
      await expect.poll(() => isFollowing(primary)).toBe(true);
      const { store, lost } = await open([primary, standby]);
      await store.journal('f').put([set('fs', 'x')], named);
      const acknowledged: string[] = [];
      let ended = false;
      const writer = (async () => {
        for (let n = 0; !ended; n++) {
          const key = `j/${String(n).padStart(6, '0')}`;
          await store.journal('f').put([set(key, key)]);
          acknowledged.push(key);
        }
      })();
      await expect.poll(() => acknowledged.length).toBeGreaterThan(20);
      await primary.stop('SIGQUIT');
      await standby.promote();
      const then = acknowledged.length;
      await expect.poll(() => acknowledged.length).toBeGreaterThan(then + 20);
      ended = true;
      await writer;
      const found: string[] = [];
      for await (const key of store.journal('f').keys('j/')) found.push(key);
      expect(found).toEqual(acknowledged);
      expect(lost).toEqual([]);
    }
  });

  it.each(['cancel', 'terminate'])(
    'K5: a wait for the standby that is called off (%s) is no acknowledgement',
    async (how) => {
      for (let i = 0; i < dose(1, 10); i++) {
        const { primary, standby } = await pair();
        await primary.restart(strict);
        await expect.poll(() => isFollowing(primary)).toBe(true);
        const { store, lost } = await open([primary, standby]);
        await store.journal('f').put([set('fs', 'x')], named);
        await standby.stop('SIGQUIT');
        let answer: string | null = null;
        const put = store.journal('f').put([set('j/1', 'x')]);
        put.then(
          () => {
            answer = 'stored';
          },
          (error: JournalError) => {
            answer = error.kind;
          },
        );
        // The append, and then each rise of the epoch with which the store asks what became of it.
        const callOff = async (query: RegExp) => {
          const pid = async () =>
            (await primary.sql<{ pid: number; query: string }>(waiting)).find((one) =>
              query.test(one.query),
            )?.pid ?? 0;
          await expect.poll(pid).toBeGreaterThan(0);
          await primary.sql(`select pg_${how}_backend(${await pid()})`);
        };
        await callOff(/^with given as/);
        await callOff(/^update place p set epoch/);
        await callOff(/^update place p set epoch/);
        // Everybody can read it now, but no standby has it.
        expect(await primary.sql("select from pinhole.record where key = 'j/1'")).toHaveLength(1);
        expect(answer).toBeNull();
        await primary.stop('SIGQUIT');
        await standby.restart({ synchronous_standby_names: '' });
        await standby.promote();
        await put;
        expect(answer).toBe('stored');
        const rows = await standby.sql("select from pinhole.record where key = 'j/1'");
        expect(rows).toHaveLength(1);
        expect(lost).toEqual([]);
      }
    },
  );

  it('K5: statement_timeout does not call the wait off', async () => {
    const { primary, standby } = await pair();
    await primary.restart({ ...strict, statement_timeout: '200' });
    await expect.poll(() => isFollowing(primary)).toBe(true);
    const { store } = await open([primary, standby]);
    await store.journal('f').put([set('fs', 'x')], named);
    await standby.stop('SIGQUIT');
    const put = store.journal('f').put([set('j/1', 'x')]);
    await expect.poll(() => primary.sql(waiting)).toHaveLength(1);
    await standby.restart();
    await put;
    expect(String(await store.journal('f').get('j/1'))).toBe('x');
  });

  it('K6: the database goes back: each filesystem with lost entries is closed, with the right words', async () => {
    const { primary, standby } = await pair();
    const { store, lost } = await open([primary, standby]);
    await store.journal('f').put([set('fs', 'x')], named);
    await store.journal('g').put([set('fs', 'x')], { ...named, name: 'b' });
    const shared = await primary.sql<{ at: string }>('select pg_current_wal_lsn() as at');
    const behind = async () =>
      (
        await standby.sql<{ there: boolean }>(
          `select pg_last_wal_replay_lsn() >= '${shared[0]?.at}' as there`,
        )
      )[0]?.there;
    await expect.poll(behind).toBe(true);
    await standby.stop('SIGQUIT');
    await store.journal('f').put([set('j/1', 'acknowledged')]);
    await primary.stop('SIGQUIT');
    await standby.restart();
    await standby.promote();
    const kind = await store
      .journal('f')
      .put([set('j/2', 'x')])
      .then(
        () => 'stored',
        (error: JournalError) => error.kind,
      );
    expect(kind).toBe('lost');
    expect(lost).toEqual([
      'lost: engine-lost-entries: the database acknowledged append 2 of f, and now ends with append 1',
    ]);
    // It stays closed, also for a take-over; the other goes on.
    expect(await store.claim(['f'])).toEqual([]);
    await store.journal('g').put([set('j/1', 'x')]);
    expect(String(await store.journal('g').get('j/1'))).toBe('x');
  });
});
