// X-Forwarded-Prefix of a trusted proxy is in the paths that clients follow.
import { afterEach, expect, it } from 'vitest';
import { call, must, type Service, start } from './start.ts';

let service: Service;
afterEach(() => service.close());

const behind = { 'x-forwarded-prefix': '/lab/pinhole/' };
const mkfs = (name: string) => ({ name, sizeBytes: 1_048_576 });

it('with --trust-proxy the paths have the prefix', async () => {
  service = await start({ trustProxy: true });
  const index = (await must(service, 200, 'GET', '/', { headers: behind })).json;
  expect(index.links).toMatchObject({ api: '/lab/pinhole/v1', page: '/lab/pinhole/ui/' });
  const page = await call(service, 'GET', '/', { headers: { ...behind, accept: 'text/html' } });
  expect(page.headers.location).toBe('/lab/pinhole/ui/');
  const made = await must(service, 201, 'POST', '/v1/filesystems', {
    json: mkfs('a'),
    headers: behind,
  });
  expect(made.headers.location).toBe('/lab/pinhole/v1/filesystems/a');
  await must(service, 201, 'POST', '/v1/filesystems', { json: mkfs('b') });
  const list = await must(service, 200, 'GET', '/v1/filesystems?pageSize=1', { headers: behind });
  expect(list.headers.link).toMatch(/^<\/lab\/pinhole\/v1\/filesystems\?/);
  const problem = await must(service, 404, 'GET', '/v1/filesystems/none', { headers: behind });
  expect(problem.headers.link).toMatch(/^<\/lab\/pinhole\/v1\/rules\//);
  expect(problem.json.type).toBe('/v1/problems/enoent');
  const targets = await must(service, 200, 'GET', '/v1/metrics/targets', { headers: behind });
  expect(targets.json[0].labels.__metrics_path__).toBe('/lab/pinhole/metrics');
});

it('a stored answer has the prefix of the request that gets it', async () => {
  service = await start({ trustProxy: true });
  const make = (headers: Record<string, string>) =>
    must(service, 201, 'POST', '/v1/filesystems', {
      json: mkfs('a'),
      headers: { 'idempotency-key': 'one', ...headers },
    });
  expect((await make(behind)).headers.location).toBe('/lab/pinhole/v1/filesystems/a');
  expect((await make({})).headers.location).toBe('/v1/filesystems/a');
  expect((await make({ 'x-forwarded-prefix': '/x' })).headers.location).toBe('/x/v1/filesystems/a');
});

it.each(['//evil.example', 'lab', '/a/../b', '/a b', '/a>', 'https://evil.example', '/a, /b', '/'])(
  'the prefix %j is ignored',
  async (prefix) => {
    service = await start({ trustProxy: true });
    const { json } = await must(service, 200, 'GET', '/', {
      headers: { 'x-forwarded-prefix': prefix },
    });
    expect(json.links.api).toBe('/v1');
  },
);

it('without --trust-proxy the header does nothing', async () => {
  service = await start();
  const { json } = await must(service, 200, 'GET', '/', { headers: behind });
  expect(json.links.api).toBe('/v1');
  const page = await call(service, 'GET', '/', { headers: { ...behind, accept: 'text/html' } });
  expect(page.headers.location).toBe('/ui/');
});
