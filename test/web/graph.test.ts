// Graph: who waits for whom, and every deadlock in a sentence and in columns.
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

const open = async (name: string, options = {}) =>
  (await browser.open(`/ui/fs/${name}/graph`, options)).page;

async function looks(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
}

describe('the wait graph', () => {
  it('says what to do when nobody waits', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', { name: 'calm', sizeBytes: 1 << 20 });
    const page = await open('calm');
    await page.getByRole('heading', { name: 'Nobody waits' }).waitFor();
    await looks(page, 'graph-empty');
    await page.getByRole('link', { name: 'Pin a page and truncate its file' }).click();
    await page.getByRole('button', { name: 'Pin a page, then truncate' }).waitFor();
  });

  it('shows S01 at its deadlock: the sentence, and what each holds and wants in order', async () => {
    await deadlocked(browser, 'ring');
    const page = await open('ring');
    const deadlock = page.getByRole('region', { name: 'Deadlock' });
    await deadlock.waitFor();
    expect(await deadlock.locator('p').innerText()).toBe(
      'op_6 (punch-hole by T) waits for page 2 of a. op_8 (pin by G) holds it by pin_1, and waits ' +
        'for invalidate_lock of a. op_6 holds it exclusive. Neither of the two can go on, because ' +
        'each waits for what the next one holds.',
    );
    const rows = await deadlock.locator('tr').allInnerTexts();
    expect(rows.map((row) => row.replace(/\s+/g, ' ').trim())).toEqual([
      'op_8 pin by G op_6 punch-hole by T',
      'holds page 2 = a[0] pin_1',
      'holds invalidate_lock of a exclusive',
      'wants page 2 = a[0]',
      'wants invalidate_lock of a shared',
    ]);
    const node = page.getByRole('button', { name: 'op_8 · D pin by G' });
    await node.click();
    expect(new URL(page.url()).searchParams.get('select')).toBe('op_8');
    await looks(page, 'graph-deadlock');
    const signal = '/v1/filesystems/ring/operations/op_6/cancel';
    await browser.must(200, 'POST', signal, { restart: false });
    await deadlock.waitFor({ state: 'detached' });
  });

  it('keeps names as text, is a table too, and is copied as DOT, Mermaid and SVG', async () => {
    await pinned(browser, 'stuck', hostile);
    const id = await truncated(browser, 'stuck', 'T');
    const page = await open('stuck', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: `${id} · S truncate by T` }).waitFor();
    await page.getByRole('button', { name: '● pin_1 <img src=x onerror=…' }).waitFor();
    await page.getByText('The same as a table: 2 edges').click();
    const row = page.getByRole('row').filter({ hasText: 'is pinned by' });
    expect(await row.innerText()).toContain(`is pinned by ${hostile}`);
    const copied = async (what: string) => {
      await page.getByRole('button', { name: `Copy ${what}` }).click();
      await page.getByText(`${what} copied.`).waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    expect(await copied('DOT')).toContain('digraph');
    expect(await copied('Mermaid')).toMatch(/^(flowchart|graph) LR/m);
    const svg = await copied('SVG');
    expect(svg).toMatch(/^<svg [^>]*xmlns=/);
    expect(svg).toContain(`${id} · S`);
  });

  it('is walked through and selected by keyboard', async () => {
    await pinned(browser, 'stuck', 'nic');
    const id = await truncated(browser, 'stuck', 'T');
    const page = await open('stuck');
    const node = page.getByRole('button', { name: `${id} · S truncate by T` });
    await node.focus();
    await page.keyboard.press('Space');
    expect(new URL(page.url()).searchParams.get('select')).toBe(id);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/select=page%3A2/);
  });

  it('draws 200 waiters as a few and a count, and all of them on a click', async () => {
    await pinned(browser, 'stuck', 'nic');
    await truncated(browser, 'stuck', 'T');
    await queued(browser, 'stuck', 200);
    const page = await open('stuck');
    await page.getByText('201 operations, no deadlock').waitFor();
    const more = page.getByRole('button', { name: '195 more wait' });
    await more.waitFor();
    await looks(page, 'graph-many');
    const nodes = page.locator('.node-operation');
    expect(await nodes.count()).toBe(6);
    const begun = Date.now();
    await more.click();
    await expect.poll(() => nodes.count()).toBe(201);
    console.log(`200 sleepers drawn in ${Date.now() - begun} ms`);
  });

  it('says why it cannot be read', async () => {
    await pinned(browser, 'stuck', 'nic');
    const { page } = await browser.open('/ui/');
    const problem = { title: 'no', status: 503, detail: 'The server is too busy to answer.' };
    await page.route('**/wait-graph', (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify(problem),
      }),
    );
    await page.goto(`${browser.origin}/ui/fs/stuck/graph`);
    await page.getByText(problem.detail).first().waitFor();
  });
});
