// A client that makes random calls: every operation and view of the registries, with legal and
// mostly unusual arguments, on filesystems of every kind with low limits, and kills in between. It
// checks two things. No answer is a 5xx except 503 and 507, and every error is a problem document.
// The views show the same before and after a kill, byte for byte, except for values that follow the
// clock.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type JsonSchema, jsonSchemaOf } from '../../src/http/schema.ts';
import { urlOf } from '../../src/http/target.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import { strategies } from '../../src/kernel/reclaim/index.ts';
import { views } from '../../src/kernel/views/index.ts';
import { type RegistryRoute, routes } from '../http/registry.ts';
import { type Prng, prng } from '../sim/prng.ts';
import { argumentsOf } from './random-arguments.ts';

export interface Played {
  calls: number;
  kills: number;
  /** How often each status came. */
  statuses: Map<number, number>;
}

/** What a seed found. */
export class Found extends Error {
  override readonly name = 'Found';
}

/** Low enough to be reached, each in one of three runs. */
const lowLimits: [flag: string, values: number[]][] = [
  ['--tasks-max', [1, 3, 20]],
  ['--ended-operations-max', [0, 1, 10]],
  ['--inbox-max', [1, 4]],
  ['--batch-max', [1, 3]],
  ['--extents-per-file-max', [1, 3, 10]],
  ['--pages-per-pin-max', [1, 16]],
  ['--pinned-references-max', [1, 30]],
  ['--anon-pages-max', [1, 5]],
  ['--content-bytes-max', [4096, 65_536]],
  ['--json-bytes-max', [1024]],
  ['--ring-events-max', [16, 100]],
  ['--tenant-ring-events-max', [16, 100]],
  ['--snapshot-entries', [100, 150]],
  ['--snapshot-bytes', [65_536]],
  ['--idempotency-keys-max', [1, 5]],
  ['--idempotency-answer-bytes-max', [0, 100]],
  ['--read-bytes-kept-max', [0, 5000]],
  ['--quota-blocks', [0, 20, 200]],
  ['--quota-files', [1, 4]],
  ['--quota-mappings', [1, 4]],
  ['--quota-pins', [1, 4]],
  ['--quota-sleepers', [0, 1, 5]],
];

const names = ['one', 'two', 'three'];
const busy = new Set([
  'create',
  'write',
  'mmap',
  'pin',
  'fault',
  'store',
  'load',
  'read',
  'truncate',
  'punch-hole',
  'unpin',
  'allocate',
]);
const takingAway = new Set(['umount', 'power-cycle', 'unlink', 'munmap', 'rename']);
/** The whole state follows from these. */
const lookedAt = [...views.values()].filter(({ on }) => on === 'filesystem');

interface World {
  /** The arguments of each filesystem that is there. */
  filesystems: Map<string, { manual: boolean }>;
  ids: { mapping: string[]; pin: string[]; operation: string[] };
}

export async function play(seed: number, calls: number): Promise<Played> {
  return new Run(seed, calls).play();
}

class Run {
  readonly #chance: Prng;
  readonly #seed: number;
  readonly #calls: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pinhole-random-'));
  readonly #flags: string[];
  readonly #world: World = { filesystems: new Map(), ids: { mapping: [], pin: [], operation: [] } };
  readonly #played: Played = { calls: 0, kills: 0, statuses: new Map() };
  #server: ChildProcess | null = null;
  #url = '';
  #stderr = '';
  #last = '';

  constructor(seed: number, calls: number) {
    this.#seed = seed;
    this.#calls = calls;
    this.#chance = prng(seed);
    const chosen = lowLimits
      .filter(() => this.#chance.oneIn(3))
      .map(([flag, values]) => `${flag}=${this.#chance.pick(values)}`);
    this.#flags = [
      '--port=0',
      '--wait-default-ms=5',
      '--wait-max-ms=20',
      `--data-dir=${join(this.#folder, 'd')}`,
      ...chosen,
    ];
  }

  async play(): Promise<Played> {
    try {
      await this.#start();
      while (this.#played.calls < this.#calls) {
        // Bursts, so that batches of several commands are in the journal.
        const burst = this.#chance.oneIn(4) ? 1 + this.#chance.below(8) : 1;
        await Promise.all(Array.from({ length: burst }, () => this.#call()));
        if (this.#chance.oneIn(Math.max(60, this.#calls / 4))) await this.#kill();
      }
      await this.#kill();
      return this.#played;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Found(
        `seed ${this.#seed}, call ${this.#played.calls}: ${why}\nlast: ${this.#last}\nflags: ${this.#flags.join(' ')}`,
      );
    } finally {
      this.#server?.kill('SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #start(): Promise<void> {
    const child = spawn(process.execPath, [resolve('dist/main.js'), ...this.#flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#server = child;
    child.stderr.on('data', (data) => {
      this.#stderr += data;
    });
    this.#url = await new Promise<string>((done, reject) => {
      let out = '';
      child.stdout.on('data', (data) => {
        out += data;
        const url = /"url":"([^"]+)"[^\n]*"msg":"listening"/.exec(out)?.[1];
        if (url !== undefined) done(url);
        // What the server itself takes for a failure.
        const failed = /^.*"level":(?:50|60).*$/m.exec(String(data))?.[0];
        if (failed !== undefined && !failed.includes('disk full')) this.#stderr += failed;
      });
      child.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}: ${this.#stderr}`)),
      );
    });
  }

  /** Everything that can be seen, then a kill, then the same again. */
  async #kill(): Promise<void> {
    const contents = await this.#contents();
    const before = await this.#look();
    const exited = new Promise((done) => this.#server?.once('exit', done));
    this.#server?.kill('SIGKILL');
    await exited;
    await this.#start();
    this.#played.kills += 1;
    const after = await this.#look();
    for (const [what, text] of before) {
      if (after.get(what) !== text)
        throw new Error(`after a restart ${what} is\n${after.get(what)}\nand was\n${text}`);
    }
    const read = await this.#contents();
    for (const [what, hash] of contents) {
      if (read.get(what) !== hash)
        throw new Error(`after a restart the content of ${what} is another`);
    }
  }

  async #look(): Promise<Map<string, string>> {
    const seen = new Map<string, string>();
    for (const [name, { manual }] of this.#world.filesystems) {
      for (const view of lookedAt) {
        const path = urlOf({ on: 'filesystem', path: view.path }).replace(':fs', name);
        const { status, text } = await this.#send('GET', path);
        seen.set(
          path,
          manual
            ? `${status} ${text}`
            : `${status} ${text.replace(/"\w*(?:Ms|At)":(?:-?\d+|"[^"]*")/g, '')}`,
        );
      }
    }
    const { text } = await this.#send('GET', '/v1');
    // What the process holds in memory is no part of what is kept.
    const { quotas } = (JSON.parse(text) as { tenant: { quotas: Record<string, unknown> } }).tenant;
    seen.set('the quotas', JSON.stringify({ ...quotas, memory: null }));
    return seen;
  }

  /** Where a read comes to its end at once. It is a command, so the views are looked at later. */
  async #contents(): Promise<Map<string, string>> {
    const hashes = new Map<string, string>();
    for (const name of this.#world.filesystems.keys()) {
      const { status, text } = await this.#send('GET', `/v1/filesystems/${name}/files?pageSize=20`);
      if (status !== 200) continue;
      for (const { name: file } of (JSON.parse(text) as { items: { name: string }[] }).items) {
        const path = `/v1/filesystems/${name}/files/${file}/content?offset=0&length=4096`;
        const answer = await this.#send('GET', path, { prefer: 'wait=0' });
        if (answer.status === 200)
          hashes.set(path, createHash('sha256').update(answer.text).digest('hex'));
      }
    }
    return hashes;
  }

  async #call(): Promise<void> {
    this.#played.calls += 1;
    const chance = this.#chance;
    const missing = names.find((name) => !this.#world.filesystems.has(name));
    if (missing !== undefined && (this.#world.filesystems.size === 0 || chance.oneIn(20)))
      return this.#mkfs(missing);
    const hot = chance.oneIn(2) ? routes.filter(({ name }) => busy.has(name)) : routes;
    const route = chance.pick(hot);
    // These take away what the others work on.
    if (takingAway.has(route.name) && !chance.oneIn(6)) return;
    const fs = chance.pick([...this.#world.filesystems.keys()]);
    await this.#operate(route, fs);
  }

  async #mkfs(name: string): Promise<void> {
    const chance = this.#chance;
    const args = argumentsOf(jsonSchemaOf(mkfsArgs, 'input') as JsonSchema, chance);
    const clock = chance.oneIn(4) ? 'realtime' : 'manual';
    const strategy = chance.oneIn(2) ? {} : { strategy: this.#strategy() };
    const { buckets } = (args.waitqueue ?? {}) as { buckets?: number };
    const waitqueue =
      buckets === undefined
        ? {}
        : { waitqueue: { buckets: 2 ** chance.below(9), keyed: chance.oneIn(2) } };
    const sizeBytes = 65_536 * (1 + chance.below(64));
    const { strategy: _, waitqueue: __, ...rest } = args;
    const body = {
      ...rest,
      name,
      sizeBytes,
      clock,
      scheduler: chance.oneIn(5) ? 'stepped' : 'auto',
      ...strategy,
      ...waitqueue,
    };
    const answer = await this.#send('POST', '/v1/filesystems', {}, JSON.stringify(body));
    if (answer.status !== 201) return;
    this.#world.filesystems.set(name, { manual: clock === 'manual' });
    if (chance.oneIn(4)) return;
    // Something to work on.
    const fs = `/v1/filesystems/${name}`;
    for (const file of ['a', 'b']) {
      await this.#send('POST', `${fs}/files`, {}, JSON.stringify({ name: file }));
      await this.#send(
        'PUT',
        `${fs}/files/${file}/content?offset=0`,
        {},
        Buffer.alloc(4096 * (1 + chance.below(5)), file),
      );
      const mmap = JSON.stringify({ offset: 0, length: 65_536, access: 'read-write' });
      const made = await this.#send('POST', `${fs}/files/${file}/mappings`, {}, mmap);
      const id = /"(map_\d+)"/.exec(made.text)?.[1];
      if (made.status === 201 && id !== undefined) this.#world.ids.mapping.push(id);
    }
  }

  #strategy(): object {
    const strategy = this.#chance.pick([...strategies.values()]);
    return {
      name: strategy.name,
      ...argumentsOf(jsonSchemaOf(strategy.options, 'input'), this.#chance),
    };
  }

  async #operate(route: RegistryRoute, fs: string): Promise<void> {
    const chance = this.#chance;
    const { ids } = this.#world;
    const idOf = (prefix: string, known: string[]): string =>
      known.length === 0 || chance.oneIn(10)
        ? `${prefix}_${1 + chance.below(9)}`
        : chance.pick(known.slice(-12));
    const path = route.url
      .replace(':fs', fs)
      .replace(':file', chance.pick(['a', 'a', 'b', 'c', '~']))
      .replace(':mapping', idOf('map', ids.mapping))
      .replace(':pin', idOf('pin', ids.pin))
      .replace(':operation', idOf('op', ids.operation));
    const manual = this.#world.filesystems.get(fs)?.manual === true;
    let args = route.name === 'set-strategy' ? this.#strategy() : argumentsOf(route.schema, chance);
    // Real time goes on between two looks, so what would end by itself is for those with a clock of
    // their own.
    if (manual && chance.oneIn(8)) args = { ...args, timeoutMs: chance.pick([1, 1000]) };
    if (!manual)
      args = Object.fromEntries(
        Object.entries(args).filter(([name]) => name !== 'holdMs' && name !== 'timeoutMs'),
      );
    if (chance.oneIn(8)) args = { ...args, nowait: true };
    if (chance.oneIn(3)) args = { ...args, owner: chance.pick(['nic', 'disk']) };
    const headers: Record<string, string> = {};
    if (chance.oneIn(6))
      headers.prefer = chance.pick(['respond-async', 'wait=0', 'wait=1', 'nonsense']);
    if (chance.oneIn(10))
      headers[chance.pick(['if-match', 'if-none-match'])] = chance.pick([
        '*',
        '"x"',
        'W/"x", "y"',
        '',
      ]);
    if (chance.oneIn(12) && route.method === 'POST')
      headers['idempotency-key'] = `k${chance.below(20)}`;
    if (chance.oneIn(6) && route.method === 'GET')
      headers.range = chance.pick(['bytes=0-0', 'bytes=-1', 'bytes=4095-', 'bytes=9-1', 'x']);
    const query = new URLSearchParams(
      Object.entries(args).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const inBody = route.input === 'json';
    const url = inBody || String(query) === '' ? path : `${path}?${query}`;
    const bytes =
      route.input === 'bytes'
        ? Buffer.alloc(chance.pick([0, 1, 100, 4096, 5000, 20_000]), chance.below(256))
        : undefined;
    const answer = await this.#send(
      route.method,
      url,
      headers,
      inBody ? JSON.stringify(args) : bytes,
    );
    this.#learn(route, fs, answer);
  }

  #learn(
    route: RegistryRoute,
    fs: string,
    { status, text }: { status: number; text: string },
  ): void {
    if (status >= 300 || route.method === 'GET') return;
    if (route.name === 'umount') {
      this.#world.filesystems.delete(fs);
      return;
    }
    const id = /^\{"id":"((map|pin|op)_\d+)"/.exec(text);
    if (id === null) return;
    const { mapping, pin, operation } = this.#world.ids;
    ({ map: mapping, pin, op: operation })[id[2] as 'map' | 'pin' | 'op'].push(id[1] as string);
  }

  async #send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Buffer,
  ): Promise<{ status: number; text: string }> {
    const type = typeof body === 'string' ? 'application/json' : 'application/octet-stream';
    const what = `${method} ${path} ${JSON.stringify(headers)} ${typeof body === 'string' ? body : (body?.length ?? '')}`;
    this.#last = what;
    const answer = await fetch(`${this.#url}${path}`, {
      method,
      headers: body === undefined ? headers : { 'content-type': type, ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    }).catch((error: unknown) => {
      throw new Error(
        `no answer to ${what}: ${String((error as { cause?: unknown }).cause ?? error)} ${this.#stderr}`,
      );
    });
    const { status } = answer;
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    this.#played.statuses.set(status, (this.#played.statuses.get(status) ?? 0) + 1);
    if (status >= 500 && status !== 503 && status !== 507)
      throw new Error(`${what} is ${status} ${text}`);
    const isProblem =
      answer.headers.get('content-type')?.startsWith('application/problem+json') === true;
    if (status >= 400 && method !== 'HEAD' && !isProblem)
      throw new Error(`${what} is ${status} and no problem: ${text}`);
    if (this.#stderr !== '') throw new Error(`${what}: the server says ${this.#stderr}`);
    return { status, text };
  }
}
