// The lab on the page: a workload is chosen or written, runs, and its result is read.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { reportOf, reportTemplate } from '../../src/cli/lib/lab-report.ts';
import { rowsOf } from '../../src/lab/table.ts';
import { picture, TestBrowser } from './browser.ts';
import { hostile } from './waiting.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

const workload = (durationMs = 300, about = ''): string => `name: own
about: '${about}'
filesystem: { sizeBytes: 4Mi, files: { a: 64Ki } }
durationMs: ${durationMs}
actors:
  nic:
    loop:
      - pin: { file: a, pages: 4, access: write }
      - hold: { exponential: 5 }
      - unpin
      - think: { exponential: 5 }
  puncher: { loop: [ { punch-hole: { file: a, pages: 4 } }, { think: 10 } ] }
`;

const openForm = async (options: Parameters<TestBrowser['open']>[1] = {}) => {
  const opened = await browser.open('/ui/labs', options);
  await opened.page.locator('option[value="gup-two-pages"]').waitFor({ state: 'attached' });
  return opened;
};
const editor = (page: Page) => page.getByLabel('Workload, as YAML or JSON');
const run = (page: Page) => page.getByRole('button', { name: 'Run', exact: true });
const idIn = (page: Page): string => /labs\/(lab_[^?]+)/.exec(page.url())?.[1] ?? '?';

async function runWith(page: Page, seeds: number): Promise<string> {
  await page.getByLabel('Seeds').fill(String(seeds));
  await run(page).click();
  await page.waitForURL(/labs\/lab_/);
  return idIn(page);
}

const resultOf = async (lab: string) =>
  (await browser.must(200, 'GET', `/v1/labs/${lab}`)).json.result;

it('runs a preset, shows the figures of the result, and opens the moment before a deadlock', async () => {
  const { page } = await openForm();
  await page.getByLabel('Preset').selectOption('gup-two-pages');
  await expect.poll(() => editor(page).inputValue()).toContain('name: gup-two-pages');
  for (const name of ['busy-extents', 'detach-and-wait', 'refuse', 'none'])
    await page.getByLabel(name, { exact: true }).uncheck();
  const lab = await runWith(page, 2);
  await page.getByRole('heading', { name: 'What each strategy costs' }).waitFor();
  const result = await resultOf(lab);
  expect(result.strategies.map(({ strategy }: { strategy: string }) => strategy)).toEqual([
    'break-layouts',
    'wait-for-refs',
  ]);
  const row = page.locator('.lab-table').first().locator('tbody tr').nth(1);
  const cells = rowsOf(result.strategies)[1]?.cells.map(({ text, spread }) => text + spread);
  expect(await row.locator('td').evaluateAll((all) => all.map((td) => td.textContent))).toEqual(
    cells,
  );
  await page.locator('.lab-canvas canvas').first().waitFor();
  await picture(page, 'lab-result');
  const deadlock = page.locator('.lab-findings tr', { hasText: 'deadlock' }).last();
  await deadlock.getByRole('button', { name: /^Open finding/ }).click();
  await page.waitForURL(/\/fs\/gup-two-pages-\d+\/stepper/);
  await page.getByText(/This is the moment before the deadlock/).waitFor();
  await page.getByRole('button', { name: 'a deadlock' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /deadlock/i })
    .first()
    .waitFor();
});

it('shows a mistake at its line, and goes there', async () => {
  const { page } = await openForm();
  await editor(page).fill(workload().replace('punch-hole', 'punch-hol'));
  await run(page).click();
  const mistake = page.getByRole('alert').filter({ hasText: 'did you mean "punch-hole"?' });
  await mistake.waitFor();
  expect(await page.locator('.workload-lines .wrong').innerText()).toContain('12');
  expect(await editor(page).getAttribute('aria-invalid')).toBe('true');
  await mistake.getByRole('button', { name: /^line 12, column/ }).click();
  const caret = await editor(page).evaluate((at) => {
    const { value, selectionStart } = at as HTMLTextAreaElement;
    return value.slice(selectionStart);
  });
  expect(caret).toMatch(/^\{? ?punch-hol/);
  await editor(page).fill(workload());
  await runWith(page, 1);
  await page.getByRole('heading', { name: 'What each strategy costs' }).waitFor();
});

it('shows a request that is wrong elsewhere as a problem', async () => {
  const { page } = await openForm();
  await editor(page).fill(workload());
  await page.getByLabel('Seeds').fill('5000');
  await run(page).click();
  await page.getByRole('alert').filter({ hasText: 'seeds' }).waitFor();
});

it('says how far a lab is, cancels it, and lists it', async () => {
  const { page } = await openForm();
  await editor(page).fill(workload(400_000));
  const lab = await runWith(page, 8);
  await page.getByText(/of 48 runs have ended|waits for other labs/).waitFor();
  await page.getByRole('button', { name: `Cancel ${lab}` }).click();
  await page.getByText('It was cancelled and has no result.').waitFor();
  await page.getByRole('link', { name: 'Labs' }).click();
  const row = page.locator('tr', { hasText: lab });
  await row.getByText('cancelled').waitFor();
  await row.getByRole('button', { name: `Remove ${lab}` }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await expect.poll(() => page.locator('tr', { hasText: lab }).count()).toBe(0);
});

it('hears of a lab that another client runs', async () => {
  const { page } = await openForm();
  await page.getByText('Earlier labs').waitFor();
  const { json } = await browser.must(202, 'POST', '/v1/labs', {
    workload: workload(),
    seeds: 1,
    strategies: ['refuse'],
  });
  await page.locator('tr', { hasText: json.id }).getByText(/^done/).waitFor();
});

it('keeps what is shown in its address, and downloads the report and the figures', async () => {
  const sweep = { 'actors.nic.loop.hold': [1, 20] };
  const asked = { workload: workload(300, hostile), seeds: 2, strategies: ['all'], sweep };
  const { json } = await browser.must(202, 'POST', '/v1/labs', asked);
  const { page } = await browser.open(`/ui/labs/${json.id}`);
  await page.getByRole('combobox', { name: 'Figure' }).selectOption('blockedShare');
  await page.getByRole('combobox', { name: /^Below/ }).selectOption('1');
  expect(new URL(page.url()).search).toBe('?figure=blockedShare&at=1');
  const copy = await browser.open(new URL(page.url()).pathname + new URL(page.url()).search);
  await copy.page.getByRole('heading', { name: /^others blocked against/ }).waitFor();
  expect(await copy.page.getByRole('combobox', { name: /^Below/ }).inputValue()).toBe('1');
  expect(await page.locator('img').count()).toBe(0);

  const download = async (name: string): Promise<string> => {
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ]);
    return readFileSync(await file.path(), 'utf8');
  };
  const result = await resultOf(json.id);
  expect(await download('Download report')).toBe(reportOf(reportTemplate(), result));
  const csv = await browser.must(200, 'GET', `/v1/labs/${json.id}/result.csv`);
  expect(await download('Download CSV')).toBe(csv.text);
});

it('says that there is no such lab', async () => {
  const { page } = await browser.open('/ui/labs/lab_999');
  await page.getByText('There is no lab lab_999').waitFor();
  await page.getByRole('link', { name: 'All labs' }).click();
  await page.getByRole('heading', { name: 'New lab' }).waitFor();
});

it('lets a token that may only read see everything and run nothing', async () => {
  const tenant = await browser.tenant('reads');
  const { page } = await openForm({ token: tenant.readOnly });
  await editor(page).fill(workload());
  await expect.poll(() => run(page).getAttribute('aria-disabled')).toBe('true');
  expect(await run(page).getAttribute('title')).toContain('scope read');
});

it('is used by keyboard alone', async () => {
  const { page } = await browser.open('/ui/');
  await page.getByRole('heading', { name: 'Filesystems' }).waitFor();
  await page.keyboard.press('l');
  await page.locator('option[value="direct-io"]').waitFor({ state: 'attached' });
  await page.getByLabel('Preset').focus();
  await page.keyboard.type('direct');
  await expect.poll(() => editor(page).inputValue()).toContain('name: direct-io');
  await page.getByLabel('Seeds').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('1');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/labs\/lab_/);
  await page.getByRole('heading', { name: 'What each strategy costs' }).waitFor();
});
