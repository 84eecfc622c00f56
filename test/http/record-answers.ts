// Records the answers that stand as examples in the OpenAPI document, from a server in this process,
// into src/http/openapi/recorded-answers.ts. What is random or depends on the machine becomes a
// fixed value, so that recording twice gives the same file.
import { writeFileSync } from 'node:fs';
import type { Clock } from '../../src/engine/ticker.ts';
import { type CallOptions, call, type Service, start } from './start.ts';

interface Recorded {
  request?: unknown;
  /** By status. */
  answers: Record<number, unknown>;
}

/** Examples need no more of a long list. */
const itemsMax = 3;
const beginMs = Date.UTC(2026, 0, 1);

let nowMs = beginMs;
const clock: Clock = { nowMs: () => nowMs, at: () => () => {} };
const recorded: Record<string, Recorded> = {};
/** By their types. */
const problems: Record<string, unknown> = {};

const fixed: [RegExp, string][] = [
  [/ph_[0-9a-f]{16}_[A-Za-z0-9_-]{43}/g, `ph_0123456789abcdef_${'A'.repeat(43)}`],
  [/pht_[0-9a-f]{48}/g, `pht_${'0123456789abcdef'.repeat(3)}`],
  [/\\"[0-9a-f]{8}-/g, '\\"7f3a91c2-'],
  [/"id":"[0-9a-f]{16}"/g, '"id":"0123456789abcdef"'],
  [/"cursor":"[0-9a-f]+\./g, '"cursor":"0123456789abcdef.'],
  [/"(memory)":\d+/g, '"$1":1048576'],
  [/"memory":\{"limit":(\d+),"used":\d+\}/g, '"memory":{"limit":$1,"used":1048576}'],
];

function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, itemsMax).map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]));
}

function settled(value: unknown): unknown {
  let text = JSON.stringify(shortened(value));
  for (const [pattern, instead] of fixed) text = text.replace(pattern, instead);
  return JSON.parse(text);
}

/** Calls the route of that contract, and keeps its body and its answer. */
async function record(
  service: Service,
  name: string,
  method: string,
  url: string,
  options: CallOptions = {},
): Promise<void> {
  nowMs += 250;
  const answer = await call(service, method, url, options);
  if (answer.status >= 300)
    throw new Error(`${name}: ${method} ${url}: ${answer.status} ${answer.text}`);
  recorded[name] ??= { answers: {} };
  const one = recorded[name];
  if (options.json !== undefined) one.request ??= options.json;
  if (answer.json !== null) one.answers[answer.status] ??= settled(answer.json);
}

/** Keeps a refusal, which must be of that type. */
async function refused(
  service: Service,
  type: string,
  method: string,
  url: string,
  options: CallOptions = {},
): Promise<void> {
  nowMs += 250;
  const { text, json } = await call(service, method, url, options);
  if (json?.type !== `/v1/problems/${type}`)
    throw new Error(`no ${type}: ${method} ${url}: ${text}`);
  problems[type] = settled(json);
}

const async = { headers: { prefer: 'respond-async' } };
const at = '/v1/filesystems';
const fs = `${at}/scratch`;

async function files(service: Service): Promise<void> {
  const go = record.bind(null, service);
  const strategy = { name: 'break-layouts' };
  const json = { name: 'scratch', sizeBytes: 67_108_864, kind: 'xfs', kernel: '7.3', strategy };
  await go('mkfs', 'POST', at, { json });
  await go('trace', 'GET', `${fs}/trace`);
  await go('create', 'POST', `${fs}/files`, { json: { name: 'a' } });
  await go('write', 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(65_536, 'a') });
  await go('write-range', 'PATCH', `${fs}/files/a/content`, {
    bytes: Buffer.alloc(4096, 'b'),
    headers: { 'content-range': 'bytes 4096-8191/*' },
  });
  await go('allocate', 'POST', `${fs}/files/a/allocate`, {
    json: { offset: 65_536, length: 8192 },
  });
  await go('punch-hole', 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: 32_768, length: 4096 },
  });
  for (const [name, path] of [
    ['get-file', '/files/a'],
    ['get-files', '/files'],
    ['get-extents', '/files/a/extents'],
    ['seek', '/files/a/seek?whence=hole'],
    ['fiemap', '/files/a/fiemap'],
    ['get-strategy', '/strategy'],
    ['get-free-extents', '/free-extents'],
    ['get-map', '/map'],
    ['get-filesystem', ''],
  ] as const)
    await go(name, 'GET', `${fs}${path}`);
}

async function mappings(service: Service): Promise<void> {
  const go = record.bind(null, service);
  await go('mmap', 'POST', `${fs}/files/a/mappings`, {
    json: { offset: 0, length: 65_536, access: 'read-write' },
  });
  await go('fault', 'POST', `${fs}/mappings/map_1/faults`, {
    json: { offset: 0, length: 8192, access: 'write' },
  });
  await go('store', 'PUT', `${fs}/mappings/map_1/memory?offset=0`, { bytes: 'hello' });
  await go('flush', 'POST', `${fs}/mappings/map_1/flush`, { json: { how: 'clwb' } });
  await go('pin', 'POST', `${fs}/mappings/map_1/pins`, {
    json: { offset: 0, length: 8192, access: 'write', kind: 'vmsplice', owner: 'device' },
  });
  await go('dma-write', 'PUT', `${fs}/pins/pin_1/memory?offset=0`, { bytes: 'dma' });
  for (const [name, path] of [
    ['get-mappings', 'mappings'],
    ['get-mapping', 'mappings/map_1'],
    ['get-pins', 'pins'],
    ['get-pin', 'pins/pin_1'],
    ['get-pages', 'pages'],
  ] as const)
    await go(name, 'GET', `${fs}/${path}`);
}

async function waits(service: Service): Promise<void> {
  const go = record.bind(null, service);
  await go('punch-hole', 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: 0, length: 4096 },
    ...async,
  });
  const { items } = (await call(service, 'GET', `${fs}/operations?state=sleeping`)).json;
  const id = items[0].id as string;
  await go('read', 'GET', `${fs}/files/a/content`, async);
  await go('get-operation', 'GET', `${fs}/operations/${id}`);
  await go('explain-operation', 'GET', `${fs}/operations/${id}/explain`);
  await refusals(service);
  nowMs += 200_000;
  for (const [name, path] of [
    ['get-operations', 'operations'],
    ['get-waitqueues', 'waitqueues'],
    ['get-locks', 'locks'],
    ['get-wait-graph', 'wait-graph'],
    ['get-hung-tasks', 'hung-tasks'],
    ['get-state', 'state'],
  ] as const)
    await go(name, 'GET', `${fs}/${path}`);
  await go('cancel', 'POST', `${fs}/operations/${id}/cancel`, { json: { restart: false } });
  await go('unpin', 'DELETE', `${fs}/pins/pin_1`);
  await go('munmap', 'DELETE', `${fs}/mappings/map_1`);
}

/** While a punch-hole sleeps on a pin. */
async function refusals(service: Service): Promise<void> {
  const no = refused.bind(null, service);
  const a = `${fs}/files/a`;
  const pins = `${fs}/mappings/map_1/pins`;
  const pin = { offset: 0, length: 4096, access: 'write' };
  await no('enoent', 'GET', `${fs}/files/none`);
  await no('eexist', 'POST', `${fs}/files`, { json: { name: 'a' } });
  await no('einval', 'POST', `${a}/punch-hole`, { json: { offset: 0, length: 0 } });
  await no('unknown-field', 'POST', `${a}/truncate`, { json: { sizeBytes: 0, size: 0 } });
  await no('invalid-value', 'POST', `${a}/truncate`, { json: { sizeBytes: -1 } });
  await no('ebusy', 'DELETE', fs);
  await no('eagain', 'POST', `${a}/truncate`, { json: { sizeBytes: 0, nowait: true } });
  await no('eopnotsupp', 'POST', pins, { json: { ...pin, kind: 'rdma', longterm: true } });
  await no('efault', 'POST', pins, { json: { ...pin, offset: 1_048_576 } });
  await no('precondition-failed', 'GET', a, { headers: { 'if-match': '"another"' } });
  await no('range-not-satisfiable', 'GET', `${a}/content`, {
    headers: { range: 'bytes=1048576-' },
  });
  await no('no-such-route', 'GET', '/v1/filesystem');
}

async function changes(service: Service): Promise<void> {
  const go = record.bind(null, service);
  const a = `${fs}/files/a`;
  const range = { offset: 4096, length: 4096 };
  await go('truncate', 'POST', `${a}/truncate`, { json: { sizeBytes: 49_152 } });
  await go('zero-range', 'POST', `${a}/zero-range`, { json: range });
  await go('collapse-range', 'POST', `${a}/collapse-range`, { json: range });
  await go('insert-range', 'POST', `${a}/insert-range`, { json: range });
  await call(service, 'POST', `${fs}/files`, { json: { name: 'b', sizeBytes: 65_536 } });
  await go('exchange-range', 'POST', `${a}/exchange-range`, {
    json: { with: 'b', offset: 0, withOffset: 0, length: 4096 },
  });
  await go('rename', 'POST', `${a}/rename`, { json: { name: 'c' } });
  await go('unlink', 'DELETE', `${fs}/files/c`);
  await go('poison', 'POST', `${fs}/poison`, { json: { block: 9000, count: 1 } });
  await go('get-badblocks', 'GET', `${fs}/poison`);
  await go('unpoison', 'DELETE', `${fs}/poison?block=9000`);
  await go('sync', 'POST', `${fs}/sync`, { json: {} });
  await go('set-strategy', 'PUT', `${fs}/strategy`, { json: { name: 'busy-extents' } });
  await call(service, 'PUT', `${fs}/files/b/content`, { bytes: Buffer.alloc(8192, 'b') });
  await call(service, 'POST', `${fs}/files/b/mappings`, {
    json: { offset: 0, length: 8192, access: 'read-write' },
  });
  await call(service, 'POST', `${fs}/mappings/map_2/pins`, {
    json: { offset: 0, length: 4096, access: 'write' },
  });
  await call(service, 'POST', `${fs}/files/b/truncate`, { json: { sizeBytes: 0 } });
  await go('get-busy-extents', 'GET', `${fs}/busy-extents`);
  await go('power-cycle', 'POST', `${fs}/power-cycle`, { json: {} });
}

async function stepped(service: Service): Promise<void> {
  const go = record.bind(null, service);
  const json = { name: 'stepped', sizeBytes: 1_048_576, clock: 'manual', scheduler: 'stepped' };
  await call(service, 'POST', at, { json });
  await go('clock-advance', 'POST', `${at}/stepped/clock/advance`, { json: { ms: 1000 } });
  await call(service, 'POST', `${at}/stepped/files`, { json: { name: 'a' }, ...async });
  await go('scheduler-step', 'POST', `${at}/stepped/scheduler/step`, { json: {} });
  await call(service, 'POST', `${at}/stepped/files/a/truncate`, { json: { sizeBytes: 0 } });
  await go('get-choices', 'GET', `${at}/stepped/choices?explore=true`);
  await call(service, 'POST', `${at}/stepped/scheduler/step`, { json: { until: 'done' } });
  await go('compare-filesystem', 'POST', `${at}/stepped/compare`, {
    json: { from: 'oldest', strategies: ['break-layouts'] },
  });
  await go('list-filesystems', 'GET', at);
  await go('umount', 'DELETE', `${at}/stepped`);
}

const workload = {
  name: 'recycled',
  filesystem: { sizeBytes: '4Mi', files: { data: '64Ki' } },
  durationMs: 200,
  actors: {
    nic: {
      loop: [
        { pin: { file: 'data', pages: 4, access: 'write' } },
        { hold: { exponential: 5 } },
        'unpin',
        { think: { exponential: 5 } },
      ],
    },
    recycler: { loop: [{ 'punch-hole': { file: 'data', pages: 16 } }, { think: 20 }] },
  },
};

async function labs(service: Service): Promise<void> {
  const go = record.bind(null, service);
  await go('list-lab-presets', 'GET', '/v1/labs/presets');
  await go('get-lab-preset', 'GET', '/v1/labs/presets/gup-two-pages');
  await go('create-lab', 'POST', '/v1/labs', {
    json: { workload, strategies: ['busy-extents'], seeds: 1 },
  });
  await go('get-lab', 'GET', '/v1/labs/lab_1', { headers: { prefer: 'wait=60' } });
  await go('list-labs', 'GET', '/v1/labs');
  await go('delete-lab', 'DELETE', '/v1/labs/lab_1');
  await go('create-lab', 'POST', '/v1/labs', {
    json: { workload, strategies: ['busy-extents'], seeds: 1 },
    headers: { prefer: 'wait=60' },
  });
  const json = { workload: 'name: recycled\nfilesystem: { sizeBytes: 4Mi }\n' };
  await refused(service, 'invalid-workload', 'POST', '/v1/labs', { json });
}

async function server(service: Service): Promise<void> {
  const go = record.bind(null, service);
  const team = '/v1/tenants/team-a';
  await go('index', 'GET', '/');
  await go('capabilities', 'GET', '/v1');
  await go('list-stories', 'GET', '/v1/stories');
  await go('get-story', 'GET', '/v1/stories/S24?strategy=wait-for-refs');
  await go('create-tenant', 'POST', '/v1/tenants', {
    json: { name: 'team-a', quotas: { filesystems: 10, pins: 10_000 } },
  });
  await go('list-tenants', 'GET', '/v1/tenants');
  await go('get-tenant', 'GET', team);
  await go('set-quotas', 'PUT', `${team}/quotas`, { json: { pins: 100 } });
  await go('create-token', 'POST', `${team}/tokens`, {
    json: { scopes: ['read'], expiresInMs: 86_400_000 },
  });
  await go('list-tokens', 'GET', `${team}/tokens`);
  const { items } = (await call(service, 'GET', `${team}/tokens`)).json;
  await go('revoke-token', 'DELETE', `${team}/tokens/${items[0].id}`);
  await go('delete-tenant', 'DELETE', team);
  await go('create-ticket', 'POST', '/v1/tickets', { json: { stream: `${fs}/events` } });
  await go('metrics-targets', 'GET', '/v1/metrics/targets?tenants=true&filesystems=true', {
    headers: { host: 'localhost:8080' },
  });
  await go('list-problems', 'GET', '/v1/problems');
  await go('get-problem', 'GET', '/v1/problems/ebusy');
  await go('list-rules', 'GET', '/v1/rules');
  await go('get-rule', 'GET', '/v1/rules/GP2');
  await go('compare', 'POST', '/v1/compare', {
    json: {
      commands: [
        { op: 'create', args: { name: 'a', sizeBytes: 8192 } },
        { op: 'truncate', on: { file: 'a' }, args: { sizeBytes: 0 } },
      ],
      strategies: ['break-layouts', { name: 'wait-for-refs', newRefs: 'fail' }],
    },
  });
  await go('cluster', 'GET', '/v1/cluster');
  await go('livez', 'GET', '/livez');
  await go('readyz', 'GET', '/readyz?verbose');
}

const service = await start({ memoryMax: 2 ** 30 }, { clock });
for (const part of [files, mappings, waits, changes, stepped, labs, server]) await part(service);
await service.close();

writeFileSync(
  new URL('../../src/http/openapi/recorded-answers.ts', import.meta.url),
  `// Written by test/http/record-answers.ts, as a part of \`npm run openapi\`.

/** Bodies of requests, and answers by their status, by the names of the contracts. */
export const recorded: Readonly<
  Record<string, { request?: unknown; answers: Readonly<Record<number, unknown>> }>
> = ${JSON.stringify(recorded, null, 2)};

/** Refusals by their types. */
export const recordedProblems: Readonly<Record<string, unknown>> = ${JSON.stringify(problems, null, 2)};
`,
);
