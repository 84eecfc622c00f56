// What the server writes for its operator: the id of each request, the log of requests, the audit
// log, and no secret anywhere.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LevelWithSilent, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Config } from '../../src/config.ts';
import { last, message, portOf, type RawAnswer, talk } from './sockets.ts';
import { call, fs, must, pinnedWorld, type Service, start } from './start.ts';

// biome-ignore lint/suspicious/noExplicitAny: lines of every shape
type Line = any;

let service: Service;
let written: string[];
const lines = (msg: string): Line[] =>
  written.map((line) => JSON.parse(line)).filter((line) => line.msg === msg);
const audited = (): Line[] => lines('audit').map(({ time, pid, hostname, ...line }) => line);

async function begin(level: LevelWithSilent, config: Partial<Config> = {}): Promise<void> {
  const logger = pino({ level }, { write: (line: string) => void written.push(line) });
  service = await start(config, { logger });
}

beforeEach(() => {
  written = [];
});
afterEach(() => service.close());

describe('X-Request-Id', () => {
  const idOf = ({ headers }: { headers: Record<string, string> }) => headers['x-request-id'];

  it('is on every answer that Fastify gives, taken from the request if it is sane', async () => {
    await begin('silent', { allowedOrigins: ['https://app.example'] });
    const headers = { 'x-request-id': 'Root=1-67891233-abcdef012345678912345678' };
    for (const [method, url] of [
      ['GET', '/v1'],
      ['HEAD', '/livez'],
      ['GET', '/nowhere'],
      ['PUT', '/v1'],
      ['GET', '/v1/filesystems/none'],
      ['GET', '/%zz'],
      ['POST', '/v1/filesystems'],
      ['GET', '/ui/'],
    ] as const) {
      const taken = await call(service, method, url, { headers });
      expect(idOf(taken), `${method} ${url}`).toBe(headers['x-request-id']);
      expect(idOf(await call(service, method, url)), `${method} ${url}`).toMatch(/^[\da-f]{12}-/);
    }
    const preflight = await call(service, 'OPTIONS', '/v1', {
      headers: {
        ...headers,
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
      },
    });
    expect(preflight.status).toBe(204);
    expect(idOf(preflight)).toBe(headers['x-request-id']);
    const page = await call(service, 'GET', '/v1', { headers: { origin: 'https://app.example' } });
    expect(page.headers['access-control-expose-headers']).toContain('X-Request-Id');
  });

  it.each([
    ['too long', 'a'.repeat(129)],
    ['empty', ''],
    ['with a space', 'a b'],
    ['with a quote', 'a"b'],
    ['two of them', 'a, b'],
    ['a token', `ph_0123456789abcdef_${'x'.repeat(43)}`],
    ['a ticket', `pht_${'0'.repeat(48)}`],
  ])('is made if that of the request is %s', async (_, given) => {
    await begin('silent');
    const answer = await call(service, 'GET', '/livez', { headers: { 'x-request-id': given } });
    expect(idOf(answer)).toMatch(/^[\da-f]{12}-\w+$/);
  });

  it('is made if that of the request is part of its token', async () => {
    await begin('silent');
    const token = 'a-token-that-an-operator-has-chosen-once';
    for (const given of [token, `id-${token}`, token.slice(3, 30)]) {
      const answer = await call(service, 'GET', '/v1', {
        token,
        headers: { 'x-request-id': given },
      });
      expect(answer.status).toBe(401);
      expect(idOf(answer)).toMatch(/^[\da-f]{12}-\w+$/);
    }
  });

  it('is on answers below Fastify, and each is a line of the log', async () => {
    await begin('debug', { pipelineMax: 1 });
    const port = await portOf(service);
    const of = async (text: string): Promise<RawAnswer> =>
      (await talk(port, text)).at(-1) as RawAnswer;
    const headers = { ...last, 'X-Request-Id': 'mine-1' };
    const unreadable = await of('NONSENSE\r\n\r\n');
    expect(unreadable.status).toBe(400);
    expect(idOf(unreadable)).toMatch(/^[\da-f]{12}-/);
    const faulty = await of(message('GET', '/#x', headers));
    expect(faulty).toMatchObject({ status: 400, headers: { 'x-request-id': 'mine-1' } });
    const tunnel = await of(message('CONNECT', 'a:1', headers));
    expect(tunnel).toMatchObject({ status: 405, headers: { 'x-request-id': 'mine-1' } });
    const malformed = await of(message('GET', '/%zz', headers));
    expect(malformed).toMatchObject({ status: 400, headers: { 'x-request-id': 'mine-1' } });
    const refused = await of(
      message('GET', '/nowhere', {
        'X-Request-Id': 'mine-2',
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Version': '13',
      }),
    );
    expect(refused).toMatchObject({ status: 404, headers: { 'x-request-id': 'mine-2' } });
    const ids = lines('request').map(({ request }) => request);
    expect(ids).toEqual([idOf(unreadable), 'mine-1', 'mine-1', 'mine-1', 'mine-2']);
  });

  it('is on the answers that open a stream', async () => {
    await begin('debug');
    await pinnedWorld(service);
    const port = await portOf(service);
    for (const given of [{ 'x-request-id': 'stream-1' }, {}]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${fs}/events`, { headers: given });
      const head = await new Promise<Record<string, string>>((resolve) =>
        socket.on('upgrade', ({ headers }) => resolve(headers as Record<string, string>)),
      );
      expect(head['x-request-id']).toMatch(/^stream-1$|^[\da-f]{12}-/);
      socket.terminate();
    }
    const sse = await fetch(`http://127.0.0.1:${port}${fs}/events`, {
      headers: { accept: 'text/event-stream', 'x-request-id': 'stream-2' },
    });
    expect(sse.headers.get('x-request-id')).toBe('stream-2');
    await sse.body?.cancel();
    await expect
      .poll(() => lines('request').filter(({ request }) => request.startsWith('stream-')))
      .toMatchObject([
        { route: '/v1/filesystems/:fs/events', status: 101, request: 'stream-1' },
        { route: '/v1/filesystems/:fs/events', status: 200, request: 'stream-2' },
      ]);
  });
});

describe('the log of requests', () => {
  const line = {
    level: 20,
    method: 'GET',
    route: '/v1/filesystems/:fs/files/:file',
    status: 200,
    ms: expect.any(Number),
    tenant: 'default',
    request: 'mine',
  };

  it('has one line a request at debug, with the pattern of the route', async () => {
    await begin('debug');
    await pinnedWorld(service);
    written = [];
    await must(service, 200, 'GET', `${fs}/files/a`, { headers: { 'x-request-id': 'mine' } });
    await call(service, 'GET', '/nowhere/at/all');
    await call(service, 'GET', '/livez', { token: 'x' });
    const seen = lines('request');
    expect(seen).toHaveLength(3);
    expect(seen[0]).toMatchObject(line);
    expect(seen[1]).toMatchObject({ route: null, status: 404, tenant: null });
    expect(seen[2]).toMatchObject({ route: '/livez', status: 200, tenant: null });
  });

  it('has none at info', async () => {
    await begin('info');
    await pinnedWorld(service);
    written = [];
    await must(service, 200, 'GET', `${fs}/files/a`);
    await call(service, 'GET', '/nowhere/at/all');
    await talk(await portOf(service), 'NONSENSE\r\n\r\n');
    expect(written.filter((one) => !one.includes('Server listening'))).toEqual([]);
  });
});

describe('the audit log', () => {
  it('has a line for each change of tenants, quotas and tokens, done or refused', async () => {
    await begin('info');
    const caller = { tenant: 'default', tokenId: null };
    const headers = { 'x-request-id': 'mine' };
    const asks = async (status: number, method: string, url: string, json?: object) => {
      written = [];
      const answer = await must(service, status, method, url, { json, headers });
      expect(audited()).toHaveLength(1);
      expect(audited()[0]).toMatchObject({ level: 30, audit: true, status, request: 'mine' });
      return { answer, line: audited()[0] };
    };
    const team = { name: 'team', quotas: { pins: 5 } };
    expect((await asks(201, 'POST', '/v1/tenants', team)).line).toEqual({
      level: 30,
      msg: 'audit',
      audit: true,
      action: 'create-tenant',
      on: {},
      asked: team,
      created: '/v1/tenants/team',
      status: 201,
      caller,
      request: 'mine',
    });
    const again = await asks(409, 'POST', '/v1/tenants', team);
    expect(again.line).toMatchObject({
      action: 'create-tenant',
      asked: team,
      problem: 'already-exists',
      errno: 'EEXIST',
    });
    expect((await asks(400, 'POST', '/v1/tenants', { nome: 'x' })).line.asked).toBeUndefined();
    const quotas = await asks(200, 'PUT', '/v1/tenants/team/quotas', { files: 7 });
    expect(quotas.line).toMatchObject({
      action: 'set-quotas',
      on: { tenant: 'team' },
      asked: { files: 7 },
    });
    const issued = await asks(201, 'POST', '/v1/tenants/team/tokens', { scopes: ['read'] });
    const { id, token } = issued.answer.json;
    expect(issued.line).toMatchObject({
      action: 'create-token',
      asked: { scopes: ['read'] },
      created: `/v1/tenants/team/tokens/${id}`,
    });
    written = [];
    await must(service, 403, 'DELETE', '/v1/tenants/team', { token });
    await must(service, 401, 'DELETE', '/v1/tenants/team', { token: 'nobody-has-this' });
    expect(audited()).toMatchObject([
      { status: 403, caller: { tenant: 'team', tokenId: id }, errno: 'EACCES' },
      { status: 401, caller: null, errno: 'EACCES', problem: 'unauthorized' },
    ]);
    await asks(404, 'DELETE', '/v1/tenants/team/tokens/none');
    const revoked = await asks(200, 'DELETE', `/v1/tenants/team/tokens/${id}`);
    expect(revoked.line).toMatchObject({ on: { tenant: 'team', token: id } });
    await asks(200, 'DELETE', '/v1/tenants/team');
    written = [];
    await must(service, 200, 'GET', '/v1/tenants');
    expect(audited()).toEqual([]);
  });

  it('has a line for each DELETE of a file and a filesystem', async () => {
    await begin('info');
    await pinnedWorld(service);
    await call(service, 'DELETE', `${fs}/files/nothing`);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await call(service, 'DELETE', fs);
    await must(service, 200, 'DELETE', `${fs}?force=true`);
    expect(audited()).toMatchObject([
      { on: { fs: 'scratch', file: 'nothing' }, status: 404, errno: 'ENOENT' },
      { on: { fs: 'scratch' }, status: 409, errno: 'EBUSY' },
      { on: { fs: 'scratch' }, status: 200, force: true },
    ]);
  });

  it('has a line for each unpin and munmap only if the operator wants them', async () => {
    await begin('info', { auditReleases: true });
    await pinnedWorld(service);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await must(service, 200, 'DELETE', `${fs}/mappings/map_1`);
    expect(audited()).toMatchObject([
      { on: { pin: 'pin_1' }, status: 200 },
      { on: { mapping: 'map_1' }, status: 200 },
    ]);
  });
});

// Each secret has a part that nothing else has, so that a search finds it wherever it was written.
it('no secret is in any line of the log, answer of the metrics, or problem', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-canary-'));
  const operatorTokenFile = join(folder, 'operator');
  await begin('trace', { operatorTokenFile, auditReleases: true });
  const operator = readFileSync(operatorTokenFile, 'utf8').trim();
  const port = await portOf(service);
  await must(service, 201, 'POST', '/v1/tenants', { token: operator, json: { name: 'team' } });
  const { token, id } = (
    await must(service, 201, 'POST', '/v1/tenants/team/tokens', { token: operator, json: {} })
  ).json;
  await must(service, 201, 'POST', '/v1/filesystems', {
    token,
    json: { name: 'scratch', sizeBytes: 1_048_576 },
  });
  const { ticket } = (
    await must(service, 201, 'POST', '/v1/tickets', { token, json: { stream: `${fs}/events` } })
  ).json;
  const canary = 'canaryCANARYcanary';
  const secrets = [operator.slice(12), token.slice(20), ticket.slice(4), canary];
  const everywhere = [operator, token, ticket];
  const answers: RawAnswer[] = [];
  const send = async (text: string) => answers.push(...(await talk(port, text)));
  for (const secret of everywhere) {
    const headers = {
      ...last,
      Authorization: `Bearer ${secret}x${canary}`,
      Cookie: `session=${secret}; other=${canary}`,
      'X-Request-Id': secret,
      'Idempotency-Key': `${secret}-${canary}`,
      Referer: `http://localhost/?ticket=${secret}`,
      'X-Api-Key': canary,
    };
    await send(message('GET', `/v1?ticket=${secret}&token=${canary}`, headers));
    await send(
      message('GET', `${fs}/events?ticket=${secret}`, { ...last, 'X-Request-Id': secret }),
    );
    await send(message('POST', '/v1/tenants', headers, { name: canary, token: secret }));
    const good = { ...last, Authorization: `Bearer ${operator}` };
    const body = { scopes: ['read'], token: secret, [canary]: canary };
    await send(message('POST', '/v1/tenants/team/tokens', good, body));
    await send(message('DELETE', `/v1/tenants/team/tokens/${secret}`, good));
    await send(
      message('DELETE', `${fs}/files/${secret}`, { ...last, Authorization: `Bearer ${token}` }),
    );
    await send(message('GET', `/%zz?token=${secret}`, headers));
    await send(message('NOPE', `/?token=${secret}`, headers));
    await send(`GET /?token=${secret} HTTP/9.9\r\nAuthorization: ${secret}\r\n\r\n`);
    await send(message('GET', `/#${secret}`, { ...headers, 'X-Request-Id': secret }));
  }
  const socket = new WebSocket(`ws://127.0.0.1:${port}${fs}/events?ticket=${ticket}`);
  await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}));
  await must(service, 200, 'DELETE', `/v1/tenants/team/tokens/${id}`, { token: operator });
  expect(answers.length).toBeGreaterThanOrEqual(30);
  expect(lines('request').length).toBeGreaterThanOrEqual(answers.length);
  const metrics = (await must(service, 200, 'GET', '/metrics')).text;
  const quotas = (await must(service, 200, 'GET', '/v1/metrics/tenants', { token: operator })).text;
  const heads = answers.map(({ headers }) => JSON.stringify(headers));
  for (const secret of secrets) {
    for (const line of written) expect(line).not.toContain(secret);
    for (const head of heads) expect(head).not.toContain(secret);
    expect(metrics + quotas).not.toContain(secret);
  }
});
