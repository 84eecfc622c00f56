// Examples that are lines of a shell, with pipes and files: a shell runs them, in this order.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { examplesOf } from '../../src/cli/lib/help.ts';
import { ioOf } from '../../src/cli/lib/io.ts';
import { rootCommand } from '../../src/cli/run.ts';
import { serving } from './command.ts';

const names =
  'story ls|story play|compare|play|xfs_io|rule|errno|explain|graph|events|trace|bundle save|' +
  'bundle load|doctor|open|bench';

it('every line ends with 0, and without colour', { timeout: 600_000 }, async () => {
  const server = await serving();
  const directory = mkdtempSync(join(tmpdir(), 'pinhole-examples-'));
  const program = join(directory, 'pinhole');
  const source = join(import.meta.dirname, '../../src/main.ts');
  const loader = import.meta.resolve('tsx');
  writeFileSync(program, `#!/bin/sh\nexec node --import ${loader} ${source} "$@"\n`);
  chmodSync(program, 0o755);
  const { stdin, stdout, stderr } = process;
  const root = await rootCommand(ioOf({ stdin, stdout, stderr, env: {} }), () => true);
  try {
    await server.must('story play S01 --fs scratch');
    const env = {
      ...process.env,
      HOME: directory,
      PATH: `${directory}:${process.env.PATH}`,
      PINHOLE_URL: server.url,
      PINHOLE_FS: 'scratch',
    };
    for (const name of names.split('|')) {
      const command = name
        .split(' ')
        .reduce((above, word) => above.commands.find((one) => one.name() === word) ?? above, root);
      const lines = examplesOf(command);
      expect([name, lines.length > 0]).toEqual([name, true]);
      for (const line of lines) {
        const ran = await promisify(execFile)('sh', ['-c', line], { cwd: directory, env });
        expect(ran.stdout).not.toContain('\u001b');
      }
    }
  } finally {
    await server.close();
  }
});
