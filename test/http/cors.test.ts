// Pages of allowed origins can call every route: the answers have the CORS headers, and preflight
// requests are answered.
import { afterEach, expect, it } from 'vitest';
import type { Service } from '../../src/server.ts';
import { call, must, start } from './start.ts';

let service: Service;
const origin = 'https://app.example';
const mkfs = { json: { name: 'a', sizeBytes: 65_536 } };
const preflight = (url: string, from: string) =>
  call(service, 'OPTIONS', url, {
    headers: {
      origin: from,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,if-match',
    },
  });

afterEach(() => service.close());

it('an allowed page makes a filesystem and reads where it is', async () => {
  service = await start({ allowedOrigins: [origin], inboxMax: 1 });
  const asked = await preflight('/v1/filesystems', origin);
  expect(asked.status).toBe(204);
  expect(asked.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': expect.stringContaining('PATCH'),
    'access-control-allow-headers': 'content-type,if-match',
    'access-control-max-age': '600',
  });
  const made = await must(service, 201, 'POST', '/v1/filesystems', {
    ...mkfs,
    headers: { origin },
  });
  expect(made.headers['access-control-allow-origin']).toBe(origin);
  expect(made.headers['access-control-expose-headers']).toContain('Location');
  // What is wrong can be read too.
  const taken = await must(service, 409, 'POST', '/v1/filesystems', {
    ...mkfs,
    headers: { origin },
  });
  expect(taken.headers['access-control-allow-origin']).toBe(origin);
  expect((await preflight('/v1/nothing', origin)).status).toBe(204);
});

it('another page is told nothing, and changes nothing', async () => {
  service = await start({ allowedOrigins: [origin] });
  const from = 'https://evil.example';
  expect(
    (await preflight('/v1/filesystems', from)).headers['access-control-allow-origin'],
  ).toBeUndefined();
  const refused = await must(service, 403, 'POST', '/v1/filesystems', {
    ...mkfs,
    headers: { origin: from },
  });
  expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  expect((await must(service, 200, 'GET', '/v1/filesystems')).json.items).toEqual([]);
});

it('without an allowed page OPTIONS is a method that no URL has', async () => {
  service = await start();
  expect((await preflight('/v1/filesystems', origin)).json).toMatchObject({
    status: 405,
    rule: 'H10',
  });
});
