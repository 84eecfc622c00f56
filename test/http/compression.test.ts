// gzip for large answers: what is compressed, and that ETags, ranges, HEAD and caches stay right.
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start();
});
afterEach(() => service.close());

const zipped = { headers: { 'accept-encoding': 'gzip, deflate, br' } };
const unzip = (bytes: Buffer): string => gunzipSync(bytes).toString();

it.each(['/openapi.json', '/asyncapi.json', '/v1/rules'])('%s is compressed', async (url) => {
  const plain = await must(service, 200, 'GET', url);
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.headers.vary).toBe('Accept-Encoding');
  const answer = await must(service, 200, 'GET', url, zipped);
  expect(answer.headers).toMatchObject({
    'content-encoding': 'gzip',
    vary: 'Accept-Encoding',
    'content-type': plain.headers['content-type'],
    'content-length': String(answer.bytes.length),
  });
  expect(unzip(answer.bytes)).toBe(plain.text);
  expect(answer.bytes.length).toBeLessThan(plain.bytes.length / 2);
  const head = await must(service, 200, 'HEAD', url, zipped);
  const { date: _, 'x-request-id': __, ...fields } = answer.headers;
  expect(head.headers).toMatchObject(fields);
  expect(head.text).toBe('');
});

it('metrics are compressed', async () => {
  const answer = await must(service, 200, 'GET', '/metrics', zipped);
  expect(answer.headers['content-encoding']).toBe('gzip');
  expect(unzip(answer.bytes)).toContain('pinhole_build_info');
});

it.each([
  ['', false],
  ['identity', false],
  ['br', false],
  ['gzip;q=0', false],
  ['identity, gzip;q=0.5', false],
  ['*', true],
  ['GZIP', true],
  ['br, gzip;q=0.1, identity;q=0', true],
])('Accept-Encoding %j: %s', async (accept, expected) => {
  const answer = await must(service, 200, 'GET', '/v1/rules', {
    headers: { 'accept-encoding': accept },
  });
  expect(answer.headers['content-encoding'] === 'gzip').toBe(expected);
});

it('a compressed answer has an ETag of its own, which conditions accept', async () => {
  const { etag = '' } = (await must(service, 200, 'GET', '/openapi.json')).headers;
  const { etag: own = '' } = (await must(service, 200, 'GET', '/openapi.json', zipped)).headers;
  expect(own).toBe(etag.replace(/"$/, '--gzip"'));
  for (const tag of [etag, own]) {
    const fresh = await must(service, 304, 'GET', '/openapi.json', {
      headers: { ...zipped.headers, 'if-none-match': tag },
    });
    expect(fresh.headers).toMatchObject({ etag: tag, vary: 'Accept-Encoding' });
    expect(fresh.headers['content-encoding']).toBeUndefined();
  }
});

it('the ETag of a compressed state is a condition for a change', async () => {
  await pinnedWorld(service, { mkfs: { sizeBytes: 64 * 1024 * 1024 } });
  for (let i = 0; i < 40; i += 1)
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: `file-${i}` } });
  const state = await must(service, 200, 'GET', `${fs}/state`, zipped);
  expect(state.headers['content-encoding']).toBe('gzip');
  const { etag = '' } = state.headers;
  expect(etag).toMatch(/^"[^"]*--gzip"$/);
  const change = (status: number) =>
    must(service, status, 'PUT', `${fs}/strategy`, {
      json: { name: 'refuse' },
      headers: { 'if-match': etag },
    });
  await change(200);
  await change(412);
});

it('small answers, contents, ranges and problems are not compressed', async () => {
  await pinnedWorld(service);
  const content = `${fs}/files/a/content`;
  for (const [status, url, headers] of [
    [200, '/livez', {}],
    [200, content, {}],
    [206, content, { range: 'bytes=0-9999' }],
    [200, `${fs}/bundle`, {}],
    [404, '/nowhere', {}],
  ] as const) {
    const answer = await must(service, status, 'GET', url, {
      headers: { ...zipped.headers, ...headers },
    });
    expect(answer.headers['content-encoding'], url).toBeUndefined();
  }
});

it('Vary also names what else the answer depends on', async () => {
  await service.close();
  service = await start({ allowedOrigins: ['https://app.example'] });
  const headers = { ...zipped.headers, origin: 'https://app.example' };
  const answer = await must(service, 200, 'GET', '/v1/rules', { headers });
  expect(answer.headers.vary?.split(', ').sort()).toEqual(['Accept-Encoding', 'Origin']);
});

it('many at once are all answered, compressed or not', async () => {
  const plain = (await must(service, 200, 'GET', '/openapi.json')).text;
  const all = await Promise.all(
    Array.from({ length: 12 }, () => call(service, 'GET', '/openapi.json', zipped)),
  );
  for (const { bytes, text, headers } of all)
    expect(headers['content-encoding'] === 'gzip' ? unzip(bytes) : text).toBe(plain);
  // None is counted as running for ever.
  const last = await must(service, 200, 'GET', '/openapi.json', zipped);
  expect(last.headers['content-encoding']).toBe('gzip');
});
