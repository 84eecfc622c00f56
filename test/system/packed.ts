// The package as a stranger gets it: packed from a copy of the committed and new files, and installed
// into an empty folder with an empty cache.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { stopped } from './server.ts';

export const root = resolve(import.meta.dirname, '../..');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Ends, whatever the exit code is. `env` replaces the settings of npm that this process has. */
export function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

export async function must(...[cwd, command, args, env]: Parameters<typeof run>): Promise<Ended> {
  const ended = await run(cwd, command, args, env);
  if (ended.code !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${ended.code}\n${ended.stdout}${ended.stderr}`);
  return ended;
}

export interface Packed {
  /** An empty folder, for what a test makes. */
  home: string;
  tarball: string;
  /** What npm said of the tarball. */
  size: number;
  files: readonly string[];
  remove(): void;
}

/** As after `git clone` and `npm ci`, and then `npm pack`. */
export async function pack(): Promise<Packed> {
  const home = mkdtempSync(join(tmpdir(), 'pinhole-package-'));
  const clone = join(home, 'clone');
  const listed = await must(root, 'git', ['ls-files', '-co', '--exclude-standard', '-z']);
  for (const file of listed.stdout.split('\0')) {
    if (file === '' || file.startsWith('test/') || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    cpSync(join(root, file), join(clone, file));
  }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  const packed = await must(clone, 'npm', ['pack', '--json', '--pack-destination', home]);
  const [said] = JSON.parse(packed.stdout) as {
    filename: string;
    size: number;
    files: { path: string }[];
  }[];
  if (said === undefined) throw new Error(packed.stdout);
  return {
    home,
    tarball: join(home, said.filename),
    size: said.size,
    files: said.files.map(({ path }) => path),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

export interface Serving {
  url: string;
  stop(): Promise<void>;
}

/** `bin` is the command of the package. The state is in memory, the port is any. */
export async function serve(cwd: string, bin: string, ...flags: string[]): Promise<Serving> {
  const child = spawn(bin, ['serve', '--volatile', '--port', '0', ...flags], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server exited with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { url: string }).url);
    });
  });
  return { url, stop: () => stopped(child) };
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** The built page of another program, at an origin of its own. */
export async function serveFiles(folder: string): Promise<{ url: string; stop(): void }> {
  const server = createServer(({ url = '/' }, response) => {
    const path = join(folder, url === '/' ? 'index.html' : url);
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => void server.close() };
}
