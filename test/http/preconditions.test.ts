// [NM5] RFC 9110 §13 on every route of the registries: which conditions are evaluated, in which
// order, and that a failed condition changes nothing.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fill, request, routes } from './registry.ts';
import { call, fs, must, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
let operation = '';
beforeEach(async () => {
  service = await start({ waitDefaultMs: 20 });
  operation = String(
    (await sleepingWorld(service, { mkfs: { ...waiting, clock: 'manual' } })).split('/').at(-1),
  );
  await must(service, 201, 'POST', `${fs}/files`, { json: { name: 'b', sizeBytes: 10 } });
});
afterEach(() => service.close());

const content = `${fs}/files/b/content`;
const etagOf = async (url: string) => (await must(service, 200, 'GET', url)).headers.etag ?? '';
const tagOfTarget: Record<string, string> = { filesystem: fs, file: `${fs}/files/a` };
/**
 * Everything that is visible, except the number of the last command and the cursor, because a
 * command that is refused has events too.
 */
const look = async () => {
  const paths = [
    '',
    '/files',
    '/files/a/extents',
    '/mappings',
    '/pins',
    '/operations',
    '/strategy',
    '/files/b/content',
  ];
  const answers = await Promise.all(paths.map((path) => call(service, 'GET', `${fs}${path}`)));
  return JSON.stringify(
    answers.map(({ json, text }, i) =>
      json === null ? text : { ...json, cursor: '', ...(i === 0 ? { etag: '' } : {}) },
    ),
  );
};

describe.each(routes.filter(({ method }) => method !== 'GET'))('$name', (route) => {
  const send = (headers: Record<string, string>) => {
    const { url, options } = request(route, route.example, fill(route.url, { operation }));
    return call(service, route.method, url, { ...options, headers });
  };

  it('is not done if If-None-Match matches, or If-Match does not match', async () => {
    const before = await look();
    const refused = [{ 'if-none-match': '*' }, { 'if-match': '"other"' }, { 'if-match': '' }];
    const tagged = tagOfTarget[route.on];
    for (const headers of refused) {
      const answer = await send(headers as Record<string, string>);
      expect(answer.status, JSON.stringify(headers)).toBe(412);
      expect(answer.json).toMatchObject({ errno: 'ESTALE', rule: 'NM5' });
    }
    if (tagged !== undefined) {
      for (const form of ['TAG', 'W/TAG', '"x", TAG', ', W/"y",,TAG']) {
        const tag = form.replace('TAG', await etagOf(tagged));
        expect((await send({ 'if-none-match': tag })).status, form).toBe(412);
      }
      const weak = `W/${await etagOf(tagged)}`;
      expect((await send({ 'if-match': weak })).status).toBe(412);
      // If-Match is checked first; if it holds, If-None-Match is checked.
      const now = await etagOf(tagged);
      expect((await send({ 'if-match': now, 'if-none-match': now })).json?.header).toBe(
        'If-None-Match',
      );
      expect((await send({ 'if-match': '"other"', 'if-none-match': '*' })).json?.header).toBe(
        'If-Match',
      );
    }
    expect(await look()).toBe(before);
  });

  it('is refused for a malformed list; conditions by date are ignored', async () => {
    const before = await look();
    for (const name of ['if-match', 'if-none-match']) {
      for (const value of ['abc', '"a', '"a" "b"', '*, "a"', 'w/"a"']) {
        const answer = await send({ [name]: value });
        expect(answer.status, `${name}: ${value}`).toBe(400);
        expect(answer.json.rule).toBe('H4');
      }
    }
    expect(await look()).toBe(before);
    const plain = (await send({ 'if-match': '"other"' })).status;
    expect(plain).toBe(412);
    const past = new Date(0).toUTCString();
    const dated = await send({
      'if-unmodified-since': past,
      'if-modified-since': new Date().toUTCString(),
    });
    expect(dated.status).not.toBe(412);
    expect(dated.status).not.toBe(304);
  });

  it('is done if If-None-Match does not match', async () => {
    const answer = await send({ 'if-none-match': '"other"', 'if-match': '*' });
    expect(answer.status).not.toBe(412);
    expect(answer.status).not.toBe(304);
  });
});

describe('reads with an ETag', () => {
  it.each([fs, `${fs}/files/b`, content, '/openapi.json', '/asyncapi.json'])('%s', async (url) => {
    const etag = await etagOf(url);
    for (const method of url.endsWith('.json') ? ['GET'] : ['GET', 'HEAD']) {
      const read = (headers: Record<string, string>) => call(service, method, url, { headers });
      for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const answer = await read({
          'if-none-match': url === fs && tag !== '*' ? tag.replace(etag, await now(url)) : tag,
        });
        expect(`${method} ${tag} ${answer.status}`).toBe(`${method} ${tag} 304`);
        expect(answer.text).toBe('');
        expect(answer.headers.etag).toBeDefined();
      }
      expect((await read({ 'if-none-match': '"x", W/"y"' })).status).toBe(200);
      expect((await read({ 'if-none-match': '' })).status).toBe(200);
      expect((await read({ 'if-none-match': 'x' })).status).toBe(400);
      expect((await read({ 'if-match': '"x"', 'if-none-match': '*' })).status).toBe(412);
      expect((await read({ 'if-modified-since': new Date().toUTCString() })).status).toBe(200);
    }
  });
  const now = etagOf;

  it('for content 412 is decided first, then 304, then the range', async () => {
    const etag = await etagOf(content);
    const beyond = { range: 'bytes=100-' };
    expect(
      (await call(service, 'GET', content, { headers: { ...beyond, 'if-none-match': etag } }))
        .status,
    ).toBe(304);
    expect(
      (await call(service, 'GET', content, { headers: { ...beyond, 'if-match': '"x"' } })).status,
    ).toBe(412);
    expect(
      (await call(service, 'GET', content, { headers: { ...beyond, 'if-none-match': '"x"' } }))
        .status,
    ).toBe(416);
    const part = { range: 'bytes=0-1', 'if-range': etag };
    expect(
      (await call(service, 'GET', content, { headers: { ...part, 'if-none-match': etag } })).status,
    ).toBe(304);
    expect((await call(service, 'GET', content, { headers: part })).status).toBe(206);
    for (const other of [`W/${etag}`, '"x"', new Date().toUTCString(), 'nonsense'])
      expect(
        (
          await call(service, 'GET', content, {
            headers: { range: 'bytes=0-1', 'if-range': other },
          })
        ).status,
      ).toBe(200);
  });

  it('only GET evaluates Range', async () => {
    const answer = await must(service, 200, 'HEAD', content, { headers: { range: 'bytes=0-1' } });
    expect(answer.headers['content-length']).toBe('10');
    await must(service, 200, 'HEAD', content, { headers: { range: 'bytes=100-' } });
  });

  it('a write changes the ETag of the content, and the old ETag is never used again', async () => {
    const seen = [await etagOf(content)];
    for (const bytes of ['x', 'y', 'x']) {
      await must(service, 200, 'PUT', content, {
        bytes,
        headers: { 'if-match': seen.at(-1) ?? '' },
      });
      seen.push(await etagOf(content));
    }
    expect(new Set(seen).size).toBe(4);
    for (const old of seen.slice(0, -1))
      await must(service, 200, 'GET', content, { headers: { 'if-none-match': old } });
  });
});

describe('reads without an ETag', () => {
  it.each([
    `${fs}/pins/pin_1`,
    `${fs}/files/b/fiemap`,
    `${fs}/mappings/map_1/memory?length=8`,
    `${fs}/files`,
    '/v1',
    '/v1/tenants',
  ])('%s', async (url) => {
    const tag = await etagOf(`${fs}/files/b`);
    expect((await call(service, 'GET', url, { headers: { 'if-none-match': tag } })).status).toBe(
      200,
    );
    expect((await call(service, 'GET', url, { headers: { 'if-none-match': '*' } })).status).toBe(
      304,
    );
    expect((await call(service, 'GET', url, { headers: { 'if-match': '"other"' } })).status).toBe(
      412,
    );
  });
});

describe('writes of one of two clients', () => {
  it('PUT and PATCH with If-None-Match: * do not overwrite', async () => {
    const headers = { 'if-none-match': '*' };
    await must(service, 412, 'PUT', content, { bytes: 'new', headers });
    await must(service, 412, 'PUT', `${content}?offset=0`, { bytes: 'new', headers });
    await must(service, 412, 'PATCH', content, {
      bytes: 'new',
      headers: { ...headers, 'content-range': 'bytes 0-2/*' },
    });
    expect((await must(service, 200, 'GET', content)).bytes).toEqual(Buffer.alloc(10));
  });

  it('of concurrent writes with one precondition, each sees the result of the one before', async () => {
    const tag = await etagOf(content);
    await must(service, 200, 'PUT', `${content}?offset=0`, { bytes: 'x' });
    const now = await etagOf(content);
    const put = () =>
      call(service, 'PUT', `${content}?offset=0`, {
        bytes: 'y',
        headers: { 'if-none-match': `${tag}, ${now}` },
      });
    // Each write sees the file as the previous one in the log left it.
    expect((await Promise.all([put(), put()])).map(({ status }) => status)).toEqual([412, 412]);
    const several = () =>
      call(service, 'PUT', `${content}?offset=0`, {
        bytes: 'y',
        headers: { 'if-match': `"x", ${now}` },
      });
    expect(
      (await Promise.all([several(), several(), several()])).map(({ status }) => status),
    ).toEqual([200, 412, 412]);
  });

  it('a POST to a list with If-None-Match: * always fails, because the list exists', async () => {
    const headers = { 'if-none-match': '*' };
    await must(service, 412, 'POST', '/v1/filesystems', {
      json: { name: 'other', sizeBytes: 1_048_576 },
      headers,
    });
    await must(service, 412, 'POST', `${fs}/files`, { json: { name: 'other' }, headers });
    await must(service, 412, 'POST', '/v1/tenants', { json: { name: 'other' }, headers });
    await must(service, 404, 'GET', '/v1/filesystems/other');
    await must(service, 404, 'GET', `${fs}/files/other`);
    await must(service, 404, 'GET', '/v1/tenants/other');
  });

  it('a missing resource stays a 404 with If-None-Match', async () => {
    const headers = { 'if-none-match': '*' };
    await must(service, 404, 'DELETE', `${fs}/files/none`, { headers });
    await must(service, 404, 'GET', `${fs}/files/none/content`, { headers });
    await must(service, 404, 'HEAD', '/v1/filesystems/none', { headers });
    await must(service, 404, 'DELETE', `${fs}/pins/pin_99`, { headers });
  });

  it('the same Idempotency-Key with another precondition is a different request', async () => {
    const headers = { 'idempotency-key': 'k', 'if-none-match': '"x"' };
    await must(service, 200, 'POST', `${fs}/files/b/truncate`, { json: { sizeBytes: 5 }, headers });
    await must(service, 200, 'POST', `${fs}/files/b/truncate`, { json: { sizeBytes: 5 }, headers });
    const other = {
      json: { sizeBytes: 5 },
      headers: { 'idempotency-key': 'k', 'if-none-match': '"y"' },
    };
    await must(service, 422, 'POST', `${fs}/files/b/truncate`, other);
  });
});
