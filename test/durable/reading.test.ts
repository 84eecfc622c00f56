// A journal whose head is damaged is closed all the same: an open iterator keeps LevelDB from
// freeing what is deleted later.
import { expect, it } from 'vitest';
import { journalKeys } from '../../src/durable/keys.ts';
import { recover, withoutEvents } from '../../src/durable/replay.ts';
import { JournalError } from '../../src/journal/journal-error.ts';
import type { Store } from '../../src/journal/store.ts';

it.each([
  ['no birth record', []],
  ['a birth record that cannot be read', [[journalKeys.birth, new JournalError('damaged', 'x')]]],
  ['a birth record of another shape', [[journalKeys.birth, new Uint8Array([0xc0])]]],
])('with %s', async (_, entries) => {
  let closed = false;
  async function* all() {
    try {
      yield* entries;
    } finally {
      closed = true;
    }
  }
  const store = { journal: () => ({ all }) } as unknown as Store;
  await expect(recover(store, 'x', withoutEvents)).rejects.toMatchObject({ kind: 'damaged' });
  expect(closed).toBe(true);
});
