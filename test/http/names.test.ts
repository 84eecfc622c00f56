// Names of files and filesystems appear unchanged in every URL, header, event and metric.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, fs, must, type Service, start } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start();
});
afterEach(() => service.close());

const mkfs = (name: string) =>
  call(service, 'POST', '/v1/filesystems', { json: { name, sizeBytes: 1_048_576 } });
const create = (name: string) => call(service, 'POST', `${fs}/files`, { json: { name } });

const unusual = [
  'README.md',
  'a',
  'A',
  '_x_',
  '-',
  '.hidden',
  'a.',
  '...',
  '~backup~',
  '__proto__',
  'constructor',
  'op_1',
  '0',
];
const refused = [
  '',
  '.',
  '..',
  'a b',
  'a/b',
  'a%2Fb',
  'a\n',
  'ä',
  'a:b',
  '*',
  'a?b',
  '"',
  '\u0000',
];

describe('a file', () => {
  beforeEach(async () => {
    expect((await mkfs('scratch')).status).toBe(201);
  });

  it.each([...unusual, 'F'.repeat(255)])(
    '%s is made, found, written, listed, mapped and renamed',
    async (name) => {
      const made = await create(name);
      expect(made.status).toBe(201);
      expect(made.headers.location).toBe(`${fs}/files/${name}`);
      expect((await must(service, 200, 'GET', made.headers.location ?? '')).json.name).toBe(name);
      await must(service, 200, 'PUT', `${fs}/files/${name}/content`, {
        bytes: Buffer.alloc(8192, 'x'),
      });
      const { items } = (await must(service, 200, 'GET', `${fs}/files`)).json;
      expect(items.map((one: { name: string }) => one.name)).toEqual([name]);
      await must(service, 201, 'POST', `${fs}/files/${name}/mappings`, {
        json: { offset: 0, length: 4096, access: 'read' },
      });
      expect(
        (await must(service, 200, 'GET', `${fs}/mappings?file=${name}`)).json.items,
      ).toHaveLength(1);
      expect((await must(service, 200, 'GET', `${fs}/pages?file=${name}`)).json.items).toHaveLength(
        2,
      );
      const exchange = { with: name, offset: 0, withOffset: 4096, length: 4096 };
      await must(service, 200, 'POST', `${fs}/files/${name}/exchange-range`, { json: exchange });
      await must(service, 200, 'POST', `${fs}/files/${name}/rename`, { json: { name: 'other' } });
      await must(service, 200, 'POST', `${fs}/files/other/rename`, { json: { name } });
      const lines = await must(service, 200, 'GET', `${fs}/events?file=${name}`, {
        headers: { accept: 'application/x-ndjson' },
      });
      const events = lines.text.split('\n').filter((line) => line.includes('"subject"'));
      expect(events.length).toBeGreaterThan(0);
      expect(lines.text).toContain(`"subject":"files/${name}"`);
      expect((await must(service, 200, 'GET', `${fs}/trace?format=ftrace`)).text).toContain(
        `to=${name}\n`,
      );
      await must(service, 200, 'DELETE', `${fs}/files/${name}`);
      await must(service, 404, 'GET', `${fs}/files/${name}`);
    },
  );

  it('of another case is another file', async () => {
    for (const name of ['log', 'Log', 'LOG']) expect((await create(name)).status).toBe(201);
    expect((await create('Log')).json).toMatchObject({ status: 409, errno: 'EEXIST' });
  });

  it('cannot be called what a URL cannot say, nor more than 255 characters', async () => {
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    for (const name of [...refused, 'x'.repeat(256)]) {
      const fields = [{ field: 'name', message: expect.any(String) }];
      expect((await create(name)).json, name).toMatchObject({
        status: 400,
        errno: 'EINVAL',
        fields,
      });
      const renamed = await call(service, 'POST', `${fs}/files/a/rename`, { json: { name } });
      expect(renamed.json, name).toMatchObject({ status: 400, fields });
      const json = { with: name, offset: 0, withOffset: 0, length: 0 };
      expect(
        (await call(service, 'POST', `${fs}/files/a/exchange-range`, { json })).status,
        name,
      ).toBe(400);
    }
  });
});

describe('a filesystem', () => {
  it.each([...unusual, 'F'.repeat(63)])(
    '%s is made, found, listed, scraped and removed',
    async (name) => {
      const made = await mkfs(name);
      expect(made.status).toBe(201);
      const url = `/v1/filesystems/${name}`;
      expect(made.headers.location).toBe(url);
      await must(service, 201, 'POST', `${url}/files`, { json: { name: 'a' } });
      const listed = await must(service, 200, 'GET', '/v1/filesystems');
      expect(listed.json.items.map((one: { name: string }) => one.name)).toEqual([name]);
      const lines = await must(service, 200, 'GET', `${url}/events`, {
        headers: { accept: 'application/x-ndjson' },
      });
      expect(lines.text).toContain(`"source":"${url}"`);
      expect(
        (await must(service, 200, 'GET', `${url}/trace`)).headers['content-disposition'],
      ).toContain(`"${name}.json"`);
      await must(service, 200, 'GET', `${url}/metrics`);
      const targets = (await must(service, 200, 'GET', '/v1/metrics/targets?filesystems=true'))
        .text;
      expect(targets).toContain(`/filesystems/${name}/metrics"`);
      await must(service, 201, 'POST', '/v1/tickets', { json: { stream: `${url}/events` } });
      await must(service, 200, 'DELETE', url);
    },
  );

  it('cannot have names that need escaping in a URL, or more than 63 characters', async () => {
    for (const name of [...refused, 'x'.repeat(64)]) {
      const fields = [{ field: 'name', message: expect.any(String) }];
      expect((await mkfs(name)).json, name).toMatchObject({ status: 400, errno: 'EINVAL', fields });
    }
  });
});

it('the names of a list go on over its pages', async () => {
  await mkfs('scratch');
  for (const name of unusual) await create(name);
  const names: string[] = [];
  let next: string | undefined = `${fs}/files?pageSize=4`;
  while (next !== undefined) {
    const { json, headers } = await must(service, 200, 'GET', next);
    names.push(...json.items.map((one: { name: string }) => one.name));
    next = /^<(.*)>; rel="next"$/.exec(headers.link ?? '')?.[1];
  }
  expect(names).toEqual(unusual);
});
