// A data directory that cannot be used is refused with a message. One that is removed while the
// server runs counts as a failed flush.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/journal/directory.ts';
import type { JournalError } from '../../src/journal/journal-error.ts';
import { freshFolder, openStore } from './kept.ts';

let folder: string;
beforeEach(() => {
  folder = freshFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('making it', () => {
  it('makes what is missing, several folders deep', () => {
    makeDirectory(join(folder, 'a/b/c'));
    makeDirectory(join(folder, 'a/b/c'));
  });

  it.each(['/proc/x', '/proc/x/y', '/sys/x', '/dev/null/x'])(
    '%s: an error at once',
    (directory) => {
      expect(() => makeDirectory(directory)).toThrow(
        `the journal cannot be written in ${directory}: E`,
      );
    },
  );

  it('a file in its place is an error', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeDirectory(join(folder, 'file', 'journal'))).toThrow(/ENOTDIR/);
  });
});

describe('losing it', () => {
  const gone: Record<string, (directory: string) => void> = {
    'all of it': (directory) => rmSync(directory, { recursive: true }),
    'the store in it': (directory) => rmSync(join(directory, 'store'), { recursive: true }),
    'and another in its place': (directory) => {
      rmSync(directory, { recursive: true });
      mkdirSync(directory);
    },
  };
  it.each(Object.entries(gone))('%s: nothing more is acknowledged', async (_name, remove) => {
    const directory = join(folder, 'journal');
    let failed: JournalError | null = null;
    const store = await openStore(directory, {
      onFailed: (error) => (failed = error),
      lookMs: 1e9,
    });
    await store.records.put([{ key: 'k', value: new Uint8Array(1) }]);
    remove(directory);
    await expect(store.records.put([{ key: 'l', value: new Uint8Array(1) }])).rejects.toMatchObject(
      {
        kind: 'failed',
      },
    );
    expect(failed).toMatchObject({
      cause: { message: expect.stringContaining('was removed while the server ran') },
    });
    await store.close().catch(() => {});
  });

  it('is noticed without a write, too', async () => {
    const directory = join(folder, 'journal');
    const failed = new Promise<JournalError>((resolve) => {
      void openStore(directory, { onFailed: resolve, lookMs: 20 }).then(() =>
        rmSync(directory, { recursive: true }),
      );
    });
    expect(await failed).toMatchObject({ kind: 'failed' });
  });
});
