// Home: the filesystems of the tenant, whether anybody is stuck, and ways to begin one.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach(async (context) => {
  await browser.closeWindows(context);
  const { json } = await browser.must(200, 'GET', '/v1/filesystems?pageSize=1000');
  for (const { name } of json.items)
    await browser.must(200, 'DELETE', `/v1/filesystems/${name}?force=true`);
});
afterAll(() => browser.close());

/** A file of 16 pages, of which `owner` has pinned the first; `sleeps` truncates it. */
async function pinned(name: string, owner: string): Promise<void> {
  const strategy = { name: 'break-layouts', idleRule: 'fixed' };
  await browser.must(201, 'POST', '/v1/filesystems', { name, sizeBytes: 1 << 20, strategy });
  const fs = `/v1/filesystems/${name}`;
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
  const length = 65_536;
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, { offset: 0, length });
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, {
    offset: 0,
    length,
    access: 'read-write',
  });
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, {
    offset: 0,
    length: 4096,
    access: 'write',
    owner,
  });
}

const truncate = (name: string, owner: string) =>
  browser.must(202, 'POST', `/v1/filesystems/${name}/files/a/truncate`, {
    sizeBytes: 0,
    owner,
    timeoutMs: 3_600_000,
  });

const textOf = (page: Page, selector: string) => page.locator(selector).innerText();

describe('who is stuck', () => {
  it('is said in one line, which follows the events of all filesystems', async () => {
    await pinned('scratch', 'nic');
    await pinned('demo', 'T');
    const { page } = await browser.open('/ui/');
    await page.getByText('Nobody is stuck').waitFor();
    await truncate('scratch', 'db');
    await page.getByText('1 operation waits in 1 filesystem:').waitFor();
    await truncate('demo', 'T');
    await page.getByText('2 operations wait in 2 filesystems, 1 of them with a deadlock').waitFor();
    const row = page.getByRole('row', { name: /demo/ });
    expect(await row.getByRole('link', { name: 'deadlock' }).getAttribute('href')).toBe(
      '/ui/fs/demo/graph',
    );
    expect(await textOf(page, '.stuck')).toMatch(/: demo with a deadlock.*, scratch for /);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'home-stuck-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'home-stuck-dark');
    await browser.must(200, 'DELETE', '/v1/filesystems/scratch/pins/pin_1');
    await browser.must(200, 'DELETE', '/v1/filesystems/demo/pins/pin_1');
    await page.getByText('Nobody is stuck').waitFor();
  });
});

describe('the list', () => {
  it('is found by the filter, which is in the URL, and has pages', async () => {
    for (let n = 0; n < 60; n += 1)
      await browser.must(201, 'POST', '/v1/filesystems', { name: `fs-${n}`, sizeBytes: 1 << 20 });
    const { page } = await browser.open('/ui/');
    await page.getByText('60 filesystems').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('link', { name: 'fs-59' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(10);
    await page.keyboard.press('/');
    await page.keyboard.type('fs-17');
    await page.getByText('1 of 60 filesystems').waitFor();
    expect(new URL(page.url()).search).toBe('?q=fs-17');
    await page.reload();
    await page.getByText('1 of 60 filesystems').waitFor();
  });

  it('shows filesystems that others create and remove', async () => {
    const { page } = await browser.open('/ui/');
    await page.getByText('There is no filesystem yet.').waitFor();
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'theirs', sizeBytes: 1 << 20 });
    await page.getByRole('link', { name: 'theirs' }).waitFor();
    await browser.must(200, 'DELETE', '/v1/filesystems/theirs');
    await page.getByText('There is no filesystem yet.').waitFor();
  });

  it('forks one, and deletes one after it has asked', async () => {
    await pinned('old', 'nic');
    const { page } = await browser.open('/ui/');
    await page.getByRole('button', { name: 'Fork old' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Fork', exact: true }).click();
    await page.waitForURL('**/ui/fs/old-fork');
    await page.goBack();
    await page.getByRole('button', { name: 'Delete old', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Delete old?' });
    await question.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Delete old', exact: true }).click();
    await question.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('1 filesystem', { exact: true }).waitFor();
    expect(await page.locator('tbody').innerText()).toContain('old-fork');
  });
});

describe('a new filesystem', () => {
  it('is a story after one click, and its curl line makes the same', async () => {
    const { page } = await browser.open('/ui/');
    await page.getByText('Start with a story').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'home-empty-light');
    const line = await page.locator('.story-card', { hasText: 'S01' }).locator('pre').innerText();
    const json = JSON.parse(/'(.*)'/s.exec(line)?.[1] ?? '');
    await page.getByRole('button', { name: 'Begin S01' }).click();
    await page.waitForURL('**/ui/stories/S01?*');
    await page.getByRole('heading', { name: 'The deadlock of the mail' }).waitFor();
    await browser.must(201, 'POST', '/v1/filesystems', { ...json, name: 'by-curl' });
    const read = async (name: string) => {
      const state = (await browser.must(200, 'GET', `/v1/filesystems/${name}`)).json;
      return { ...state, name: '' };
    };
    expect(await read('S01')).toEqual(await read('by-curl'));
  });

  it('has what the form says', async () => {
    const { page } = await browser.open('/ui/');
    await page.getByText('Start with a story').waitFor();
    await page.keyboard.press('n');
    const form = page.getByRole('dialog', { name: 'New filesystem' });
    await form.getByLabel('Name').fill('mine');
    await form.getByLabel('Size').fill('128');
    await form.getByLabel('Unit').selectOption('KiB');
    await form.getByLabel('Kind').selectOption('ext4');
    await form.getByLabel('Strategy').selectOption('break-layouts');
    await form.getByLabel('breakScope').selectOption('range');
    await form.getByText('More').click();
    await form.getByLabel('Buckets of the waitqueues').selectOption('1');
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'home-new-light');
    await form.getByRole('button', { name: 'Create' }).click();
    await page.waitForURL('**/ui/fs/mine');
    const { json } = await browser.must(200, 'GET', '/v1/filesystems/mine');
    expect(json).toMatchObject({
      sizeBytes: 131_072,
      kind: 'ext4',
      strategy: { name: 'break-layouts', breakScope: 'range' },
      waitqueue: { buckets: 1, keyed: true },
    });
  });

  it('says why it was refused, and keeps what was typed', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'taken', sizeBytes: 1 << 20 });
    const { page } = await browser.open('/ui/');
    await page.getByRole('link', { name: 'taken' }).waitFor();
    await page.getByRole('button', { name: 'New filesystem' }).click();
    const form = page.getByRole('dialog', { name: 'New filesystem' });
    await form.getByLabel('Name').fill('taken');
    await form.getByRole('button', { name: 'Create' }).click();
    const alert = form.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('EEXIST');
    expect(await form.getByLabel('Name').inputValue()).toBe('taken');
  });

  it('is what a bundle has, and its name is that of the file', async () => {
    await pinned('source', 'nic');
    const { bytes } = await browser.must(200, 'GET', '/v1/filesystems/source/bundle');
    const { page } = await browser.open('/ui/');
    await page.getByRole('button', { name: 'From a bundle' }).click();
    const form = page.getByRole('dialog', { name: 'From a bundle' });
    const file = { name: 'my run.bundle', mimeType: '', buffer: Buffer.from(bytes) };
    await form.getByLabel('Bundle').setInputFiles(file);
    expect(await form.getByLabel('Name').inputValue()).toBe('my-run');
    await form.getByRole('button', { name: 'Create' }).click();
    await page.waitForURL('**/ui/fs/my-run');
    const pins = await browser.must(200, 'GET', '/v1/filesystems/my-run/pins');
    expect(pins.json.items).toMatchObject([{ id: 'pin_1', owner: 'nic' }]);
  });
});
