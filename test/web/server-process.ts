// The built server as a process of its own, with a data directory: it can be killed and started
// again on the same port, under a page that stays open.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, startPinhole } from '../system/server.ts';

export class ServerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pinhole-web-'));
  #running: Running | null = null;
  #port = '0';

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(...flags: string[]): Promise<void> {
    const data = ['--data-dir', join(this.#folder, 'data')];
    this.#running = await startPinhole('--port', this.#port, ...data, ...flags);
    this.#port = new URL(this.#running.base).port;
  }

  call<T>(method: string, path: string, body?: object): Promise<T> {
    if (this.#running === null) throw new Error('the server is not running');
    return this.#running.call<T>(method, path, body);
  }

  /** By default without a chance to finish anything. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#running?.stop(signal);
    this.#running = null;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
