// The load scenarios run, and say so with their exit code. What they measure in a second on a busy machine is worth nothing.
import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';

const load = (...args: string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', 'load/run.ts', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });

it('every scenario gets only the answers that it expects', { timeout: 120_000 }, async () => {
  const names = ['pin-unpin', 'punch-under-pins', 'mixed-tenants', 'write-read-4k'];
  const { code, text } = await load('--seconds', '0.6', '--rounds', '1', '--connections', '10', '--scenario', ...names);
  expect(text).not.toContain('UNEXPECTED');
  for (const name of names) expect(text).toContain(`\n${name}: `);
  expect(text.match(/^ratio \d/gm)).toHaveLength(names.length);
  expect(text).toMatch(/Node v\d+.*, commit \w+.*, load average/);
  expect(code).toBe(0);
});

it('an unknown scenario or flag is an error', { timeout: 60_000 }, async () => {
  expect(await load('--scenario', 'nothing')).toMatchObject({
    code: 2,
    text: expect.stringContaining('no such scenario: nothing'),
  });
  expect((await load('--seconds', '0')).code).toBe(1);
});
