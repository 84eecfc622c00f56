// A server in a separate process, on its own core if there is more than one and taskset is
// installed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('..', import.meta.url));
const taskset = '/usr/bin/taskset';
const canPin = availableParallelism() > 1 && existsSync(taskset);

export interface Server {
  url: string;
  /** Processor time since its start. */
  cpuMs(): number;
  /** The same of its event loop alone. */
  loopMs(): number;
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Moves this process to the other cores. */
export function leaveFirstCore(): void {
  if (canPin)
    execFileSync(taskset, ['-a', '-cp', `1-${availableParallelism() - 1}`, String(process.pid)], {
      stdio: 'ignore',
    });
}

/**
 * Makes what is measured. Through tsx the server would pay for the names of its functions, each
 * time that one is made.
 */
export function build(): void {
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', `file://${root}`));
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    console.error('the build found errors; what it made is measured all the same');
  }
}

/**
 * A server of this folder, made as `build` makes ours: through tsx it would pay what ours does not.
 */
function compiled(file: string): string {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const made = file.replace(/^load\/(.*)\.ts$/, 'dist/load/$1.js');
  mkdirSync(`${root}dist/load`, { recursive: true });
  const { outputText } = ts.transpileModule(readFileSync(`${root}${file}`, 'utf8'), {
    compilerOptions: { ...options, module: ts.ModuleKind.ESNext },
  });
  writeFileSync(`${root}${made}`, outputText);
  return made;
}

/** `file` counts from the root of the repository. It says where it listens in a line of JSON. */
export async function startServer(file: string, env: Record<string, string> = {}): Promise<Server> {
  const node = [process.execPath, `${root}${file.endsWith('.ts') ? compiled(file) : file}`];
  const [command = '', ...args] = canPin ? [taskset, '-c', '0', ...node] : node;
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await listening(child);
  // Nobody reads on, and the server must not wait for that.
  child.stdout?.resume();
  const read = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  return {
    url,
    cpuMs: () =>
      readdirSync(`/proc/${child.pid}/task`).reduce(
        (sum, thread) => sum + threadMs(`/proc/${child.pid}/task/${thread}`),
        0,
      ),
    loopMs: () => threadMs(`/proc/${child.pid}/task/${child.pid}`),
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(read('status'))?.[1]) * 1024,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** To the nanosecond, where `stat` counts in steps of 10 ms. */
function threadMs(of: string): number {
  try {
    return Number(readFileSync(`${of}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    // It has ended since.
    return 0;
  }
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
