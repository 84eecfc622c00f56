import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
beforeEach(async () => {
  service = await start({ waitDefaultMs: 30 });
});
afterEach(() => service.close());

const punch = (headers: Record<string, string> = {}, more: object = {}) =>
  call(service, 'POST', `${fs}/files/a/punch-hole`, {
    json: { offset: 0, length: 4096, ...more },
    headers,
  });

describe('an operation that sleeps', () => {
  beforeEach(() => pinnedWorld(service, { mkfs: waiting }));

  it('answers 202 after the default wait, with the operation', async () => {
    const answer = await punch();
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toMatch(/^\/v1\/filesystems\/scratch\/operations\/op_\d+$/);
    expect(answer.headers['preference-applied']).toBeUndefined();
    expect(answer.json).toMatchObject({ op: 'punch-hole', state: 'sleeping' });
    expect(`${fs}/operations/${answer.json.id}`).toBe(answer.headers.location);
  });

  it('answers 202 at once to respond-async', async () => {
    const answer = await punch({ prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    expect(answer.headers['preference-applied']).toBe('respond-async');
  });

  it('answers 202 to wait where it did not end in time', async () => {
    const began = performance.now();
    const answer = await punch({ prefer: 'wait=1' });
    expect(answer.status).toBe(202);
    expect(answer.headers['preference-applied']).toBe('wait=1');
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('answers EAGAIN to nowait, with nothing changed', async () => {
    const before = (await must(service, 200, 'GET', `${fs}/files/a`)).json;
    for (const answer of [
      await punch({}, { nowait: true }),
      await call(service, 'POST', `${fs}/files/a/punch-hole?nowait=true`, {
        json: { offset: 0, length: 4096 },
      }),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.json).toMatchObject({ type: '/v1/problems/eagain', errno: 'EAGAIN' });
    }
    expect((await must(service, 200, 'GET', `${fs}/files/a`)).json).toEqual(before);
  });

  it('ends by itself after timeoutMs', async () => {
    const answer = await punch({ prefer: 'wait=5' }, { timeoutMs: 40 });
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({ errno: 'EINTR' });
  });

  it('is there for GET after its end, and GET waits for it where asked', async () => {
    const { headers } = await punch({ prefer: 'respond-async' });
    const early = await call(service, 'GET', headers.location ?? '', {
      headers: { prefer: 'wait=0' },
    });
    expect(early.json.state).toBe('sleeping');
    const waited = call(service, 'GET', headers.location ?? '', { headers: { prefer: 'wait=5' } });
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    expect((await waited).json).toMatchObject({ state: 'done' });
    expect((await must(service, 200, 'GET', headers.location ?? '')).json.result).toMatchObject({
      blocksFreed: 1,
    });
  });

  it('answers all waiting requests when the server drains', async () => {
    const waited = punch({ prefer: 'wait=60' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    service.engine.drain();
    expect((await waited).status).toBe(202);
    expect((await call(service, 'GET', '/readyz?verbose')).json).toMatchObject({
      type: '/v1/problems/not-ready',
      status: 503,
      checks: [
        { name: 'accepting', ok: false },
        { name: 'filesystems-running', ok: true },
        { name: 'journal-has-room', ok: true },
      ],
    });
    expect((await call(service, 'GET', '/livez')).status).toBe(200);
  });

  it('refuses a wait that is no number', async () => {
    expect((await punch({ prefer: 'wait=soon' })).json).toMatchObject({
      type: '/v1/problems/invalid-header',
      status: 400,
    });
  });
});

describe('an operation that does not sleep', () => {
  it('answers its result, also where asked to wait', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const answer = await call(service, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 32_768, length: 4096 },
      headers: { prefer: 'wait=5' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['preference-applied']).toBe('wait=5');
  });

  it('answers 202 to respond-async, and can be read afterwards', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const answer = await call(service, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 32_768, length: 4096 },
      headers: { prefer: 'respond-async' },
    });
    expect(answer.status).toBe(202);
    expect((await must(service, 200, 'GET', answer.headers.location ?? '')).json).toMatchObject({
      state: 'done',
      result: { blocksFreed: 1 },
    });
  });

  it('tells its error at once, also to respond-async', async () => {
    await pinnedWorld(service);
    const answer = await call(service, 'POST', `${fs}/files/none/punch-hole`, {
      json: { offset: 0, length: 4096 },
      headers: { prefer: 'respond-async' },
    });
    expect(answer.status).toBe(404);
  });
});

describe('a forced unmount', () => {
  it('ends sleeping operations with ENODEV', async () => {
    await pinnedWorld(service, { mkfs: waiting });
    const waited = punch({ prefer: 'wait=10' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await call(service, 'DELETE', fs)).json).toMatchObject({ errno: 'EBUSY', status: 409 });
    await must(service, 200, 'DELETE', fs, { json: { force: true } });
    expect((await waited).json).toMatchObject({ errno: 'ENODEV', status: 410 });
    await must(service, 404, 'GET', fs);
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 65_536 },
    });
  });
});

describe('a stepped filesystem', () => {
  it('answers 202 for a task that was not allowed to run', async () => {
    await must(service, 201, 'POST', '/v1/filesystems', {
      json: { name: 'scratch', sizeBytes: 1_048_576, scheduler: 'stepped' },
    });
    await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'a', sizeBytes: 8192 } });
    const answer = await call(service, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 0 },
      headers: { prefer: 'wait=0' },
    });
    expect(answer.status).toBe(202);
    expect(answer.json.state).toBe('running');
    for (let i = 0; i < 20; i += 1) {
      const { json } = await must(service, 200, 'POST', `${fs}/scheduler/step`, { json: {} });
      if (json.task === null) break;
    }
    expect((await must(service, 200, 'GET', answer.headers.location ?? '')).json).toMatchObject({
      state: 'done',
    });
  });
});

describe('PATCH of the content', () => {
  const patch = (bytes: string, range: string | undefined, query = '') =>
    call(service, 'PATCH', `${fs}/files/a/content${query}`, {
      bytes,
      headers: range === undefined ? {} : { 'content-range': range },
    });

  it('writes the part that Content-Range names', async () => {
    await pinnedWorld(service);
    expect((await patch('xyz', 'bytes 10-12/*')).json).toMatchObject({
      bytesWritten: 3,
      sizeBytes: 65_536,
    });
    const { text } = await must(service, 206, 'GET', `${fs}/files/a/content`, {
      headers: { range: 'bytes=9-13' },
    });
    expect(text).toBe('axyza');
    expect((await patch('end', 'bytes 65536-65538/*')).json).toMatchObject({ sizeBytes: 65_539 });
  });

  it('is a 400 where header and body do not fit, and changes nothing', async () => {
    await pinnedWorld(service);
    const bad: [string, string | undefined, string?][] = [
      ['xyz', undefined],
      ['xyz', 'bytes 0-1/*'],
      ['xyz', 'bytes 2-0/*'],
      ['', 'bytes 0-0/*'],
      ['xyz', 'bytes 0-2/12'],
      ['xyz', 'bytes */*'],
      ['xyz', 'bytes 0-2/*', '?offset=5'],
    ];
    for (const [bytes, range, query] of bad) {
      expect((await patch(bytes, range, query)).json).toMatchObject({
        status: 400,
        type: '/v1/problems/invalid-header',
      });
    }
    const put = await call(service, 'PUT', `${fs}/files/a/content`, {
      bytes: 'x',
      headers: { 'content-range': 'bytes 0-0/*' },
    });
    expect(put.status).toBe(400);
    const text = await call(service, 'PATCH', `${fs}/files/a/content`, {
      json: {},
      headers: { 'content-range': 'bytes 0-1/*' },
    });
    expect(text.status).toBe(415);
    expect((await must(service, 200, 'GET', `${fs}/files/a/content`)).text).toBe(
      'a'.repeat(65_536),
    );
  });
});

describe('conditions', () => {
  it('If-Match lets one version through and no other', async () => {
    await pinnedWorld(service);
    const { headers } = await must(service, 200, 'GET', `${fs}/files/a`);
    const etag = headers.etag ?? '';
    expect(
      (await call(service, 'GET', `${fs}/files/a`, { headers: { 'if-none-match': etag } })).status,
    ).toBe(304);
    const put = (tag: string) =>
      call(service, 'PUT', `${fs}/files/a/content?offset=0`, {
        bytes: 'x',
        headers: { 'if-match': tag },
      });
    expect((await put(`"other", ${etag}`)).status).toBe(200);
    const stale = await put(etag);
    expect(stale.status).toBe(412);
    expect(stale.json.errno).toBe('ESTALE');
    expect((await put('*')).status).toBe(200);
    expect((await put('W/"x"')).status).toBe(412);
    const missing = await call(service, 'PUT', `${fs}/files/none/content`, {
      bytes: 'x',
      headers: { 'if-match': '*' },
    });
    expect(missing.status).toBe(412);
  });

  it('If-Match holds for reads too', async () => {
    await pinnedWorld(service);
    for (const url of [fs, `${fs}/files/a`, `${fs}/files/a/content`]) {
      const etag = (await must(service, 200, 'HEAD', url)).headers.etag ?? '';
      for (const method of ['GET', 'HEAD']) {
        const read = (tag: string) =>
          call(service, method, url, { headers: { 'if-match': tag, 'if-none-match': '"old"' } });
        expect((await read('*')).status).toBe(200);
        expect((await read(`"other", ${etag}`)).status).toBe(200);
        const other = await read(`"other", W/${etag}`);
        expect(other.status).toBe(412);
        if (method === 'GET') expect(other.json).toMatchObject({ errno: 'ESTALE', rule: 'NM5' });
      }
    }
    const beyond = { range: 'bytes=65536-', 'if-match': '"other"' };
    expect((await call(service, 'GET', `${fs}/files/a/content`, { headers: beyond })).status).toBe(
      412,
    );
  });

  it.each([
    ['GET', '/v1/filesystems/none', 412],
    ['DELETE', '/v1/filesystems/none', 412],
    ['PUT', '/v1/filesystems/none/strategy', 412],
    ['GET', '/v1/filesystems/none/files/a', 412],
    ['HEAD', '/v1/filesystems/none/files/a/content', 412],
    ['DELETE', '/v1/filesystems/none/files/a', 412],
    ['GET', `${fs}/files/none`, 412],
    ['HEAD', `${fs}/files/none/content`, 412],
    // They have no ETag, present or not.
    ['GET', `${fs}/files/none/extents`, 404],
    ['DELETE', '/v1/filesystems/none/pins/pin_1', 404],
  ])('%s %s with If-Match: * is a %i', async (method, url, status) => {
    await pinnedWorld(service);
    const options = method === 'PUT' ? { json: { name: 'refuse' } } : {};
    expect(
      (await call(service, method, url, { ...options, headers: { 'if-match': '*' } })).status,
    ).toBe(status);
    expect((await call(service, method, url, options)).status).toBe(404);
  });

  it('the ETag of a filesystem moves with every command', async () => {
    await pinnedWorld(service);
    const etag = (await must(service, 200, 'GET', fs)).headers.etag ?? '';
    const put = () =>
      call(service, 'PUT', `${fs}/strategy`, {
        json: { name: 'refuse' },
        headers: { 'if-match': etag },
      });
    expect((await put()).status).toBe(200);
    expect((await put()).status).toBe(412);
  });

  it('of three requests with one ETag of a filesystem, sent at once, one gets through', async () => {
    await pinnedWorld(service);
    const etag = (await must(service, 200, 'GET', fs)).headers.etag ?? '';
    const put = (tag: string) =>
      call(service, 'PUT', `${fs}/strategy`, {
        json: { name: 'refuse' },
        headers: { 'if-match': tag },
      });
    const answers = await Promise.all([put(etag), put(etag), put(etag)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 412, 412]);
    const now = (await must(service, 200, 'GET', fs)).headers.etag ?? '';
    expect((await put('"other"')).status).toBe(412);
    const later = (await must(service, 200, 'GET', fs)).headers.etag ?? '';
    expect(later).not.toBe(now);
    expect((await put(`"other", ${later}`)).status).toBe(200);
    expect((await put('*')).status).toBe(200);
  });

  it('GET of the content returns the size and the ETag of the moment in which it runs', async () => {
    await pinnedWorld(service, { mkfs: { ...waiting, kernel: '7.3' } });
    const url = `${fs}/files/a/content`;
    const prefer = { prefer: 'wait=10' };
    const old = (await must(service, 200, 'GET', url)).headers.etag ?? '';
    await must(service, 202, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 0 },
      headers: { prefer: 'respond-async' },
    });
    await must(service, 202, 'POST', `${fs}/files/a/truncate`, {
      json: { sizeBytes: 81_920 },
      headers: { prefer: 'respond-async' },
    });
    const whole = call(service, 'GET', url, { headers: prefer });
    const part = call(service, 'GET', url, {
      headers: { ...prefer, range: 'bytes=0-9', 'if-range': old },
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await must(service, 200, 'DELETE', `${fs}/pins/pin_1`);
    for (const answer of await Promise.all([whole, part])) {
      expect(answer.status).toBe(200);
      expect(answer.bytes).toHaveLength(81_920);
      expect(answer.headers.etag).toBe(
        (await must(service, 200, 'GET', `${fs}/files/a`)).headers.etag,
      );
      expect(answer.headers.etag).not.toBe(old);
    }
  });

  it('GET of the content gives no ETag where it fails', async () => {
    await pinnedWorld(service);
    const { extents } = (await must(service, 200, 'GET', `${fs}/files/a/extents`)).json;
    await must(service, 200, 'POST', `${fs}/poison`, {
      json: { block: extents[0].physical / 512 },
    });
    const bad = await must(service, 422, 'GET', `${fs}/files/a/content`);
    expect(bad.json.errno).toBe('EIO');
    expect(bad.headers.etag).toBeUndefined();
  });

  it('Range gives a part, and If-Range only of the version it names', async () => {
    await pinnedWorld(service);
    const url = `${fs}/files/a/content`;
    const whole = await must(service, 200, 'GET', url);
    expect(whole.headers['accept-ranges']).toBe('bytes');
    const part = await must(service, 206, 'GET', url, {
      headers: { range: 'bytes=4090-4099', 'if-range': whole.headers.etag ?? '' },
    });
    expect(part.headers['content-range']).toBe('bytes 4090-4099/65536');
    expect(part.text).toBe('a'.repeat(10));
    expect(
      (await call(service, 'GET', url, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } }))
        .status,
    ).toBe(200);
    const beyond = await call(service, 'GET', url, { headers: { range: 'bytes=65536-' } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers['content-range']).toBe('bytes */65536');
    const head = await must(service, 200, 'HEAD', url);
    expect(head.headers['content-length']).toBe('65536');
    expect(head.text).toBe('');
  });
});
