// Lists in pages: which page tokens are accepted, and how long they stay valid.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fill, routes } from './registry.ts';
import { call, fs, must, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
beforeAll(async () => {
  service = await start();
  await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } });
});
afterAll(() => service.close());

const inRegistry = routes.filter(
  ({ schema }) => 'pageToken' in ((schema.properties ?? {}) as object),
);
const lists = [...inRegistry.map(({ url }) => fill(url)), '/v1/filesystems', '/v1/tenants'];

it('all of them are here', () => {
  expect(lists.length).toBeGreaterThanOrEqual(13);
});

describe.each(lists)('%s', (url) => {
  it('refuses a token that no list gave, and names the parameter', async () => {
    const tokens = [
      'garbage!',
      'x',
      'p',
      'p-1',
      'p01',
      'pZ',
      '5',
      'p1.5',
      'p2gosa7pa2gw',
      `p${'1'.repeat(63)}`,
    ];
    for (const token of tokens) {
      expect((await call(service, 'GET', `${url}?pageToken=${token}`)).json, token).toMatchObject({
        type: '/v1/problems/invalid-value',
        status: 400,
        errno: 'EINVAL',
        rule: 'H2',
        fields: [{ field: 'pageToken', message: 'must be a nextPageToken of a list' }],
      });
    }
  });

  it('takes one that points behind everything', async () => {
    for (const token of ['p0', 'p7', 'pzzzz', 'p2gosa7pa2gv', ''])
      await must(service, 200, 'GET', `${url}?pageToken=${token}`);
  });

  it('brings a page size down, however large', async () => {
    for (const size of ['1000000', '9007199254740993', '99999999999999999999', '9'.repeat(400)])
      await must(service, 200, 'GET', `${url}?pageSize=${size}`);
    for (const size of ['-1', '0', '-0', '-99999999999999999999', '1.5', '1e3', '']) {
      const refused = await must(service, 400, 'GET', `${url}?pageSize=${size}`);
      expect(refused.json.fields[0].field).toBe('pageSize');
    }
  });
});

it('a page token stays valid when the object it points at was removed', async () => {
  for (let i = 0; i < 6; i += 1)
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: `f${i}` } });
  const first = await must(service, 200, 'GET', `${fs}/files?pageSize=3`);
  const names = ({ json }: { json: { items: { name: string }[] } }) =>
    json.items.map(({ name }) => name);
  expect(names(first)).toEqual(['a', 'f0', 'f1']);
  for (const name of ['f1', 'f2']) await must(service, 200, 'DELETE', `${fs}/files/${name}`);
  const next = await must(
    service,
    200,
    'GET',
    `${fs}/files?pageSize=3&pageToken=${first.json.nextPageToken}`,
  );
  expect(names(next)).toEqual(['f3', 'f4', 'f5']);
});
