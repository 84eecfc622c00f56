// What a restart restores, case by case.
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  call,
  content,
  eventsAfter,
  freshFolder,
  must,
  type Server,
  start,
  tryStart,
  write,
} from './process.ts';

const fs = '/v1/filesystems/scratch';
let folder = '';
let server: Server;

afterEach(async () => {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function begin(args: string[] = []): Promise<void> {
  folder = freshFolder();
  server = await start(folder, { args });
}

async function crash(args: string[] = []): Promise<void> {
  await server.kill();
  server = await start(folder, { args });
}

async function world(): Promise<void> {
  await must(server, 'POST', '/v1/filesystems', { name: 'scratch', sizeBytes: 8_388_608 });
  await must(server, 'POST', `${fs}/files`, { name: 'a' });
  await write(server, `${fs}/files/a/content`, Buffer.alloc(16_384, 'pinhole '));
  await must(server, 'POST', `${fs}/files/a/mappings`, {
    offset: 0,
    length: 16_384,
    access: 'read-write',
  });
  await must(server, 'POST', `${fs}/mappings/map_1/pins`, {
    offset: 0,
    length: 8192,
    access: 'write',
    owner: 'nic',
  });
}

describe('after kill -9', () => {
  it('contents, mappings, pins and a sleeping truncate are restored; an unpin wakes it, and the waiting request is answered', async () => {
    await begin();
    await world();
    const accepted = await call(
      server,
      'POST',
      `${fs}/files/a/truncate`,
      { sizeBytes: 0 },
      { prefer: 'respond-async' },
    );
    expect(accepted.status).toBe(202);
    const before = (await must(server, 'GET', `${fs}/operations/${accepted.json.id}`)).json;
    const mapping = (await must(server, 'GET', `${fs}/mappings/map_1`)).json;
    await crash();
    const after = (await must(server, 'GET', `${fs}/operations/${accepted.json.id}`)).json;
    expect(after).toMatchObject({
      state: 'sleeping',
      step: before.step,
      sleepingOn: before.sleepingOn,
    });
    expect(after.blockedBy).toMatchObject([{ pin: 'pin_1', owner: 'nic' }]);
    expect((await must(server, 'GET', `${fs}/mappings/map_1`)).json).toEqual(mapping);
    expect(await content(server, `${fs}/pins/pin_1/memory?offset=0&length=8`)).toEqual(
      Buffer.from('pinhole '),
    );
    const waiting = call(server, 'GET', `${fs}/operations/${accepted.json.id}`, undefined, {
      prefer: 'wait=20',
    });
    await must(server, 'DELETE', `${fs}/pins/pin_1`);
    expect((await waiting).json).toMatchObject({
      state: 'done',
      result: { sizeBytes: 0, blocksFreed: 4 },
    });
  });

  it('a pin whose holdMs ended meanwhile is released', async () => {
    await begin();
    await world();
    await must(server, 'POST', `${fs}/mappings/map_1/pins`, {
      offset: 8192,
      length: 4096,
      access: 'read',
      holdMs: 200,
    });
    await crash();
    await expect
      .poll(async () => (await must(server, 'GET', `${fs}/pins`)).json.items.length)
      .toBe(1);
  });

  it('the streams go on: same epoch, same numbers, none missing, also for the tenant', async () => {
    await begin(['--snapshot-entries', '100']);
    await world();
    await must(server, 'POST', '/v1/filesystems', { name: 'other', sizeBytes: 8_388_608 });
    for (let i = 0; i < 150; i++) await must(server, 'POST', `${fs}/files`, { name: `f${i}` });
    await must(server, 'POST', '/v1/filesystems/other/files', { name: 'x' });
    const whole = await eventsAfter(server, `${fs}/events`, 'oldest');
    const tenant = await eventsAfter(server, '/v1/events', 'oldest');
    await crash(['--snapshot-entries', '100']);
    expect(await eventsAfter(server, `${fs}/events`, 'oldest')).toEqual(whole);
    const again = await eventsAfter(server, '/v1/events', 'oldest');
    expect(again.seqs.at(-1)).toBe(tenant.seqs.at(-1));
    expect(again.types).toEqual(tenant.types.slice(-again.types.length));
    expect(whole.seqs).toEqual(whole.seqs.map((_, index) => (whole.seqs[0] ?? 0) + index));
    await must(server, 'DELETE', '/v1/filesystems/other');
    const { seqs } = await eventsAfter(server, '/v1/events', 'oldest');
    await crash(['--snapshot-entries', '100']);
    await must(server, 'POST', `${fs}/files`, { name: 'last' });
    const later = await eventsAfter(server, '/v1/events', 'oldest');
    expect(later.seqs.at(-1)).toBeGreaterThan(seqs.at(-1) ?? 0);
    expect(later.seqs[0]).toBeGreaterThan(seqs.at(-1) ?? 0);
  });

  it('a key gives the first answer again, and nothing is done twice', async () => {
    await begin();
    await world();
    const key = { 'idempotency-key': 'k' };
    const pin = () =>
      call(
        server,
        'POST',
        `${fs}/mappings/map_1/pins`,
        { offset: 8192, length: 4096, access: 'read' },
        key,
      );
    const first = await pin();
    await crash();
    const again = await pin();
    expect(again.json).toEqual(first.json);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await must(server, 'GET', `${fs}/pins`)).json.items).toHaveLength(2);
    const other = await call(
      server,
      'POST',
      `${fs}/mappings/map_1/pins`,
      { offset: 0, length: 4096, access: 'read' },
      key,
    );
    expect(other.status).toBe(422);
  });

  it('a repeated key whose answer was lost gets the outcome of the request', async () => {
    await begin();
    await world();
    const headers = { 'idempotency-key': 't', prefer: 'wait=30' };
    const truncate = () =>
      call(server, 'POST', `${fs}/files/a/truncate`, { sizeBytes: 4096 }, headers);
    const unheard = truncate().catch(() => 'no answer');
    await expect.poll(async () => (await must(server, 'GET', fs)).json.counts.sleepers).toBe(1);
    await crash();
    expect(await unheard).toBe('no answer');
    const again = truncate();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await must(server, 'GET', fs)).json.counts.sleepers).toBe(1);
    await must(server, 'DELETE', `${fs}/pins/pin_1`);
    expect(await again).toMatchObject({ status: 200, json: { sizeBytes: 4096 } });
    expect((await must(server, 'GET', `${fs}/operations`)).json.items).toHaveLength(1);
  });

  it('tenants, quotas and tokens are there; what was revoked is not', async () => {
    await begin();
    await must(server, 'POST', '/v1/tenants', { name: 'team', quotas: { pins: 7 } });
    const token = async () =>
      (await must(server, 'POST', '/v1/tenants/team/tokens', { scopes: ['read'] })).json;
    const [kept, revoked] = [await token(), await token()];
    await must(server, 'DELETE', `/v1/tenants/team/tokens/${revoked.id}`);
    await crash();
    const as = async (secret: string) =>
      (await call(server, 'GET', '/v1', undefined, { authorization: `Bearer ${secret}` })).status;
    expect(await as(kept.token)).toBe(200);
    expect(await as(revoked.token)).toBe(401);
    expect((await must(server, 'GET', '/v1/tenants/team')).json.quotas.pins).toBe(7);
  });

  it('an unmounted filesystem stays gone, and its name is free', async () => {
    await begin();
    await world();
    await must(server, 'DELETE', `${fs}?force=true`);
    await crash();
    expect((await call(server, 'GET', fs)).status).toBe(404);
    await must(server, 'POST', '/v1/filesystems', { name: 'scratch', sizeBytes: 8_388_608 });
    await crash();
    expect((await must(server, 'GET', `${fs}/files`)).json.items).toEqual([]);
  });
});

describe('a data directory', () => {
  it('belongs to one process', async () => {
    await begin();
    const second = await tryStart(folder);
    expect(second).toMatchObject({ code: 4 });
    expect('stderr' in second && second.stderr).toMatch(/another process uses the journal/);
    expect((await must(server, 'GET', '/readyz')).status).toBe(200);
  });

  it('is left clean by SIGTERM, with sleeping operations asleep', async () => {
    await begin();
    await world();
    const waiting = call(
      server,
      'POST',
      `${fs}/files/a/truncate`,
      { sizeBytes: 0 },
      { prefer: 'wait=30' },
    );
    await expect.poll(async () => (await must(server, 'GET', fs)).json.counts.sleepers).toBe(1);
    expect(await server.kill('SIGTERM')).toBe(0);
    expect((await waiting).status).toBe(202);
    server = await start(folder);
    expect((await must(server, 'GET', fs)).json.counts.sleepers).toBe(1);
  });
});
