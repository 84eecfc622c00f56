// Tenants are created and deleted with everything that belongs to them.
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { call, must, pinnedWorld, type Service, start, waiting } from './start.ts';
import { listen, open } from './stream-reader.ts';

let service: Service;
afterEach(() => service.close());

const tenant = '/v1/tenants/team';
const fs = { name: 'scratch', sizeBytes: 1_048_576 };

async function teamWithToken(): Promise<string> {
  await must(service, 201, 'POST', '/v1/tenants', {
    json: { name: 'team', quotas: { filesystems: 2 } },
  });
  return (await must(service, 201, 'POST', `${tenant}/tokens`, { json: {} })).json.token;
}

describe('a tenant', () => {
  it('has its own quotas, and the defaults of the server for the rest', async () => {
    service = await start({ quotaPins: 11 });
    await teamWithToken();
    expect((await must(service, 200, 'GET', tenant)).json.quotas).toMatchObject({
      filesystems: 2,
      pins: 11,
    });
    await must(service, 200, 'PUT', `${tenant}/quotas`, { json: { pins: 3 } });
    expect((await must(service, 200, 'GET', tenant)).json.quotas).toMatchObject({
      filesystems: 2,
      pins: 3,
    });
    const again = await call(service, 'POST', '/v1/tenants', { json: { name: 'team' } });
    expect(again).toMatchObject({
      status: 409,
      json: { type: '/v1/problems/already-exists', errno: 'EEXIST', rule: 'H11' },
    });
  });

  it('is not removed while it has a filesystem, and its tokens go with it', async () => {
    service = await start();
    const token = await teamWithToken();
    await must(service, 201, 'POST', '/v1/filesystems', { token, json: fs });
    expect(await call(service, 'DELETE', tenant)).toMatchObject({
      status: 409,
      json: { errno: 'EBUSY', rule: 'H12' },
    });
    await must(service, 200, 'GET', '/v1/filesystems/scratch', { token });
    await must(service, 200, 'DELETE', '/v1/filesystems/scratch', { token });
    await must(service, 200, 'DELETE', tenant);
    expect((await call(service, 'GET', '/v1', { token })).status).toBe(401);
    expect((await call(service, 'GET', tenant)).status).toBe(404);
    const next = await teamWithToken();
    expect((await call(service, 'GET', '/v1', { token })).status).toBe(401);
    expect(
      (await must(service, 200, 'GET', '/v1/filesystems', { token: next })).json.items,
    ).toEqual([]);
  });

  it('is removed once, and gets nothing new meanwhile', async () => {
    service = await start();
    const token = await teamWithToken();
    const [one, two, made, issued] = await Promise.all([
      call(service, 'DELETE', tenant),
      call(service, 'DELETE', tenant),
      call(service, 'POST', '/v1/filesystems', { token, json: fs }),
      call(service, 'POST', `${tenant}/tokens`, { json: {} }),
    ]);
    expect([one.status, two.status].filter((status) => status === 200)).toHaveLength(1);
    for (const { status } of [made, issued]) expect([401, 404, 409]).toContain(status);
    await teamWithToken();
    expect((await must(service, 200, 'GET', `${tenant}/tokens`)).json.items).toHaveLength(1);
  });

  it('is deleted with force: filesystems, tokens, sleeping requests and streams end', async () => {
    const written: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void written.push(line) });
    service = await start({ waitDefaultMs: 60_000 }, { logger });
    const base = await listen(service);
    const token = await teamWithToken();
    const other = (await must(service, 201, 'POST', `${tenant}/tokens`, { json: {} })).json.token;
    await pinnedWorld(service, { token, mkfs: waiting });
    await must(service, 201, 'POST', '/v1/filesystems', { token, json: { ...fs, name: 'b' } });
    const streams = await Promise.all([
      open(base, '/v1/events', { token }),
      open(base, '/v1/filesystems/scratch/events', { token }),
    ]);
    const sleeper = call(service, 'POST', '/v1/filesystems/scratch/files/a/punch-hole', {
      token,
      json: { offset: 0, length: 4096 },
    });
    const asleep = async () =>
      (await must(service, 200, 'GET', '/v1/filesystems/scratch/operations', { token })).json.items;
    await expect.poll(asleep).toMatchObject([{ state: 'sleeping' }]);
    written.length = 0;

    const deleted = await must(service, 200, 'DELETE', `${tenant}?force=true`, {
      headers: { 'x-request-id': 'mine' },
    });
    expect(deleted.json).toMatchObject({ name: 'team', leaving: true, used: { filesystems: 0 } });
    expect((await sleeper).status).toBeGreaterThanOrEqual(400);
    await Promise.all(streams.map(({ closed }) => closed));
    for (const one of [token, other])
      expect((await call(service, 'GET', '/v1', { token: one })).status).toBe(401);
    expect((await call(service, 'GET', tenant)).status).toBe(404);
    const action = {
      action: 'delete-tenant',
      on: { tenant: 'team' },
      force: true,
      request: 'mine',
    };
    expect(written.map((line) => JSON.parse(line)).filter(({ audit }) => audit)).toMatchObject([
      { ...action, phase: 'begun', filesystems: 2, caller: { tenant: 'default' } },
      { ...action, status: 200 },
    ]);
    // A new tenant of that name begins with nothing.
    const next = await teamWithToken();
    expect(
      (await must(service, 200, 'GET', '/v1/filesystems', { token: next })).json.items,
    ).toEqual([]);
  });

  it('is deleted with force once, whatever is created meanwhile', async () => {
    service = await start();
    const token = await teamWithToken();
    await must(service, 201, 'POST', '/v1/filesystems', { token, json: fs });
    const answers = await Promise.all([
      call(service, 'POST', '/v1/filesystems', { token, json: { ...fs, name: 'b' } }),
      call(service, 'POST', `${tenant}/tokens`, { json: {} }),
      call(service, 'PUT', `${tenant}/quotas`, { json: { pins: 1 } }),
      call(service, 'DELETE', `${tenant}?force=true`),
      call(service, 'DELETE', `${tenant}?force=true`),
      call(service, 'DELETE', tenant),
      call(service, 'POST', '/v1/filesystems', { token, json: { ...fs, name: 'c' } }),
    ]);
    const deletes = answers.slice(3, 6).map(({ status }) => status);
    expect(deletes.filter((status) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect(status).toBeLessThan(500);
    expect((await call(service, 'GET', tenant)).status).toBe(404);
    expect((await call(service, 'GET', '/v1', { token })).status).toBe(401);
    await teamWithToken();
    expect((await must(service, 200, 'GET', `${tenant}/tokens`)).json.items).toHaveLength(1);
  });

  it('of callers without a token stays', async () => {
    service = await start();
    for (const url of ['/v1/tenants/default', '/v1/tenants/default?force=true'])
      expect(await call(service, 'DELETE', url)).toMatchObject({
        status: 409,
        json: { rule: 'H12' },
      });
    await must(service, 201, 'POST', '/v1/filesystems', { json: fs });
  });
});
