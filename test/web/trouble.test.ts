// Where something does not go as the page expects: refusals, answers that fail once, code of the
// page that is gone, a clock that stands still.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../http/start.ts';
import { TestBrowser } from './browser.ts';
import { deadlocked, pinned, removeAll, truncated } from './waiting.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach(async (context) => {
  await browser.closeWindows(context);
  await removeAll(browser);
});
afterAll(() => browser.close());

const refuse = (page: Page, url: string, status: number, detail: string) =>
  page.route(url, (route) =>
    route.fulfill({
      status,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'no', status, detail }),
    }),
  );

describe('an answer that fails', () => {
  it.each(['waits', 'graph', 'timeline'])(
    'is asked for again in %s, without an event',
    async (view) => {
      await pinned(browser, 'stuck', 'nic');
      const id = await truncated(browser, 'stuck', 'T');
      const { page } = await browser.open('/ui/');
      const answers = /\/(wait-graph|explain|events\?from=.*)$/;
      const busy = 'The server is too busy.';
      await page.route(answers, (route) =>
        route.fulfill({
          status: 503,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'no', status: 503, detail: busy }),
        }),
      );
      await page.goto(`${browser.origin}/ui/fs/stuck/${view}`);
      await page.getByText(busy).first().waitFor();
      await page.unroute(answers);
      await page.getByText(busy).first().waitFor({ state: 'detached' });
      await page.getByRole('main').getByText(id).filter({ visible: true }).first().waitFor();
    },
  );

  it('a strategy that is refused is not shown as the one in force', async () => {
    await pinned(browser, 'stuck', 'nic');
    const { page } = await browser.open('/ui/fs/stuck');
    const strategy = page.getByRole('combobox', { name: 'Strategy' });
    await expect.poll(() => strategy.isEnabled()).toBe(true);
    const before = await strategy.inputValue();
    await refuse(page, '**/strategy', 409, 'Not while somebody waits.');
    await strategy.selectOption('wait-for-refs');
    await page.getByText('Not while somebody waits.').waitFor();
    await expect.poll(() => strategy.inputValue()).toBe(before);
  });
});

describe('code of the page that the server no longer has', () => {
  it.each([
    ['Graph', '**/ui/assets/graph-*.js'],
    ['Graph', '**/ui/assets/dagre*.js'],
    ['Timeline', '**/ui/assets/timeline-*.js'],
  ])('offers to reload, in %s without %s', async (name, url) => {
    await pinned(browser, 'stuck', 'nic');
    await truncated(browser, 'stuck', 'T');
    const { page } = await browser.open('/ui/fs/stuck/file');
    await page.getByText('● live').waitFor();
    await page.route(url, (route) => route.fulfill({ status: 404, body: '' }));
    await page.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    const reload = page.getByRole('button', { name: 'Reload the page' });
    await reload.waitFor();
    await page.unroute(url);
    await reload.click();
    await page.getByRole('main').getByText('op_').filter({ visible: true }).first().waitFor();
  });
});

describe('a manual clock', () => {
  /** A read that queues in state D behind a truncate, which sleeps on the page of pin_1. */
  async function queuedBehind(fs: string): Promise<string> {
    const at = `/v1/filesystems/${fs}`;
    await browser.must(201, 'POST', '/v1/filesystems', {
      name: fs,
      sizeBytes: 1 << 20,
      clock: 'manual',
    });
    await browser.must(201, 'POST', `${at}/files`, { name: 'a' });
    const range = { offset: 0, length: 4096 };
    await browser.must(200, 'POST', `${at}/files/a/allocate`, range);
    await browser.must(201, 'POST', `${at}/files/a/mappings`, { ...range, access: 'read-write' });
    const pin = { ...range, access: 'write', owner: 'nic' };
    await browser.must(201, 'POST', `${at}/mappings/map_1/pins`, pin);
    const id = await truncated(browser, fs, 'T');
    const headers = { prefer: 'respond-async, wait=0' };
    const punch = { json: range, headers };
    const { status } = await call(browser.service, 'POST', `${at}/files/a/punch-hole`, punch);
    expect(status).toBe(202);
    return id;
  }

  it('that stands still says nothing about how long', async () => {
    const id = await queuedBehind('still');
    const { page } = await browser.open('/ui/fs/still/waits');
    await page.getByText('Unpinning pin_1 ends it.').waitFor();
    const sentence = (await page.locator('.stuck').innerText()).replace(/\s+/g, ' ');
    expect(sentence).toContain(
      `${id} (truncate by T) waits for page 2 of a, which nic holds by pin_1.`,
    );
    expect(sentence).not.toContain('0 ms');
  });

  it('that moves on by two minutes marks who hangs in state D', async () => {
    await queuedBehind('hung');
    const { page } = await browser.open('/ui/fs/hung/waits');
    await page.getByText('2 operations waiting').first().waitFor();
    expect(await page.locator('.hung').count()).toBe(0);
    await browser.must(200, 'POST', '/v1/filesystems/hung/clock/advance', { ms: 121_000 });
    await page.locator('.hung').getByText('hung').waitFor();
    expect(await page.locator('.hung').count()).toBe(1);
    expect(await page.locator('.stuck').innerText()).toMatch(/has waited 2 min 1 s/);
  });
});

describe('two deadlocks', () => {
  it('are counted in the banner, and each can be chosen and shared by its address', async () => {
    await deadlocked(browser, 'ring');
    const { page } = await browser.open('/ui/');
    const other = (text: string) => text.replaceAll('op_6', 'op_60').replaceAll('op_8', 'op_80');
    await page.route('**/wait-graph', async (route) => {
      const graph = await (await route.fetch()).json();
      const [cycle] = graph.cycles;
      if (cycle !== undefined) graph.cycles.push(JSON.parse(other(JSON.stringify(cycle))));
      await route.fulfill({ json: graph });
    });
    await page.goto(`${browser.origin}/ui/fs/ring/graph`);
    await page.getByRole('alert').getByText('There is 1 more.').waitFor();
    await page.getByRole('heading', { name: 'Deadlock 1 of 2' }).waitFor();
    await page.getByRole('button', { name: 'Deadlock 2' }).click();
    const second = page.getByRole('region', { name: 'Deadlock' }).getByText('op_60').first();
    await second.waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Deadlock 2 of 2' }).waitFor();
    await second.waitFor();
  });
});

describe('a server that asks for no token', () => {
  it('offers to sign in only beside the tokens of its tenants', async () => {
    const { page } = await browser.open('/ui/');
    const signIn = page.getByRole('button', { name: 'Sign in' });
    await page.getByText('● live').waitFor();
    expect(await signIn.count()).toBe(0);
    const { readOnly } = await browser.tenant('guests');
    await page.getByRole('link', { name: 'Server', exact: true }).click();
    await signIn.click();
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByLabel('Token').fill(readOnly);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('guests, read only').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('guests, read only').waitFor({ state: 'detached' });
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});
