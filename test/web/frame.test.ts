// The frame around every view: the bar, the menu, the address, the keys.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

describe('the frame of the page', () => {
  it('says that an address names no view', async () => {
    const { page } = await browser.open('/ui/nothing/of/the/kind');
    await page.getByRole('heading', { name: 'There is no such view' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('opens a filesystem by its address, says what it is, and goes back', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'one', sizeBytes: 1 << 20 });
    const { page } = await browser.open('/ui/');
    await page.getByRole('link', { name: 'one' }).click();
    await page.getByText('xfs · Linux 7.3').waitFor();
    await page.getByText('● live').waitFor();
    expect(new URL(page.url()).pathname).toBe('/ui/fs/one');
    await page.goBack();
    await page.getByRole('heading', { name: 'Filesystems' }).waitFor();
  });

  it('lists the keys that work, and closes by Esc', async () => {
    const { page } = await browser.open('/ui/');
    await page.getByRole('heading', { name: 'Filesystems' }).waitFor();
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keys' });
    await keys.getByText('Open Filesystems').waitFor();
    await page.keyboard.press('Escape');
    await keys.waitFor({ state: 'hidden' });
  });

  it('refuses a filesystem that does not exist, in words', async () => {
    const { page } = await browser.open('/ui/fs/missing');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('There is no such filesystem.');
  });

  it('says so when the server comes back without the filesystem', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'brief', sizeBytes: 1 << 20 });
    const { page } = await browser.open('/ui/fs/brief');
    await page.getByText('● live').waitFor();
    await browser.restart();
    await page
      .getByRole('alert')
      .filter({ hasText: 'There is no such filesystem.' })
      .first()
      .waitFor();
  });
});
