// Nodes of a cluster as processes, each with the same database.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { apart } from './postgres.ts';

const main = resolve(import.meta.dirname, '../../dist/main.js');

export class NodeProcess {
  readonly name: string;
  readonly child: ChildProcess;
  url = '';
  /** The last lines of its log. */
  readonly log: string[] = [];

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.child = child;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

/** The files that all nodes of a cluster share, and the processes. */
export class NodeProcesses {
  readonly folder = mkdtempSync(join(tmpdir(), 'pinhole-nodes-'));
  readonly nodes: NodeProcess[] = [];
  readonly #settings: Record<string, string>;

  constructor(urls: readonly string[], settings: Record<string, string> = {}) {
    writeFileSync(join(this.folder, 'urls'), `${urls.join('\n')}\n`, { mode: 0o600 });
    const operatorToken = randomBytes(24).toString('base64url');
    writeFileSync(this.operatorTokenFile, `${operatorToken}\n`, { mode: 0o600 });
    this.#settings = settings;
    // Nobody else ends them if the tests are ended.
    process.once('exit', () => {
      for (const node of this.live) node.kill('SIGKILL');
    });
  }

  get operatorTokenFile(): string {
    return join(this.folder, 'operator-token');
  }

  /** Resolves when the node listens: under the port that it had, if it was started before. */
  async start(name: string): Promise<NodeProcess> {
    const before = this.nodes.findLast((node) => node.name === name);
    const settings = {
      port: before === undefined ? '0' : new URL(before.url).port,
      'node-id': name,
      'cluster-url-file': join(this.folder, 'urls'),
      'operator-token-file': this.operatorTokenFile,
      'drain-ms': '500',
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
    const child = spawn(process.execPath, [main, 'serve', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: apart,
      env: { ...process.env, NODE_ENV: 'production' },
    });
    const node = new NodeProcess(name, child);
    this.nodes.push(node);
    child.stderr?.on('data', (data) => node.log.push(String(data)));
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    await new Promise<void>((listening, failed) => {
      child.once('exit', () => failed(new Error(`${name} ended: ${node.log.join('\n')}`)));
      lines.on('line', (line) => {
        node.log.push(line);
        if (node.log.length > 200) node.log.shift();
        const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
        if (msg !== 'listening' || url === undefined) return;
        node.url = url;
        listening();
      });
    });
    return node;
  }

  get live(): NodeProcess[] {
    return this.nodes.filter(({ ended }) => !ended);
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await Promise.all(
      this.live.map(async (node) => {
        const ended = once(node.child, 'exit');
        node.kill(signal);
        await ended;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Answer {
  status: number;
  node: string | null;
  // Tests look into bodies of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  json: any;
  headers: Headers;
}

/** Rejects if the connection breaks or nothing is answered in `ms`. */
export async function ask(
  url: string,
  method: string,
  path: string,
  {
    json,
    headers = {},
    ms = 10_000,
  }: {
    json?: unknown;
    headers?: Record<string, string>;
    ms?: number;
  } = {},
): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    signal: AbortSignal.timeout(ms),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    node: answer.headers.get('pinhole-node'),
    json: /[/+]json\b/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
    headers: answer.headers,
  };
}

/**
 * A client that knows several nodes: after a refusal for the moment or a broken connection it asks
 * the next one, with the same Idempotency-Key.
 */
export async function insist(
  urls: () => readonly string[],
  method: string,
  path: string,
  request: { json?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const until = performance.now() + 120_000;
  for (let tries = 0; ; tries += 1) {
    const all = urls();
    const url = all[tries % all.length] ?? '';
    try {
      const answer = await ask(url, method, path, { ...request, ms: 5000 });
      if (answer.status !== 503 && answer.status !== 502) return answer;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    if (performance.now() > until) throw new Error(`${method} ${path} is refused for two minutes`);
    await delay(25);
  }
}
