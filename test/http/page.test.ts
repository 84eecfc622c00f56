// The page below /ui/, from a folder that this test makes, and the two answers of GET /.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { last, message, portOf, type RawAnswer, talk } from './sockets.ts';
import { call, must, type Service, start } from './start.ts';

const home = mkdtempSync(join(tmpdir(), 'pinhole-page-'));
const folder = join(home, 'web');
const html = '<!doctype html><title>Pinhole</title><p>Who waits for whom?</p>';
const script = 'export const answer = 42;\n'.repeat(40);

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

let service: Service;
let port = 0;
beforeAll(async () => {
  put('web/index.html', html);
  put('web/assets/app-1a2b.js', script);
  put('web/assets/app-1a2b.js.br', brotliCompressSync(script));
  put('web/assets/app-1a2b.js.gz', gzipSync(script));
  put('web/assets/app-1a2b.css', 'body { margin: 0 }');
  put('web/icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  put('web/.hash', 'hidden');
  put('web/assets/.secret', 'hidden');
  put('secret.txt', 'secret');
  put('docs/index.html', html);
  service = await start({}, { page: folder, docs: join(home, 'docs') });
  port = await portOf(service);
});
afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true });
});

/** Over a socket, because an HTTP client would rewrite some of the targets. */
async function ask(
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<RawAnswer> {
  const [answer] = await talk(port, message(method, target, { ...headers, ...last }));
  if (answer === undefined) throw new Error(`${method} ${target}: no answer`);
  return answer;
}

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';

describe('GET /', () => {
  it.each([undefined, '*/*', 'application/json', 'text/html;q=0.5, application/json', 'image/png'])(
    'with Accept: %s lists where everything is, and every link leads somewhere',
    async (accept) => {
      const { status, headers, json } = await call(service, 'GET', '/', {
        headers: accept === undefined ? {} : { accept },
      });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        vary: 'Accept',
      });
      expect(json).toMatchObject({ name: 'pinhole', version: expect.any(String) });
      expect(Object.keys(json.links)).toEqual([
        'api',
        'openapi',
        'asyncapi',
        'metrics',
        'ready',
        'page',
        'docs',
      ]);
      for (const link of Object.values(json.links)) await must(service, 200, 'GET', String(link));
    },
  );

  it.each([browser, 'text/html', 'application/json;q=0.9, text/*'])(
    'with Accept: %s leads to the page',
    async (accept) => {
      for (const [target, location] of [
        ['/', '/ui/'],
        ['/?theme=dark', '/ui/?theme=dark'],
      ] as const) {
        const { status, headers } = await ask(target, { Accept: accept });
        expect(status).toBe(302);
        expect(headers).toMatchObject({ location, vary: 'Accept' });
      }
    },
  );

  it('is answered to HEAD, refuses what it does not know, and other methods', async () => {
    expect(await ask('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await ask('/', { Accept: browser }, 'HEAD')).toMatchObject({ status: 302, body: '' });
    expect((await ask('/?nonsense=1')).json).toMatchObject({ status: 400, rule: 'H1' });
    expect((await ask('/', {}, 'DELETE')).json).toMatchObject({
      status: 405,
      allow: ['GET', 'HEAD'],
    });
  });
});

describe('the page', () => {
  it.each(['/ui/', '/ui/fs/a/graph', '/ui/fs/a.b~c/?cursor=12&filter=x', '/ui/index.html'])(
    '%s is index.html, which is asked for again each time',
    async (target) => {
      const { status, headers, body } = await ask(target);
      expect({ status, body }).toEqual({ status: 200, body: html });
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
      const again = await ask(target, { 'If-None-Match': headers.etag ?? '' });
      expect(again).toMatchObject({ status: 304, body: '' });
      expect(await ask(target, {}, 'HEAD')).toMatchObject({
        status: 200,
        body: '',
        headers: { etag: headers.etag, 'content-length': String(html.length) },
      });
    },
  );

  it('/ui leads to /ui/, and keeps the query', async () => {
    expect(await ask('/ui')).toMatchObject({ status: 302, headers: { location: '/ui/' } });
    expect((await ask('/ui?q=//evil.example')).headers.location).toBe('/ui/?q=//evil.example');
  });

  it('assets are kept for a year, other files are asked for again', async () => {
    const year = 'public, max-age=31536000, immutable';
    for (const [path, type, kept] of [
      ['assets/app-1a2b.js', /^(text|application)\/javascript; charset=utf-8$/, year],
      ['assets/app-1a2b.css', /^text\/css; charset=utf-8$/, year],
      ['icon.svg', /^image\/svg\+xml/, 'no-cache'],
    ] as const) {
      const { status, headers } = await ask(`/ui/${path}`);
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(type);
      expect(headers['cache-control']).toBe(kept);
    }
  });

  it.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
    ['', undefined],
  ])('an asset for Accept-Encoding: %s comes as %s', async (accept, coding) => {
    const { headers, bytes, text } = await call(service, 'GET', '/ui/assets/app-1a2b.js', {
      headers: { 'accept-encoding': accept },
    });
    expect(headers['content-encoding']).toBe(coding);
    expect(headers.vary?.toLowerCase()).toBe('accept-encoding');
    expect(headers['content-type']).toMatch(/javascript/);
    if (coding === 'gzip') expect(gunzipSync(bytes).toString()).toBe(script);
    if (coding === 'br') expect(bytes).toEqual(brotliCompressSync(script));
    if (coding === undefined) expect(text).toBe(script);
  });

  it('a file without a compressed variant comes as it is', async () => {
    const { headers, text } = await call(service, 'GET', '/ui/', {
      headers: { 'accept-encoding': 'br, gzip' },
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(text).toBe(html);
  });

  it('shows a new build without a restart', async () => {
    put('web/assets/later-3c4d.js', 'later');
    expect((await ask('/ui/assets/later-3c4d.js')).body).toBe('later');
  });
});

describe('the headers of the page', () => {
  it.each(['/ui/', '/ui/fs/a', '/ui/assets/app-1a2b.js', '/ui'])('%s', async (target) => {
    const { headers } = await ask(target);
    const policy = new Map(
      (headers['content-security-policy'] ?? '').split(';').map((directive) => {
        const [name = '', ...sources] = directive.trim().split(' ');
        return [name, sources.join(' ')];
      }),
    );
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'self'",
      'object-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    for (const absent of [
      'cross-origin-opener-policy',
      'strict-transport-security',
      'x-powered-by',
    ])
      expect(headers).not.toHaveProperty(absent);
  });

  it.each(['/v1', '/livez', '/openapi.json', '/', '/nowhere', '/v1/filesystems/%'])(
    'no browser guesses the type of %s, which has no policy of the page',
    async (target) => {
      const { headers } = await ask(target);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers).not.toHaveProperty('content-security-policy');
    },
  );
});

describe('who may load the page', () => {
  it.each<Record<string, string>>([
    { Host: 'evil.example' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
    { Origin: 'https://evil.example' },
    { Authorization: 'Bearer nonsense' },
    { Expect: '100-continue' },
  ])('anybody, because it holds no data: with %j', async (headers) => {
    expect(await ask('/ui/fs/a', headers)).toMatchObject({ status: 200, body: html });
  });

  it('but a page of another site gets no answer of the API', async () => {
    const { json } = await ask('/v1', { 'Sec-Fetch-Site': 'cross-site' });
    expect(json).toMatchObject({ status: 403, rule: 'H8' });
  });

  it('off loopback also nobody needs a token for it', async () => {
    const operatorTokenFile = join(home, 'operator-token');
    const open = await start({ host: '0.0.0.0', operatorTokenFile }, { page: folder });
    await must(open, 200, 'GET', '/ui/');
    await must(open, 401, 'GET', '/v1');
    await open.close();
  });
});

describe('hostile requests for the page', () => {
  it.each([
    '/ui/../secret.txt',
    '/ui/assets/../../secret.txt',
    '/ui/%2e%2e/secret.txt',
    '/ui/%2e%2e%2fsecret.txt',
    '/ui/..%2fsecret.txt',
    '/ui/..%5csecret.txt',
    '/ui/..\\secret.txt',
    '/ui/%252e%252e/secret.txt/..',
    '/ui/./index.html',
    '/ui//index.html',
    '/ui//',
    '//ui/',
    '/ui/a//b',
    '/ui//etc/passwd',
    '/ui/%2fetc%2fpasswd',
    '/ui/index.html%00.js',
    '/ui/%00',
    '/ui/a%0d%0aSet-Cookie:%20a=b',
    '/ui/assets/',
    '/ui/assets/missing-9f9f.js',
    '/ui/assets/.secret',
    '/ui/assets/app-1a2b.js/',
    '/ui/assets/%61pp-1a2b.js/x',
  ])('%s finds nothing', async (target) => {
    const { status, body, json, headers } = await ask(target, { Accept: browser });
    expect(status).toBe(404);
    expect(json).toMatchObject({ type: '/v1/problems/no-such-route', rule: 'H9' });
    expect(body).not.toContain('root:');
    expect(headers['cache-control'] ?? '').not.toContain('immutable');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it.each(['/ui/%', '/ui/%ff', '/ui/%c0%ae%c0%ae/secret.txt'])(
    '%s is malformed',
    async (target) => {
      expect((await ask(target)).json).toMatchObject({ status: 400, rule: 'H5' });
    },
  );

  it.each(['/ui/.hash', '/ui/%252e%252e/secret.txt', '/ui/secret.txt', '/ui/assets'])(
    '%s is a view of the page, and never a file',
    async (target) => {
      expect(await ask(target)).toMatchObject({ status: 200, body: html });
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is a 405', async (method) => {
    for (const target of ['/ui', '/ui/', '/ui/fs/a', '/ui/assets/app-1a2b.js']) {
      const { status, headers } = await ask(target, {}, method);
      expect(status).toBe(405);
      expect(headers.allow).toBe('GET, HEAD');
    }
  });

  it('a condition that fails is a 412, which is not kept', async () => {
    const { json, headers } = await ask('/ui/assets/app-1a2b.js', { 'If-Match': '"other"' });
    expect(json).toMatchObject({ status: 412, type: '/v1/problems/precondition-failed' });
    expect(headers).not.toHaveProperty('cache-control');
  });

  it('a range is ignored', async () => {
    const { status, body, headers } = await ask('/ui/', { Range: 'bytes=0-3' });
    expect({ status, body }).toEqual({ status: 200, body: html });
    expect(headers).not.toHaveProperty('accept-ranges');
  });

  it('an upgrade finds no stream', async () => {
    const upgrade = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16, 'k').toString('base64'),
    };
    const [answer] = await talk(port, message('GET', '/ui/', upgrade));
    expect(answer?.json).toMatchObject({ status: 404, rule: 'H9' });
  });

  it('a view of the longest target is a view, a longer one is refused', async () => {
    expect(await ask(`/ui/${'a'.repeat(8000)}`)).toMatchObject({ status: 200, body: html });
    expect((await ask(`/ui/${'a'.repeat(20_000)}`)).status).toBe(431);
  });
});

describe('without a built page', () => {
  let bare: Service;
  beforeAll(async () => {
    bare = await start({}, { page: join(home, 'not-there') });
  });
  afterAll(() => bare.close());

  it('the API works', async () => {
    await must(bare, 200, 'GET', '/v1');
  });

  it.each(['/ui/', '/ui/fs/a'])('%s says what to run', async (target) => {
    const { json, headers } = await must(bare, 404, 'GET', target);
    expect(json).toMatchObject({ rule: 'H9', detail: expect.stringContaining('npm run build') });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Accept' });
    const person = await must(bare, 404, 'GET', target, { headers: { accept: browser } });
    expect(person.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(person.text).toContain('npm run build');
    expect((await call(bare, 'HEAD', target, { headers: { accept: browser } })).status).toBe(404);
  });

  it('an asset finds nothing', async () => {
    await must(bare, 404, 'GET', '/ui/assets/app-1a2b.js');
  });
});
