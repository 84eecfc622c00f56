// How much the most expensive legal calls of one tenant delay another. While each call runs, a second
// tenant reads its own small filesystem again and again. The scenario prints its longest wait, and
// the processor time of the server's event loop for the whole call.
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partNames } from '../src/kernel/views/state.ts';
import { type Server, startPinhole } from './server.ts';
import { tokenOfTenant } from './tenant-tokens.ts';

const goalMs = 20;
const sleepers = Number(process.env.SLEEPERS ?? 9900);
const page = 4096;
const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

type Answer = { status: number; bytes: number; body: unknown };
type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function askAs(base: string, token: string): Ask {
  return (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const bytes =
        body instanceof Uint8Array
          ? body
          : body === undefined
            ? undefined
            : Buffer.from(JSON.stringify(body));
      const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
      const request = http.request(`${base}${path}`, {
        method,
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          ...(bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length }),
          ...headers,
        },
      });
      request.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)));
      request.on('response', (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts);
          const isJson = /json/.test(response.headers['content-type'] ?? '');
          resolve({
            status: response.statusCode ?? 0,
            bytes: text.length,
            body: isJson && text.length > 0 ? JSON.parse(text.toString()) : text,
          });
        });
      });
      request.end(bytes);
    });
}

/** Runs many calls, a few at a time. Throws the first error. */
async function inTurns(count: number, call: (i: number) => Promise<Answer>): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) {
      const i = next++;
      const { status, body } = await call(i);
      if (status >= 400) throw new Error(`call ${i}: ${status} ${JSON.stringify(body)}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, one));
}

const respondAsync = { prefer: 'respond-async' };
const fs = (name: string, rest = '') => `/v1/filesystems/${name}${rest}`;

/** One row: its setup, which is not measured, and its call. */
interface Row {
  name: string;
  prepare?(ask: Ask): Promise<void>;
  call(ask: Ask): Promise<unknown>;
}

async function made(
  ask: Ask,
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<unknown> {
  const answer = await ask(method, path, body, headers);
  if (answer.status >= 400)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** 9,900 readers behind a truncate that sleeps on a pin. */
async function queue(ask: Ask, name: string, more: object = {}, read: object = {}): Promise<void> {
  await made(ask, 'POST', '/v1/filesystems', { name, sizeBytes: MiB, ...more });
  await made(ask, 'POST', fs(name, '/files'), { name: 'a', sizeBytes: 8 * page });
  await made(ask, 'POST', fs(name, '/files/a/mappings'), {
    offset: 0,
    length: 8 * page,
    access: 'read-write',
  });
  await made(ask, 'POST', fs(name, '/mappings/map_1/pins'), {
    offset: 0,
    length: page,
    access: 'write',
    owner: 'nic',
  });
  await made(ask, 'POST', fs(name, '/files/a/truncate'), { sizeBytes: 0 }, respondAsync);
  const query = new URLSearchParams(
    Object.entries(read).map(([key, value]): [string, string] => [key, String(value)]),
  );
  await inTurns(sleepers, () =>
    ask('GET', fs(name, `/files/a/content?${query}`), undefined, respondAsync),
  );
}

/** 9,900 truncates of 9,900 files, each asleep on its own pinned page, all in one bucket. */
async function oneBucket(ask: Ask, name: string): Promise<void> {
  await made(ask, 'POST', '/v1/filesystems', {
    name,
    sizeBytes: 128 * MiB,
    waitqueue: { buckets: 1, keyed: false },
  });
  await inTurns(sleepers, async (i) => {
    await made(ask, 'POST', fs(name, '/files'), { name: `f${i}`, sizeBytes: page });
    const { id } = (await made(ask, 'POST', fs(name, `/files/f${i}/mappings`), {
      offset: 0,
      length: page,
      access: 'read-write',
    })) as { id: string };
    await made(ask, 'POST', fs(name, `/mappings/${id}/pins`), {
      offset: 0,
      length: page,
      access: 'write',
      owner: `o${i}`,
    });
    return ask('POST', fs(name, `/files/f${i}/truncate`), { sizeBytes: 0 }, respondAsync);
  });
}

/** A file of 15.7 million blocks with a pinned page, under a strategy. */
async function whole(ask: Ask, name: string, strategy: string): Promise<void> {
  await made(ask, 'POST', '/v1/filesystems', {
    name,
    sizeBytes: 64 * GiB,
    strategy: { name: strategy },
  });
  await made(ask, 'POST', fs(name, '/files'), { name: 'a' });
  await made(ask, 'POST', fs(name, '/files/a/allocate'), { offset: 0, length: 15_700_000 * page });
  await made(ask, 'POST', fs(name, '/files/a/mappings'), {
    offset: 0,
    length: page,
    access: 'read-write',
  });
  await made(ask, 'POST', fs(name, '/mappings/map_1/pins'), {
    offset: 0,
    length: page,
    access: 'write',
    owner: 'nic',
  });
}

const wholeFile = (strategy: string): Row => ({
  name: `truncate of 15.7 M blocks, ${strategy}`,
  prepare: (ask) => whole(ask, strategy, strategy),
  call: (ask) => ask('POST', fs(strategy, '/files/a/truncate'), { sizeBytes: 0 }, respondAsync),
});

/** 40 owners with a pin each, and a truncate of their file: a search that no limit is enough for. */
async function crowded(ask: Ask): Promise<void> {
  await made(ask, 'POST', '/v1/filesystems', {
    name: 'crowded',
    sizeBytes: MiB,
    clock: 'manual',
    scheduler: 'stepped',
    strategy: { name: 'wait-for-refs' },
  });
  const walk = () => made(ask, 'POST', fs('crowded', '/scheduler/step'), { until: 'done' });
  await made(ask, 'POST', fs('crowded', '/files'), { name: 'a' });
  await made(ask, 'POST', fs('crowded', '/files/a/allocate'), { offset: 0, length: 40 * page });
  await walk();
  await made(ask, 'POST', fs('crowded', '/files/a/mappings'), {
    offset: 0,
    length: 40 * page,
    access: 'read-write',
  });
  await inTurns(40, (i) =>
    ask('POST', fs('crowded', '/mappings/map_1/pins'), {
      offset: i * page,
      length: page,
      access: 'write',
      owner: `o${i}`,
    }),
  );
  await walk();
  await made(ask, 'POST', fs('crowded', '/files/a/truncate'), { sizeBytes: 0 });
}

/** 600 reads of a stepped filesystem, of two steps each. */
async function manySteps(ask: Ask): Promise<void> {
  await made(ask, 'POST', '/v1/filesystems', { name: 'steps', story: 'S02' });
  await inTurns(600, () => ask('GET', fs('steps', '/files/a/content?offset=0&length=1')));
}

let bundle: Uint8Array = new Uint8Array(0);
const bundleType = { 'content-type': 'application/vnd.pinhole.bundle' };

const rows: readonly Row[] = [
  { name: 'nothing', call: () => new Promise((resolve) => setTimeout(resolve, 1000)) },
  { name: `putting ${sleepers} readers to sleep`, call: (ask) => queue(ask, 'queue') },
  {
    name: `putting ${sleepers} to sleep that one owner has asked for`,
    call: (ask) => queue(ask, 'owned', {}, { owner: 'nic' }),
  },
  {
    name: 'hung-tasks, a page of 1000',
    call: (ask) => ask('GET', fs('queue', '/hung-tasks?seconds=0&pageSize=1000')),
  },
  {
    name: 'operations, a page of 1000',
    call: (ask) => ask('GET', fs('queue', '/operations?pageSize=1000')),
  },
  { name: 'wait-graph', call: (ask) => ask('GET', fs('queue', '/wait-graph')) },
  { name: 'wait-graph of one knot', call: (ask) => ask('GET', fs('owned', '/wait-graph')) },
  { name: 'wait-graph as DOT', call: (ask) => ask('GET', fs('queue', '/wait-graph?format=dot')) },
  { name: 'locks', call: (ask) => ask('GET', fs('queue', '/locks')) },
  { name: 'state', call: (ask) => ask('GET', fs('queue', '/state')) },
  { name: 'state of one knot', call: (ask) => ask('GET', fs('owned', '/state')) },
  {
    name: 'state, every part',
    call: (ask) => ask('GET', fs('queue', `/state?parts=${partNames}`)),
  },
  { name: 'explain', call: (ask) => ask('GET', fs('queue', '/operations/op_4/explain')) },
  {
    name: `fork of ${sleepers} readers asleep`,
    call: (ask) =>
      ask('POST', '/v1/filesystems', { name: 'queue-fork', from: { filesystem: 'queue' } }),
  },
  { name: 'bundle of them', call: (ask) => ask('GET', fs('queue', '/bundle')) },
  {
    name: 'opening that bundle',
    prepare: async (ask) => {
      bundle = (await ask('GET', fs('queue', '/bundle'))).body as Uint8Array;
    },
    call: (ask) => ask('POST', '/v1/filesystems?name=opened', bundle, bundleType),
  },
  {
    name: 'choices?explore=true, 4 at once',
    prepare: crowded,
    call: (ask) => inTurns(4, () => ask('GET', fs('crowded', '/choices?explore=true'))),
  },
  {
    name: 'a walk of 1000 steps',
    prepare: manySteps,
    call: (ask) => ask('POST', fs('steps', '/scheduler/step'), { until: 'done' }),
  },
  {
    name: 'all stories, and a filesystem of each',
    call: (ask) =>
      inTurns(64, (i) => {
        const story = `S${String(1 + (i % 32)).padStart(2, '0')}`;
        return i < 32
          ? ask('GET', `/v1/stories/${story}`)
          : ask('POST', '/v1/filesystems', { name: story, story });
      }),
  },
  {
    name: 'PUT strategy',
    call: (ask) => ask('PUT', fs('queue', '/strategy'), { name: 'detach-and-wait' }),
  },
  {
    name: 'clock/advance over 10,000 holdMs',
    async prepare(ask) {
      await made(ask, 'POST', '/v1/filesystems', { name: 'hold', sizeBytes: MiB, clock: 'manual' });
      await made(ask, 'POST', fs('hold', '/files'), { name: 'a', sizeBytes: 8 * page });
      await made(ask, 'POST', fs('hold', '/files/a/mappings'), {
        offset: 0,
        length: 8 * page,
        access: 'read-write',
      });
      const pin = { offset: 0, length: page, access: 'write', holdMs: 1000 };
      await inTurns(10_000, () => ask('POST', fs('hold', '/mappings/map_1/pins'), pin));
    },
    call: (ask) => ask('POST', fs('hold', '/clock/advance'), { ms: 5000 }),
  },
  {
    name: 'state with 10,000 pins',
    async prepare(ask) {
      const pin = { offset: 0, length: 8 * page, access: 'write' };
      await inTurns(10_000, () => ask('POST', fs('hold', '/mappings/map_1/pins'), pin));
    },
    call: (ask) => ask('GET', fs('hold', '/state')),
  },
  {
    name: `clock/advance over ${sleepers} timeouts`,
    prepare: (ask) => queue(ask, 'timeouts', { clock: 'manual' }, { timeoutMs: 1000 }),
    call: (ask) => ask('POST', fs('timeouts', '/clock/advance'), { ms: 5000 }),
  },
  {
    name: `power-cycle with ${sleepers} asleep`,
    call: (ask) => ask('POST', fs('timeouts', '/power-cycle'), {}),
  },
  {
    name: `unpin of an unkeyed bucket with ${sleepers}`,
    prepare: (ask) => oneBucket(ask, 'bucket'),
    call: (ask) => ask('DELETE', fs('bucket', '/pins/pin_5')),
  },
  {
    name: `state of ${sleepers} files, mappings, pins and sleepers`,
    call: (ask) => ask('GET', fs('bucket', '/state')),
  },
  { name: `map of ${sleepers} files`, call: (ask) => ask('GET', fs('bucket', '/map')) },
  { name: 'waitqueues', call: (ask) => ask('GET', fs('bucket', '/waitqueues')) },
  {
    name: 'PUT strategy in it',
    call: (ask) => ask('PUT', fs('bucket', '/strategy'), { name: 'wait-for-refs' }),
  },
  ...['break-layouts', 'wait-for-refs', 'busy-extents', 'detach-and-wait', 'none'].map(wholeFile),
  {
    name: 'pages?pinned=true beside it',
    call: (ask) => ask('GET', fs('wait-for-refs', '/pages?pinned=true&pageSize=1000')),
  },
  { name: 'map of 64 GiB', call: (ask) => ask('GET', fs('wait-for-refs', '/map')) },
  {
    name: 'fault of 65,536 pages',
    async prepare(ask) {
      await made(ask, 'POST', '/v1/filesystems', { name: 'big', sizeBytes: GiB });
      await made(ask, 'POST', fs('big', '/files'), { name: 'a' });
      for (let at = 0; at < 16; at += 1) {
        const offset = at * 16 * MiB;
        await made(
          ask,
          'PUT',
          fs('big', `/files/a/content?offset=${offset}`),
          Buffer.alloc(16 * MiB, 1),
        );
      }
      // Not aligned to 2 MiB, because each page must be a separate fault.
      await made(ask, 'POST', fs('big', '/files/a/mappings'), {
        offset: page,
        length: 65_535 * page,
        access: 'read-write',
      });
    },
    call: (ask) =>
      ask('POST', fs('big', '/mappings/map_1/faults'), {
        offset: 0,
        length: 65_535 * page,
        access: 'write',
      }),
  },
  {
    name: 'pin of 65,535 pages',
    call: (ask) =>
      ask('POST', fs('big', '/mappings/map_1/pins'), {
        offset: 0,
        length: 65_535 * page,
        access: 'write',
      }),
  },
  {
    name: 'fork of 256 MiB of contents',
    call: (ask) =>
      ask('POST', '/v1/filesystems', { name: 'big-fork', from: { filesystem: 'big' } }),
  },
  { name: 'that pin again', call: (ask) => ask('GET', fs('big', '/pins/pin_1')) },
  { name: 'its list', call: (ask) => ask('GET', fs('big', '/pins')) },
  { name: 'map of 1 GiB with it', call: (ask) => ask('GET', fs('big', '/map')) },
  { name: 'unpin of it', call: (ask) => ask('DELETE', fs('big', '/pins/pin_1')) },
  { name: 'munmap of 65,535 pages', call: (ask) => ask('DELETE', fs('big', '/mappings/map_1')) },
  {
    name: 'store of 16 MiB',
    prepare: async (ask) => {
      await made(ask, 'POST', fs('big', '/files/a/mappings'), {
        offset: 0,
        length: 65_536 * page,
        access: 'read-write',
      });
    },
    call: (ask) =>
      ask('PUT', fs('big', '/mappings/map_2/memory?offset=0'), Buffer.alloc(16 * MiB, 2)),
  },
  {
    name: 'load of 16 MiB',
    call: (ask) => ask('GET', fs('big', `/mappings/map_2/memory?offset=0&length=${16 * MiB}`)),
  },
  { name: 'map of 1 GiB with dirty lines', call: (ask) => ask('GET', fs('big', '/map')) },
  { name: 'flush of it', call: (ask) => ask('POST', fs('big', '/mappings/map_2/flush'), {}) },
  {
    name: 'write of 16 MiB',
    call: (ask) => ask('PUT', fs('big', '/files/a/content?offset=0'), Buffer.alloc(16 * MiB, 3)),
  },
  {
    name: 'read of 16 MiB',
    call: (ask) => ask('GET', fs('big', `/files/a/content?offset=0&length=${16 * MiB}`)),
  },
  {
    name: '512 faults of 4,096 pages at once',
    prepare: async (ask) => {
      await made(ask, 'POST', fs('big', '/files/a/mappings'), {
        offset: page,
        length: 65_535 * page,
        access: 'read-write',
      });
    },
    call: (ask) =>
      inTurns(512, (i) =>
        ask('POST', fs('big', '/mappings/map_3/faults'), {
          offset: (i % 15) * 4096 * page,
          length: 4096 * page,
          access: 'read',
        }),
      ),
  },
  {
    name: 'script: of 9,000 commands',
    prepare: async (ask) => {
      await made(ask, 'POST', '/v1/filesystems', { name: 'told', sizeBytes: 16 * MiB });
      await made(ask, 'POST', fs('told', '/files'), { name: 'a' });
      await inTurns(9000, (i) =>
        ask('PUT', fs('told', `/files/a/content?offset=${(i % 2000) * page}`), Buffer.alloc(64, i)),
      );
    },
    call: (ask) => ask('GET', fs('told', '/script')),
  },
  {
    name: 'script: the same as curl lines',
    call: (ask) => ask('GET', fs('told', '/script?format=curl')),
  },
  {
    name: 'script: compare of it under all strategies',
    call: (ask) => ask('POST', fs('told', '/compare'), { strategies: ['all'] }),
  },
  {
    name: 'script: compare of 4,000 commands in the body',
    call: (ask) =>
      ask('POST', '/v1/compare', {
        commands: Array.from({ length: 4000 }, (_, i) => ({
          op: 'create',
          args: { name: `f${i}` },
        })),
      }),
  },
  {
    name: 'a lab of a preset under six strategies',
    call: (ask) =>
      ask('POST', '/v1/labs', { preset: 'wal-recycling', seeds: 32 }, { prefer: 'wait=60' }),
  },
  {
    name: 'its CSV',
    call: (ask) => ask('GET', '/v1/labs/lab_1/result.csv'),
  },
];

/**
 * The longest wait of the second tenant, by the clock and in processor time of the server's event
 * loop. Processor time does not depend on how busy the machine is.
 */
interface Waited {
  longestMs: number;
  loopMs: number;
  pings: number;
}

/** Sends requests one after the other until it is stopped. */
function pinger(ask: Ask, server: Server): () => Promise<Waited> {
  let going = true;
  const done = (async () => {
    const waited: Waited = { longestMs: 0, loopMs: 0, pings: 0 };
    while (going) {
      const begin = performance.now();
      const loop = server.loopMs();
      await ask('GET', fs('own'));
      waited.longestMs = Math.max(waited.longestMs, performance.now() - begin);
      waited.loopMs = Math.max(waited.loopMs, server.loopMs() - loop);
      waited.pings += 1;
    }
    return waited;
  })();
  return () => {
    going = false;
    return done;
  };
}

const cell = (value: string | number, width = 14): string => String(value).padStart(width);

async function measure(server: Server, row: Row, heavy: Ask, own: Ask): Promise<boolean> {
  await row.prepare?.(heavy);
  const stop = pinger(own, server);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const cpu = server.loopMs();
  const begin = performance.now();
  const answer = (await row.call(heavy)) as Partial<Answer> | undefined;
  const ms = performance.now() - begin;
  const { longestMs, loopMs, pings } = await stop();
  const cpuMs = server.loopMs() - cpu;
  const verdict = loopMs <= goalMs ? '' : `  above ${goalMs} ms`;
  const size =
    answer?.bytes === undefined ? '' : `${answer.status} ${Math.round(answer.bytes / 1024)} KB`;
  const figures = [
    loopMs.toFixed(1),
    longestMs.toFixed(1),
    ms.toFixed(0),
    cpuMs.toFixed(0),
    pings,
  ].map((value) => cell(value));
  console.log(`${row.name.padEnd(52)}${figures.join('')}  ${size.padEnd(14)}${verdict}`);
  return loopMs <= goalMs;
}

/** `only` selects rows by a part of their name. Include the rows whose setup they need. */
export async function neighbours(only: string | null = null): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-neighbours-'));
  const tokenFile = join(folder, 'operator');
  const server = await startPinhole({
    PINHOLE_OPERATOR_TOKEN_FILE: tokenFile,
    PINHOLE_QUOTA_SLEEPERS: '100000',
    // 512 faults at once reserve 840 MB, more than the default quota.
    PINHOLE_QUOTA_MEMORY: '2000000000',
  });
  console.log(
    "\nneighbours: the longest wait of a second tenant's request beside the heaviest calls of the first",
  );
  console.log(
    `${''.padEnd(52)}${['loop CPU ms', 'wait ms', 'call ms', 'call CPU ms', 'pings'].map((name) => cell(name)).join('')}`,
  );
  try {
    const [heavy, own] = await Promise.all(
      ['heavy', 'light'].map(async (tenant) =>
        askAs(server.url, await tokenOfTenant(server.url, tokenFile, tenant)),
      ),
    );
    if (heavy === undefined || own === undefined) throw new Error('there are two tenants');
    await made(own, 'POST', '/v1/filesystems', { name: 'own', sizeBytes: MiB });
    let good = true;
    for (const row of rows)
      if (only === null || row.name.includes(only))
        good = (await measure(server, row, heavy, own)) && good;
    return good;
  } finally {
    await server.stop();
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}
