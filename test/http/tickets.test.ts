// Tickets: how a page reads a stream without a token in the URL, and how it learns that it was
// refused.
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { systemClock } from '../../src/engine/ticker.ts';
import { call, fs, must, type Service, start } from './start.ts';
import { listen, open, refused } from './stream-reader.ts';

let service: Service;
let base: string;
let token: string;
let tokenId: string;
let shiftMs = 0;
afterEach(() => service.close());

async function world(config: Partial<Config> = {}): Promise<void> {
  shiftMs = 0;
  const clock = systemClock();
  service = await start(config, { clock: { ...clock, nowMs: () => clock.nowMs() + shiftMs } });
  base = await listen(service);
  await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
  ({ token, id: tokenId } = (
    await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', {
      json: { scopes: ['read', 'write'] },
    })
  ).json);
  await must(service, 201, 'POST', '/v1/filesystems', {
    token,
    json: { name: 'scratch', sizeBytes: 1_048_576, clock: 'manual' },
  });
}

const events = `${fs}/events`;
const buy = async (stream = events, headers: Record<string, string> = {}): Promise<string> =>
  (await must(service, 201, 'POST', '/v1/tickets', { token, json: { stream }, headers })).json
    .ticket;
const problem = (type: string) => `/v1/problems/${type}`;

describe('a ticket', () => {
  it('opens the stream that it was bought for, once', async () => {
    await world();
    const ticket = await buy();
    const reader = await open(base, `${events}?ticket=${ticket}&from=oldest`);
    await reader.saw('pinhole.filesystem.created');
    await reader.close();
    const again = await open(base, `${events}?ticket=${ticket}&from=oldest`);
    expect((await again.closed).code).toBe(4401);
    expect(again.frames).toMatchObject([
      { type: 'error', problem: { type: problem('unauthorized'), status: 401 } },
    ]);
  });

  it('alone does not subscribe', async () => {
    await world();
    const reader = await open(base, `${events}?ticket=${await buy()}`);
    reader.say({ type: 'ping' });
    expect((await reader.frame('pong')).type).toBe('pong');
    expect(reader.frames).toHaveLength(1);
    await reader.close();
  });

  it('opens server-sent events and lines too, and is refused there with a status', async () => {
    await world();
    const headers = { accept: 'application/x-ndjson' };
    const ticket = await buy();
    expect(
      (await must(service, 200, 'GET', `${events}?ticket=${ticket}`, { headers })).text,
    ).toContain('filesystem.created');
    expect(
      (await must(service, 401, 'GET', `${events}?ticket=${ticket}`, { headers })).json.type,
    ).toBe(problem('unauthorized'));
    const other = await buy('/v1/events');
    await must(service, 403, 'GET', `${events}?ticket=${other}`, { headers });
  });

  it('is worth nothing after 30 s, and nothing when the token is revoked', async () => {
    await world();
    const [late, revoked] = [await buy(), await buy()];
    shiftMs = 30_001;
    expect((await (await open(base, `${events}?ticket=${late}`)).closed).code).toBe(4401);
    shiftMs = 0;
    await must(service, 200, 'DELETE', `/v1/tenants/team-a/tokens/${tokenId}`);
    expect((await (await open(base, `${events}?ticket=${revoked}`)).closed).code).toBe(4401);
  });

  it('lets its stream go on only as long as the token is good', async () => {
    await world({ streamHeartbeatMs: 20 });
    const reader = await open(base, `${events}?ticket=${await buy()}`);
    await must(service, 200, 'DELETE', `/v1/tenants/team-a/tokens/${tokenId}`);
    expect((await reader.closed).code).toBe(4401);
  });

  it('is needed by the tenant, its number is bounded, and it is for streams only', async () => {
    await world({ ticketsPerTenantMax: 2 });
    await buy();
    const used = await buy();
    expect(
      (await must(service, 429, 'POST', '/v1/tickets', { token, json: { stream: events } })).json,
    ).toMatchObject({
      limit: 2,
    });
    await must(service, 401, 'GET', `/v1/filesystems?ticket=${used}`, { token: 'ph_x' });
    await (await open(base, `${events}?ticket=${used}`)).close();
    await buy();
    shiftMs = 30_001;
    await buy();
    await buy();
    await must(service, 400, 'POST', '/v1/tickets', { token, json: { stream: '/v1/filesystems' } });
  });
});

describe('4403', () => {
  it('for a ticket of another stream', async () => {
    await world();
    const reader = await open(base, `${events}?ticket=${await buy('/v1/events')}`);
    expect((await reader.closed).code).toBe(4403);
    expect(reader.frames).toMatchObject([
      { type: 'error', problem: { type: problem('forbidden-origin'), status: 403 } },
    ]);
  });

  it('for a page of another origin than the one that bought it', async () => {
    await world({ allowedOrigins: ['https://good.example', 'https://other.example'] });
    const ticket = await buy(events, { origin: 'https://good.example' });
    const reader = await open(base, `${events}?ticket=${ticket}`, {
      headers: { origin: 'https://other.example' },
    });
    expect((await reader.closed).code).toBe(4403);
    const good = await buy(events, { origin: 'https://good.example' });
    await (
      await open(base, `${events}?ticket=${good}`, { headers: { origin: 'https://good.example' } })
    ).close();
  });

  it('for a ticket in a page of an origin that is not allowed', async () => {
    await world();
    const reader = await open(base, `${events}?ticket=${await buy()}`, {
      headers: { origin: 'https://evil.example' },
    });
    expect((await reader.closed).code).toBe(4403);
  });
});

describe('a page with a ticket hears by a close code', () => {
  it('4404: there is no such filesystem', async () => {
    await world();
    const missing = '/v1/filesystems/other/events';
    const reader = await open(base, `${missing}?ticket=${await buy(missing)}`);
    expect((await reader.closed).code).toBe(4404);
    expect(reader.frames[0]?.problem?.type).toBe(problem('enoent'));
  });

  it('4400: the query says nothing, and 4429: there are too many streams', async () => {
    await world({ streamClientsPerTenantMax: 1 });
    expect(
      (await (await open(base, `${events}?ticket=${await buy()}&from=yesterday`)).closed).code,
    ).toBe(4400);
    const first = await open(base, `${events}?ticket=${await buy()}`);
    expect((await (await open(base, `${events}?ticket=${await buy()}`)).closed).code).toBe(4429);
    await first.close();
  });
});

describe('a token', () => {
  it('has no place in a URL', async () => {
    await world();
    for (const name of ['token', 'access_token', 'authorization']) {
      await must(service, 400, 'GET', `${events}?${name}=${token}`, { token });
      expect(await refused(base, `${events}?${name}=${token}`)).toMatchObject({ status: 404 });
    }
    expect(
      (
        await call(service, 'GET', `${events}?ticket=${token}`, {
          headers: { accept: 'text/event-stream' },
        })
      ).status,
    ).toBe(401);
  });
});
