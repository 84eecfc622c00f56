// The stories: the list with its verdicts, and S01 as a lecture that is played by keyboard alone.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

async function looksWell(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
}

/** Presses a key and waits until so many moves were made. */
async function move(page: Page, key: string, made: number, of: number): Promise<void> {
  await page.keyboard.press(key);
  await page.getByText(`${made} / ${of}`, { exact: true }).waitFor();
}

const deadlockOf = (page: Page) => page.getByRole('alert').filter({ hasText: 'Deadlock.' });

describe('the list of stories', () => {
  it('has all of them, and what can happen under each strategy', async () => {
    const { page } = await browser.open('/ui/stories');
    await page.getByRole('link', { name: 'S32 Errors after the wait' }).waitFor();
    expect(await page.locator('tbody tr').count()).toBe(32);
    const mail = page.getByRole('row', { name: /S01 The deadlock of the mail/ });
    const cells = await mail.getByRole('cell').allInnerTexts();
    expect(cells.map((text) => text.replace(/\s+/g, ' ').trim())).toMatchObject({
      0: expect.stringMatching(/completes$/),
      1: expect.stringMatching(/deadlock$/),
      7: expect.stringMatching(/frees under the pin$/),
    });
    await looksWell(page, 'stories');
  });

  it('opens the order that shows a verdict', async () => {
    const { page } = await browser.open('/ui/stories');
    await page.getByRole('link', { name: /S06 under break-layouts modern: .*hangs/ }).click();
    await page.getByRole('heading', { name: 'S06 The pinned page is faulted back in' }).waitFor();
    const { searchParams } = new URL(page.url());
    expect([...searchParams].slice(0, 3)).toEqual([
      ['strategy', 'break-layouts modern'],
      ['verdict', 'hangs'],
      ['fs', 'S06'],
    ]);
    await page.getByText('0 / 24', { exact: true }).waitFor();
  });
});

describe('S01 as a lecture', () => {
  const of = 16;
  let shared = '';

  it('is played to its deadlock and back by keyboard alone', async () => {
    const { page } = await browser.open('/ui/stories', { viewport: { width: 1024, height: 768 } });
    const link = page.getByRole('link', { name: 'S01 The deadlock of the mail' });
    await link.waitFor();
    while (!(await link.evaluate((one) => one.matches(':focus')))) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(`0 / ${of}`, { exact: true }).waitFor();
    await page.keyboard.press('+');
    await page.getByText('A device driver G wants pages 0 and 1 of a file.').waitFor();
    for (let made = 1; made <= 14; made += 1) await move(page, ' ', made, of);
    await page.getByRole('heading', { name: 'What happens now?' }).waitFor();
    await page.getByText('What does G need next, and who holds it?').waitFor();
    await looksWell(page, 'lecture-asks');

    await move(page, ' ', 15, of);
    await move(page, 'ArrowRight', 16, of);
    await deadlockOf(page).waitFor();
    expect(await deadlockOf(page).innerText()).toContain(
      'op_6 (punch-hole by T) waits for page 2 of a. op_8 (pin by G) holds it by pin_1, and ' +
        'waits for invalidate_lock of a. op_6 holds it exclusive. Neither of the two can go on',
    );
    await page
      .getByText('It ends in a deadlock: each waits for the other, and nobody can go on.')
      .waitFor();
    await page.getByRole('heading', { name: 'Try it under …' }).waitFor();
    await looksWell(page, 'lecture-deadlock');
    shared = page.url();

    await move(page, 'ArrowLeft', 15, of);
    await deadlockOf(page).waitFor({ state: 'hidden' });
    expect(new URL(page.url()).searchParams.get('fs')).toBe('S01~1');
    await move(page, 'ArrowLeft', 14, of);
    await page.getByRole('heading', { name: 'What happens now?' }).waitFor();
    await move(page, 'ArrowRight', 15, of);
    await move(page, ' ', 16, of);
    await deadlockOf(page).waitFor();
    // Next went back to the filesystem of the beginning, and made no move twice.
    expect(new URL(page.url()).searchParams.get('fs')).toBe('S01');
  });

  it('is at the same place for somebody else who opens the address', async () => {
    const { page } = await browser.open(shared.replace(browser.origin, ''));
    await page.getByText(`16 / ${of}`, { exact: true }).waitFor();
    await deadlockOf(page).waitFor();
  });

  it('offers to begin again if its filesystem is gone; the link alone makes nothing', async () => {
    await browser.must(200, 'DELETE', '/v1/filesystems/S01?force=true');
    const { page } = await browser.open(shared.replace(browser.origin, ''));
    await page.getByText('S01 is gone. The story can begin again.').waitFor();
    await browser.must(404, 'GET', '/v1/filesystems/S01');
    await page.getByRole('button', { name: 'Begin', exact: true }).click();
    await page.getByText(`0 / ${of}`, { exact: true }).waitFor();
  });

  it('can go on under another strategy from any moment', async () => {
    const { page } = await browser.open('/ui/stories/S01');
    await page.getByRole('button', { name: 'Begin' }).waitFor();
    await page.keyboard.press(' ');
    await page.getByText(`0 / ${of}`, { exact: true }).waitFor();
    for (let made = 1; made <= 13; made += 1) await move(page, ' ', made, of);
    await page.getByRole('combobox', { name: 'under' }).selectOption('break-layouts fixed');
    await page.getByText('You left the story after move 13').waitFor();
    await picture(page, 'lecture-free');
    const ending = page.getByText('It completes: all calls have ended.');
    await expect
      .poll(async () => {
        await page.keyboard.press(' ');
        return ending.isVisible();
      })
      .toBe(true);
    expect(await deadlockOf(page).isVisible()).toBe(false);
    const fs = new URL(page.url()).searchParams.get('fs');
    const { json } = await browser.must(200, 'GET', `/v1/filesystems/${fs}/operations/op_6`);
    expect(json).toMatchObject({ op: 'punch-hole', state: 'done', result: { blocksFreed: 2 } });
  });

  it('says so when somebody else took another step', async () => {
    const { page, urls } = await browser.open('/ui/stories/S01');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByText(`0 / ${of}`, { exact: true }).waitFor();
    await move(page, ' ', 1, of);
    // The story is not another one, so it stays on the page, and so do its keys.
    const reads = urls.filter((url) => url.includes('/v1/stories/S01'));
    expect(new Set(reads)).toEqual(new Set([`${browser.origin}/v1/stories/S01`]));
    const fs = new URL(page.url()).searchParams.get('fs');
    for (let i = 0; i < 2; i += 1)
      await browser.must(200, 'POST', `/v1/filesystems/${fs}/scheduler/step`, {});
    await browser.must(200, 'POST', `/v1/filesystems/${fs}/scheduler/step`, {});
    await page.getByText('has left the way of the story: another step was taken.').waitFor();
    await page.getByRole('button', { name: 'Begin again' }).click();
    await page.getByText(`0 / ${of}`, { exact: true }).waitFor();
  });
});

describe('what cannot be opened', () => {
  it('a story that does not exist', async () => {
    const { page } = await browser.open('/ui/stories/mail');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('There is no such story');
  });

  it('an ending that a strategy does not have', async () => {
    const { page } = await browser.open('/ui/stories/S01?strategy=refuse&verdict=deadlock');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('S01 has no such ending under refuse');
  });

  it('a token that may only read can read the story, and is told why it cannot begin', async () => {
    const { readOnly } = await browser.tenant('reading');
    const { page } = await browser.open('/ui/stories/S01', { token: readOnly });
    const button = page.getByRole('button', { name: 'Begin' });
    await button.waitFor();
    await page.getByText('A device driver G wants pages 0 and 1 of a file.').waitFor();
    await expect.poll(() => button.getAttribute('title')).toContain('Your token may only read');
    await page.keyboard.press(' ');
    await page.getByText('Your token may only read (scope read).').waitFor();
    await looksWell(page, 'story-opening');
  });
});
