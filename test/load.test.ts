// The load scenarios run and report success by their exit code. Their measurements of one second on
// a busy machine are not checked.
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isMet, lineOf } from '../load/goals.ts';
import { dose } from './dose.ts';

const load = (...args: string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'load/run.ts', ...args],
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
      },
    );
  });

it('every scenario gets only the answers that it expects', { timeout: 600_000 }, async () => {
  const names = dose(
    ['mixed-tenants'],
    ['pin-unpin', 'punch-under-pins', 'mixed-tenants', 'write-read-4k'],
  );
  const { code, text } = await load(
    '--seconds',
    '0.6',
    '--rounds',
    '1',
    '--connections',
    '10',
    '--scenario',
    ...names,
  );
  expect(text).not.toContain('UNEXPECTED');
  for (const name of names) expect(text).toContain(`\n${name}: `);
  expect(text.match(/^ratio \d/gm)).toHaveLength(names.length);
  expect(text).toMatch(/Node v\d+.*, commit \w+.*, load average/);
  expect(code).toBe(0);
});

describe('a goal', () => {
  it('is met up to its bound, and never by what was not measured', () => {
    expect(isMet({ what: '', least: 0.9, measured: 0.9 })).toBe(true);
    expect(isMet({ what: '', least: 0.9, measured: 0.89 })).toBe(false);
    expect(isMet({ what: '', most: 10, measured: 10 })).toBe(true);
    expect(isMet({ what: '', most: 10, measured: 10.1 })).toBe(false);
    expect(isMet({ what: '', most: 10, measured: Number.NaN })).toBe(false);
    expect(lineOf({ what: 'a scrape', most: 10, measured: 12.34, unit: 'ms' })).toBe(
      '  MISSED a scrape: goal ≤ 10 ms, measured 12.3 ms',
    );
    expect(lineOf({ what: 'events a second', least: 10_000, measured: 10_400 })).toBe(
      '  met    events a second: goal ≥ 10,000, measured 10,400',
    );
  });

  it('that is missed is the exit code of the run', async () => {
    const { code, text } = await load('--seconds', '1', '--scenario', 'events');
    expect(text.match(/^ {2}(met {3}|MISSED) .*: goal [≤≥] .*, measured /gm)).toHaveLength(4);
    expect(code).toBe(text.includes('MISSED') ? 1 : 0);
  });
});

it('an unknown scenario or flag is an error', async () => {
  expect(await load('--scenario', 'nothing')).toMatchObject({
    code: 2,
    text: expect.stringContaining('no such scenario: nothing'),
  });
  expect((await load('--seconds', '0')).code).toBe(1);
});
