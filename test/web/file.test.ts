// The File view: the ruler, what can be done with a range, and the bytes that a pin sees.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

const hostile = '<img src=x onerror=alert(1)>';
const longName = 'x'.repeat(255);

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const path = (name: string) => `/v1/filesystems/${name}`;

/** A file `a` of 16 written pages, mapped as a whole, with a pin on its first two. */
async function pinned(name: string, mkfs: object = {}): Promise<string> {
  const fs = path(name);
  const strategy = { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' };
  const given = { name, sizeBytes: 1 << 20, clock: 'manual', strategy, ...mkfs };
  await browser.must(201, 'POST', '/v1/filesystems', given);
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a', sizeBytes: 65_536 });
  const whole = { offset: 0, length: 65_536 };
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, whole);
  const access = { access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, { ...whole, ...access });
  const pin = { offset: 0, length: 8192, access: 'write', owner: hostile };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
  return fs;
}

const ruler = (page: Page) => page.getByRole('img', { name: /^Byte ruler/ });

/** Where the middle of a page of the file is drawn, by its title. */
async function middleOf(page: Page, pgoff: number): Promise<{ x: number; y: number }> {
  const title = new RegExp(`: page ${pgoff}, pfn`);
  const box = await ruler(page).locator('.extent').filter({ hasText: title }).boundingBox();
  if (box === null) throw new Error(`page ${pgoff} is not drawn`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, to.y, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

const extentsOf = async (fs: string) =>
  (await browser.api('GET', `${fs}/files/a/extents`)).json.extents.map(
    ({ offset, length }: { offset: number; length: number }) => [offset / 4096, length / 4096],
  );

const notices = (page: Page) => page.locator('.notices');

describe('the File view', () => {
  it.each(['light', 'dark'] as const)('shows a file in the %s scheme', async (scheme) => {
    await pinned(`full-${scheme}`);
    const { page } = await browser.open(`/ui/fs/full-${scheme}/file`, { colorScheme: scheme });
    await page.getByText('inode 2 · 64 KiB').waitFor();
    await ruler(page).getByText('i_size 64 KiB').waitFor();
    await ruler(page).getByText('map_1 read-write').waitFor();
    const pins = page.getByRole('row').filter({ hasText: 'pin_1' });
    expect(await pins.textContent()).toContain(hostile);
    expect(await pins.textContent()).toContain('pages 0 to 1');
    expect(await page.locator('img').count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `file-full-${scheme}`);
  });

  it('creates the first file, and says why a name is refused', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'empty', sizeBytes: 1 << 20 });
    const { page } = await browser.open('/ui/fs/empty/file');
    await page.getByText('This filesystem has no file yet.').waitFor();
    await picture(page, 'file-empty');
    await page.getByRole('button', { name: 'New file…' }).click();
    await page.getByLabel('Name', { exact: true }).fill(hostile);
    await page.getByRole('button', { name: 'Create' }).click();
    await notices(page)
      .getByText('must match', { exact: false })
      .or(notices(page).getByText(/name/))
      .first()
      .waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.getByLabel('Name', { exact: true }).fill(longName);
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('inode 2 · 0 B').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
    await page.getByRole('button', { name: 'Write…' }).click();
    await page.getByLabel('Text to write at byte 0').fill('grüße');
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await page.getByText('inode 2 · 7 B').waitFor();
    await picture(page, 'file-long-name');
  });

  it('punches a hole into the pages of a drag', async () => {
    const fs = await pinned('drag');
    const { page } = await browser.open('/ui/fs/drag/file?file=2');
    await ruler(page).getByText('i_size 64 KiB').waitFor();
    await drag(page, await middleOf(page, 7), await middleOf(page, 4));
    await page.getByText('pages 4 to 7', { exact: true }).waitFor();
    expect(await page.getByLabel('From byte').inputValue()).toBe('16384');
    await picture(page, 'file-drag');
    await page.getByRole('button', { name: 'Punch hole' }).click();
    await notices(page).getByText('punch-hole of a: done, 4 pages freed.').waitFor();
    await ruler(page).locator('text').filter({ hasText: 'hole' }).first().waitFor();
    expect(await extentsOf(fs)).toEqual([
      [0, 2],
      [2, 2],
      [8, 8],
    ]);
  });

  it('does the same by keyboard, and says what is refused with its rule', async () => {
    const fs = await pinned('keys');
    const { page } = await browser.open('/ui/fs/keys/file');
    const from = page.getByLabel('From byte');
    await from.focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('32769');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('4096');
    await page.getByText('pages 8 to 9', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Collapse' }).focus();
    await page.keyboard.press('Enter');
    await notices(page).getByText('EINVAL').waitFor();
    expect(await notices(page).getByRole('link').textContent()).toBe('Rule RG4');
    await from.fill('32768');
    await page.getByRole('button', { name: 'Punch hole' }).focus();
    await page.keyboard.press('Enter');
    await notices(page).getByText('done, 1 page freed').waitFor();
    expect((await extentsOf(fs)).at(-1)).toEqual([9, 7]);
  });

  it('truncates by a drag of i_size; the truncate sleeps until the pin is dropped', async () => {
    await pinned('sleep');
    const { page } = await browser.open('/ui/fs/sleep/file');
    await ruler(page).getByText('i_size 64 KiB').waitFor();
    const last = await middleOf(page, 15);
    const before = await middleOf(page, 14);
    const half = (last.x - before.x) / 2;
    await drag(page, { x: last.x + half, y: last.y }, { x: before.x - half * 27, y: last.y });
    await ruler(page).getByText('truncate to 4 KiB').waitFor();
    await page.getByText('15 pages would leave the file').waitFor();
    await picture(page, 'file-truncate-drag');
    await page.getByRole('button', { name: 'Truncate' }).click();
    await notices(page)
      .getByText(/truncate of a: op_\d+ sleeps/)
      .waitFor();
    await page.getByText('Waiting:').waitFor();
    await picture(page, 'file-truncate-sleeps');
    await page.getByRole('button', { name: 'Unpin pin_1' }).click();
    await page.getByText('inode 2 · 4 KiB').waitFor();
    await page.getByText('Nobody pins a page of this file.').waitFor();
    await notices(page).getByRole('link', { name: 'See Waits' }).click();
    expect(new URL(page.url()).pathname).toBe('/ui/fs/sleep/waits');
  });

  it('pins a range through a new mapping, with an owner that is text', async () => {
    const fs = await pinned('pins');
    await browser.must(200, 'DELETE', `${fs}/mappings/map_1`);
    const { page } = await browser.open('/ui/fs/pins/file');
    await page.getByText('Nobody maps this file.').waitFor();
    await drag(page, await middleOf(page, 4), await middleOf(page, 5));
    await page.getByRole('button', { name: 'Pin…' }).click();
    await page.getByText('pages 4 to 5, through a new mapping').waitFor();
    await page.getByLabel('Owner').fill('<b>gpu</b>');
    await page.getByLabel('Kind').selectOption('rdma');
    const longterm = page.getByLabel('FOLL_LONGTERM');
    expect(await longterm.isChecked()).toBe(true);
    await longterm.uncheck();
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    const row = page.getByRole('row').filter({ hasText: 'pin_2' });
    await row.waitFor();
    expect(await row.textContent()).toMatch(/by <b>gpu<\/b>.*pages 4 to 5.*rdma, write/);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('shows what a pin sees beside what the file sees', async () => {
    const fs = await pinned('bytes', { strategy: { name: 'busy-extents' } });
    await browser.must(200, 'POST', `${fs}/files/a/punch-hole`, { offset: 0, length: 8192 });
    const { page } = await browser.open('/ui/fs/bytes/file');
    await page.getByText('pages 0 to 1, 2 no longer in the file').waitFor();
    await ruler(page)
      .getByText(/orphan/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Write…' }).click();
    await page.getByLabel('Text to write at byte 0').fill('new');
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await notices(page).getByText('3 bytes written').waitFor();
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await page.getByText('3 bytes differ: pin_1 sees other bytes than the file.').waitFor();
    const row = page.getByRole('region', { name: 'Bytes of page 0' }).getByRole('row').nth(1);
    expect(await row.textContent()).toMatch(/^≠0.*6e 65 77/);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'file-bytes');
  });

  it('renames, and asks before it unlinks', async () => {
    const fs = await pinned('names');
    const { page } = await browser.open('/ui/fs/names/file');
    await page.getByRole('button', { name: 'Rename…' }).click();
    await page.getByLabel('New name').fill('b');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await page.getByRole('button', { name: 'Unlink' }).click();
    const dialog = page.getByRole('dialog', { name: 'Unlink b?' });
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    expect((await browser.api('GET', `${fs}/files`)).json.items).toHaveLength(1);
    await page.getByRole('button', { name: 'Unlink' }).click();
    await dialog.getByRole('button', { name: 'Unlink' }).click();
    await page.getByText('unlinked: it stays while it is mapped or in use').waitFor();
    const because = await page.getByRole('button', { name: 'Truncate' }).getAttribute('title');
    expect(because).toBe('The file has no name any more, so it cannot be opened.');
    await middleOf(page, 3);
  });

  it('says that a file is gone, and offers the others', async () => {
    await pinned('gone');
    const { page } = await browser.open('/ui/fs/gone/file?file=99');
    await page.getByText('There is no inode 99 any more.').waitFor();
    await picture(page, 'file-gone');
    await page.getByRole('button', { name: /^a/ }).click();
    await page.getByText('inode 2 · 64 KiB').waitFor();
  });

  it.each([
    [1024, 768],
    [400, 800],
  ])('fits %i pixels', async (width, height) => {
    await pinned(`wide-${width}`);
    const { page } = await browser.open(`/ui/fs/wide-${width}/file`, {
      viewport: { width, height },
    });
    await ruler(page).getByText('i_size 64 KiB').waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBeLessThanOrEqual(width);
    await picture(page, `file-${width}`);
  });
});
