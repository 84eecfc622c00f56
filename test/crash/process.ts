// The built server as a process, seen from outside. Nothing in this folder imports src/.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'dist/main.js');

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'pinhole-crash-'));

export interface Options {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** What runs it: `['strace', …]`. */
  under?: readonly string[];
}

export interface Server {
  url: string;
  child: ChildProcess;
  out(): string;
  exited: Promise<number | null>;
  kill(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Refusal {
  code: number | null;
  stderr: string;
}

function launch(folder: string, { args = [], env = {}, under = [] }: Options = {}) {
  const [program = '', ...rest] = [
    ...under,
    process.execPath,
    entry,
    '--port',
    '0',
    '--data-dir',
    folder,
    ...args,
  ];
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, exited, stdout: () => stdout, stderr: () => stderr };
}

/** Resolves when it listens, or with what it said when it did not. */
export async function tryStart(folder: string, options: Options = {}): Promise<Server | Refusal> {
  const { child, exited, stdout, stderr } = launch(folder, options);
  const listening = new Promise<string>((resolve) => {
    child.stdout.on('data', () => {
      const line = stdout()
        .split('\n')
        .find((one) => one.startsWith('{') && one.includes('"msg":"listening"'));
      if (line !== undefined) resolve((JSON.parse(line) as { url: string }).url);
    });
  });
  const url = await Promise.race([listening, exited.then(() => null)]);
  if (url === null) return { code: await exited, stderr: stderr() };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    return exited;
  };
  return { url, child, out: () => stdout() + stderr(), exited, kill };
}

export async function start(folder: string, options: Options = {}): Promise<Server> {
  const server = await tryStart(folder, options);
  if (!('url' in server))
    throw new Error(`the server did not start (${server.code}): ${server.stderr}`);
  return server;
}

export async function repair(
  folder: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const run = promisify(execFile)(
    process.execPath,
    [entry, 'repair', '--data-dir', folder, ...args],
    {
      cwd: root,
      env: { ...process.env, ...env },
    },
  );
  return run.then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  json: any;
  headers: Headers;
}

/**
 * Who was held up between connecting and asking is told 408, before it was heard, and asks again;
 * not for ever, and not in silence.
 */
async function send(url: string, init?: RequestInit, tries = 3): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 408 || tries === 1) return response;
  process.stderr.write(`${url}: ${await response.text()}\n`);
  return send(url, init, tries - 1);
}

/** Rejects where no answer came: the outcome is unknown. */
export async function call(
  server: { url: string },
  method: string,
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  const response = await send(`${server.url}${path}`, {
    method,
    headers: { ...type, ...headers },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    json: isJson && text !== '' ? JSON.parse(text) : text,
    headers: response.headers,
  };
}

export async function must(...args: Parameters<typeof call>): Promise<Answer> {
  const answer = await call(...args);
  if (answer.status >= 300)
    throw new Error(`${args[1]} ${args[2]}: ${answer.status} ${JSON.stringify(answer.json)}`);
  return answer;
}

export async function write(
  server: { url: string },
  path: string,
  bytes: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await send(`${server.url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', ...headers },
    body: new Blob([bytes as Uint8Array<ArrayBuffer>]),
  });
  return { status: response.status, json: await response.json(), headers: response.headers };
}

export async function content(server: { url: string }, path: string): Promise<Buffer> {
  const response = await send(`${server.url}${path}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${bytes}`);
  return bytes;
}

export interface Read {
  seqs: number[];
  types: string[];
  /** With which reading goes on. */
  cursor: string;
}

/** What the stream has behind a cursor. */
export async function eventsAfter(
  server: { url: string },
  path: string,
  from: string,
): Promise<Read> {
  // Lines of JSON end by themselves. A WebSocket would have to be closed after some quiet time, and
  // on a busy machine the events can come later than that.
  const response = await send(`${server.url}${path}?from=${from}`, {
    headers: { accept: 'application/x-ndjson' },
  });
  const read: Read = { seqs: [], types: [], cursor: from };
  const text = await response.text();
  if (response.status === 410) read.types.push('gap');
  else if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${text}`);
  for (const line of response.ok ? text.split('\n') : []) {
    if (line === '') continue;
    const message = JSON.parse(line);
    if (message.type === 'gap') read.types.push('gap');
    if (message.cursor !== undefined) read.cursor = message.cursor;
    for (const event of message.events ?? []) {
      read.seqs.push(event.seq);
      read.types.push(event.type);
      read.cursor = `${event.epoch}.${event.seq}`;
    }
  }
  return read;
}
