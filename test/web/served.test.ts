// What a real browser makes of the headers of the page: its policy lets in what the page needs, and
// nothing else.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
  await browser.must(201, 'POST', '/v1/filesystems', { name: 'one', sizeBytes: 1 << 20 });
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const home = { name: 'Filesystems' };

it('the address of the server alone leads to the page, with its query', async () => {
  const { page } = await browser.open('/?from=a-link');
  await page.getByRole('heading', home).waitFor();
  const { pathname, search } = new URL(page.url());
  expect(pathname + search).toBe('/ui/?from=a-link');
});

it('a second visit takes the assets from the cache, and asks for the document', async () => {
  const { page } = await browser.open('/ui/');
  await page.getByRole('heading', home).waitFor();
  const document = page.waitForResponse(`${browser.origin}/ui/fs/one`);
  await page.goto(`${browser.origin}/ui/fs/one`);
  expect((await document).headers()['cache-control']).toBe('no-cache');
  await page.getByText('● live').waitFor();
  const transferred = await page.evaluate<number[]>(
    `performance.getEntriesByType('resource').filter(({ name }) => /assets.index-/.test(name))
      .map(({ transferSize }) => transferSize)`,
  );
  expect(transferred.length).toBeGreaterThan(0);
  expect(transferred.every((bytes) => bytes === 0)).toBe(true);
});

it('a WebSocket of the own server is allowed', async () => {
  const { page } = await browser.open('/ui/');
  await page.getByRole('heading', home).waitFor();
  const heard = await page.evaluate<string>(
    `new Promise((resolve) => {
      const url = 'ws://' + location.host + '/v1/filesystems/one/events?from=oldest';
      const socket = new WebSocket(url);
      socket.onmessage = ({ data }) => resolve(data);
      socket.onerror = () => resolve('refused');
    })`,
  );
  expect(heard).toContain('"cursor"');
});

it.each([
  [
    'an inline script',
    'script-src-elem',
    `const script = document.createElement('script');
     script.textContent = 'globalThis.harm = true';
     document.body.append(script);`,
  ],
  ['a script as text', 'script-src', `setTimeout(() => eval('globalThis.harm = true'));`],
  [
    'an attribute that is a script',
    'script-src-attr',
    `document.body.insertAdjacentHTML('beforeend', '<b onclick="globalThis.harm = true">x</b>');
     document.querySelector('b[onclick]').click();`,
  ],
  [
    'a picture of another server',
    'img-src',
    `document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }));`,
  ],
  ['a call of another server', 'connect-src', `fetch('http://127.0.0.1:9/').catch(() => {});`],
  ['a socket to another server', 'connect-src', `new WebSocket('ws://127.0.0.1:9/');`],
  [
    'another base of its links',
    'base-uri',
    `document.head.append(Object.assign(document.createElement('base'), { href: '/v1/' }));`,
  ],
])('%s is refused', async (_what, directive, attempt) => {
  const { page, complaints } = await browser.open('/ui/');
  await page.getByRole('heading', home).waitFor();
  const refused = await page.evaluate<string>(
    `new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (violation) =>
        resolve(violation.effectiveDirective));
      ${attempt}
    })`,
  );
  expect(refused).toBe(directive);
  expect(await page.evaluate(`'harm' in globalThis`)).toBe(false);
  // Such a complaint fails every other test.
  await expect.poll(() => complaints.join()).toMatch(/content security policy/i);
  await page.close();
  complaints.splice(0);
});

it('no page can show it in a frame', async () => {
  const { page, complaints } = await browser.open('/livez');
  await page.setContent(`<iframe src="${browser.origin}/ui/"></iframe>`);
  await expect
    .poll(() => complaints.join())
    .toMatch(/frame-ancestors|X-Frame-Options|refused to display/i);
  expect(page.frames().map((frame) => frame.url())).not.toContain(`${browser.origin}/ui/`);
  await page.close();
  complaints.splice(0);
});
