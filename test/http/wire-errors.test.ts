// Whatever refuses a request (Node's parser, the router, the upgrade or a route), the answer is a
// problem document with errno and rule, and the checks have one order.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytes, last, message, portOf, type RawAnswer, talk } from './sockets.ts';
import { call, fs, must, pinnedWorld, type Service, start, waiting } from './start.ts';

let service: Service;
let port = 0;
beforeAll(async () => {
  service = await start({ waitDefaultMs: 50 });
  await pinnedWorld(service, { mkfs: waiting });
  port = await portOf(service);
});
afterAll(() => service.close());

const upgrade = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16, 'k').toString('base64'),
};
const head = 'POST /v1/filesystems HTTP/1.1\r\nHost: localhost\r\n';
const get = (target: string, host: string | null = 'localhost', more = '') =>
  `GET ${target} HTTP/1.1\r\n${host === null ? '' : `Host: ${host}\r\n`}${more}Connection: close\r\n\r\n`;

function expectProblem(answer: RawAnswer | undefined, status: number): void {
  expect(answer?.status).toBe(status);
  expect(answer?.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer?.json).toMatchObject({
    status,
    errno: expect.any(String),
    rule: expect.any(String),
  });
  expect(answer?.headers.link).toBe(`</v1/rules/${answer?.json.rule}>; rel="describedby"`);
  expect(answer?.json.detail.length).toBeGreaterThan(10);
}

const cases: [name: string, text: string, status: number][] = [
  ['an unknown method', 'FOO /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['no version', 'GET /v1\r\n\r\n', 400],
  ['another version', 'GET /v1 HTTP/3.0\r\nHost: localhost\r\n\r\n', 400],
  ['a header without a colon', 'GET /v1 HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', 400],
  [
    'a header with a space in its name',
    'GET /v1 HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n',
    400,
  ],
  ['too long a header', message('GET', '/v1', { X: 'x'.repeat(20_000) }), 431],
  ['too long a URL', get(`/v1/${'x'.repeat(20_000)}`), 431],
  ['too long a name', get(`/v1/filesystems/${'x'.repeat(300)}`), 414],
  ['a malformed escape', get('/v1/filesystems/%zz'), 400],
  ['an escape that is no UTF-8', get('/v1/filesystems/%ff'), 400],
  ['no Content-Length that counts', `${head}Content-Length: x\r\n\r\n{}`, 400],
  ['two Content-Lengths', `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
  [
    'Content-Length and Transfer-Encoding',
    `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    400,
  ],
  [
    'a Transfer-Encoding that does not end with chunked',
    `${head}Transfer-Encoding: gzip\r\n\r\n{}`,
    400,
  ],
  [
    'a Transfer-Encoding that is not decoded',
    `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'a chunk without a length',
    `${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    400,
  ],
  [
    'two Content-Types',
    `${head}Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}`,
    400,
  ],
  [
    'two tokens',
    get('/v1', 'localhost', 'Authorization: Bearer a\r\nAuthorization: Bearer b\r\n'),
    400,
  ],
  ['an unknown expectation', message('GET', '/livez', { ...last, Expect: 'something' }), 417],
  [
    'an unknown expectation of a POST',
    message('POST', '/v1/filesystems', { ...last, Expect: '200-ok' }, {}),
    417,
  ],
  ['CONNECT', 'CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n', 405],
  ['CONNECT without a Host', 'CONNECT example.org:80 HTTP/1.1\r\n\r\n', 400],
  ['CONNECT of a path', 'CONNECT /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['TRACE', message('TRACE', '/v1', last), 405],
  ['OPTIONS', message('OPTIONS', '/v1', last), 405],
  ['OPTIONS *', message('OPTIONS', '*', last), 405],
  [
    'a handshake without a key',
    message('GET', '/v1/events', { ...upgrade, 'Sec-WebSocket-Key': 'short' }),
    400,
  ],
  [
    'a handshake of another version',
    message('GET', '/v1/events', { ...upgrade, 'Sec-WebSocket-Version': '99' }),
    400,
  ],
  [
    'a handshake with a malformed protocol',
    message('GET', '/v1/events', { ...upgrade, 'Sec-WebSocket-Protocol': 'a,,b' }),
    400,
  ],
  [
    'a handshake with a protocol twice',
    message('GET', '/v1/events', { ...upgrade, 'Sec-WebSocket-Protocol': 'a, a' }),
    400,
  ],
  ['a handshake where nothing streams', message('GET', '/v1', upgrade), 404],
  ['a handshake of a malformed URL', message('GET', '/%', upgrade), 400],
  [
    'a handshake with a POST',
    message('POST', '/v1/events', { ...upgrade, 'Content-Length': '2' }, '{}') + get('/livez'),
    405,
  ],
  [
    'a handshake of HTTP/1.0',
    message('GET', '/v1/events', { ...upgrade, Accept: 'application/json' }).replace('1.1', '1.0'),
    426,
  ],
  [
    'a condition behind two thousand headers',
    `GET /v1 HTTP/1.1\r\nHost: localhost\r\n${'a:\r\n'.repeat(2500)}If-Match: "x"\r\n\r\n`,
    412,
  ],
  [
    'a handshake without a Host',
    message('GET', '/v1/events', upgrade).replace('Host: localhost\r\n', ''),
    400,
  ],
];

describe('is a problem', () => {
  it.each(cases)('%s', async (_name, text, status) => {
    const [answer] = await talk(port, text);
    expectProblem(answer, status);
    if (status === 405) expect(answer?.headers.allow).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
  });
});

describe('[H5] RFC 9112 §3.2', () => {
  it.each([
    ['no Host', get('/v1', null)],
    ['an empty Host', get('/v1', '')],
    ['two Hosts', get('/v1', 'localhost', 'Host: localhost\r\n')],
    ['two Hosts of which one is foreign', get('/v1', 'localhost', 'host: evil.example\r\n')],
    ['a Host with a space', get('/v1', 'local host')],
    ['a Host with a list', get('/v1', 'localhost, evil.example')],
    ['a Host with a user', get('/v1', 'user@localhost')],
    ['a Host with a path', get('/v1', 'localhost/x')],
    ['a Host with a scheme', get('/v1', 'http://localhost')],
    ['a Host with a port that is none', get('/v1', 'localhost:x')],
    ['a Host with a port above 65535', get('/v1', 'localhost:65536')],
    ['a Host with half an address', get('/v1', '[::1')],
    ['a target of another host', get('http://evil.example/v1')],
    ['a target of another port', get('http://localhost:1/v1')],
    ['a target of this host beside a foreign Host', get('http://localhost/v1', 'evil.example')],
    ['a target with a user', get('http://user@localhost/v1')],
    ['a target without a host', get('http:///v1')],
    ['a target with another scheme', get('ftp://localhost/v1')],
    ['a target with a fragment', get('/v1#x')],
    ['the target * of a GET', get('*')],
    ['a target of a host alone', get('localhost:80')],
    ['a target without a slash', get('v1')],
  ])('%s is a 400', async (_name, text) => {
    const answers = await talk(port, text);
    expect(answers).toHaveLength(1);
    expectProblem(answers[0], 400);
  });

  it.each([
    ['a Host in capitals', get('/v1', 'LocalHost:80'), 200],
    ['an address', get('/v1', '[::1]:8080'), 200],
    ['a Host with an empty port', get('/v1', 'localhost:'), 200],
    ['the whole URL', get('http://localhost/v1'), 200],
    ['the whole URL with the default port', get('HTTP://LOCALHOST:80/v1?'), 200],
    ['the whole URL without a path', get('http://localhost'), 200],
    ['HTTP/1.0 with a Host', get('/v1').replace('1.1', '1.0'), 200],
    ['HTTP/1.0 without a Host on a public route', get('/livez', null).replace('1.1', '1.0'), 200],
    ['HTTP/1.0 without a Host', get('/v1', null).replace('1.1', '1.0'), 403],
    ['a foreign Host', get('/v1', 'evil.example'), 403],
    ['a foreign URL and Host', get('http://evil.example/v1', 'evil.example'), 403],
  ])('%s is served as what it is', async (_name, text, status) => {
    const [answer] = await talk(port, text);
    expect(answer?.status).toBe(status);
  });
});

describe('the order of checks', () => {
  const bad = { bytes: 'x=1', headers: { 'content-type': 'text/plain' } };
  const long = { json: { name: 'x'.repeat(300_000) } };
  const malformed = { bytes: '{', headers: { 'content-type': 'application/json' } };
  const unknown = { json: { nonsense: 1 } };
  const coded = { json: {}, headers: { 'content-encoding': 'gzip' } };

  it.each([
    ['POST', '/v1/nowhere'],
    ['PUT', '/v2'],
    ['POST', '/v1/filesystems/none/files'],
    ['PUT', '/v1/filesystems/none/strategy'],
    ['DELETE', '/v1/filesystems/none'],
    ['POST', `${fs}/files/none/truncate`],
    ['POST', `${fs}/mappings/map_9/faults`],
    ['POST', `${fs}/pins/pin_9/nonsense`],
    ['POST', `${fs}/operations/op_999/cancel`],
    ['PUT', '/v1/tenants/none/quotas'],
    ['POST', '/v1/tenants/none/tokens'],
  ])('%s %s is a 404 whatever the body says', async (method, url) => {
    for (const body of [bad, long, malformed, unknown, coded]) {
      expect(
        (await call(service, method, url, body)).status,
        JSON.stringify(body).slice(0, 60),
      ).toBe(404);
    }
  });

  it.each([
    ['PATCH', '/v1/filesystems'],
    ['PUT', '/v1/filesystems'],
    ['POST', `${fs}/files/a/content`],
    ['DELETE', '/livez'],
    ['POST', '/metrics'],
    ['PUT', '/openapi.json'],
    ['PATCH', `${fs}/events`],
  ])('%s %s is a 405 whatever the body says', async (method, url) => {
    for (const body of [bad, long, malformed, unknown, coded]) {
      const answer = await call(service, method, url, { ...body, token: 'ph_wrong' });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBeDefined();
    }
  });

  it('methods that Node knows and no URL has are 405, with and without a body', async () => {
    for (const method of ['QUERY', 'PROPFIND', 'SEARCH', 'LOCK', 'M-SEARCH', 'PURGE', 'REPORT']) {
      for (const more of [{ 'Content-Length': '0' }, {}]) {
        const [answer] = await talk(port, message(method, '/v1/filesystems', { ...last, ...more }));
        expectProblem(answer, 405);
      }
    }
  });

  it('401 and 403 come before errors of the body', async () => {
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-a' } });
    const { token } = (
      await must(service, 201, 'POST', '/v1/tenants/team-a/tokens', { json: { scopes: ['read'] } })
    ).json;
    for (const body of [bad, long, malformed, unknown, coded]) {
      expect(
        (await call(service, 'POST', '/v1/filesystems', { ...body, token: 'ph_wrong' })).status,
      ).toBe(401);
      expect((await call(service, 'POST', '/v1/filesystems', { ...body, token })).status).toBe(403);
    }
  });

  it('415 comes before 413, and 413 before 400', async () => {
    const text = { bytes: 'x'.repeat(300_000), headers: { 'content-type': 'text/plain' } };
    expect((await call(service, 'POST', '/v1/filesystems', text)).status).toBe(415);
    const json = { bytes: '{'.repeat(300_000), headers: { 'content-type': 'application/json' } };
    expect((await call(service, 'POST', '/v1/filesystems', json)).status).toBe(413);
  });
});

describe('[H15] the type of a body', () => {
  const post = (headers: Record<string, string>, body: string | Buffer = '{"name":"t"}') =>
    call(service, 'POST', `${fs}/files`, { bytes: body, headers });

  it.each(['gzip', 'deflate, gzip', 'br', 'nonsense', 'identity, gzip'])(
    'Content-Encoding %s is a 415',
    async (coding) => {
      for (const url of [`${fs}/files`, `${fs}/files/a/content`]) {
        const method = url.endsWith('content') ? 'PUT' : 'POST';
        const type = method === 'PUT' ? 'application/octet-stream' : 'application/json';
        const answer = await call(service, method, url, {
          bytes: '{}',
          headers: { 'content-type': type, 'content-encoding': coding },
        });
        expect(answer.status).toBe(415);
        expect(answer.headers['accept-encoding']).toBe('identity');
      }
    },
  );

  it.each([
    ['application/json; charset=utf-16', 415],
    ['application/json; charset=ISO-8859-1', 415],
    ['application/json; charset="latin1"', 415],
    ['application/json;charset=UTF-8', 409],
    ['application/json; charset="utf-8"', 409],
    ['application/json; version=1', 409],
    ['Application/JSON', 409],
    ['application/jsonp', 415],
    ['application/octet-stream', 415],
    ['', 415],
  ])('%s of a JSON route is %i', async (type, status) => {
    const answer = await post({ 'content-type': type }, '{"name":"a"}');
    expect(answer.status).toBe(status);
    if (status === 415)
      expect(answer.json).toMatchObject({ rule: 'H15', accepts: 'application/json' });
  });

  it('identity is no coding, and bytes that are no UTF-8 are no JSON', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await post({ ...json, 'content-encoding': 'identity' }, '{"name":"a"}')).status).toBe(
      409,
    );
    const answer = await post(json, Buffer.from('{"name":"\xe9"}', 'latin1'));
    expect(answer.json).toMatchObject({ status: 400, rule: 'H3' });
  });
});

describe('[H31] 100 Continue', () => {
  const expectation = { Expect: '100-continue' };
  const ask = (method: string, url: string, headers: Record<string, string>) =>
    talk(port, message(method, url, { 'Content-Length': '5', ...expectation, ...headers }), 400);
  const json = { 'Content-Type': 'application/json' };

  it.each([
    ['nothing is there', 'POST', '/v1/nowhere', json, 404],
    ['the method is not there', 'PATCH', '/v1/filesystems', json, 405],
    ['the filesystem is not there', 'POST', '/v1/filesystems/none/files', json, 404],
    ['the file is not there', 'PUT', `${fs}/files/none/content`, bytes, 404],
    ['the token is wrong', 'POST', '/v1/filesystems', { ...json, Authorization: 'Bearer x' }, 401],
    ['the type is wrong', 'PUT', `${fs}/files/a/content`, json, 415],
    [
      'the body is coded',
      'PUT',
      `${fs}/files/a/content`,
      { ...bytes, 'Content-Encoding': 'gzip' },
      415,
    ],
    [
      'the body is too long',
      'POST',
      '/v1/filesystems',
      { ...json, 'Content-Length': '300000' },
      413,
    ],
    [
      'the ETag is another',
      'PUT',
      `${fs}/files/a/content`,
      { ...bytes, 'If-Match': '"other"' },
      412,
    ],
    [
      'the file may not be there',
      'PUT',
      `${fs}/files/a/content`,
      { ...bytes, 'If-None-Match': '*' },
      412,
    ],
  ])('is not said where %s', async (_name, method, url, headers, status) => {
    const answers = await ask(method, url, headers);
    expect(answers.map((answer) => answer.status)).toEqual([status]);
    // Whether the body still comes is unknown, so no other request can be found behind it.
    expect(answers[0]?.headers.connection).toBe('close');
  });

  it('is sent once if the body is wanted, and then the answer follows', async () => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    socket.on('data', (data) => {
      got += data;
    });
    socket.write(
      message('PUT', `${fs}/files/a/content?offset=0`, {
        'Content-Length': '3',
        ...expectation,
        ...bytes,
      }),
    );
    await expect.poll(() => got).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    socket.write('abc');
    await expect.poll(() => got).toMatch(/\r\n\r\nHTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('is nothing to HTTP/1.0, nor to a request without a body', async () => {
    const old = message(
      'PUT',
      `${fs}/files/a/content?offset=0`,
      { ...expectation, ...bytes },
      'abc',
    ).replace('1.1', '1.0');
    expect((await talk(port, old, 400)).map(({ status }) => status)).toEqual([200]);
    const empty = message('DELETE', `${fs}/files/none`, { ...expectation, ...last });
    expect((await talk(port, empty, 400)).map(({ status }) => status)).toEqual([404]);
  });
});

describe('[H8] pages of other sites', () => {
  const look = (headers: Record<string, string>, url = '/v1') =>
    call(service, 'GET', url, { headers: { host: 'localhost:8080', ...headers } });

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      403,
    ],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-user': '?1' }, 403],
    [{ 'sec-fetch-site': 'nonsense' }, 403],
    [{ 'sec-fetch-site': 'same-origin, cross-site' }, 403],
    [{ 'sec-fetch-site': '' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' }, 200],
    [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: 'null' }, 403],
  ])('%j without a token get %i', async (headers, status) => {
    for (const url of [
      '/v1',
      fs,
      `${fs}/files/a/content`,
      `${fs}/mappings/map_1/memory?length=8`,
      `${fs}/trace`,
    ]) {
      expect((await look(headers, url)).status).toBe(status);
    }
    const stream = { ...headers, accept: 'application/x-ndjson' };
    expect((await look(stream, `${fs}/events`)).status).toBe(status);
  });

  it('of an allowed origin are let in, and a token needs no page', async () => {
    const open = await start({ allowedOrigins: ['https://app.example'] });
    const page = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' };
    expect((await call(open, 'GET', '/v1', { headers: page })).status).toBe(200);
    expect(
      (await call(open, 'GET', '/v1', { headers: { 'sec-fetch-site': 'cross-site' } })).status,
    ).toBe(403);
    await open.close();
    await must(service, 201, 'POST', '/v1/tenants', { json: { name: 'team-b' } });
    const { token } = (await must(service, 201, 'POST', '/v1/tenants/team-b/tokens', { json: {} }))
      .json;
    const answer = await call(service, 'GET', '/v1', {
      token,
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.status).toBe(200);
  });

  it('fault nothing in', async () => {
    const before = (await must(service, 200, 'GET', fs)).headers.etag;
    await look(
      { 'sec-fetch-site': 'cross-site' },
      `${fs}/mappings/map_1/memory?offset=32768&length=8`,
    );
    expect((await must(service, 200, 'GET', fs)).headers.etag).toBe(before);
  });
});

describe('[H1] parameters that nothing takes', () => {
  it('are named by every route that is read', async () => {
    const gets = service.app.knownRoutes.filter(
      // The page and the docs are files, and read their own parameters.
      ({ method, url }) => method === 'GET' && url !== '*' && !/^\/(ui|docs)/.test(url),
    );
    const names: Record<string, string> = {
      ':fs': 'scratch',
      ':file': 'a',
      ':mapping': 'map_1',
      ':pin': 'pin_1',
      ':tenant': 'default',
      ':problem': 'gap',
    };
    const punch = await must(service, 202, 'POST', `${fs}/files/a/punch-hole`, {
      json: { offset: 0, length: 4096 },
      headers: { prefer: 'respond-async' },
    });
    names[':operation'] = String(punch.headers.location?.split('/').at(-1));
    for (const { url } of gets) {
      const at = url.replace(/:\w+/g, (name) => names[name] ?? name);
      const answer = await call(service, 'GET', `${at}?x=1`, {
        headers: { accept: 'application/x-ndjson' },
      });
      expect(`${at} ${answer.status} ${answer.json?.rule}`).toBe(`${at} 400 H1`);
    }
  });
});
