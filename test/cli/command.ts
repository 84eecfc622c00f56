// The command in the process of the test, against a real server on a free port.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { ioOf } from '../../src/cli/lib/io.ts';
import { run } from '../../src/cli/run.ts';
import type { Config } from '../../src/config.ts';
import { type Service, start } from '../http/start.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  // Tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  json: any;
}

export interface RunOptions {
  env?: Record<string, string>;
  stdin?: string | Uint8Array;
  /** Both outputs are a terminal. */
  terminal?: boolean;
}

export async function pinhole(
  words: string | readonly string[],
  { env = {}, stdin = '', terminal = false }: RunOptions = {},
): Promise<Ran> {
  const argv = typeof words === 'string' ? words.split(' ') : words;
  const [stdout, stderr] = [stream(terminal), stream(terminal)];
  const io = ioOf({
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stdout.writable,
    stderr: stderr.writable,
    env: { HOME: noHome, ...env },
  });
  const code = await run(argv, io);
  const json = /^[[{]/.test(stdout.text()) ? parsed(stdout.text()) : null;
  return { code, stdout: stdout.text(), stderr: stderr.text(), json };
}

/** A home without contexts. */
const noHome = mkdtempSync(join(tmpdir(), 'pinhole-home-'));

function stream(isTTY: boolean) {
  const chunks: Buffer[] = [];
  const writable = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  writable.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { writable, text: () => Buffer.concat(chunks).toString() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A server that listens, and `run` with its URL in the environment. */
export async function serving(overrides: Partial<Config> = {}) {
  const operatorTokenFile = join(mkdtempSync(join(tmpdir(), 'pinhole-operator-')), 'token');
  const service: Service = await start({ operatorTokenFile, ...overrides });
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 });
  const ran = (words: string | readonly string[], options: RunOptions = {}) =>
    pinhole(words, { ...options, env: { PINHOLE_URL: url, ...options.env } });
  return {
    service,
    url,
    /** The environment of the operator. */
    operator: { PINHOLE_TOKEN_FILE: operatorTokenFile },
    run: ran,
    /** Throws unless the command ends with 0. */
    async must(words: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
      const done = await ran(words, options);
      if (done.code !== 0) throw new Error(`${String(words)}: ${done.code} ${done.stderr}`);
      return done;
    },
    close: () => service.close(),
  };
}
