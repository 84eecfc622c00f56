// `npm run cluster`: it starts, answers through HAProxy, and leaves nothing behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort, missingHaproxy } from './haproxy.ts';
import { ask } from './nodes.ts';
import { missing } from './postgres.ts';

const program = resolve(import.meta.dirname, 'cluster-main.ts');

/** The processes below one, each with the moment of its start, because numbers are used again. */
function below(pid: number): string[] {
  const parents = new Map<number, [id: string, pid: number][]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const [, parent, started] = statOf(name);
    const children = parents.get(parent) ?? [];
    children.push([`${name} ${started}`, Number(name)]);
    parents.set(parent, children);
  }
  const found = (of: number): string[] =>
    (parents.get(of) ?? []).flatMap(([id, child]) => [id, ...found(child)]);
  return found(pid);
}

/** The state, the parent and the start of a process. */
function statOf(pid: string): [state: string, parent: number, started: string] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [fields[0] ?? 'X', Number(fields[1]), fields[19] ?? ''];
  } catch {
    return ['X', -1, ''];
  }
}

/** Zombies have ended. */
function runs(id: string): boolean {
  const [pid = '', started] = id.split(' ');
  const [state, , now] = statOf(pid);
  return now === started && state !== 'Z' && state !== 'X';
}

describe.skipIf(missing !== null || missingHaproxy !== null)('npm run cluster', () => {
  let child: ChildProcess | null = null;
  let output = '';

  function start(...args: string[]): ChildProcess {
    const { VITEST: _, ...env } = process.env;
    output = '';
    child = spawn(process.execPath, ['--import', 'tsx', program, ...args], { env });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => {
        output += data;
      });
    return child;
  }
  const exitOf = async (one: ChildProcess): Promise<number | null> =>
    one.exitCode ?? ((await once(one, 'exit'))[0] as number | null);

  afterEach(async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await exitOf(child);
  });

  test('starts, loses a node, and ends without a trace', async () => {
    const port = await freePort();
    const main = start('--port', String(port));
    await expect.poll(() => output).toContain('Ctrl-C ends everything.');
    const url = `http://127.0.0.1:${port}`;
    const json = { name: 'disk', sizeBytes: 1024 * 1024 };
    const made = await ask(url, 'POST', '/v1/filesystems', { json });
    expect(made.status, made.json).toBe(201);

    main.stdin?.write(`kill ${made.node}\n`);
    await expect.poll(() => output).toContain(`Node ${made.node} ended (SIGKILL).`);
    const path = '/v1/filesystems/disk';
    const served = async () => {
      const { status, node } = await ask(url, 'GET', path).catch(() => ({ status: 0, node: null }));
      return status === 200 && node !== made.node;
    };
    await expect.poll(served).toBe(true);
    main.stdin?.write(`start ${made.node}\nstart d\n`);
    await expect.poll(() => output).toContain(`Node ${made.node} listens at`);
    expect(output).toContain('"start d" is not a command');

    const token = /^token +(\S+)/m.exec(output)?.[1] ?? '';
    expect(existsSync(token)).toBe(true);
    const folders = [...output.matchAll(/host=(\S+)/g)].map(([, folder]) => folder as string);
    expect(folders).toHaveLength(2);
    const processes = below(main.pid as number);
    // Three nodes, HAProxy, and the processes of two databases.
    expect(processes.length).toBeGreaterThan(6);
    main.kill('SIGINT');
    main.kill('SIGINT');
    expect(await exitOf(main), output).toBe(0);
    expect(processes.filter(runs)).toEqual([]);
    for (const folder of [dirname(token), ...folders]) expect(existsSync(folder)).toBe(false);
    expect(await freePort(port)).toBe(port);
  });

  test('says what is wrong before it starts anything', async () => {
    expect(await exitOf(start('--port', 'eighty'))).toBe(1);
    expect(output).toContain('--port must be a number from 1 to 65535, not "eighty".');
  });
});
