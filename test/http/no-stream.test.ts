// A WebSocket handshake on a URL without an event stream.
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { must, type Service, start } from './start.ts';
import { listen, refused } from './stream-reader.ts';

let service: Service;
let base = '';
beforeEach(async () => {
  service = await start({ port: 0 });
  base = await listen(service);
});
afterEach(() => service.close());

const problem = (type: string) => `/v1/problems/${type}`;

it.each([
  '/livez',
  '/v1/filesystems',
  '/v1/filesystems/nope/files',
  '/v1/filesystems/nope/trace',
  '/nothing',
  '/v1/nope/events',
])('%s: 404 before the upgrade', async (url) => {
  expect(await refused(base, url)).toEqual({ status: 404, type: problem('no-such-route') });
  await must(service, 200, 'GET', '/livez');
});

it.each(['/v1/%ZZ', `/v1/filesystems/${'a'.repeat(300)}/events`])(
  '%s: refused before it has a route, and closed',
  async (url) => {
    const head = `GET ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    socket.write(
      `${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 4[01][04] [\s\S]*application\/problem\+json/);
  },
);

it('behind the token of the URL', async () => {
  await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
  const { token } = (
    await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['write'] } })
  ).json;
  const as = (secret: string) => refused(base, '/v1/filesystems', { token: secret });
  expect(await as('ph_x')).toEqual({ status: 401, type: problem('unauthorized') });
  expect(await as(token)).toEqual({ status: 403, type: problem('missing-scope') });
  expect(await refused(base, '/livez', { token: 'ph_x' })).toMatchObject({ status: 404 });
});
