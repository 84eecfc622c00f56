// The docs below /docs/, from a folder that this test makes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { last, message, portOf, type RawAnswer, talk } from './sockets.ts';
import { call, type Service, start } from './start.ts';

const home = mkdtempSync(join(tmpdir(), 'pinhole-docs-'));
const folder = join(home, 'docs');
const page = (title: string): string => `<!doctype html><title>${title}</title>`;
const script = 'export const answer = 42;\n'.repeat(80);

function put(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

let service: Service;
let port = 0;
beforeAll(async () => {
  put('docs/index.html', page('home'));
  put('docs/tour.html', page('tour'));
  put('docs/stories/index.html', page('stories'));
  put('docs/stories/S01.html', page('S01'));
  put('docs/404.html', page('nowhere'));
  put('docs/assets/app.1a2b.js', script);
  put('docs/assets/app.1a2b.js.gz', gzipSync(script));
  put('docs/assets/chunks/@index.3c4d.js', script);
  put('docs/.made-of', 'hidden');
  put('secret.html', 'secret');
  service = await start({}, { docs: folder });
  port = await portOf(service);
});
afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true });
});

/** Over a socket, because an HTTP client would rewrite some of the targets. */
async function ask(target: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const [answer] = await talk(port, message('GET', target, { ...headers, ...last }));
  if (answer === undefined) throw new Error(`GET ${target}: no answer`);
  return answer;
}

const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';

describe('a page of the docs', () => {
  it.each([
    ['/docs/', 'home'],
    ['/docs/tour', 'tour'],
    ['/docs/tour.html', 'tour'],
    ['/docs/stories/', 'stories'],
    ['/docs/stories', 'stories'],
    ['/docs/stories/S01?from=mail', 'S01'],
  ])('%s is %s, which is asked for again each time', async (target, title) => {
    const { status, headers, body } = await ask(target);
    expect({ status, body }).toEqual({ status: 200, body: page(title) });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
    const again = await ask(target, { 'If-None-Match': headers.etag ?? '' });
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it('/docs leads to /docs/', async () => {
    expect(await ask('/docs')).toMatchObject({ status: 302, headers: { location: '/docs/' } });
  });

  it('an asset is kept for a year, and comes with gzip to a client that asks for it', async () => {
    const { headers, text } = await call(service, 'GET', '/docs/assets/app.1a2b.js');
    expect(text).toBe(script);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect((await ask('/docs/assets/chunks/@index.3c4d.js')).status).toBe(200);
    const asked = { headers: { 'accept-encoding': 'gzip, br' } };
    const packed = await call(service, 'GET', '/docs/assets/app.1a2b.js', asked);
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.bytes).toEqual(gzipSync(script));
  });
});

it('allows scripts and styles of this origin alone, and small icons in stylesheets', async () => {
  for (const target of ['/docs/', '/docs/tour', '/docs/assets/app.1a2b.js'])
    expect((await ask(target)).headers['content-security-policy']).toBe(
      "default-src 'self';img-src 'self' data:;object-src 'none';base-uri 'none';" +
        "form-action 'self';frame-ancestors 'none'",
    );
});

describe('what is not there', () => {
  it.each([
    '/docs/nowhere',
    '/docs/stories/none',
    '/docs/assets/gone.js',
    '/docs/.made-of',
    '/docs/../secret.html',
    '/docs/..%2fsecret.html',
    '/docs/%2e%2e/secret',
    '/docs//etc/passwd',
    '/docs/tour/',
  ])('%s is 404: a page for a browser, a problem for others', async (target) => {
    const plain = await ask(target);
    expect(plain.status).toBe(404);
    expect(plain.json).toMatchObject({ status: 404, type: '/v1/problems/no-such-route' });
    const shown = await ask(target, { Accept: browser });
    expect(shown.status).toBe(404);
    expect(shown.body).not.toContain('secret');
  });

  it('a browser gets the page that says so, which is not kept', async () => {
    const { headers, body } = await ask('/docs/nowhere', { Accept: browser });
    expect(body).toBe(page('nowhere'));
    expect(headers['cache-control']).toBe('no-store');
  });

  it('without a build every page says what to do, and the API works', async () => {
    const bare = await start({}, { docs: join(home, 'empty') });
    try {
      for (const target of ['/docs/', '/docs/tour']) {
        const { status, json } = await call(bare, 'GET', target);
        expect({ status, detail: json.detail }).toEqual({
          status: 404,
          detail: expect.stringContaining('npm run build'),
        });
        const shown = await call(bare, 'GET', target, { headers: { accept: browser } });
        expect(shown.status).toBe(404);
        expect(shown.text).toContain('npm run build');
      }
      expect((await call(bare, 'GET', '/v1')).status).toBe(200);
    } finally {
      await bare.close();
    }
  });
});
