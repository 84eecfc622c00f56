// The server is killed, started again, or gone for a while, under a page that stays open.
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Windows } from './browser.ts';
import { ServerProcess } from './server-process.ts';
import { Traffic } from './traffic.ts';

const fs = '/v1/filesystems/scratch';
const kept = ['--ring-events-max', '1000'];
let server: ServerProcess;
let windows: Windows;

beforeEach(async () => {
  server = new ServerProcess();
});
afterEach(async (context) => {
  await windows.closeWindows(context);
  await windows.close();
  await server.close();
});

/** A file of 16 pages, mapped, on a clock that stands still, so that nothing ages. */
async function begin(...flags: string[]): Promise<void> {
  await server.start(...flags);
  const json = { name: 'scratch', sizeBytes: 1 << 20, clock: 'manual' };
  await server.call('POST', '/v1/filesystems', json);
  await server.call('POST', `${fs}/files`, { name: 'a' });
  const range = { offset: 0, length: 65_536 };
  await server.call('POST', `${fs}/files/a/allocate`, range);
  await server.call('POST', `${fs}/files/a/mappings`, { ...range, access: 'read-write' });
  windows = await Windows.over(server.origin);
}

/** Every event that the server has, by its number. */
async function eventsOfServer(): Promise<number[]> {
  const response = await fetch(`${server.origin}${fs}/events`, {
    headers: { accept: 'application/x-ndjson' },
  });
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => (JSON.parse(line) as { events?: { seq: number }[] }).events ?? [])
    .map(({ seq }) => seq);
}

/** The numbers of the rows, as somebody finds them who scrolls from the first to the last. */
const eventsOnPage = (page: Page): Promise<number[]> =>
  page.evaluate(`(async () => {
    const list = document.querySelector('.virtual');
    const seen = [];
    for (let top = 0; top < list.scrollHeight; top += list.clientHeight) {
      list.scrollTop = top;
      await new Promise((then) => requestAnimationFrame(() => setTimeout(then)));
      for (const row of list.querySelectorAll('[data-seq]')) {
        const seq = Number(row.dataset.seq);
        if (!(seq <= seen.at(-1))) seen.push(seq);
      }
      const shown = [...list.querySelectorAll('[data-seq]')].map((row) => Number(row.dataset.seq));
      if (shown.some((seq, at) => at > 0 && seq <= shown[at - 1])) throw new Error('out of order: ' + shown);
    }
    return seen;
  })()`);

const list = (page: Page) => page.getByRole('region', { name: 'Events, the newest last' });
const live = (page: Page) => page.getByText('● live').waitFor();

describe('a server that is killed and started again under load', () => {
  it('loses no event of the list, and none comes twice', async () => {
    await begin();
    const { page } = await windows.open('/ui/fs/scratch/events');
    await live(page);
    // The list begins with what happened before.
    await list(page).locator('[data-seq="1"]').waitFor();
    const traffic = new Traffic(`${server.origin}${fs}`, 16);
    await expect.poll(() => traffic.rounds).toBeGreaterThan(200);
    await server.stop('SIGKILL');
    await page.getByText('○ no server for').waitFor();
    await server.start();
    await live(page);
    const before = traffic.rounds;
    await expect.poll(() => traffic.rounds).toBeGreaterThan(before + 200);
    await traffic.stop();
    await server.call('POST', `${fs}/files`, { name: 'the-end' });
    await list(page).getByText('the-end').waitFor();
    const all = await eventsOfServer();
    expect(await eventsOnPage(page)).toEqual(all);
    // Each of the 400 rounds at least pins and unpins.
    expect(all.length).toBeGreaterThan(800);
    // A person who opens the page now sees the same machine.
    await page.getByRole('link', { name: 'Machine' }).click();
    const fresh = await windows.open('/ui/fs/scratch');
    await live(fresh.page);
    const machine = async (of: Page) =>
      (await of.locator('.machine-memory, .machine-waits').allInnerTexts()).join('\n');
    await expect.poll(async () => (await machine(fresh.page)).includes('pages')).toBe(true);
    await expect.poll(() => machine(page)).toBe(await machine(fresh.page));
  });
});

describe('a server that is gone for a while', () => {
  it('leaves the last state in grey with the time since, and comes back', async () => {
    await begin();
    await server.call('POST', `${fs}/mappings/map_1/pins`, {
      offset: 0,
      length: 4096,
      access: 'write',
      owner: 'nic',
    });
    const { page } = await windows.open('/ui/fs/scratch/waits');
    const home = await windows.open('/ui/');
    await live(page);
    await home.page.getByRole('link', { name: 'scratch' }).waitFor();
    await server.stop('SIGTERM');
    for (const { page: of } of [{ page }, home]) {
      await of.getByText(/no server for [\d.]+ s, reconnecting/).waitFor();
      const filter = await of.evaluate("getComputedStyle(document.querySelector('.stale')).filter");
      expect(filter).toBe('grayscale(1)');
    }
    await home.page.getByRole('link', { name: 'scratch' }).waitFor();
    await server.start();
    await live(page);
    await live(home.page);
    expect(await page.locator('.stale').count()).toBe(0);
    await server.call('POST', '/v1/filesystems', { name: 'later', sizeBytes: 1 << 20 });
    await home.page.getByRole('link', { name: 'later' }).waitFor();
  });

  it('does not forget how long somebody has waited, in Waits, Graph and Timeline', async () => {
    await server.start();
    const json = { name: 'scratch', sizeBytes: 1 << 20 };
    await server.call('POST', '/v1/filesystems', json);
    await server.call('POST', `${fs}/files`, { name: 'a' });
    const range = { offset: 0, length: 4096 };
    await server.call('POST', `${fs}/files/a/allocate`, range);
    await server.call('POST', `${fs}/files/a/mappings`, { ...range, access: 'read-write' });
    const pin = { ...range, access: 'write', owner: 'nic' };
    await server.call('POST', `${fs}/mappings/map_1/pins`, pin);
    await server.call('POST', `${fs}/files/a/truncate`, { sizeBytes: 0, owner: 'T' });
    windows = await Windows.over(server.origin);
    const pages: Page[] = [];
    for (const view of ['waits', 'graph', 'timeline']) {
      const { page } = await windows.open(`/ui/fs/scratch/${view}`);
      await live(page);
      await page.getByRole('main').getByText('op_5').filter({ visible: true }).first().waitFor();
      pages.push(page);
    }
    const waited = (page: Page) => page.getByText(/1 operation waiting, for [\d.]+ (s|min)/);
    for (const page of pages) await waited(page).waitFor();
    await server.stop('SIGTERM');
    for (const page of pages) {
      await page.getByText('○ no server for').waitFor();
      expect(await waited(page).count()).toBe(1);
      await page.getByRole('main').getByText('op_5').filter({ visible: true }).first().waitFor();
    }
    await server.start();
    for (const page of pages) await live(page);
    await server.call('DELETE', `${fs}/pins/pin_1`);
    for (const page of pages) await page.getByText('nobody waits', { exact: true }).waitFor();
  });

  it('tells which events are gone, and reads the state again', async () => {
    await begin(...kept);
    const { page } = await windows.open('/ui/fs/scratch/events');
    await live(page);
    const count = (await eventsOfServer()).length;
    await page.context().setOffline(true);
    await server.stop('SIGTERM');
    await page.getByText('○ no server for').waitFor();
    await server.start(...kept);
    await server.call('POST', `${fs}/files`, { name: 'made-meanwhile' });
    const traffic = new Traffic(`${server.origin}${fs}`, 4);
    await expect.poll(() => traffic.rounds).toBeGreaterThan(400);
    await traffic.stop();
    await page.context().setOffline(false);
    await live(page);
    await server.call('POST', `${fs}/files`, { name: 'the-end' });
    await list(page).getByText('the-end').waitFor();
    // The server drops more with each event, so the end of the hole is not known from outside.
    const lost = new RegExp(`Events ${count + 1}–[\\d,]+ are no longer kept`);
    await list(page).getByText(lost).waitFor();
    await page.getByRole('link', { name: /^File/ }).click();
    await page.getByText('made-meanwhile').first().waitFor();
  });
});
