// pinhole bench: a few scenarios of load/ against any server, each on a filesystem of its own.
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CurlShown } from './lib/curl.ts';
import { Refused, UsageError } from './lib/exit.ts';
import { example } from './lib/help.ts';
import type { Io } from './lib/io.ts';
import { columns } from './lib/output.ts';
import { ask } from './lib/request.ts';
import { onServer, type Session } from './lib/session.ts';
import { msOf } from './lib/sizes.ts';

interface Options {
  scenario?: string[];
  time: number;
  connections: number;
}

type Call = (
  method: string,
  path: string,
  body?: Record<string, unknown> | Uint8Array,
  headers?: Record<string, string>,
) => Promise<Record<string, unknown>>;

/** What one connection repeats; `worker` counts the connections. */
type Turn = (call: Call, worker: number, turn: number) => Promise<void>;

interface Scenario {
  about: string;
  strategy?: Record<string, unknown>;
  turn: Turn;
}

const page = 4096;
const pinned = { offset: 0, length: page, access: 'write' };

const scenarios: Readonly<Record<string, Scenario>> = {
  'pin-unpin': {
    about: 'POST a pin of one page, DELETE it',
    async turn(call, worker) {
      const { id } = await call('POST', `/mappings/map_${worker + 1}/pins`, pinned);
      await call('DELETE', `/pins/${id}`);
    },
  },
  'punch-under-pins': {
    about: 'POST a pin, POST punch-hole on the page, which sleeps, DELETE the pin',
    strategy: { name: 'break-layouts', idleRule: 'fixed' },
    async turn(call, worker) {
      const { id } = await call('POST', `/mappings/map_${worker + 1}/pins`, pinned);
      const range = { offset: 0, length: page };
      const prefer = { prefer: 'respond-async' };
      await call('POST', `/files/f${worker}/punch-hole`, range, prefer);
      await call('DELETE', `/pins/${id}`);
    },
  },
  'write-read-4k': {
    about: 'PUT 4 KiB at an offset, GET them',
    async turn(call, worker, turn) {
      const range = `offset=${(turn % 16) * page}`;
      await call('PUT', `/files/f${worker}/content?${range}`, Buffer.alloc(page, turn));
      await call('GET', `/files/f${worker}/content?${range}&length=${page}`);
    },
  },
};

const names = Object.keys(scenarios);

function connectionsOf(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 256) return value;
  throw new InvalidArgumentError('Write a number from 1 to 256.');
}

export function benchCommand(io: Io): Command {
  const command = new Command('bench')
    .description(
      'Measures a server with scenarios of load/, each on a new filesystem that is removed ' +
        'afterwards. Each connection sends its next request when the one before is answered. ' +
        'Exit code 1: an answer was not the expected one.',
    )
    .option('--scenario <name...>', `one of ${names.join(', ')}; all without it`)
    .addOption(new Option('--time <time>', 'for each scenario').argParser(msOf).default(5000, '5s'))
    .option('--connections <number>', 'requests at a time', connectionsOf, 16);
  example(command, 'pinhole bench --time 100ms --connections 2 --scenario pin-unpin');
  return onServer<Options>(command, io, run);
}

interface Measured {
  scenario: string;
  requests: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

async function run(session: Session, { options }: { options: Options }): Promise<void> {
  const { io, output, curl } = session;
  const chosen = options.scenario ?? names;
  const stranger = chosen.find((name) => !names.includes(name));
  if (stranger !== undefined)
    throw new UsageError(`there is no scenario ${stranger}; there are ${names.join(', ')}`);
  if (curl) throw new CurlShown('# bench sends many requests; npm run load measures more.');
  const items: Measured[] = [];
  for (const name of chosen) {
    if (io.stderr.isTTY === true) io.say(`${name}: ${scenarios[name]?.about}`);
    items.push(await measured(session, name, options));
  }
  output.print({ items }, () =>
    columns(
      ['scenario', 'requests/s', 'p50 ms', 'p99 ms', 'max ms', 'requests'],
      items.map((one) => [
        one.scenario,
        Math.round(one.requestsPerSecond),
        one.p50Ms,
        one.p99Ms,
        one.maxMs,
        one.requests,
      ]),
    ),
  );
}

async function measured(
  session: Session,
  name: string,
  { time, connections }: Options,
): Promise<Measured> {
  const { strategy, turn } = scenarios[name] as Scenario;
  const fs = `bench-${randomBytes(4).toString('hex')}`;
  const base = `/v1/filesystems/${fs}`;
  const body = { name: fs, sizeBytes: 64 * 2 ** 20, ...(strategy && { strategy }) };
  await ask(session, { method: 'POST', url: '/v1/filesystems', path: {}, body });
  try {
    for (let worker = 0; worker < connections; worker += 1) {
      const file = { name: `f${worker}`, sizeBytes: 16 * page };
      await ask(session, { method: 'POST', url: `${base}/files`, path: {}, body: file });
      const mapping = { offset: 0, length: 16 * page, access: 'read-write' };
      const url = `${base}/files/f${worker}/mappings`;
      await ask(session, { method: 'POST', url, path: {}, body: mapping });
    }
    const latencies: number[] = [];
    const call = timed(session, base, latencies);
    const began = performance.now();
    const loop = async (worker: number): Promise<void> => {
      for (let at = 0; at === 0 || performance.now() < began + time; at += 1)
        await turn(call, worker, at);
    };
    await Promise.all(Array.from({ length: connections }, (_, worker) => loop(worker)));
    return figuresOf(name, latencies, performance.now() - began);
  } finally {
    const query = { force: true };
    await ask(session, { method: 'DELETE', url: base, path: {}, query });
  }
}

/** A request and its latency. It does without the client, which would be measured too. */
function timed({ connection }: Session, base: string, latencies: number[]): Call {
  const { url, token } = connection;
  const always: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  return async (method, path, body, more = {}) => {
    const isBytes = body instanceof Uint8Array;
    const type = { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' };
    const headers = { ...always, ...(body === undefined ? {} : type), ...more };
    const sent = isBytes ? Buffer.from(body) : JSON.stringify(body);
    const began = performance.now();
    const response = await fetch(`${url}${base}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: sent }),
    });
    const answer = await response.arrayBuffer();
    latencies.push(performance.now() - began);
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const text = isJson ? Buffer.from(answer).toString() : '{}';
    if (!response.ok) throw new Refused(`${method} ${base}${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
}

function figuresOf(scenario: string, latencies: number[], ms: number): Measured {
  const sorted = latencies.sort((one, other) => one - other);
  const at = (share: number): number =>
    Number(
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2),
    );
  const requests = sorted.length;
  const requestsPerSecond = Math.round((requests / ms) * 1_000_000) / 1000;
  return { scenario, requests, requestsPerSecond, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
