// Every limit of the service is reached once.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
afterEach(() => service.close());
const begin = async (overrides: Partial<Config>) => {
  service = await start({ port: 0, ...overrides });
};
const mkfs = (name: string, sizeBytes = 65_536) =>
  call(service, 'POST', '/v1/filesystems', { json: { name, sizeBytes } });
const punch = (page: number, headers = { prefer: 'respond-async' }) =>
  call(service, 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: page * 4096, length: 4096 },
    headers,
  });

describe('quotas', () => {
  it.each([
    ['quotaFilesystems', 'filesystems', 1],
    ['quotaBytes', 'bytes', 65_536],
  ] as const)('%s', async (setting, name, limit) => {
    await begin({ [setting]: limit });
    expect((await mkfs('one')).status).toBe(201);
    const over = await mkfs('two');
    expect(over.status).toBe(507);
    expect(over.json).toMatchObject({
      type: '/v1/problems/edquot',
      errno: 'EDQUOT',
      quota: { name, limit, used: limit },
    });
    expect(over.headers).toMatchObject({
      'ratelimit-policy': `"${name}";q=${limit};qu="${name}"`,
      ratelimit: `"${name}";r=0`,
    });
    await must(service, 200, 'DELETE', '/v1/filesystems/one');
    expect((await mkfs('two')).status).toBe(201);
  });

  it('files, mappings and pins, also in a burst', async () => {
    await begin({ quotaFiles: 2, quotaMappings: 3, quotaPins: 4 });
    await pinnedWorld(service);
    const burst = async (url: string, json: (i: number) => object) => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) => call(service, 'POST', url, { json: json(i) })),
      );
      return answers.map(({ status }) => status).filter((status) => status === 201).length;
    };
    expect(await burst(`${fs}/files`, (i) => ({ name: `f${i}` }))).toBe(1);
    expect(
      await burst(`${fs}/files/a/mappings`, () => ({ offset: 0, length: 4096, access: 'read' })),
    ).toBe(2);
    expect(
      await burst(`${fs}/mappings/map_1/pins`, () => ({ offset: 0, length: 4096, access: 'read' })),
    ).toBe(3);
    const { json } = await must(service, 200, 'GET', '/v1');
    expect(json.tenant.quotas).toMatchObject({
      files: { limit: 2, used: 2 },
      mappings: { limit: 3, used: 3 },
      pins: { limit: 4, used: 4 },
    });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 0, length: 4096, access: 'read' },
    });
  });

  it('does not store failed answers', async () => {
    await begin({ quotaPins: 2 });
    await pinnedWorld(service);
    for (let i = 0; i < 5; i += 1) {
      await must(service, 422, 'POST', `${fs}/mappings/map_1/pins`, {
        json: { offset: 1_000_000, length: 1, access: 'read' },
      });
    }
    await must(service, 201, 'POST', `${fs}/mappings/map_1/pins`, {
      json: { offset: 0, length: 1, access: 'read' },
    });
  });

  it.each([
    ['break-layouts', 0],
    ['busy-extents', 2],
    ['detach-and-wait', 2],
  ])(
    'blocks: charged with the allocation and given back with the free, of all filesystems; under %s',
    async (name, free) => {
      await begin({ quotaBlocks: 6 });
      for (const fs of ['one', 'two']) {
        // ext4, which writes what fits; XFS would refuse as a whole.
        const mkfs = { name: fs, sizeBytes: 1_048_576, kind: 'ext4', strategy: { name } };
        await must(service, 201, 'POST', '/v1/filesystems', { json: mkfs });
        await must(service, 201, 'POST', `/v1/filesystems/${fs}/files`, { json: { name: 'a' } });
      }
      const at = (fs: string) => `/v1/filesystems/${fs}/files/a`;
      const put = (fs: string, pages: number, offset = 0) =>
        call(service, 'PUT', `${at(fs)}/content?offset=${offset}`, {
          bytes: Buffer.alloc(pages * 4096, 1),
        });
      const used = async () =>
        (await must(service, 200, 'GET', '/v1')).json.tenant.quotas.blocks.used;
      expect((await put('one', 4)).json.bytesWritten).toBe(16_384);
      // What fits is written, as on a full disk; then nothing does, and what has its block is
      // written over.
      expect((await put('two', 4)).json.bytesWritten).toBe(8192);
      const quota = { name: 'blocks', limit: 6, used: 6 };
      expect((await put('two', 1, 8192)).json).toMatchObject({
        status: 507,
        errno: 'EDQUOT',
        rule: 'AL4',
        quota,
      });
      expect((await put('two', 2)).status).toBe(200);
      expect(
        (
          await call(service, 'POST', `${at('two')}/zero-range`, {
            json: { offset: 8192, length: 4096 },
          })
        ).json,
      ).toMatchObject({ errno: 'EDQUOT', quota });
      expect(await used()).toBe(6);
      await must(service, 201, 'POST', `${at('one')}/mappings`, {
        json: { offset: 0, length: 16_384, access: 'read-write' },
      });
      await must(service, 201, 'POST', '/v1/filesystems/one/mappings/map_1/pins', {
        json: { offset: 0, length: 8192, access: 'read' },
      });
      await call(service, 'POST', `${at('one')}/punch-hole`, {
        json: { offset: 0, length: 8192 },
        headers: { prefer: 'respond-async' },
      });
      // Charged until the operation ends where that waits, and no longer where the blocks leave the
      // file at once.
      expect(await used()).toBe(6 - free);
      expect((await put('two', 2, 8192)).status).toBe(free === 0 ? 507 : 200);
      await must(service, 200, 'DELETE', '/v1/filesystems/one/pins/pin_1');
      expect(await used()).toBe(free === 0 ? 4 : 6);
      await must(service, 200, 'DELETE', '/v1/filesystems/one?force=true');
      expect(await used()).toBe(free === 0 ? 2 : 4);
    },
  );

  it('sleepers: one more would sleep, and is told no instead', async () => {
    await begin({ quotaSleepers: 1 });
    await pinnedWorld(service, { mkfs: waiting });
    expect((await punch(0)).status).toBe(202);
    const over = await punch(1);
    expect(over.status).toBe(507);
    expect(over.json).toMatchObject({ errno: 'EDQUOT', quota: { name: 'sleepers', limit: 1 } });
    // What need not sleep still goes.
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect((await punch(8, { prefer: 'wait=5' })).status).toBe(200);
  });

  it('memory: what adds is refused by name, what gives back is taken, and then there is room again', async () => {
    const MiB = 2 ** 20;
    await begin({ quotaMemory: 8 * MiB, pastBytesMax: 65_536 });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 64 * MiB },
    });
    for (const name of ['a', 'b'])
      await must(service, 201, 'POST', `${fs}/files`, { json: { name } });
    const write = (name: string, mebibyte: number) =>
      call(service, 'PUT', `${fs}/files/${name}/content?offset=${mebibyte * MiB}`, {
        bytes: Buffer.alloc(MiB, 1),
      });
    let over = await write('a', 0);
    for (let i = 1; over.status === 200 && i < 20; i++) over = await write('a', i);
    expect(over.json).toMatchObject({
      status: 507,
      errno: 'EDQUOT',
      rule: 'Q1',
      quota: { name: 'memory', limit: 8 * MiB },
    });
    expect(over.headers.ratelimit).toMatch(/^"memory";r=\d+$/);
    expect((await call(service, 'POST', `${fs}/files`, { json: { name: 'c' } })).status).toBe(201);
    await must(service, 200, 'POST', `${fs}/files/a/truncate`, { json: { sizeBytes: 0 } });
    expect((await write('b', 0)).status).toBe(200);
    const { json } = await must(service, 200, 'GET', '/v1');
    expect(json.tenant.quotas.memory.used).toBeLessThan(3 * MiB);
  });

  it('memory: a device whose map of free blocks alone is too large is refused', async () => {
    await begin({ quotaMemory: 2 ** 20 });
    const made = await call(service, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 2 ** 36 },
    });
    expect(made.json).toMatchObject({ status: 507, errno: 'EDQUOT', quota: { name: 'memory' } });
  });

  it('are given back by a forced unmount', async () => {
    await begin({});
    await pinnedWorld(service, { mkfs: waiting });
    await punch(0);
    await must(service, 200, 'DELETE', fs, { json: { force: true } });
    const { json } = await must(service, 200, 'GET', '/v1');
    const { memory, ...others } = json.tenant.quotas as Record<string, { used: number }>;
    for (const { used } of Object.values(others)) expect(used).toBe(0);
    // The events of the tenant's stream.
    expect(memory?.used).toBeLessThan(100_000);
  });
});

describe('bounds of the server', () => {
  it('memoryMax: of all tenants together, whatever their quotas say', async () => {
    const MiB = 2 ** 20;
    await begin({ memoryMax: 16 * MiB, quotaMemory: 1024 * MiB });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 64 * MiB },
    });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a' } });
    const write = (mebibyte: number) =>
      call(service, 'PUT', `${fs}/files/a/content?offset=${mebibyte * MiB}`, {
        bytes: Buffer.alloc(MiB, 1),
      });
    let over = await write(0);
    for (let i = 1; over.status === 200 && i < 20; i++) over = await write(i);
    expect(over.json).toMatchObject({
      status: 507,
      type: '/v1/problems/memory-full',
      errno: 'EDQUOT',
      rule: 'H17',
      limit: 16 * MiB,
    });
    await must(service, 200, 'DELETE', `${fs}/files/a`);
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'b' } });
  });

  it('inboxMax', async () => {
    await begin({ inboxMax: 3 });
    await pinnedWorld(service);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call(service, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: 'x' }),
      ),
    );
    const full = answers.filter(({ status }) => status === 503);
    expect(full.length).toBeGreaterThan(0);
    expect(full.length).toBeLessThan(20);
    expect(full[0]?.json).toMatchObject({ type: '/v1/problems/inbox-full', limit: 3 });
    expect(full[0]?.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"inbox";q=3;qu="concurrent-requests"',
      ratelimit: '"inbox";r=0;t=1',
    });
    expect(answers.find(({ status }) => status === 200)?.headers.ratelimit).toBeUndefined();
  });

  it('batchMax: the rest waits for the next turn', async () => {
    await begin({ batchMax: 1 });
    await pinnedWorld(service);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        call(service, 'PUT', `${fs}/files/a/content?offset=0`, { bytes: 'x' }),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });

  it('filesystemsMax and deviceBytesMax', async () => {
    await begin({ filesystemsMax: 1, deviceBytesMax: 131_072 });
    expect((await mkfs('big', 262_144)).json).toMatchObject({ status: 400, errno: 'EINVAL' });
    expect((await mkfs('one')).status).toBe(201);
    expect((await mkfs('two')).json).toMatchObject({
      status: 507,
      type: '/v1/problems/too-many-filesystems',
      limit: 1,
    });
    expect((await mkfs('one')).json).toMatchObject({ status: 409, errno: 'EEXIST' });
  });

  it('tenantsMax and tokensPerTenantMax', async () => {
    await begin({ tenantsMax: 2, tokensPerTenantMax: 1 });
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'b' } });
    expect(
      (await call(service, 'POST', '/v1/tenants', { json: { name: 'b' } })).json,
    ).toMatchObject({
      status: 409,
      type: '/v1/problems/already-exists',
    });
    expect(
      (await call(service, 'POST', '/v1/tenants', { json: { name: 'c' } })).json,
    ).toMatchObject({ status: 507, limit: 2 });
    await must(service, 201, 'POST', '/v1/tenants/b/tokens', { json: {} });
    expect((await call(service, 'POST', '/v1/tenants/b/tokens', { json: {} })).json).toMatchObject({
      status: 507,
      limit: 1,
    });
  });

  it('tasksMax', async () => {
    await begin({ tasksMax: 1 });
    await pinnedWorld(service, { mkfs: waiting });
    expect((await punch(0)).status).toBe(202);
    const over = await punch(1);
    expect(over.json).toMatchObject({ status: 409, errno: 'EAGAIN', rule: 'LM1', limit: 1 });
    expect(over.headers).toMatchObject({
      'ratelimit-policy': '"operations";q=1;qu="concurrent-requests"',
      ratelimit: '"operations";r=0;t=1',
    });
  });

  it('contentBytesMax, writing and reading', async () => {
    await begin({ contentBytesMax: 8192 });
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576 },
    });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 16_384 } });
    const over = await call(service, 'PUT', `${fs}/files/a/content`, { bytes: Buffer.alloc(8193) });
    expect(over.json).toMatchObject({ status: 413, type: '/v1/problems/too-large', limit: 8192 });
    expect((await call(service, 'GET', `${fs}/files/a/content`)).json).toMatchObject({
      status: 400,
      type: '/v1/problems/reply-too-large',
      limit: 8192,
    });
    await must(service, 206, 'GET', `${fs}/files/a/content`, {
      headers: { range: 'bytes=0-8191' },
    });
  });

  it('jsonBytesMax and jsonDepthMax', async () => {
    await begin({ jsonBytesMax: 1024, jsonDepthMax: 8 });
    const post = (bytes: string) =>
      call(service, 'POST', '/v1/filesystems', {
        bytes,
        headers: { 'content-type': 'application/json' },
      });
    expect((await post(`{"name":"${'x'.repeat(2000)}"}`)).json).toMatchObject({
      status: 413,
      limit: 1024,
    });
    expect(
      (await call(service, 'POST', '/v1/nowhere', { json: { name: 'x'.repeat(2000) } })).status,
    ).toBe(404);
    expect((await post('['.repeat(9))).json).toMatchObject({
      status: 400,
      type: '/v1/problems/invalid-body',
      limit: 8,
    });
  });
});

describe('on a socket', () => {
  const listen = async (overrides: Partial<Config> = {}) => {
    await begin(overrides);
    await service.app.listen({ host: '127.0.0.1', port: 0 });
    const address = service.app.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  const raw = (port: number, text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let got = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (data) => {
        got += data;
      });
      socket.on('close', () => resolve(got));
      socket.on('error', reject);
    });

  it('headers that are too long are a problem', async () => {
    const port = await listen({ headerBytesMax: 2048 });
    const answer = await raw(
      port,
      `GET /v1 HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(4000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('/v1/problems/headers-too-large');
  });

  it('a body that is much too long is read away, so that the answer is heard', async () => {
    const port = await listen({ contentBytesMax: 8192 });
    const url = `http://127.0.0.1:${port}/v1/filesystems`;
    const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const made = await fetch(url, {
      ...json,
      body: JSON.stringify({ name: 'scratch', sizeBytes: 1_048_576 }),
    });
    expect(made.status).toBe(201);
    expect(
      (await fetch(`${url}/scratch/files`, { ...json, body: JSON.stringify({ name: 'a' }) }))
        .status,
    ).toBe(201);
    for (const bytes of [20_000_000, 5_000_000, 20_000_000]) {
      const request = {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: Buffer.alloc(bytes),
      };
      const answer = await fetch(`${url}/scratch/files/a/content`, request);
      expect(await answer.json()).toMatchObject({ status: 413, type: '/v1/problems/too-large' });
    }
    const endless = await raw(
      port,
      'PUT /v1/filesystems/scratch/files/a/content HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 9000\r\n\r\nabc',
    );
    expect(endless).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('nonsense is a problem', async () => {
    const port = await listen();
    const answer = await raw(port, 'this is not HTTP\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('application/problem+json');
  });

  it('slow headers and slow bodies are closed', async () => {
    const port = await listen({ headersTimeoutMs: 300, requestTimeoutMs: 600 });
    const began = performance.now();
    const [headers, body] = await Promise.all([
      raw(port, 'GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-'),
      raw(
        port,
        'POST /v1/filesystems HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
      ),
    ]);
    expect(performance.now() - began).toBeLessThan(60_000);
    expect(headers).toMatch(/^HTTP\/1\.1 408 /);
    expect(body).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a stop answers waiting requests with 202 and closes the connections', async () => {
    const port = await listen();
    await pinnedWorld(service, { mkfs: waiting });
    const answered = new Promise<number>((resolve, reject) => {
      const body = JSON.stringify({ offset: 0, length: 4096 });
      const headers = {
        'content-type': 'application/json',
        'content-length': body.length,
        prefer: 'wait=60',
      };
      const outgoing = httpRequest(
        { port, host: '127.0.0.1', method: 'POST', path: `${fs}/files/a/punch-hole`, headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await service.close();
    expect(await answered).toBe(202);
  });
});

describe('an operation of many steps', () => {
  it('LM8 a request is answered as it asks, and the effects of an unpin are done when it is answered', async () => {
    await begin({ stepsPerApplyMax: 5, waitDefaultMs: 60_000 });
    await pinnedWorld(service, { mkfs: waiting });
    await must(service, 201, 'POST', `${fs}/files`, {
      json: { name: 'long', sizeBytes: 4096 * 500 },
    });
    const { json } = await must(service, 201, 'POST', `${fs}/files/long/mappings`, {
      json: { offset: 0, length: 4096 * 500, access: 'read-write' },
    });
    const fault = { offset: 0, length: 4096 * 500, access: 'read' };
    const path = `${fs}/mappings/${json.id}/faults`;
    const async202 = await call(service, 'POST', path, {
      json: fault,
      headers: { prefer: 'respond-async' },
    });
    expect(async202).toMatchObject({ status: 202, json: { state: 'running' } });
    const punched = await call(service, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 0, length: 4096 },
      headers: { prefer: 'respond-async' },
    });
    expect(punched.status).toBe(202);
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    const ended = await must(service, 200, 'GET', `${fs}/operations/${punched.json.id}`);
    expect(ended.json.state).toBe('done');
    expect((await must(service, 200, 'POST', path, { json: fault })).json.pages).toHaveLength(500);
  });
});
