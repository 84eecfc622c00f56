// Opens stores of the tests.
import { PgStore, type PgStoreOptions } from '../../src/journal/pg-store.ts';

export const openPg = (url: string, more: Partial<PgStoreOptions> = {}): Promise<PgStore> =>
  PgStore.open({
    urls: [url],
    info: { name: 'test', url: null, release: 'test', kernelVersion: 1, leaving: false },
    isShared: (key) => key.startsWith('tenant/') || key.startsWith('token/'),
    onFailed() {},
    ...more,
  });
