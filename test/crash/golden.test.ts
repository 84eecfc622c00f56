// Journals of released versions replay to the states that those versions had, on every platform.
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, repair } from './process.ts';

const goldens = join(import.meta.dirname, '../fixtures/journals');

describe.each(readdirSync(goldens))('the journal of %s', (version) => {
  it.each([
    { TZ: 'UTC', LC_ALL: 'C' },
    { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8' },
    { TZ: 'America/St_Johns', LC_ALL: 'de_DE.UTF-8', LANG: 'ar_EG.UTF-8' },
  ])('replays to what it was, under %j', async (env) => {
    const folder = freshFolder();
    cpSync(join(goldens, version), folder, { recursive: true });
    const { code, stdout, stderr } = await repair(folder, [], env);
    rmSync(folder, { recursive: true });
    expect(stderr).toBe('');
    expect(stdout).toBe(readFileSync(join(goldens, version, 'replay.txt'), 'utf8'));
    expect(stdout.match(/state [0-9a-f]{64}/g)).toHaveLength(10);
    expect(code).toBe(0);
  });
});
