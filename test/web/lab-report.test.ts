// The report of a lab in HTML: one file that opens without a server or a network.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { reportOf, reportTemplate } from '../../src/cli/lib/lab-report.ts';
import type { LabResult } from '../../src/lab/result.ts';
import { rowsOf, tableColumns } from '../../src/lab/table.ts';
import { axeFindings, picture, Windows } from './browser.ts';
import { hostile, mappedResult, plainResult, sweptResult } from './lab-results.ts';
import { overflow } from './overflow.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-report-'));
let windows: Windows;
const results: Record<string, LabResult> = {};

beforeAll(async () => {
  Object.assign(results, {
    plain: await plainResult(),
    swept: await sweptResult(),
    mapped: await mappedResult(),
  });
  const template = reportTemplate();
  for (const [name, result] of Object.entries(results))
    writeFileSync(join(folder, `${name}.html`), reportOf(template, result));
  windows = await Windows.over(`file://${folder}`);
}, 300_000);
afterEach((context) => windows.closeWindows(context));
afterAll(() => windows.close());

/** With its charts drawn. */
async function open(name: string, options: Parameters<Windows['open']>[1] = {}) {
  const opened = await windows.open(`/${name}.html`, { offline: true, ...options });
  await opened.page.locator('.lab-chart').first().waitFor();
  for (const plot of await opened.page.locator('.lab-canvas').all())
    await plot.locator('canvas').waitFor();
  return opened;
}

/** The texts of the first table, by row. */
const tableOf = (page: Page): Promise<string[][]> =>
  page
    .locator('.lab-table')
    .first()
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
    );

/** How many pixels of a canvas have the colour of a token. */
const pixelsOf = (page: Page, token: string, chart = 0): Promise<number> =>
  page.evaluate(
    `(() => {
      const probe = document.body.appendChild(document.createElement('span'));
      probe.style.color = 'var(--${token})';
      const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
      probe.remove();
      const canvas = document.querySelectorAll('.lab-canvas canvas')[${chart}];
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255 && data[at] === r && data[at + 1] === g && data[at + 2] === b)
          found += 1;
      return found;
    })()`,
  );

it('asks for nothing but itself, and shows the figures of the result', async () => {
  const { page, urls } = await open('plain');
  expect(urls.filter((url) => !url.startsWith('data:'))).toEqual([`file://${folder}/plain.html`]);
  const result = results.plain as LabResult;
  const heads = await page.locator('.lab-table').first().locator('thead th').allInnerTexts();
  expect(heads).toEqual(['strategy', ...tableColumns]);
  const printed = rowsOf(result.strategies).map(({ strategy, cells }) => [
    strategy,
    ...cells.map(({ text, spread }) => `${text}${spread}`),
  ]);
  const shown = (await tableOf(page)).map(([head = '', ...cells]) => [
    head.replace(/(?:hang|deadlock|starvation|foreign write) in .*$/, ''),
    ...cells,
  ]);
  expect(shown).toEqual(printed);
  expect(await page.title()).toBe('small · Pinhole lab');
  await page.getByText(result.digest).waitFor();
  await page.getByText(hostile).first().waitFor();
  expect(await page.locator('img').count()).toBe(0);
});

it('draws the lines in the colours of the scheme', async () => {
  const { page } = await open('plain', { colorScheme: 'light' });
  const light = await pixelsOf(page, 'strategy-d');
  expect(light).toBeGreaterThan(100);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => pixelsOf(page, 'strategy-d')).toBeGreaterThan(100);
  expect(await pixelsOf(page, 'strategy-a', 1)).toBeGreaterThan(50);
  await picture(page, 'lab-report-dark');
});

it('is light on paper', async () => {
  const { page } = await open('plain', { colorScheme: 'dark' });
  await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
  await expect.poll(() => pixelsOf(page, 'strategy-d')).toBeGreaterThan(100);
  const ground = 'getComputedStyle(document.documentElement).backgroundColor';
  expect(await page.evaluate(ground)).toBe('rgb(255, 255, 255)');
  await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
  expect(await page.evaluate(ground)).not.toBe('rgb(255, 255, 255)');
});

it('has the table behind each chart, and says the values at the pointer', async () => {
  const { page } = await open('plain');
  const chart = page.getByRole('figure', { name: 'How long layout changes took' });
  await chart.getByText('as a table').click();
  const cells = await chart.locator('tbody tr').first().locator('td').allInnerTexts();
  const calls = Object.values(results.plain?.strategies[0]?.latency ?? {}).reduce(
    (sum, { ended, neverEnded }) =>
      sum + ended.count + Object.values(neverEnded).reduce((all, one) => all + one, 0),
    0,
  );
  expect(cells[0]).toBe(String(calls));
  await chart.locator('.u-over').hover({ position: { x: 5, y: 50 } });
  await expect.poll(() => chart.locator('.lab-readout').innerText()).toMatch(/busy-extents.*: 0/);
  const operation = page.getByRole('combobox', { name: 'Operation' });
  await operation.selectOption('truncate');
  await page.getByRole('heading', { name: 'How long truncate took' }).waitFor();
});

it('shows a sweep as lines of the figure that is chosen, and each of its points', async () => {
  const { page } = await open('swept');
  await page.getByRole('heading', { name: /^p99 against actors\.nic\.loop\.hold/ }).waitFor();
  await page.getByRole('combobox', { name: 'Figure' }).selectOption('blockedShare');
  await page.getByRole('heading', { name: /^others blocked against/ }).waitFor();
  await page
    .getByRole('combobox', { name: /^Below/ })
    .selectOption({ label: 'actors.nic.loop.hold.exponential = 100' });
  const wanted = rowsOf(results.swept?.points?.[2]?.strategies ?? [])[0]?.cells[0]?.text ?? '?';
  await expect.poll(async () => (await tableOf(page))[0]?.[1]).toContain(wanted);
});

it('shows two sweeps as a map, in which refuse wins once failures are allowed', async () => {
  const { page } = await open('mapped');
  const cell = page.locator('.lab-map tbody tr').nth(1).locator('td').nth(1);
  const letters = async () => (await cell.locator('b').innerText()).split(' = ');
  expect(await letters()).toContain('A');
  expect(await letters()).not.toContain('R');
  await page.getByLabel('calls fail').uncheck();
  await expect.poll(letters).toContain('R');
  await picture(page, 'lab-report-map');
});

it.each(['plain', 'swept', 'mapped'])('%s: axe finds nothing in either scheme', async (name) => {
  const { page } = await open(name, { colorScheme: 'light' });
  for (const twin of await page.getByText(/as a table|all \d+ figures|as JSON/).all())
    await twin.click();
  expect(await axeFindings(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await axeFindings(page)).toEqual([]);
});

it.each([1280, 400])('fits a window %i pixels wide', async (width) => {
  for (const name of Object.keys(results)) {
    const { page } = await open(name, { viewport: { width, height: 800 } });
    expect(await overflow(page)).toBe('none');
    await picture(page, `lab-report-${name}-${width}`);
  }
});
