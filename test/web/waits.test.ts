// Waits: is anybody stuck, who holds it, since when, what would end it.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';
import { deadlocked, hostile, pinned, queued, removeAll, truncated } from './waiting.ts';

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
  (await browser.open(`/ui/fs/${name}/waits${query}`)).page;
const sentence = (page: Page) => page.locator('.stuck').innerText();

async function looks(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
}

describe('nobody waits', () => {
  it('is said, and a button makes somebody wait under a strategy that sleeps', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'calm', sizeBytes: 1 << 20 });
    const page = await open('calm');
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
    await looks(page, 'waits-empty');
    await page.getByRole('button', { name: 'Pin a page, then truncate' }).click();
    // In the first millisecond it only waits, and nothing is said about how long.
    await expect
      .poll(() => sentence(page))
      .toMatch(
        /^op_\d+ \(truncate by T\) has waited .* for page \d+ of pinned-1, which nic has held by pin_1 for /,
      );
    await page.getByRole('button', { name: 'Unpin pin_1' }).first().click();
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
    await page.getByText('Created pinned-1, let nic pin its page').waitFor();
  });

  it.each([
    ['refuse', 'Under refuse it does not wait: the truncate fails with EBUSY.'],
    ['none', 'Under none it does not wait: the truncate is done while the page is pinned.'],
    ['busy-extents', 'Under busy-extents it does not wait'],
  ])('under %s the button says why nobody waits', async (strategy, said) => {
    const made = { name: 'calm', sizeBytes: 1 << 20, strategy: { name: strategy } };
    await browser.must(201, 'POST', '/v1/filesystems', made);
    const page = await open('calm');
    await page.getByRole('button', { name: 'Pin a page, then truncate' }).click();
    await page.getByText(said).waitFor();
  });

  it('works on a stepped filesystem too', async () => {
    const made = { name: 'calm', sizeBytes: 1 << 20, scheduler: 'stepped', clock: 'manual' };
    await browser.must(201, 'POST', '/v1/filesystems', made);
    const page = await open('calm');
    await page.getByRole('button', { name: 'Pin a page, then truncate' }).click();
    // Its clock stands still.
    await page.getByText('which nic holds by pin_1').waitFor();
  });
});

describe('somebody waits', () => {
  it('says who holds it and what ends it; a click on Unpin wakes the sleeper', async () => {
    await pinned(browser, 'stuck', 'nic');
    const id = await truncated(browser, 'stuck', hostile);
    const page = await open('stuck');
    await page.getByText('Unpinning pin_1 ends it.').waitFor();
    expect(await sentence(page)).toContain(`${id} (truncate by ${hostile}) has waited`);
    expect(await sentence(page)).toContain('for page 2 of a, which nic has held by pin_1 for');
    const row = page.getByRole('row', { name: new RegExp(id) });
    expect((await row.innerText()).replace(/\s+/g, ' ')).toMatch(
      /truncate by <img src=x onerror=alert\(1\)>/,
    );
    await page.getByRole('button', { name: 'Unpin pin_1' }).first().click();
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
    await page.goto(`${browser.origin}/ui/fs/stuck/timeline`);
    await page.getByText('The same as a table').click();
    await page.getByRole('row', { name: new RegExp(`${id}.*S page 2.*ended.*✓`) }).waitFor();
  });

  it('opens a row to what would end it, the path and the other strategies', async () => {
    await pinned(browser, 'stuck', 'nic');
    const id = await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await page.getByRole('button', { name: `Explain ${id}` }).click();
    expect(new URL(page.url()).searchParams.get('open')).toBe(id);
    await page.getByText('The path it took so far').waitFor();
    const steps = await page.locator('.steps-taken').innerText();
    expect(steps).toContain('begins by T');
    expect(steps).toContain('sleeps on page 2, state S');
    const other = (name: string) => page.locator('.others').getByRole('row', { name });
    expect(await other('refuse').innerText()).toContain('fail with EBUSY');
    expect(await other('none').innerText()).toContain('be done, and free the page under the pin');
    await looks(page, 'waits-open');
    await page.reload();
    await page.getByText('The path it took so far').waitFor();
    await page.getByRole('button', { name: `Cancel ${id}` }).click();
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
  });

  it('does several releases in their order, after it has asked', async () => {
    await pinned(browser, 'stuck', 'nic');
    const second = { offset: 4096, length: 4096, access: 'write', owner: 'gpu' };
    await browser.must(201, 'POST', '/v1/filesystems/stuck/mappings/map_1/pins', second);
    await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await expect
      .poll(() => sentence(page))
      .toContain('2 releases in this order end it: pin_1, pin_2.');
    await page.getByRole('button', { name: 'Do all 2 in order' }).first().click();
    const asked = page.getByRole('dialog', { name: 'Do all 2 in this order?' });
    expect(await asked.innerText()).toContain('Unpin pin_1, Unpin pin_2');
    await asked.getByRole('button', { name: 'Do all 2' }).click();
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
  });

  it('releases by the key U', async () => {
    await pinned(browser, 'stuck', 'nic');
    await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await page.getByText('Unpinning pin_1 ends it.').waitFor();
    await page.keyboard.press('u');
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
  });

  it('calls a deadlock one, and a signal ends it', async () => {
    await deadlocked(browser, 'ring');
    const page = await open('ring');
    await page.getByText('A signal to op_6 ends it.').waitFor();
    expect(await sentence(page)).toContain(
      'pin_1 belongs to op_8 (pin by G), which waits for invalidate_lock of a, which op_6 ' +
        '(punch-hole by T) holds exclusive. This is a deadlock.',
    );
  });

  it('lists a bounded part of many, the oldest first', async () => {
    await pinned(browser, 'stuck', 'nic');
    const id = await truncated(browser, 'stuck', 'T');
    await queued(browser, 'stuck', 120);
    const page = await open('stuck');
    await page.getByText('71 more wait, for a shorter time.').waitFor();
    const first = page.locator('.waits tbody tr').first();
    // The rows are there before the graph that counts who is behind.
    const row = async () => (await first.innerText()).replace(/\s+/g, ' ');
    await expect.poll(row, { timeout: 60_000 }).toMatch(new RegExp(`${id} .* 120$`));
    await page.getByRole('button', { name: 'Show 50 more' }).click();
    await page.getByText('21 more wait, for a shorter time.').waitFor();
  });
});

describe('what goes wrong', () => {
  it('is said: an unpin that came too late', async () => {
    await pinned(browser, 'stuck', 'nic');
    await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    await page.getByText('Unpinning pin_1 ends it.').waitFor();
    await page.route('**/pins/pin_1', (route) =>
      route.fulfill({
        status: 404,
        contentType: 'application/problem+json',
        body: JSON.stringify({ title: 'gone', status: 404, detail: 'There is no such pin.' }),
      }),
    );
    await page.getByRole('button', { name: 'Unpin pin_1' }).first().click();
    await page.getByText('There is no such pin.').waitFor();
  });
});
