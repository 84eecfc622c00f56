// Rot: any flipped bit and any cut of the files is noticed, or does no harm. No other state than the acknowledged one ever comes back.
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JournalError } from '../../src/journal/journal-error.ts';
import { comesBack, freshFolder, makeJournal } from './kept.ts';

let original = '';
let good = '';
const folder = freshFolder();

/** Every file that is read; the store's own log of what it did is not. */
const files = (): string[] =>
  (readdirSync(original, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((name) => statSync(join(original, name)).isFile() && !/(LOCK|LOG|LOG\.old)$/.test(name))
    .sort();

beforeAll(async () => {
  original = await makeJournal(freshFolder());
  const copy = fresh();
  good = await comesBack(copy);
});

afterAll(() => {
  rmSync(original, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
});

function fresh(): string {
  rmSync(folder, { recursive: true, force: true });
  cpSync(original, folder, { recursive: true });
  return folder;
}

/** What becomes of a folder that was damaged: also at the second start, when the first one has been refused. */
async function look(damage: (folder: string) => void): Promise<'noticed' | 'harmless'> {
  const damaged = fresh();
  damage(damaged);
  for (let start = 1; ; start += 1) {
    try {
      const back = await comesBack(damaged);
      if (start > 1) throw new Error('it was refused at first, and then it was not');
      if (back !== good) throw new Error('another state came back');
      return 'harmless';
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      if (start === 2) return 'noticed';
    }
  }
}

describe('a journal', () => {
  it('comes back whole where nothing is wrong with it', () => {
    expect(files().filter((name) => name.endsWith('.ldb')).length).toBeGreaterThan(0);
    expect(good).toContain('"became":null');
  });

  it('2,000 flipped bits are noticed or do no harm', { timeout: 600_000 }, async () => {
    const sizes = files().map((name) => ({ name, size: statSync(join(original, name)).size }));
    const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
    const seen = { noticed: 0, harmless: 0 };
    let state = 12_345;
    for (let i = 0; i < 2000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      // Spread over all bytes of all files.
      let at = Math.floor(((i + state / 2 ** 32) * bytes) / 2000);
      const file = sizes.find(({ size }) => {
        if (at < size) return true;
        at -= size;
        return false;
      });
      if (file === undefined) continue;
      const outcome = await look((damaged) => {
        const path = join(damaged, file.name);
        const content = readFileSync(path);
        content[at] = (content[at] ?? 0) ^ (1 << (state & 7));
        writeFileSync(path, content);
      }).catch((error: unknown) => {
        throw new Error(`bit ${state & 7} of byte ${at} of ${file.name}`, { cause: error });
      });
      seen[outcome] += 1;
    }
    expect(seen.noticed + seen.harmless).toBe(2000);
    expect(seen.noticed).toBeGreaterThan(1000);
  });

  it('every cut of a file is noticed or does no harm', { timeout: 600_000 }, async () => {
    const seen = { noticed: 0, harmless: 0 };
    for (const name of files()) {
      const { size } = statSync(join(original, name));
      // Each byte of a short file, 100 places of a long one.
      const step = Math.max(1, Math.floor(size / 100));
      for (let length = 0; length < size; length += step) {
        const outcome = await look((damaged) => truncateSync(join(damaged, name), length)).catch((error: unknown) => {
          throw new Error(`${name} cut to ${length} of ${size}`, { cause: error });
        });
        seen[outcome] += 1;
      }
    }
    expect(seen.noticed).toBeGreaterThan(50);
  });
});
