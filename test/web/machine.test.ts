// Machine: cause and effect on one screen.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

const page = 4096;

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

/** A file of four pages whose page 2 is pinned, and a truncate that sleeps on it. */
async function truncateAsleep(fs: string): Promise<void> {
  const at = `/v1/filesystems/${fs}`;
  await browser.must(201, 'POST', '/v1/filesystems', { name: fs, sizeBytes: 64 * page });
  await browser.must(201, 'POST', `${at}/files`, { name: 'data', sizeBytes: 4 * page });
  await browser.must(200, 'POST', `${at}/files/data/allocate`, { offset: 0, length: 4 * page });
  const map = { offset: 0, length: 4 * page, access: 'read-write' };
  await browser.must(201, 'POST', `${at}/files/data/mappings`, map);
  const pin = {
    offset: 2 * page,
    length: page,
    access: 'write',
    owner: 'nic',
    kind: 'rdma',
    longterm: false,
  };
  await browser.must(201, 'POST', `${at}/mappings/map_1/pins`, pin);
  await browser.must(202, 'POST', `${at}/files/data/truncate?timeoutMs=600000`, {
    sizeBytes: 0,
    owner: 'T',
  });
}

const stuck = /truncate by T.*has waited.*for page \d+ of data, which nic has held by pin_1/s;

/** Waits until somebody can read on the page what the text says. */
const reads = (window: Page, text: RegExp) =>
  expect.poll(async () => window.locator('main').innerText()).toMatch(text);

describe('Machine', () => {
  it('shows a truncate asleep, lets its pin go by a click, and sees it end', async () => {
    await truncateAsleep('released');
    const { page: window } = await browser.open('/ui/fs/released');
    await reads(window, stuck);
    await reads(window, /64 pages: \d+ metadata, 4 used, \d+ free/);
    expect(await axeFindings(window)).toEqual([]);
    await picture(window, 'machine-light');
    await window.getByRole('button', { name: 'Unpin pin_1' }).click();
    await reads(window, /64 pages: \d+ metadata, \d+ free/);
    await window.getByText('nobody waits').first().waitFor();
    // The last event, in the strip and in the timeline.
    await reads(window, /truncate.*done/s);
    const { json } = await browser.must(200, 'GET', '/v1/filesystems/released/files/data');
    expect(json.sizeBytes).toBe(0);
  });

  it('lights up everywhere what belongs to a pin', async () => {
    await truncateAsleep('linked');
    const { page: window } = await browser.open('/ui/fs/linked');
    await reads(window, stuck);
    const sleeper = window.locator('.machine-waits [data-thing^="op_"]').first();
    expect(await sleeper.getAttribute('class')).not.toMatch(/\blit\b/);
    await window.locator('.machine-time [data-thing="pin_1"]').first().hover();
    await expect.poll(() => sleeper.getAttribute('class')).toMatch(/\blit\b/);
    await window.locator('.machine-time [data-thing="pin_1"]').first().click();
    expect(new URL(window.url()).searchParams.get('select')).toBe('pin_1');
  });

  it('is found from the links of the board of Grafana, as is the wait', async () => {
    await truncateAsleep('watched');
    const board = readFileSync('deploy/grafana/dashboards/filesystem.json', 'utf8');
    const links = [...board.matchAll(/"url": "(\$\{pinhole\}[^"]*)"/g)].map(([, url]) =>
      (url as string)
        .replace('$' + '{pinhole}', '')
        .replace(/\$\{[^}]*filesystem[^}]*\}/, 'watched'),
    );
    for (const view of ['', '/waits']) {
      const link = links.find((url) => url === `/ui/fs/watched${view}`);
      expect(link).toBeDefined();
      const { page: window } = await browser.open(link as string);
      await reads(window, stuck);
    }
  });

  it('has nothing that axe finds in the dark, and says when nothing is there', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'empty', sizeBytes: 16 * page });
    const { page: window } = await browser.open('/ui/fs/empty', { colorScheme: 'dark' });
    await reads(window, /16 pages: \d+ metadata, \d+ free/);
    await reads(window, /Nobody waits/);
    expect(await axeFindings(window)).toEqual([]);
    await picture(window, 'machine-empty-dark');
  });

  it('does not scroll sideways where it is narrow', async () => {
    await truncateAsleep('narrow');
    const viewport = { width: 400, height: 800 };
    const { page: window } = await browser.open('/ui/fs/narrow', { viewport });
    await reads(window, stuck);
    const width = await window.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(400);
    await picture(window, 'machine-narrow');
  });
});
