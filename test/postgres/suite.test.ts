// The store in PostgreSQL is a Store.
import { afterAll, beforeAll, describe } from 'vitest';
import type { PgStore } from '../../src/journal/pg-store.ts';
import { storeSuite } from '../journal/store-suite.ts';
import { openPg } from './open.ts';
import { missing, Postgres } from './postgres.ts';

describe.skipIf(missing !== null)('K1', () => {
  let postgres: Postgres;
  let count = 0;
  beforeAll(async () => {
    postgres = await Postgres.start();
  });
  afterAll(() => postgres.remove());

  const open = (): Promise<PgStore> => openPg(postgres.url(`d${count}`));
  storeSuite('PostgreSQL', {
    async open() {
      count += 1;
      await postgres.database(`d${count}`);
      return open();
    },
    async again() {
      const store = await open();
      const places = await store.places();
      await store.claim(places.map(({ fs }) => fs));
      return store;
    },
    closes: true,
    async remove() {},
  });
});
