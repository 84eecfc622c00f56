// A server in a process of its own, on a core of its own where there is more than one and taskset is there.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const taskset = '/usr/bin/taskset';
const canPin = availableParallelism() > 1 && existsSync(taskset);

export interface Server {
  url: string;
  /** Processor time since its start. */
  cpuMs(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Moves this process to the other cores. */
export function leaveFirstCore(): void {
  if (canPin) execFileSync(taskset, ['-a', '-cp', `1-${availableParallelism() - 1}`, String(process.pid)], { stdio: 'ignore' });
}

/** Makes what is measured. Through tsx the server would pay for the names of its functions, each time that one is made. */
export function build(): void {
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`));
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    console.error('the build found errors; what it made is measured all the same');
  }
}

/** `file` counts from the root of the repository. It says where it listens in a line of JSON. */
export async function startServer(file: string, env: Record<string, string> = {}): Promise<Server> {
  const node = [process.execPath, ...(file.endsWith('.ts') ? ['--import', 'tsx'] : []), `${root}${file}`];
  const [command = '', ...args] = canPin ? [taskset, '-c', '0', ...node] : node;
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await listening(child);
  // Nobody reads on, and the server must not wait for that.
  child.stdout?.resume();
  const read = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  return {
    url,
    cpuMs() {
      const fields = read('stat').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(read('status'))?.[1]) * 1024,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    if (msg === 'listening') return url;
  }
  throw new Error('the server ended before it listened');
}

/** What `build` made, with its data in memory. */
export const startPinhole = (env: Record<string, string> = {}): Promise<Server> =>
  startServer('dist/main.js', { PINHOLE_PORT: '0', PINHOLE_VOLATILE: '1', ...env });
