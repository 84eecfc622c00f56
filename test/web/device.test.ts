// The Device view: the map on its canvas, as a table and in words.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

const hostile = '<img src=x onerror=alert(1)>';
const rightToLeft = '\u202eevil\u202c שלום';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
  const mkfs = { name: 'full', sizeBytes: 1 << 20, clock: 'manual' };
  await browser.must(201, 'POST', '/v1/filesystems', mkfs);
  await browser.must(201, 'POST', '/v1/filesystems', { name: 'none', sizeBytes: 1 << 20 });
  const fs = '/v1/filesystems/full';
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, { offset: 0, length: 65_536 });
  const mapping = { offset: 0, length: 65_536, access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, mapping);
  const pin = { offset: 0, length: 8192, access: 'write', kind: 'rdma', longterm: false };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, { ...pin, owner: hostile });
  const second = { ...pin, length: 4096, owner: rightToLeft };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, second);
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const map = (page: Page) => page.getByRole('application', { name: /^Page frames/ });

describe('the map of the device', () => {
  it.each(['light', 'dark'] as const)('says what is where, in the %s scheme', async (scheme) => {
    const { page } = await browser.open('/ui/fs/full/device', { colorScheme: scheme });
    await page.getByText('256 pages: 2 metadata, 16 used, 238 free').waitFor();
    const legend = page.locator('.legend');
    for (const sign of ['free', 'metadata', 'pinned', 'a'])
      await legend.getByText(sign).first().waitFor();
    expect(await legend.textContent()).not.toContain('detached');
    await page.getByText('The frames as a table').click();
    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('button', { name: '2', exact: true }) });
    expect(await row.textContent()).toMatch(/used.*a/);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `device-full-${scheme}`);
  });

  it('shows an empty device', async () => {
    const { page } = await browser.open('/ui/fs/none/device');
    await page.getByText('256 pages: 2 metadata, 254 free').waitFor();
    await picture(page, 'device-empty');
  });

  it('draws the fills of both schemes when the scheme changes', async () => {
    const { page } = await browser.open('/ui/fs/none/device', { colorScheme: 'light' });
    await page.getByText('254 free').waitFor();
    const before = await somePixels(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => somePixels(page)).not.toEqual(before);
  });

  it('goes over the frames by arrow keys and selects by Enter', async () => {
    const { page } = await browser.open('/ui/fs/full/device');
    await page.getByText('256 pages').first().waitFor();
    await map(page).focus();
    await page.keyboard.press('Home');
    for (let at = 0; at < 3; at += 1) await page.keyboard.press('ArrowRight');
    await page.getByText('pfn 3 · page 1 of a · 1 pin').first().waitFor();
    await page.keyboard.press('Enter');
    const detail = page.getByRole('region', { name: 'Page frame 3' });
    await detail.getByText(/1 pin, 1 mapping/).waitFor();
    expect(await detail.textContent()).toMatch(/2 classic/);
    expect(new URL(page.url()).searchParams.get('select')).toBe('page:3');
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'device-detail');
  });

  it('shows names of owners as text, whatever they are', async () => {
    const { page } = await browser.open('/ui/fs/full/device?select=page:2');
    const detail = page.getByRole('region', { name: 'Page frame 2' });
    await detail.getByText(hostile).first().waitFor();
    await detail.getByText(rightToLeft).first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await detail.getByText('Nobody sleeps in it.').waitFor();
    await detail.getByText(/pins 2 pages with pin_1/).waitFor();
  });

  it('selects by a click, says who waits, and lets go of a pin', async () => {
    const fs = await sleeping('click');
    const { page } = await browser.open('/ui/fs/click/device');
    await page.locator('.legend').getByText('somebody waits for it').waitFor();
    // 16 frames in two rows of eight large cells; frame 2 is the third one of the first row.
    const box = await map(page).boundingBox();
    if (box === null) throw new Error('the map has no box');
    await page.mouse.click(box.x + 26 + 2.5 * 96, box.y + 40);
    const detail = page.getByRole('region', { name: 'Page frame 2' });
    await detail.getByText('waits for this page').waitFor();
    await picture(page, 'device-waited-for');
    await detail.getByRole('button', { name: 'Unpin pin_1' }).click();
    await detail.getByText('No pin holds it.').waitFor();
    await expect.poll(async () => (await browser.api('GET', `${fs}/map`)).json.runs.length).toBe(2);
    await expect.poll(() => detail.textContent()).toMatch(/State\s*free/);
  });

  it('says that it cannot read a device that does not exist', async () => {
    const { page } = await browser.open('/ui/fs/gone/device');
    await page.getByRole('alert').first().waitFor();
    expect(await page.getByRole('alert').first().textContent()).toContain('no such filesystem');
    await picture(page, 'device-broken');
  });

  it('opens a device of 64 GiB without a long task', async () => {
    const mkfs = { name: 'large', sizeBytes: 2 ** 36, clock: 'manual' };
    await browser.must(201, 'POST', '/v1/filesystems', mkfs);
    await browser.must(201, 'POST', '/v1/filesystems/large/files', { name: 'data' });
    const half = { offset: 0, length: 2 ** 35 };
    await browser.must(200, 'POST', '/v1/filesystems/large/files/data/allocate', half);
    const { page } = await browser.open('/ui/fs/none/device');
    await page.getByText('254 free').waitFor();
    await page.evaluate(watchLongTasks);
    await page.evaluate(`history.pushState(null, '', '/ui/fs/large/device');
      dispatchEvent(new PopStateEvent('popstate'))`);
    await page.getByText('16,777,216 pages: 513 metadata').waitFor();
    await map(page).focus();
    for (let i = 0; i < 8; i += 1) await page.keyboard.press('+');
    await page.keyboard.press('End');
    await page
      .getByText(/^pfn 167772.*free/)
      .first()
      .waitFor();
    const longest = Number(await page.evaluate('Math.max(0, ...globalThis.longTasks)'));
    // Printed, not asserted: a test machine may be three times too busy.
    console.log(`64 GiB: the longest task was ${Math.round(longest)} ms`);
    await page.keyboard.press('0');
    await picture(page, 'device-64-gib');
  });

  it.each([
    [1024, 768],
    [400, 800],
  ])('fits %i pixels', async (width, height) => {
    const viewport = { width, height };
    const { page } = await browser.open('/ui/fs/full/device?select=page:2', { viewport });
    await page.getByRole('region', { name: 'Page frame 2' }).waitFor();
    await map(page).waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
    await picture(page, `device-${width}`);
  });
});

// As text, because the tests are compiled without the types of a browser.
const watchLongTasks = `globalThis.longTasks = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
}).observe({ type: 'longtask' })`;

/** Some pixels of the map, which change with the scheme. */
const somePixels = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return [...data.slice(0, 40_000)].filter((_, i) => i % 401 === 0).join();
  })()`);

/** A device of 16 pages with a file of two pages, one of them pinned, and a truncate that waits. */
async function sleeping(name: string): Promise<string> {
  const fs = `/v1/filesystems/${name}`;
  await browser.must(201, 'POST', '/v1/filesystems', { name, sizeBytes: 65_536, clock: 'manual' });
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, { offset: 0, length: 8192 });
  const mapping = { offset: 0, length: 8192, access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, mapping);
  const pin = { offset: 0, length: 4096, access: 'write', owner: 'nic' };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
  await browser.must(202, 'POST', `${fs}/files/a/truncate`, { sizeBytes: 0 });
  return fs;
}
