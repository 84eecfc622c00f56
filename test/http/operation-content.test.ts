// [H33] The bytes of a read that was answered 202, after it has ended.
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { durable, freshFolder } from '../journal/kept.ts';
import { call, fs, must, type Service, start } from './start.ts';

let service: Service;
afterEach(() => service.close());

async function stepped(overrides: Partial<Config> = {}, given?: Service): Promise<void> {
  service = given ?? (await start(overrides));
  const world = { name: 'scratch', sizeBytes: 1_048_576, scheduler: 'stepped', clock: 'manual' };
  await must(service, 201, 'POST', '/v1/filesystems', { json: world });
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
  const put = await must(service, 202, 'PUT', `${fs}/files/a/content?offset=0`, {
    bytes: 'hello, world',
  });
  await runAll();
  expect((await must(service, 200, 'GET', put.headers.location ?? '')).json.state).toBe('done');
}

async function runAll(): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    if ((await must(service, 200, 'POST', `${fs}/scheduler/step`, { json: {} })).json.task === null)
      return;
  }
  throw new Error('the tasks do not end');
}

const read = async (url: string): Promise<string> =>
  (await must(service, 202, 'GET', url)).headers.location ?? '';

describe('in a stepped filesystem', () => {
  it('a read, a load and a part can be had when they have ended, also in parts', async () => {
    await stepped();
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { offset: 0, length: 4096, access: 'read-write' },
    });
    const urls = [
      `${fs}/files/a/content`,
      `${fs}/mappings/map_1/memory?length=5`,
      `${fs}/files/a/content?offset=7&length=5`,
    ];
    const operations = [];
    for (const url of urls) operations.push(await read(url));
    const part = await must(service, 202, 'GET', `${fs}/files/a/content`, {
      headers: { range: 'bytes=7-8' },
    });
    operations.push(part.headers.location ?? '');
    const early = await must(service, 409, 'GET', `${operations[0]}/content`);
    expect(early.json).toMatchObject({ errno: 'EAGAIN', rule: 'H33' });
    expect(early.headers['retry-after']).toBeDefined();
    await runAll();
    const texts = ['hello, world', 'hello', 'world', 'wo'];
    for (const [i, url] of operations.entries()) {
      const { result } = (await must(service, 200, 'GET', url)).json;
      expect(result.content).toEqual({ href: `${url}/content`, bytes: texts[i]?.length });
      const answer = await must(service, 200, 'GET', result.content.href);
      expect(answer.text).toBe(texts[i]);
      expect(answer.headers['content-type']).toBe('application/octet-stream');
      const head = await must(service, 200, 'HEAD', result.content.href);
      expect(head.headers['content-length']).toBe(String(texts[i]?.length));
    }
    const href = `${operations[0]}/content`;
    const etag = (await must(service, 200, 'GET', href)).headers.etag ?? '';
    await must(service, 304, 'GET', href, { headers: { 'if-none-match': etag } });
    await must(service, 412, 'GET', href, { headers: { 'if-match': '"x"' } });
    const some = await must(service, 206, 'GET', href, {
      headers: { range: 'bytes=7-', 'if-range': etag },
    });
    expect([some.text, some.headers['content-range']]).toEqual(['world', 'bytes 7-11/12']);
    expect(
      (await must(service, 416, 'GET', href, { headers: { range: 'bytes=12-' } })).headers[
        'content-range'
      ],
    ).toBe('bytes */12');
    await must(service, 400, 'GET', `${href}?x=1`);
    const listed = (await must(service, 200, 'GET', `${fs}/operations?state=done`)).json.items;
    expect(listed.at(-1).result.content.href).toBe(`${operations.at(-1)}/content`);
  });

  it('what failed says with what, and what reads nothing has none', async () => {
    await stepped();
    const { extents } = (await must(service, 200, 'GET', `${fs}/files/a/extents`)).json;
    await must(service, 200, 'POST', `${fs}/poison`, {
      json: { block: extents[0].physical / 512 },
    });
    const bad = await read(`${fs}/files/a/content`);
    const truncate = await must(service, 202, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 0 },
    });
    await runAll();
    expect((await must(service, 422, 'GET', `${bad}/content`)).json).toMatchObject({
      errno: 'EIO',
      rule: 'PO2',
    });
    expect((await must(service, 200, 'GET', bad)).json.result).toBeUndefined();
    const none = await must(service, 404, 'GET', `${truncate.headers.location}/content`);
    expect(none.json).toMatchObject({ errno: 'ENOENT', rule: 'H33' });
    for (const id of ['op_999', 'op_x', 'map_1'])
      await must(service, 404, 'GET', `${fs}/operations/${id}/content`);
    await must(service, 404, 'GET', '/v1/filesystems/none/operations/op_1/content');
  });

  it('the oldest go first, and what is larger than all that is kept is not', async () => {
    await stepped({ readBytesKeptMax: 30 });
    const operations = [];
    for (let i = 0; i < 4; i += 1) operations.push(await read(`${fs}/files/a/content`));
    await runAll();
    const statuses = [];
    for (const url of operations)
      statuses.push((await call(service, 'GET', `${url}/content`)).status);
    expect(statuses).toEqual([410, 410, 200, 200]);
    const gone = await must(service, 410, 'GET', `${operations[0]}/content`);
    expect(gone.json).toMatchObject({
      type: '/v1/problems/content-not-kept',
      rule: 'H33',
      limit: 30,
    });
    await must(service, 202, 'POST', `${fs}/files/a/truncate`, { json: { sizeBytes: 31 } });
    await runAll();
    const large = await read(`${fs}/files/a/content`);
    await runAll();
    await must(service, 410, 'GET', `${large}/content`);
    await must(service, 200, 'GET', `${operations[3]}/content`);
  });

  it('a record that is forgotten takes its bytes along', async () => {
    await stepped({ endedOperationsMax: 2 });
    const operations = [];
    for (let i = 0; i < 4; i += 1) operations.push(await read(`${fs}/files/a/content`));
    await runAll();
    const statuses = [];
    for (const url of operations)
      statuses.push((await call(service, 'GET', `${url}/content`)).status);
    expect(statuses).toEqual([404, 404, 200, 200]);
    expect([...service.engine.all()][0]?.reads.bytes).toBe(24);
  });

  it('they are there again after a restart where the journal does the read again', async () => {
    const folder = freshFolder();
    await stepped({}, await durable(folder));
    const url = await read(`${fs}/files/a/content`);
    await runAll();
    await must(service, 200, 'GET', `${url}/content`);
    await service.close();
    service = await durable(folder);
    expect((await must(service, 200, 'GET', `${url}/content`)).text).toBe('hello, world');
    // Two snapshots later the journal begins behind it.
    for (let i = 0; i < 120; i += 1)
      await call(service, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
    await service.close();
    service = await durable(folder);
    for (let i = 0; i < 240; i += 1)
      await call(service, 'POST', `${fs}/clock/advance`, { json: { ms: 1 } });
    await service.close();
    service = await durable(folder);
    expect((await must(service, 200, 'GET', url)).json.result.content.href).toBe(`${url}/content`);
    expect((await must(service, 410, 'GET', `${url}/content`)).json.detail).toContain('Read again');
  });
});

describe('in one that runs by itself', () => {
  it('a read that slept stores its bytes, and waiting requests get them', async () => {
    service = await start({ waitDefaultMs: 20 });
    const strategy = { name: 'wait-for-refs' };
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576, strategy },
    });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    await must(service, 200, 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(8192, 'a') });
    await must(service, 201, 'POST', `${fs}/files/a/mappings`, {
      json: { offset: 0, length: 8192, access: 'read-write' },
    });
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 0, length: 4096, access: 'write' },
    });
    await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 0, length: 4096 },
    });
    const url = await read(`${fs}/files/a/content`);
    const asked = call(service, 'GET', `${url}/content`, { headers: { prefer: 'wait=10' } });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const answer = await asked;
    expect([answer.status, answer.headers['preference-applied']]).toEqual([200, 'wait=10']);
    expect(answer.bytes).toEqual(Buffer.concat([Buffer.alloc(4096), Buffer.alloc(4096, 'a')]));
    const asynchronous = await call(service, 'GET', `${fs}/files/a/content`, {
      headers: { prefer: 'respond-async' },
    });
    expect([200, 202]).toContain(asynchronous.status);
  });

  it('events do not have them', async () => {
    await stepped();
    await read(`${fs}/files/a/content`);
    await runAll();
    const events = await must(service, 200, 'GET', `${fs}/events?from=oldest`, {
      headers: { accept: 'application/x-ndjson' },
    });
    expect(events.text).not.toContain('hello');
    expect(events.text).not.toContain('/content');
  });
});
