// Tenants are created and deleted with everything that belongs to them.
import { afterEach, describe, expect, it } from 'vitest';
import { call, must, type Service, start } from './start.ts';

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

  it('of callers without a token stays', async () => {
    service = await start();
    expect(await call(service, 'DELETE', '/v1/tenants/default')).toMatchObject({
      status: 409,
      json: { rule: 'H12' },
    });
    await must(service, 201, 'POST', '/v1/filesystems', { json: fs });
  });
});
