// Labs over the API: the result and its bytes, the states, mistakes, cancellation, findings,
// quotas, events, and what survives a restart.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { csvOf } from '../../src/lab/csv.ts';
import { parseWorkload } from '../../src/lab/document.ts';
import { runLab } from '../../src/lab/lab.ts';
import { presets } from '../../src/lab/presets/index.ts';
import { digestOf, zLabResult } from '../../src/lab/result.ts';
import { inProcess } from '../lab/in-process.ts';
import { type Answer, type CallOptions, call, must, type Service, start } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

const small = `name: small
filesystem: { sizeBytes: 4Mi, files: { a: 64Ki } }
durationMs: 200
actors:
  nic:
    loop:
      - pin: { file: a, pages: 4, access: write }
      - hold: { exponential: 5 }
      - unpin
      - think: { exponential: 5 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: 10 } ] }
`;
/** A lab that lasts until it is cancelled. */
const long = small.replace('durationMs: 200', 'durationMs: 400000');
const wait = { headers: { prefer: 'wait=120' } };
const post = (json: object, options: CallOptions = {}, at = service): Promise<Answer> =>
  call(at, 'POST', '/v1/labs', { json, ...options });
const ended = async (id: string, at = service) =>
  (await must(at, 200, 'GET', `/v1/labs/${id}`, wait)).json;

describe('a lab', () => {
  test('[LB1] is accepted with its Location, and has the result that the command has', async () => {
    const asked = { workload: small, seeds: [3, 1], strategies: ['busy-extents', 'refuse'] };
    const accepted = await post(asked);
    expect(accepted.status).toBe(202);
    const { id, state, progress } = accepted.json;
    expect(accepted.headers.location).toBe(`/v1/labs/${id}`);
    expect(['queued', 'running']).toContain(state);
    expect(progress).toEqual({ done: 0, total: 4 });
    const lab = await ended(id);
    expect(lab).toMatchObject({ id, state: 'done', name: 'small', seeds: 2 });
    expect(lab.progress).toEqual({ done: 4, total: 4 });
    const parsed = parseWorkload(small);
    const result = await runLab({ ...asked, parsed }, { runner: inProcess() });
    expect(JSON.stringify(lab.result)).toBe(JSON.stringify(result));
    const { digest, ...rest } = zLabResult.parse(lab.result);
    expect(digest).toBe(digestOf(rest));
    expect(lab.digest).toBe(digest);
  });

  test('answers 200 with the result if it ends in the time of Prefer', async () => {
    const asked = { workload: parseWorkload(small).raw as object, seeds: 1, strategies: ['none'] };
    const { status, json, headers } = await post(asked, wait);
    expect(status).toBe(200);
    expect(headers['preference-applied']).toBe('wait=60');
    expect(json.state).toBe('done');
    expect(json.result.strategies[0].strategy).toBe('none');
    const all = await must(service, 200, 'GET', '/v1/labs');
    const listed = all.json.items.find((one: { id: string }) => one.id === json.id);
    expect(listed).toMatchObject({ state: 'done', digest: json.digest });
    expect(listed.result).toBeUndefined();
  });

  test('takes a sweep and gives every point; its CSV has every figure', async () => {
    const sweep = { 'actors.puncher.loop.think': [5, 20] };
    const { json } = await post({ workload: small, seeds: 2, strategies: ['all'], sweep }, wait);
    expect(json.result.points.map(({ at }: { at: object }) => Object.values(at))).toEqual([
      [5],
      [20],
    ]);
    expect(json.result.points[0].strategies).toEqual(json.result.strategies);
    const csv = await call(service, 'GET', `/v1/labs/${json.id}/result.csv`);
    expect(csv.headers['content-type']).toMatch(/^text\/csv/);
    expect(csv.text).toBe(csvOf(json.result));
    const rows = csv.text.trim().split('\n').slice(1);
    expect(new Set(rows.map((row) => row.split(',')[1])).size).toBe(6);
  });

  test('[LB4] a finding opens as a filesystem that stands at the moment before', async () => {
    const { json } = await post(
      { preset: 'gup-two-pages', seeds: 2, strategies: ['wait-for-refs'] },
      wait,
    );
    expect(json.preset).toBe('gup-two-pages');
    const [row] = json.result.strategies;
    const [finding] = row.findings;
    expect(finding).toMatchObject({ number: 1, kind: 'deadlock' });
    const at = `/v1/labs/${json.id}/findings/1/bundle`;
    const bundle = await call(service, 'GET', at);
    expect(bundle.headers['content-type']).toBe('application/vnd.pinhole.bundle');
    const made = await call(service, 'POST', '/v1/filesystems?name=found', {
      bytes: bundle.bytes,
      headers: { 'content-type': 'application/vnd.pinhole.bundle' },
    });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ scheduler: 'stepped', clock: 'manual' });
    const before = await must(service, 200, 'GET', '/v1/filesystems/found/wait-graph');
    expect(before.json.cycles).toEqual([]);
    await call(service, 'POST', '/v1/filesystems/found/scheduler/step', {
      json: { until: 'deadlock' },
    });
    const after = await must(service, 200, 'GET', '/v1/filesystems/found/wait-graph');
    expect(after.json.cycles).toHaveLength(1);
    await must(service, 404, 'GET', `/v1/labs/${json.id}/findings/99/bundle`);
  });
});

describe('presets', () => {
  test('are listed, and each can be read', async () => {
    const { json } = await must(service, 200, 'GET', '/v1/labs/presets');
    expect(json.items.map(({ name }: { name: string }) => name)).toEqual([...presets.keys()]);
    for (const { name, about, source } of json.items) {
      const { json: one } = await must(service, 200, 'GET', `/v1/labs/presets/${name}`);
      expect(one).toEqual({ name, about, source, text: presets.get(name)?.text });
    }
    const { json: problem } = await must(service, 404, 'GET', '/v1/labs/presets/camer');
    expect(problem.detail).toContain('did you mean "camera"?');
  });
});

describe('[LB1] a mistake is reported with its place, and nothing runs', () => {
  const cases: [string, object, object][] = [
    ['no workload', {}, { detail: expect.stringContaining('either preset or workload') }],
    ['both', { preset: 'camera', workload: small }, { detail: expect.stringContaining('either') }],
    ['an unknown field', { preset: 'camera', seed: 1 }, { type: '/v1/problems/unknown-field' }],
    [
      'an unknown preset',
      { preset: 'camer' },
      { fields: [{ field: 'preset', message: expect.stringContaining('"camera"') }] },
    ],
    [
      'an unknown operation',
      { workload: small.replace('punch-hole', 'punch-hol') },
      {
        type: '/v1/problems/invalid-workload',
        rule: 'LB1',
        errno: 'EINVAL',
        fields: [
          expect.objectContaining({
            field: expect.stringContaining('workload.actors.puncher.loop.0'),
            message: expect.stringContaining('punch-hole'),
            line: 11,
            column: expect.any(Number),
          }),
        ],
      },
    ],
    [
      'a text that is no YAML',
      { workload: 'name: [' },
      {
        fields: [
          { field: 'workload.', line: 1, column: expect.any(Number), message: expect.any(String) },
        ],
      },
    ],
    [
      'an unknown strategy',
      { workload: small, strategies: ['refsue'] },
      { fields: [{ field: 'strategies', message: expect.stringContaining('"refuse"') }] },
    ],
    ['no seeds', { workload: small, seeds: 0 }, { type: '/v1/problems/invalid-value' }],
    ['half a seed', { workload: small, seeds: [0.5] }, { type: '/v1/problems/invalid-value' }],
    [
      'a seed twice',
      { workload: small, seeds: [1, 1] },
      { fields: [{ field: 'seeds.1', message: '1 is named twice' }] },
    ],
    [
      'a sweep of nothing',
      { workload: small, sweep: { 'actors.nic.loop.hold.medain': [1] } },
      { type: '/v1/problems/invalid-workload' },
    ],
    [
      'too many runs',
      { workload: small, seeds: 1000, sweep: { durationMs: [1, 2, 3, 4, 5] } },
      { detail: expect.stringContaining('20000 is the maximum') },
    ],
    [
      'too many operations',
      { workload: small.replace('200', '80000000') },
      { detail: expect.stringContaining('operations; 5000000 is the maximum') },
    ],
  ];
  test.each(cases)('%s', async (_, json, problem) => {
    const before = await must(service, 200, 'GET', '/v1/labs');
    const answer = await post(json);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject(problem);
    const after = await must(service, 200, 'GET', '/v1/labs');
    expect(after.json.items).toHaveLength(before.json.items.length);
  });
});

describe('[LB2] DELETE', () => {
  test('cancels a lab that runs; then it removes it; then it is gone', async () => {
    const { json: lab } = await post({ workload: long, seeds: 4 });
    const url = `/v1/labs/${lab.id}`;
    await must(service, 409, 'GET', `${url}/result.csv`);
    const { json: cancelled } = await must(service, 200, 'DELETE', url);
    expect(cancelled).toMatchObject({ id: lab.id, state: 'cancelled' });
    const { json: shown } = await must(service, 200, 'GET', url, wait);
    expect(shown.state).toBe('cancelled');
    expect(shown.result).toBeUndefined();
    const { json: none } = await must(service, 409, 'GET', `${url}/result.csv`);
    expect(none.type).toBe('/v1/problems/lab-has-no-result');
    await must(service, 200, 'DELETE', url);
    await must(service, 404, 'GET', url);
    await must(service, 404, 'DELETE', url);
  });

  test('cancels a lab that waits for another one of its tenant', async () => {
    const { json: first } = await post({ workload: long, seeds: 4 });
    const { json: second } = await post({ workload: long, seeds: 4 });
    expect(second.state).toBe('queued');
    await must(service, 200, 'DELETE', `/v1/labs/${second.id}`);
    expect((await must(service, 200, 'GET', `/v1/labs/${first.id}`)).json.state).toBe('running');
    await must(service, 200, 'DELETE', `/v1/labs/${first.id}`);
    const next = await post({ workload: small, seeds: 1, strategies: ['none'] }, wait);
    expect(next.json.state).toBe('done');
  });
});

test.each(['lab_0', 'lab_99999', 'x', 'lab_1x', 'presets.csv'])(
  'there is no lab %s',
  async (id) => {
    await must(service, 404, 'GET', `/v1/labs/${id}`);
    await must(service, 404, 'DELETE', `/v1/labs/${id}`);
    await must(service, 404, 'GET', `/v1/labs/${id}/result.csv`);
  },
);

test('the same Idempotency-Key makes one lab', async () => {
  const asked = { workload: small, seeds: 1, strategies: ['none'] };
  const options = { headers: { 'idempotency-key': 'once' } };
  const [first, second] = [await post(asked, options), await post(asked, options)];
  expect(second.json).toEqual(first.json);
  expect(second.headers['idempotency-replayed']).toBe('true');
});

test('[LB3] a tenant has a bounded number of labs, and the oldest ended ones go', async () => {
  const own = await start({ quotaLabs: 2, quotaLabsKept: 2, labsMax: 3 });
  const asked = { workload: small, seeds: 1, strategies: ['none'] };
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await post(asked, wait, own)).json.id);
  const { json } = await must(own, 200, 'GET', '/v1/labs');
  expect(json.items.map(({ id }: { id: string }) => id)).toEqual(ids.slice(1));
  for (let i = 0; i < 2; i++) expect((await post({ workload: long }, {}, own)).status).toBe(202);
  const refused = await post(asked, {}, own);
  expect(refused.status).toBe(507);
  expect(refused.json).toMatchObject({ errno: 'EDQUOT', quota: { name: 'labs', limit: 2 } });
  await own.close();
});

test('[LB5] a run that takes longer than its bound fails its lab, and the next one runs', async () => {
  const own = await start({ labRunMs: 300 });
  const { json } = await post({ workload: long, seeds: 1, strategies: ['none'] }, wait, own);
  expect(json.state).toBe('failed');
  expect(json.failure).toEqual({ reason: 'time', detail: 'a run takes longer than 300 ms' });
  await own.close();
});

test('[LB6] labs survive a restart; one that ran begins again and ends with the same bytes', async () => {
  // Its contents survive close(), as those of a disk survive a process.
  const store = new MemoryStore();
  const options = { openStore: async () => store };
  const asked = { workload: small, seeds: 2, strategies: ['busy-extents'] };
  const first = await start({}, options);
  const done = (await post(asked, wait, first)).json;
  const slow = small.replace('200', '20000');
  const running = (await post({ ...asked, workload: slow, strategies: ['none'] }, {}, first)).json;
  await first.close();
  const second = await start({}, options);
  expect(await ended(done.id, second)).toEqual(done);
  const again = await ended(running.id, second);
  const request = { parsed: parseWorkload(slow), seeds: 2, strategies: ['none'] };
  expect(again.result).toEqual(await runLab(request, { runner: inProcess() }));
  const csv = await call(second, 'GET', `/v1/labs/${done.id}/result.csv`);
  expect(csv.text).toBe(csvOf(done.result));
  const next = await post(asked, wait, second);
  expect(next.json.result).toEqual(done.result);
  expect(next.json.id).toBe('lab_3');
  await second.close();
});

interface Told {
  id: string;
  seq: number;
  type: string;
  source: string;
  data: Record<string, unknown>;
}
const events = async (at: Service, query: string): Promise<Told[]> => {
  const { text } = await must(at, 200, 'GET', `/v1/events?${query}`, {
    headers: { accept: 'application/x-ndjson' },
  });
  return text
    .trim()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { events?: Told[] }).events ?? []);
};

test('[LB7] its events are in the stream of the tenant, and cursors stay over a restart', async () => {
  const store = new MemoryStore();
  const options = { openStore: async () => store };
  const first = await start({}, options);
  const asked = { workload: small, seeds: 1, strategies: ['none'] };
  const { json } = await post(asked, wait, first);
  // Between two labs there are events of a filesystem.
  await must(first, 201, 'POST', '/v1/filesystems', { json: { name: 'fs', sizeBytes: 2 ** 20 } });
  await must(first, 201, 'POST', '/v1/filesystems/fs/files', { json: { name: 'a' } });
  const { json: other } = await post({ workload: long, strategies: ['none'] }, {}, first);
  await must(first, 200, 'DELETE', `/v1/labs/${other.id}`);
  const before = await events(first, 'from=oldest');
  const labs = before.filter(({ source }) => source.startsWith('/v1/labs/'));
  expect(labs.map(({ type, source }) => `${source} ${type}`)).toEqual([
    '/v1/labs/lab_1 pinhole.lab.progress',
    '/v1/labs/lab_1 pinhole.lab.done',
    '/v1/labs/lab_2 pinhole.lab.progress',
    '/v1/labs/lab_2 pinhole.lab.cancelled',
  ]);
  expect(labs[0]?.data).toEqual({ lab: 'lab_1', name: 'small', done: 0, total: 1 });
  expect(labs[1]?.data).toEqual({ lab: 'lab_1', name: 'small', digest: json.digest });
  expect(before.map(({ seq }) => seq)).toEqual(before.map((_, at) => at + 1));
  expect(before.length).toBeGreaterThan(labs.length);
  await must(first, 200, 'DELETE', '/v1/labs/lab_1');
  const [removed] = await events(first, `from=${before.at(-1)?.id}`);
  expect(removed).toMatchObject({
    type: 'pinhole.lab.removed',
    data: { lab: 'lab_1', name: 'small' },
  });
  const all = [...before, removed];
  await first.close();
  const second = await start({}, options);
  // The same events under the same cursors, also of a lab that is removed.
  expect(await events(second, 'from=oldest')).toEqual(all);
  expect(await events(second, `from=${labs[1]?.id}`)).toEqual(all.slice(labs[1]?.seq));
  const done = await events(second, 'from=oldest&types=pinhole.lab.done');
  expect(done.map(({ seq }) => seq)).toEqual([labs[1]?.seq]);
  expect(await events(second, 'from=oldest&types=pinhole.lab.*')).toHaveLength(5);
  expect((await call(second, 'GET', '/v1/events?types=pinhole.lab.nope')).status).toBe(400);
  await post(asked, wait, second);
  const more = await events(second, `from=${removed?.id}`);
  expect(more.map(({ seq }) => seq)).toEqual([all.length + 1, all.length + 2]);
  await second.close();
});
