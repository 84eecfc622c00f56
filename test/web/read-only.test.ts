// A token that may only read, in every view of a filesystem: whatever is clicked, nothing is sent
// that would change anything, and what would change something says why it does not.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../http/start.ts';
import { TestBrowser } from './browser.ts';

let browser: TestBrowser;
let token: string;

beforeAll(async () => {
  browser = await TestBrowser.launch();
  const { all, readOnly } = await browser.tenant('team');
  token = readOnly;
  const post = (status: number, path: string, json: object) =>
    must(browser.service, status, 'POST', path, { token: all, json });
  const fs = '/v1/filesystems/ours';
  await post(201, '/v1/filesystems', { name: 'ours', sizeBytes: 1 << 20 });
  await post(201, `${fs}/files`, { name: 'a' });
  const range = { offset: 0, length: 16_384 };
  await post(200, `${fs}/files/a/allocate`, range);
  await post(201, `${fs}/files/a/mappings`, { ...range, access: 'read-write' });
  const pin = { offset: 0, length: 4096, access: 'write', owner: 'nic' };
  await post(201, `${fs}/mappings/map_1/pins`, pin);
  await post(202, `${fs}/files/a/truncate`, { sizeBytes: 0, owner: 'T' });
  await post(201, '/v1/filesystems', { name: 'stepped', story: 'S01' });
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const views = [
  ['/ui/fs/ours', 'Unpin pin_1'],
  ['/ui/fs/ours/device?select=page:2', 'Unpin pin_1'],
  ['/ui/fs/ours/file', 'Unpin pin_1'],
  ['/ui/fs/ours/waits?open=op_5', 'Unpin pin_1'],
  ['/ui/fs/stepped/stepper', 'Step'],
  ['/ui/stories/S01?fs=stepped', 'Next →'],
  ['/ui/stories/S01?fs=stepped&free=0', '← Back'],
] as const;

describe('a token that may only read', () => {
  it.each(views)('changes nothing in %s', async (path, change) => {
    const { page } = await browser.open(path, { token });
    const sent: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      // A stream is opened with a ticket.
      if (request.method() !== 'GET' && !/ticket/.test(pathname))
        sent.push(`${request.method()} ${pathname}`);
    });
    const button = page.getByRole('main').getByRole('button', { name: change }).first();
    await button.waitFor();
    await expect
      .poll(() => button.getAttribute('title'))
      .toBe('Your token may only read (scope read).');
    const all = page.getByRole('main').getByRole('button', { disabled: true });
    for (let at = 0; at < (await all.count()); at += 1) await all.nth(at).dispatchEvent('click');
    for (const key of [' ', 'u', 'c', '1', 'ArrowRight', 'ArrowLeft'])
      await page.keyboard.press(key);
    // A lecture has none.
    for (const strategy of await page.getByRole('combobox', { name: 'Strategy' }).all())
      expect(await strategy.isDisabled()).toBe(true);
    // A request would be on its way before this answer is there.
    await page.evaluate(`fetch('/v1/stories').then((answer) => answer.text())`);
    expect(sent).toEqual([]);
  });
});
