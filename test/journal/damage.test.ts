// Bit rot: any flipped bit and any truncation of the files is noticed or harmless. Only the
// acknowledged state is ever restored.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { comesBack, freshFolder, makeJournal } from './kept.ts';
import { damagesOf } from './rot.ts';

it('flipped bits and cuts are noticed or do no harm', { timeout: 3_600_000 }, async () => {
  const folder = freshFolder();
  const original = await makeJournal(join(folder, 'journal'));
  const copy = join(folder, 'copy');
  cpSync(original, copy, { recursive: true });
  const good = join(folder, 'good');
  writeFileSync(good, await comesBack(copy));
  const damages = damagesOf(original);
  const seen: Record<string, number> = {};
  const wrong: string[] = [];
  for (let next = 0; next < damages.length; ) {
    const args = ['--import', 'tsx', 'test/journal/rot.ts', original, good, String(next)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) {
      const [index, outcome] = JSON.parse(line) as [number, string];
      if (outcome === 'noticed' || outcome === 'harmless') seen[outcome] = (seen[outcome] ?? 0) + 1;
      else wrong.push(`${damages[index]?.what}: ${outcome}`);
      next = index + 1;
    }
    const [code, signal] = (await exited) as [number | null, string | null];
    if (next >= damages.length) break;
    // The store fell over it: the server would not have started.
    if (signal === null) throw new Error(`the trials ended with ${code} at ${damages[next]?.what}`);
    seen.fell = (seen.fell ?? 0) + 1;
    next += 1;
  }
  rmSync(folder, { recursive: true });
  rmSync(original, { recursive: true });
  expect(wrong).toEqual([]);
  expect(seen.noticed).toBeGreaterThan(damages.length / 3);
  expect((seen.noticed ?? 0) + (seen.harmless ?? 0) + (seen.fell ?? 0)).toBe(damages.length);
  expect(seen.fell ?? 0).toBeLessThan(damages.length / 50);
});
