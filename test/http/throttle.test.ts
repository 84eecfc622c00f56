// The request rate of a tenant: who is refused, with what, and who never is.
import { afterEach, describe, expect, it } from 'vitest';
import { RequestRate } from '../../src/tenants/request-rate.ts';
import type { Tenant } from '../../src/tenants/tenants.ts';
import { call, must, type Service, start } from './start.ts';
import { listen, open } from './stream-reader.ts';

describe('the rate of a tenant', () => {
  const team = {} as Tenant;

  it('lets a whole second through at once, and then one after the other', () => {
    const rate = new RequestRate(3);
    const at = (ms: number) => Math.round(rate.take(team, ms));
    expect([0, 0, 0, 0].map(at)).toEqual([0, 0, 0, 333]);
    expect([300, 334, 334, 700].map(at)).toEqual([33, 0, 333, 0]);
    expect([60_000, 60_000, 60_000, 60_000].map(at)).toEqual([0, 0, 0, 333]);
  });

  it('is that of each tenant for itself', () => {
    const rate = new RequestRate(1);
    expect(rate.take(team, 0)).toBe(0);
    expect(rate.take({} as Tenant, 0)).toBe(0);
    expect(rate.take(team, 0)).toBe(1000);
  });

  it('is reached by no sum of fractions', () => {
    const rate = new RequestRate(7);
    let taken = 0;
    for (let ms = 0; ms < 100_000; ms += 1) if (rate.take(team, ms) === 0) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(700);
    expect(taken).toBeLessThanOrEqual(707);
  });
});

describe('a tenant above its rate', () => {
  let service: Service;
  afterEach(() => service.close());

  async function world(): Promise<string> {
    service = await start({ tenantRequestsPerSecondMax: 2 });
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team' } });
    return (await must(service, 201, 'POST', '/v1/tenants/team/tokens', { json: {} })).json.token;
  }

  /** More than can pass in the time that they take. */
  async function exhaust(caller: { token?: string }) {
    for (let i = 0; i < 1000; i += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => call(service, 'GET', '/v1/filesystems', caller)),
      );
      const refused = answers.find(({ status }) => status === 429);
      if (refused !== undefined) return refused;
    }
    throw new Error('nothing was refused');
  }

  it('is refused with the limit and the time', async () => {
    const token = await world();
    const refused = await exhaust({ token });
    expect(refused.json).toMatchObject({
      type: '/v1/problems/too-many-requests',
      errno: 'EAGAIN',
      rule: 'H34',
      limit: 2,
    });
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"requests";q=2;qu="requests";w=1',
      ratelimit: '"requests";r=0;t=1',
      link: '</v1/rules/H34>; rel="describedby"',
    });
    // The other tenant is not.
    await must(service, 200, 'GET', '/v1');
  });

  it('can still be watched and operated', async () => {
    const token = await world();
    await exhaust({ token });
    await exhaust({});
    for (let i = 0; i < 10; i += 1) {
      for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json'])
        await must(service, 200, 'GET', url);
      await must(service, 200, 'GET', '/v1/tenants/team');
      await must(service, 200, 'PUT', '/v1/tenants/team/quotas', { json: { pins: i } });
    }
    const base = await listen(service);
    for (let i = 0; i < 5; i += 1) (await open(base, '/v1/events', { token })).socket.terminate();
    await must(service, 200, 'DELETE', '/v1/tenants/team');
  });
});

it('without the setting nothing counts', async () => {
  const service = await start();
  const answers = await Promise.all(
    Array.from({ length: 500 }, () => call(service, 'GET', '/v1/filesystems')),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await service.close();
});
