// Examples that are lines of a shell, with pipes and files: a shell runs them, in this order.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
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
  'replay|bundle load|doctor|open|bench';

/** A folder with `pinhole` in it, and every command. */
async function prepared() {
  const directory = mkdtempSync(join(tmpdir(), 'pinhole-examples-'));
  const program = join(directory, 'pinhole');
  const source = join(import.meta.dirname, '../../src/main.ts');
  const loader = import.meta.resolve('tsx');
  writeFileSync(program, `#!/bin/sh\nexec node --import ${loader} ${source} "$@"\n`);
  chmodSync(program, 0o755);
  const { stdin, stdout, stderr } = process;
  const root = await rootCommand(ioOf({ stdin, stdout, stderr, env: {} }), () => true);
  const path = `${directory}:${process.env.PATH}`;
  const env = { ...process.env, HOME: directory, PATH: path };
  /** The examples of a command, such as `fs ls`. */
  const examples = (name: string): readonly string[] => {
    const command = name
      .split(' ')
      .reduce((above, word) => above.commands.find((one) => one.name() === word) ?? above, root);
    const lines = examplesOf(command);
    expect([name, lines.length > 0]).toEqual([name, true]);
    return lines;
  };
  return { directory, env, examples };
}

it('every line ends with 0, and without colour', { timeout: 600_000 }, async () => {
  const server = await serving();
  const { directory, env: shell, examples } = await prepared();
  try {
    await server.must('story play S01 --fs scratch');
    const env = { ...shell, PINHOLE_URL: server.url, PINHOLE_FS: 'scratch' };
    for (const line of names.split('|').flatMap(examples)) {
      const ran = await promisify(execFile)('sh', ['-c', line], { cwd: directory, env });
      expect(ran.stdout).not.toContain('\u001b');
    }
  } finally {
    await server.close();
  }
});

it('the server of the example starts, and its journal is inspected', {
  timeout: 600_000,
}, async () => {
  const { directory, env, examples } = await prepared();
  for (const line of examples('serve')) {
    const server = spawn('sh', ['-c', `exec ${line}`], { cwd: directory, env });
    const ended = once(server, 'exit');
    let log = '';
    for await (const chunk of server.stdout) {
      log += String(chunk);
      if (log.includes('"listening"')) server.kill('SIGTERM');
    }
    expect({ log, code: (await ended)[0] }).toMatchObject({ code: 0 });
    expect(log).toContain('"listening"');
  }
  for (const line of examples('repair'))
    await promisify(execFile)('sh', ['-c', line], { cwd: directory, env });
});

it('a browser that goes on running does not hold the command', { timeout: 600_000 }, async () => {
  const server = await serving();
  const { directory, env } = await prepared();
  try {
    await server.must('fs create scratch 1M');
    const browser = join(directory, 'browser');
    writeFileSync(browser, '#!/bin/sh\necho "$1" > "$0.url"\nsleep 20\n');
    chmodSync(browser, 0o755);
    const told = { ...env, PINHOLE_URL: server.url, BROWSER: browser };
    const words = ['-c', 'pinhole open scratch -o json'];
    const { stdout } = await promisify(execFile)('sh', words, { cwd: directory, env: told });
    const url = `${server.url}/ui/fs/scratch`;
    expect(JSON.parse(stdout)).toEqual({ url, opened: true });
    expect(readFileSync(`${browser}.url`, 'utf8')).toBe(`${url}\n`);
  } finally {
    await server.close();
  }
});
