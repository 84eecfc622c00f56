// A handshake for a WebSocket where there is none.
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

it.each(['/livez', '/v1/filesystems', '/v1/filesystems/nope/files', '/v1/filesystems/nope/trace', '/nothing', '/v1/nope/events'])(
  '%s: 404 before the upgrade',
  async (url) => {
    expect(await refused(base, url)).toEqual({ status: 404, type: problem('no-such-route') });
    await must(service, 200, 'GET', '/livez');
  },
);

it('behind the token of the URL', async () => {
  await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
  const { token } = (await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['write'] } })).json;
  const as = (secret: string) => refused(base, '/v1/filesystems', { token: secret });
  expect(await as('ph_x')).toEqual({ status: 401, type: problem('unauthorized') });
  expect(await as(token)).toEqual({ status: 403, type: problem('missing-scope') });
  expect(await refused(base, '/livez', { token: 'ph_x' })).toMatchObject({ status: 404 });
});
