import { afterEach, describe, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
afterEach(() => service.close());
const make = (name: string, key: string) =>
  call(service, 'POST', `${fs}/files`, { json: { name }, headers: { 'idempotency-key': key } });

describe('Idempotency-Key', () => {
  it('gives the first answer again, and does the thing once', async () => {
    service = await start();
    await pinnedWorld(service);
    const pin = () =>
      call(service, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { offset: 0, length: 4096, access: 'read' },
        headers: { 'idempotency-key': 'k1' },
      });
    const [first, again] = [await pin(), await pin()];
    expect(first.status).toBe(201);
    expect(again.status).toBe(201);
    expect(again.json).toEqual(first.json);
    expect(again.headers.location).toBe(first.headers.location);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect((await must(service, 200, 'GET', `${fs}/pins`)).json.items).toHaveLength(2);
  });

  it('gives an error again too', async () => {
    service = await start();
    await pinnedWorld(service);
    expect((await make('a', 'k')).status).toBe(409);
    await must(service, 200, 'DELETE', `${fs}/files/a`, {
      headers: { prefer: 'respond-async' },
    }).catch(() => null);
    expect((await make('a', 'k')).json).toMatchObject({ errno: 'EEXIST' });
  });

  it('is for one request: another with it is a 422', async () => {
    service = await start();
    await pinnedWorld(service);
    await make('b', 'k');
    expect((await make('c', 'k')).json).toMatchObject({
      status: 422,
      type: '/v1/problems/key-reused',
    });
    await must(service, 404, 'GET', `${fs}/files/c`);
  });

  it('is a 409 while the first request runs', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: waiting });
    const punch = () =>
      call(service, 'POST', `${fs}/files/a/punch-hole`, {
        json: { offset: 0, length: 4096 },
        headers: { prefer: 'wait=10', 'idempotency-key': 'k' },
      });
    const first = punch();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await punch()).json).toMatchObject({ status: 409, type: '/v1/problems/key-in-use' });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect((await first).status).toBe(200);
    expect((await punch()).json).toEqual((await first).json);
  });

  it('is limited: the oldest answer is discarded', async () => {
    service = await start({ idempotencyKeysMax: 2 });
    await pinnedWorld(service);
    for (const key of ['k1', 'k2', 'k3']) await make(key, key);
    expect((await make('k3', 'k3')).status).toBe(201);
    expect((await make('k1', 'k1')).status).toBe(409);
  });

  it('is limited in bytes: the oldest answer is discarded', async () => {
    service = await start({ idempotencyBytesMax: 400 });
    await pinnedWorld(service);
    for (const key of ['k1', 'k2', 'k3', 'k4']) await make(key, key);
    expect((await make('k4', 'k4')).headers['idempotency-replayed']).toBe('true');
    expect((await make('k1', 'k1')).status).toBe(409);
  });

  it('does nothing twice where the answer was too long to keep', async () => {
    service = await start({ idempotencyAnswerBytesMax: 64 });
    await pinnedWorld(service);
    expect((await make('b', 'k')).status).toBe(201);
    const again = await make('b', 'k');
    expect(again.json).toMatchObject({
      status: 409,
      type: '/v1/problems/answer-not-kept',
      location: `${fs}/files/b`,
    });
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  it('is of the tenant, not of its name', async () => {
    service = await start();
    const tenant = async () => {
      await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
      return (await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: {} })).json
        .token as string;
    };
    const mkfs = (token: string) =>
      must(service, 201, 'POST', '/v1/filesystems', {
        token,
        json: { name: 'scratch', sizeBytes: 8 * 1024 * 1024 },
        headers: { 'idempotency-key': 'k' },
      });
    const first = await tenant();
    await mkfs(first);
    await must(service, 200, 'DELETE', fs, { token: first });
    await must(service, 200, 'DELETE', '/v1/tenants/team-a');
    const second = await tenant();
    expect((await mkfs(second)).headers['idempotency-replayed']).toBeUndefined();
    await must(service, 200, 'GET', fs, { token: second });
  });

  it('keeps no secret, and makes no second one', async () => {
    service = await start();
    const issue = () =>
      call(service, 'POST', '/v1/tenants/default/tokens', {
        json: {},
        headers: { 'idempotency-key': 'k' },
      });
    const [first, again] = [await issue(), await issue()];
    expect(first.status).toBe(201);
    expect(again.json).toMatchObject({
      status: 409,
      type: '/v1/problems/answer-not-kept',
      location: `/v1/tenants/default/tokens/${first.json.id}`,
    });
    expect(again.text).not.toContain(first.json.token);
    expect((await must(service, 200, 'GET', '/v1/tenants/default/tokens')).json.items).toHaveLength(
      1,
    );
  });

  it('sells no second ticket, and tells nobody the first', async () => {
    service = await start();
    const buy = () =>
      call(service, 'POST', '/v1/tickets', {
        json: { stream: '/v1/events' },
        headers: { 'idempotency-key': 'k' },
      });
    const [first, again] = [await buy(), await buy()];
    expect(first.status).toBe(201);
    expect(again.json).toMatchObject({ status: 409, type: '/v1/problems/answer-not-kept' });
    expect(JSON.stringify(again)).not.toContain(first.json.ticket);
  });

  it('gives Retry-After again', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: waiting });
    const punch = () =>
      call(service, 'POST', `${fs}/files/a/punch-hole`, {
        json: { offset: 0, length: 4096, nowait: true },
        headers: { 'idempotency-key': 'k' },
      });
    for (const answer of [await punch(), await punch()]) {
      expect(answer.status).toBe(409);
      expect(answer.headers['retry-after']).toBe('1');
    }
  });

  it('gives the first answer again whatever Prefer says: a 202 stays one', async () => {
    service = await start();
    await pinnedWorld(service, { mkfs: waiting });
    const punch = (prefer: string) =>
      call(service, 'POST', `${fs}/files/a/punch-hole`, {
        json: { offset: 0, length: 4096 },
        headers: { prefer, 'idempotency-key': 'k' },
      });
    const first = await punch('respond-async');
    expect(first.status).toBe(202);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const again = await punch('wait=10');
    expect(again).toMatchObject({ status: 202, json: first.json });
    expect(again.headers).toMatchObject({
      location: first.headers.location,
      'preference-applied': 'respond-async',
    });
    expect((await must(service, 200, 'GET', first.headers.location ?? '')).json.state).toBe('done');
  });

  it('refuses a key that is none', async () => {
    service = await start();
    await pinnedWorld(service);
    expect((await make('b', 'x'.repeat(256))).json).toMatchObject({
      status: 400,
      type: '/v1/problems/invalid-header',
    });
  });
});
