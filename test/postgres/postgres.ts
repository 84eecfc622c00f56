// A PostgreSQL server of the tests: Debian's, as a user of its own, in a folder of its own, reached
// through a socket in that folder.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const bin = '/usr/lib/postgresql/15/bin';
/** Why the tests cannot run; null if they can. */
export const missing: string | null = existsSync(`${bin}/postgres`)
  ? null
  : 'these tests need the Debian package postgresql-15';
if (missing !== null) console.warn(missing);

/**
 * Whether processes get a group of their own, so that a ctrl-C at a terminal ends only the process
 * that started them, which then ends them in order. Vitest ends its workers without that chance.
 */
export const apart = process.env.VITEST === undefined;

/** Nobody else ends these if the tests are ended. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGQUIT');
});

/** PostgreSQL does not run as root. */
const user = ((): { uid?: number; gid?: number } => {
  if (missing !== null || process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
})();

function run(program: string, ...args: string[]): void {
  const done = spawnSync(join(bin, program), args, { ...user, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${program}: ${done.stderr}${done.stdout}`);
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-pg-'));
  const { uid, gid } = user;
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  chmodSync(folder, 0o700);
  return folder;
}

export class Postgres {
  readonly folder: string;
  #child: ChildProcess | null = null;
  #settings: Record<string, string> = {};

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A new server with an empty database `pinhole`. */
  static async start(settings: Record<string, string> = {}): Promise<Postgres> {
    const made = new Postgres(newFolder());
    run('initdb', '-D', made.#data, '-U', 'pinhole', '-A', 'trust', '--no-sync', '-E', 'UTF8');
    await made.restart(settings);
    await made.sql('create database pinhole', 'postgres');
    return made;
  }

  /** A standby that follows this server, under the name `standby`. */
  async standby(): Promise<Postgres> {
    const made = new Postgres(newFolder());
    const conninfo = `host=${this.folder} user=pinhole application_name=standby`;
    run('pg_basebackup', '-D', made.#data, '-R', '-X', 'stream', '-c', 'fast', '-d', conninfo);
    await made.restart();
    return made;
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  /** In its folder, because the name of a socket is short. */
  get socket(): string {
    return join(this.folder, '.s.PGSQL.5432');
  }

  url(database = 'pinhole', user = 'pinhole'): string {
    return `postgres://${user}@/${database}?host=${this.folder}`;
  }

  /** Starts it, or starts it again with more settings. Resolves when it takes connections. */
  async restart(settings: Record<string, string> = {}): Promise<void> {
    await this.stop();
    this.#settings = { ...this.#settings, ...settings };
    const given = {
      listen_addresses: '',
      unix_socket_directories: this.folder,
      shared_buffers: '16MB',
      max_connections: '60',
      log_min_messages: 'error',
      ...this.#settings,
    };
    const args = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(bin, 'postgres'), ['-D', this.#data, ...args], {
      ...user,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: apart,
    });
    let said = '';
    child.stderr?.on('data', (data) => {
      said = `${said}${data}`.slice(-4000);
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    for (;;) {
      if (child.exitCode !== null) throw new Error(`postgres ended: ${said}`);
      try {
        await this.sql('select 1', 'postgres');
        return;
      } catch {
        // It is starting.
        await delay(50);
      }
    }
  }

  /** Runs one statement over a connection of its own. */
  async sql<T = Record<string, unknown>>(text: string, database = 'pinhole'): Promise<T[]> {
    const client = new Client({ connectionString: this.url(database) });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query(text)).rows as T[];
    } finally {
      await client.end();
    }
  }

  /** An empty database of this server. Returns its URL. */
  async database(name: string): Promise<string> {
    await this.sql(`create database ${name} template template0`, 'postgres');
    return this.url(name);
  }

  /** Makes a standby the primary. */
  async promote(): Promise<void> {
    await this.sql('select pg_promote()', 'postgres');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** `SIGQUIT` is as a crash: nothing is written at the end. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop('SIGQUIT');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
