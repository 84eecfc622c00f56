// Pinhole in a separate process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Running {
  base: string;
  pid: number;
  call<T>(method: string, path: string, body?: object): Promise<T>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function stopped(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** In memory and on any port. */
export const startVolatile = (...flags: string[]): Promise<Running> =>
  startPinhole('--port', '0', '--volatile', ...flags);

export const startPinhole = (...flags: string[]): Promise<Running> => startWith({}, ...flags);

/** With more in its environment. */
export async function startWith(
  more: Record<string, string>,
  ...flags: string[]
): Promise<Running> {
  const args = ['--import', 'tsx', 'src/main.ts', ...flags];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...more },
  });
  if (child.stdout === null) throw new Error('the server has no stdout');
  const base = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the server ended before it listened')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { url: string }).url);
    });
  });
  return {
    base,
    pid: child.pid ?? 0,
    async call<T>(method: string, path: string, body?: object): Promise<T> {
      const json =
        body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const response = await fetch(`${base}${path}`, { method, ...json });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text) as T;
    },
    stop: (signal) => stopped(child, signal),
  };
}
