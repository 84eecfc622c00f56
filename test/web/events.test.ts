// Events: the live list, its filters, its past, and what a person can do with a line of it.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
const fs = '/v1/filesystems/log';
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
beforeEach(async () => {
  const json = { name: 'log', sizeBytes: 1 << 20, clock: 'manual' };
  await browser.must(201, 'POST', '/v1/filesystems', json);
  for (const name of ['a', 'b']) await browser.must(201, 'POST', `${fs}/files`, { name });
});
afterEach(async (context) => {
  await browser.closeWindows(context);
  await browser.must(200, 'DELETE', `${fs}?force=true`);
});
afterAll(() => browser.close());

const resize = (file: string, sizeBytes: number) =>
  browser.must(200, 'POST', `${fs}/files/${file}/truncate`, { sizeBytes });
const list = (page: Page) => page.getByRole('region', { name: 'Events, the newest last' });
const open = async (query = '') => {
  const opened = await browser.open(`/ui/fs/log/events${query}`);
  await opened.page.getByText('● live').waitFor();
  return opened.page;
};

describe('the list of events', () => {
  it('begins with the past and goes on live', async () => {
    const page = await open();
    await list(page).getByText('created: xfs, Linux 7.3, 256 blocks').waitFor();
    await resize('a', 8192);
    await list(page).getByText('size 0 B → 8 KiB').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'events-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'events-dark');
  });

  it('filters by what the URL says, and writes there what a person chooses', async () => {
    const page = await open('?file=b');
    await resize('a', 4096);
    await resize('b', 12_288);
    await list(page).getByText('size 0 B → 12 KiB').waitFor();
    await page.getByLabel('Type').selectOption('operation.*');
    await list(page).getByText('size 0 B → 12 KiB').waitFor({ state: 'detached' });
    await list(page).getByText('truncate done').waitFor();
    expect(await list(page).getByText('truncate done').count()).toBe(1);
    expect(new URL(page.url()).search).toBe('?file=b&type=operation.*');
  });

  it('stops by Space, counts what comes, and shows it afterwards', async () => {
    const page = await open();
    await list(page).getByText('created: xfs, Linux 7.3, 256 blocks').waitFor();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await resize('a', 4096);
    await page.getByText(/paused, [1-9]\d* more since/).waitFor();
    expect(await list(page).getByText('size 0 B → 4 KiB').count()).toBe(0);
    await page.keyboard.press('p');
    await list(page).getByText('size 0 B → 4 KiB').waitFor();
  });

  it('opens an event as JSON, and the link leads another person there', async () => {
    await resize('a', 4096);
    const page = await open();
    await page.getByRole('button', { name: 'Event 2 as JSON' }).click();
    const detail = page.getByRole('complementary', { name: 'Event 2' });
    const shown = JSON.parse(await detail.locator('pre').innerText());
    expect(shown).toMatchObject({ seq: 2, type: 'pinhole.file.created', subject: 'files/a' });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'events-detail-light');
    const other = await browser.open(page.url().replace(browser.origin, ''));
    await other.page.getByRole('complementary', { name: 'Event 2' }).waitFor();
  });

  it('goes to a number that was not read yet', async () => {
    await resize('a', 4096);
    const page = await open();
    await page.getByLabel('Go to').fill('3');
    await page.getByLabel('Go to').press('Enter');
    await page.getByRole('complementary', { name: 'Event 3' }).getByText('"seq": 3').waitFor();
  });

  it('shows an owner with markup in the name as text', async () => {
    const page = await open();
    const owner = '<img src=x onerror=alert(1)>';
    await browser.must(200, 'POST', `${fs}/files/a/allocate`, { offset: 0, length: 4096, owner });
    await list(page).getByText(`allocate begun by ${owner}`).waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });
});
