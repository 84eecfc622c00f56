// The built docs in a real Chromium: what axe finds in both schemes, the search, the reader of the
// API, and that nothing comes from another origin. The window fails a test in which the page breaks
// the content security policy.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterAll(() => browser.close());
afterEach((context) => browser.closeWindows(context));

/** Without the link to itself that follows it. */
const heading = async (page: Page): Promise<string> =>
  (await page.locator('h1').first().innerText()).split('\n')[0] ?? '';

const pages: Record<string, string> = {
  '': 'Pinhole',
  concepts: 'Concepts',
  'strategies/break-layouts': 'break-layouts',
  'stories/S01': 'S01 The deadlock of the mail',
  'how-to/stuck-truncate': 'A truncate is stuck',
  spec: 'The rules',
};

describe.each(Object.entries(pages))('/docs/%s', (path, title) => {
  // Opened in each scheme, because the colours fade from one to the other.
  it.each(['light', 'dark'] as const)('has nothing that axe finds, in %s', async (colorScheme) => {
    const { page } = await browser.open(`/docs/${path}`, { colorScheme });
    await expect.poll(() => heading(page)).toBe(title);
    await picture(page, `docs-${path.replaceAll('/', '-')}-${colorScheme}`);
    expect(await axeFindings(page)).toEqual([]);
  });

  it.each([
    [1280, 800],
    [400, 800],
  ])('fits a window of %i × %i', async (width, height) => {
    const { page } = await browser.open(`/docs/${path}`, { viewport: { width, height } });
    await expect.poll(() => heading(page)).toBe(title);
    await picture(page, `docs-${path.replaceAll('/', '-')}-${width}`);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
  });
});

it('the search finds a word of a page and opens it, without another server', async () => {
  const { page, urls } = await browser.open('/docs/');
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.locator('.VPLocalSearchBox input').fill('on-demand paging');
  const hit = page.locator('.VPLocalSearchBox .result').first();
  await expect.poll(() => hit.innerText()).toContain('RDMA');
  await picture(page, 'docs-search');
  await hit.click();
  await expect.poll(() => heading(page)).toBe('An RDMA registration fails with EOPNOTSUPP');
  expect(urls.filter((url) => !url.startsWith(browser.origin))).toEqual([]);
});

it('the reader of the API shows an operation, and sends a request', async () => {
  const { page } = await browser.open('/docs/api');
  const list = page.locator('.opblock-tag-section', { hasText: 'The server itself' });
  await list.locator('.opblock-tag').click();
  await list.locator('.opblock', { hasText: '/livez' }).locator('.opblock-summary').click();
  await page.getByRole('button', { name: 'Try it out' }).click();
  await page.getByRole('button', { name: 'Execute' }).click();
  const answer = page.locator('.live-responses-table tbody .response-col_status').first();
  await expect.poll(() => answer.innerText()).toContain('200');
  await picture(page, 'docs-api');
});

it('a cited rule leads to its row, and a link leads back to the page', async () => {
  const { page } = await browser.open('/docs/strategies/');
  await page.getByRole('link', { name: 'ST4', exact: true }).first().click();
  await expect.poll(() => page.url()).toMatch(/\/docs\/spec#ST4$/);
  await expect.poll(() => page.locator('#ST4').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'The page', exact: true }).first().click();
  await expect.poll(() => page.url()).toContain('/ui/');
});

it('the page leads to the docs: in its menu, and from the explanation of a term', async () => {
  const { page } = await browser.open('/ui/');
  await page.getByRole('link', { name: 'Docs', exact: true }).click();
  await expect.poll(() => heading(page)).toBe('Pinhole');
  await expect.poll(() => page.url()).toMatch(/\/docs\/$/);
});
