// The real HAProxy with the file that is shipped.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { apart } from './postgres.ts';

const program = '/usr/sbin/haproxy';
const file = resolve(import.meta.dirname, '../../deploy/haproxy.cfg');

/** Why HAProxy cannot run; null if it can. */
export const missingHaproxy: string | null = existsSync(program)
  ? null
  : 'these tests need the Debian package haproxy';
if (missingHaproxy !== null) console.warn(missingHaproxy);

/** Resolves with a port of the loopback address on which nothing listens; rejects if it is taken. */
export async function freePort(wanted = 0): Promise<number> {
  const server: Server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export class Haproxy {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #onExit: () => void;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    // Nobody else ends it if this process is ended.
    this.#onExit = () => child.kill('SIGKILL');
    process.once('exit', this.#onExit);
  }

  /** Resolves when it answers. `nodes` are the URLs of three nodes, at least one of which is ready. */
  static async start(nodes: readonly string[], port?: number): Promise<Haproxy> {
    const bind = `127.0.0.1:${await freePort(port)}`;
    const [a, b, c] = nodes.map((url) => new URL(url).host);
    const child = spawn(program, ['-db', '-f', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: apart,
      env: { PINHOLE_BIND: bind, PINHOLE_NODE_A: a, PINHOLE_NODE_B: b, PINHOLE_NODE_C: c },
    });
    let said = '';
    child.stderr.on('data', (data) => {
      said = `${said}${data}`.slice(-4000);
    });
    const made = new Haproxy(`http://${bind}`, child);
    for (;;) {
      if (child.exitCode !== null) throw new Error(`haproxy ended: ${said}`);
      try {
        if ((await fetch(`${made.url}/readyz`)).ok) return made;
      } catch {
        // It is starting.
      }
      await delay(50);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
