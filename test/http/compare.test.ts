// The comparison of strategies over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, fs, must, type Service, start } from './start.ts';

const page = 4096;
const MiB = 2 ** 20;

let service: Service;
beforeAll(async () => {
  service = await start({ compareCommandsMax: 50 });
});
afterAll(() => service.close());

const letters = Buffer.concat(['A', 'B'].map((letter) => Buffer.alloc(page, letter)));
/** S01: the device has page 0 and wants page 1, and the punch takes both. */
const s01 = [
  { op: 'create', args: { name: 'a' } },
  { op: 'write', on: { file: 'a' }, args: { offset: 0 }, data: letters.toString('base64') },
  { op: 'mmap', on: { file: 'a' }, args: { offset: 0, length: 2 * page, access: 'read-write' } },
  {
    op: 'pin',
    on: { mapping: 'map_1' },
    args: { offset: 0, length: page, access: 'write' },
    owner: 'G',
  },
  { op: 'punch-hole', on: { file: 'a' }, args: { offset: 0, length: 2 * page }, owner: 'T' },
  {
    op: 'pin',
    on: { mapping: 'map_1' },
    args: { offset: page, length: page, access: 'write' },
    owner: 'G',
  },
  { op: 'clock-advance', args: { ms: 100 } },
];
const compare = (json: object, status = 200) =>
  must(service, status, 'POST', '/v1/compare', { json });

describe('POST /v1/compare', () => {
  test('is S01 of the mail in one table', async () => {
    const { json } = await compare({ commands: s01, strategies: ['all'] });
    const rows = json.strategies as { strategy: string; deadlocks: number }[];
    expect(rows.map(({ strategy, deadlocks }) => [strategy, deadlocks])).toEqual([
      ['break-layouts', 0],
      ['busy-extents', 0],
      ['wait-for-refs', 1],
      ['detach-and-wait', 0],
      ['refuse', 0],
      ['none', 0],
    ]);
    expect(json.strategies[2].operations.slice(-2)).toMatchObject([
      { op: 'punch-hole', outcome: 'sleeping', stuck: 'deadlock', sleptMs: 100 },
      { op: 'pin', outcome: 'sleeping', stuck: 'deadlock', sleptMs: 100 },
    ]);
    expect(json.strategies[1].blocksHeldBack).toEqual({ peak: 1, blockMs: 100 });
    expect(json.strategies[5].freedUnderPin).toBe(1);
  });

  test('takes a story', async () => {
    const { json } = await compare({ story: 'S01', strategies: ['wait-for-refs', 'refuse'] });
    expect(json.strategies).toMatchObject([
      { deadlocks: 1, operations: [{ stuck: 'deadlock' }, { stuck: 'deadlock' }] },
      { deadlocks: 0 },
    ]);
  });

  test('knows the strategies of the stories by their names', async () => {
    const strategies = ['break-layouts classic', 'break-layouts modern'];
    const { json } = await compare({ story: 'S06', strategies });
    expect(json.strategies).toMatchObject([
      { strategy: 'break-layouts', options: { idleRule: 'classic' }, hangs: 0 },
      { strategy: 'break-layouts', options: { idleRule: 'modern' }, hangs: 1 },
    ]);
  });

  test('takes a filesystem and options, and needs only commands', async () => {
    const { json } = await compare({
      mkfs: { kind: 'ext2', sizeBytes: MiB },
      commands: [{ op: 'create', args: { name: 'a' } }],
      strategies: ['busy-extents', { name: 'break-layouts', idleRule: 'classic' }],
    });
    expect(json.strategies).toMatchObject([
      { strategy: 'busy-extents', refused: { errno: 'EOPNOTSUPP', rule: 'ST2' }, operations: [] },
      { strategy: 'break-layouts', options: { idleRule: 'classic' } },
    ]);
    expect((await compare({ commands: [] })).json.strategies).toHaveLength(6);
  });

  test.each([
    [{}, 'invalid-value', 400],
    [{ commands: [], strategies: [] }, 'invalid-value', 400],
    [{ commands: [], strategies: ['no-such'] }, 'einval', 400],
    [{ commands: [], strategies: [{ name: 'refuse', deep: true }] }, 'einval', 400],
    [{ commands: [], mkfs: { sizeBytes: 5 } }, 'invalid-value', 400],
    [{ commands: [], mkfs: { sizeBytes: 2 ** 39 } }, 'einval', 400],
    [{ commands: [], mkfs: { extentMaxZerooutKb: 32 } }, 'einval', 400],
    [{ commands: [{ op: 'trunkate' }] }, 'invalid-value', 400],
    [{ commands: [{ op: 'sync', nowait: true }] }, 'unknown-field', 400],
    [{ commands: Array(51).fill({ op: 'sync' }) }, 'compare-too-large', 422],
    [{ commands: [], hope: 1 }, 'unknown-field', 400],
    [{ story: 'no-such' }, 'einval', 400],
    [{ story: 'S01', commands: [] }, 'unknown-field', 400],
    [{ bundle: 'AAAA' }, 'einval', 400],
    [{ bundle: '???' }, 'invalid-value', 400],
  ] as [object, string, number][])('refuses %j', async (json, type, status) => {
    const answer = await call(service, 'POST', '/v1/compare', { json });
    expect([answer.status, answer.json.type]).toEqual([status, `/v1/problems/${type}`]);
    expect(answer.json.rule).toMatch(/^[A-Z]+\d+$/);
    if (type === 'compare-too-large') expect(answer.json.limit).toBeGreaterThan(0);
  });

  test('names the command and the field that are wrong', async () => {
    const { json } = await compare(
      { commands: [{ op: 'sync' }, { op: 'truncate', on: { file: 'a' } }] },
      400,
    );
    expect(json.fields).toMatchObject([{ field: 'commands.1.args.sizeBytes' }]);
  });
});

describe('POST …/compare', () => {
  let cursor = '';
  beforeAll(async () => {
    const made = { name: 'scratch', sizeBytes: MiB, strategy: { name: 'wait-for-refs' } };
    await must(service, 201, 'POST', '/v1/filesystems', { json: made });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    await must(service, 200, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: letters });
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, { json: s01[2]?.args });
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { ...s01[3]?.args, owner: 'G' },
    });
    ({ cursor } = (await must(service, 200, 'GET', `${fs}/pins`)).json);
    const now = { headers: { prefer: 'respond-async' } };
    await must(service, 202, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 0, owner: 'T' },
      ...now,
    });
    await must(service, 202, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { ...s01[5]?.args, owner: 'G' },
      ...now,
    });
  });
  const past = (json: object, status = 200) =>
    must(service, status, 'POST', `${fs}/compare`, { json });

  test('plays all of it under each strategy, and the filesystem does not change', async () => {
    const before = (await must(service, 200, 'GET', `${fs}/operations`)).json;
    const { json } = await past({ strategies: ['wait-for-refs', 'busy-extents'] });
    expect(json.strategies).toMatchObject([
      { strategy: 'wait-for-refs', deadlocks: 1 },
      { strategy: 'busy-extents', deadlocks: 0 },
    ]);
    const ops = json.strategies.map((row: { operations: { op: string }[] }) =>
      row.operations.map(({ op }) => op),
    );
    expect(ops[0]).toEqual(['create', 'write', 'mmap', 'pin', 'truncate', 'pin']);
    expect(ops[1]).toEqual(ops[0]);
    expect(json.strategies[1].operations[4]).toMatchObject({ outcome: 'done', sleptMs: 0 });
    const after = (await must(service, 200, 'GET', `${fs}/operations`)).json;
    expect(after.cursor).toBe(before.cursor);
  });

  test('takes a bundle of it', async () => {
    const bundle = (await must(service, 200, 'GET', `${fs}/bundle`)).bytes.toString('base64');
    const both = { strategies: ['wait-for-refs', 'busy-extents'] };
    expect((await compare({ bundle, ...both })).json).toEqual((await past(both)).json);
  });

  test('refuses damaged bundles, and none of them is a failure of the server', async () => {
    const { bytes } = await must(service, 200, 'GET', `${fs}/bundle`);
    for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      const bundle = damaged.toString('base64');
      const { status } = await call(service, 'POST', '/v1/compare', { json: { bundle } });
      expect(status).toBe(400);
    }
  });

  test('begins after a cursor', async () => {
    const { json } = await past({ from: cursor, strategies: ['refuse', 'wait-for-refs'] });
    expect(json.strategies).toMatchObject([
      {
        operations: [
          { op: 'truncate', errno: 'EBUSY' },
          { op: 'pin', outcome: 'done' },
        ],
      },
      { operations: [{ stuck: 'deadlock' }, { stuck: 'deadlock' }] },
    ]);
    // Nothing follows now, but who sleeps now is in the table.
    const now = await past({ from: 'now', strategies: ['detach-and-wait'] });
    expect(now.json.strategies[0].operations).toMatchObject([
      { op: 'truncate', outcome: 'sleeping' },
      { op: 'pin', outcome: 'failed', errno: 'EFAULT' },
    ]);
  });

  test('knows cursors of another epoch and of the future', async () => {
    const [epoch] = cursor.split('.');
    const other = await past({ from: '0123456789abcdef.1' }, 410);
    expect(other.json).toMatchObject({ type: '/v1/problems/past-not-kept', oldest: `${epoch}.0` });
    expect((await past({ from: `${epoch}.999999` }, 400)).json.rule).toBe('FK1');
    await past({ from: 'yesterday' }, 400);
    await must(service, 404, 'POST', '/v1/filesystems/none/compare', { json: {} });
  });

  test('refuses a past with too many commands', async () => {
    const json = { name: 'long', sizeBytes: MiB };
    await must(service, 201, 'POST', '/v1/filesystems', { json });
    for (let i = 0; i < 51; i += 1) await must(service, 200, 'POST', '/v1/filesystems/long/sync');
    const { json: refused } = await must(service, 422, 'POST', '/v1/filesystems/long/compare', {
      json: {},
    });
    expect(refused).toMatchObject({ rule: 'CM1', limit: 50 });
  });
});

test('a server that stops gives up its comparisons', async () => {
  const own = await start();
  const commands = Array.from({ length: 9000 }, () => ({ op: 'sync' }));
  const answer = call(own, 'POST', '/v1/compare', { json: { commands } });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await own.close();
  const { status, json } = await answer;
  expect([status, json.type]).toEqual([503, '/v1/problems/not-ready']);
});
