// Timeline: a lane for each operation and pin, and who woke whom.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';
import { deadlocked, hostile, pinned, removeAll, truncated } from './waiting.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach(async (context) => {
  await browser.closeWindows(context);
  await removeAll(browser);
});
afterAll(() => browser.close());

const open = async (name: string, query = '') =>
  (await browser.open(`/ui/fs/${name}/timeline${query}`)).page;

async function looks(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
}

/** The table below the lanes, without what changes from run to run. */
async function table(page: Page): Promise<string[]> {
  const details = page.locator('.twin');
  if ((await details.getAttribute('open')) === null) await details.locator('summary').click();
  const rows = await details.locator('tbody tr').allInnerTexts();
  return rows.map((row) => row.replace(/\s+/g, ' ').replace(/#\d+/g, '#').trim());
}

describe('the timeline', () => {
  it('says what to do when nothing has run', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'calm', sizeBytes: 1 << 20 });
    const page = await open('calm');
    await page.getByText('No operation has run and nothing is pinned.').waitFor();
    await looks(page, 'timeline-empty');
  });

  it('shows what happened before it was opened, and the wake-up as it arrives', async () => {
    await pinned(browser, 'stuck', hostile);
    const id = await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await page.getByText('Axis: time').waitFor();
    expect((await table(page)).slice(-2)).toEqual([
      'pin_1 by <img src=x onerror=alert(1)> # pin 1 page',
      `${id} truncate by T # R, # S page 2`,
    ]);
    await looks(page, 'timeline-waits');
    await browser.must(200, 'DELETE', '/v1/filesystems/stuck/pins/pin_1');
    await expect
      .poll(async () => (await table(page)).at(-1))
      .toMatch(/# R, # S page 2, # R, ended # ✓$/);
    const wake = page.locator('.wake title');
    expect(await wake.textContent()).toMatch(new RegExp(`^${id} truncate wakes after \\d+ ms`));
  });

  it('has the number of the event as its axis while a manual clock stands still', async () => {
    await deadlocked(browser, 'ring');
    const page = await open('ring');
    await page.getByText('Axis: number of the event, because the clock stood still.').waitFor();
    expect((await table(page)).slice(1)).toEqual([
      'op_6 punch-hole by T # R, # D invalidate_lock, # R, # S page 2',
      'op_8 pin by G # R, # D invalidate_lock',
      'pin_1 by G # collecting 1 page',
    ]);
    expect(await page.locator('.hold title').allTextContents()).toContain(
      'op_6 holds invalidate_lock exclusive',
    );
    await looks(page, 'timeline-deadlock');
    await page.getByRole('button', { name: 'By time' }).click();
    await page.getByText('Axis: time.').waitFor();
    expect(new URL(page.url()).searchParams.get('axis')).toBe('time');
  });

  it('goes from event to event by the arrow keys, says each, and keeps it in the URL', async () => {
    await pinned(browser, 'stuck', 'nic');
    const id = await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await page.getByRole('group', { name: /^Timeline: a lane for each operation/ }).focus();
    await page.keyboard.press('ArrowLeft');
    const readout = page.locator('.readout');
    await expect
      .poll(() => readout.innerText())
      .toContain(`${id} truncate sleeps on page 2, state S`);
    const cursor = new URL(page.url()).searchParams.get('cursor');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => new URL(page.url()).searchParams.get('cursor')).not.toBe(cursor);
    const text = await readout.innerText();
    await page.reload();
    await page.getByText('Axis: time').waitFor();
    await expect.poll(() => readout.innerText()).toBe(text);
  });

  it('shows the newest lanes, and older ones on request', async () => {
    await pinned(browser, 'busy', 'nic');
    await browser.must(200, 'DELETE', '/v1/filesystems/busy/pins/pin_1');
    const allocate = { offset: 0, length: 4096 };
    for (let n = 0; n < 60; n += 1)
      await browser.must(200, 'POST', '/v1/filesystems/busy/files/a/allocate', allocate);
    const page = await open('busy');
    await page.getByText('39 older lanes').waitFor();
    await page.getByRole('button', { name: 'Show 24 older' }).click();
    await page.getByText('15 older lanes').waitFor();
  });

  it('saves the trace, and says what it could not read', async () => {
    await pinned(browser, 'stuck', 'nic');
    const page = await open('stuck');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    expect((await saved).suggestedFilename()).toBe('stuck.json');
    await page.route('**/v1/filesystems/stuck/events?from=*', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'no', status: 503, detail: 'The server is too busy.' }),
      }),
    );
    await page.reload();
    await page.getByText('The server is too busy.').waitFor();
  });
});
