import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start } from './start.ts';

const page = 4096;

let service: Service;
beforeAll(async () => {
  service = await start();
  await pinnedWorld(service, { mkfs: { sizeBytes: 64 * 1024 * 1024, clock: 'manual' } });
});
afterAll(() => service.close());

it('shows the device with its cursor', async () => {
  const { json } = await must(service, 200, 'GET', `${fs}/map`);
  expect(json).toMatchObject({ sizeBytes: 67_108_864, offset: 0, length: 67_108_864 });
  expect(json.cursor).toMatch(/^[0-9a-f]+\.\d+$/);
  expect(json.runs[0]).toEqual({ pfn: 0, pages: 2, state: 'metadata' });
  expect(json.runs.find(({ pins }: { pins?: number }) => pins === 1)).toMatchObject({
    pages: 4,
    state: 'used',
    file: 'a',
    pgoff: 0,
    flags: ['written', 'mapped'],
  });
});

it('refuses a range outside the device, and one without a byte', async () => {
  expect((await must(service, 400, 'GET', `${fs}/map?offset=67108864`)).json).toMatchObject({
    errno: 'EINVAL',
    rule: 'PO5',
  });
  for (const query of ['length=0', 'offset=-1', 'offset=1.5', 'length=x', 'ino=0'])
    expect((await must(service, 400, 'GET', `${fs}/map?${query}`)).json.rule).toBe('H2');
});

it('has the ETag of the filesystem', async () => {
  const { headers } = await must(service, 200, 'GET', `${fs}/map`);
  const again = { headers: { 'if-none-match': headers.etag ?? '' } };
  await must(service, 304, 'GET', `${fs}/map`, again);
  await must(service, 200, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
  await must(service, 200, 'GET', `${fs}/map`, again);
});

it('links to the part that is left off, and stays within what was asked for', async () => {
  const json = { offset: 0, length: 12_000 * page };
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'f' } });
  await must(service, 200, 'POST', `${fs}/files/f/allocate`, { json });
  for (let i = 0; i < 3000; i += 1)
    await must(service, 200, 'POST', `${fs}/files/f/punch-hole`, {
      json: { offset: 4 * i * page, length: page },
    });
  let url: string | undefined = `${fs}/map?offset=${100 * page}&length=${12_000 * page}`;
  let next = 100 * page;
  for (let answers = 1; url !== undefined; answers += 1) {
    const answer = await call(service, 'GET', url);
    expect(answer.json.offset).toBe(next);
    next += answer.json.length;
    url = /<([^>]+)>; rel="next"/.exec(answer.headers.link ?? '')?.[1];
    expect(url === undefined).toBe(answer.json.nextOffset === undefined);
    if (url === undefined) expect(answers).toBeGreaterThan(1);
  }
  expect(next).toBe(12_100 * page);
});

it('lists pages from a frame on', async () => {
  const { json } = await must(service, 200, 'GET', `${fs}/pages?pfn=7&pageSize=1`);
  expect(json.items).toMatchObject([{ pfn: 7 }]);
  const next = await must(
    service,
    200,
    'GET',
    `${fs}/pages?pfn=7&pageSize=1&pageToken=${json.nextPageToken}`,
  );
  expect(next.json.items).toMatchObject([{ pfn: 8 }]);
  expect((await must(service, 200, 'GET', `${fs}/pages?pfn=16384`)).json.items).toEqual([]);
});
