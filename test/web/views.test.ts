// Every view of web/views: what axe finds in both schemes, and whether it fits its window.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ViewName } from '../../web/views/names.ts';
import { axeFindings, picture, TestBrowser } from './browser.ts';
import { overflow } from './overflow.ts';

/** Where each view is, and a text that it shows when it has read what it needs. */
const views: Record<ViewName, { path: string; shows: string | RegExp }> = {
  home: { path: '/ui/', shows: '1 operation waits in 1 filesystem' },
  machine: { path: '/ui/fs/full', shows: 'op_' },
  device: { path: '/ui/fs/full/device', shows: '256 pages' },
  file: { path: '/ui/fs/full/file', shows: 'i_size' },
  waits: { path: '/ui/fs/full/waits', shows: 'truncate' },
  graph: { path: '/ui/fs/full/graph', shows: 'op_' },
  timeline: { path: '/ui/fs/full/timeline', shows: 'op_' },
  stepper: { path: '/ui/fs/stepped/stepper', shows: 'Step' },
  compare: { path: '/ui/fs/full/compare', shows: 'wait-for-refs' },
  events: { path: '/ui/fs/full/events', shows: 'allocated' },
  stories: { path: '/ui/stories', shows: 'The deadlock of the mail' },
  story: { path: '/ui/stories/S03', shows: 'A pin inside the range' },
  labs: { path: '/ui/labs', shows: 'gup-two-pages' },
  lab: { path: '/ui/labs/lab_1', shows: 'What each strategy costs' },
  server: { path: '/ui/server', shows: 'All filesystems run.' },
  unknown: { path: '/ui/none/such', shows: 'There is no such view' },
};

const owner = '<img src=x onerror=alert(1)>';
const longName = 'n'.repeat(255);

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
  const fs = '/v1/filesystems/full';
  const strategy = { name: 'break-layouts', idleRule: 'fixed' };
  await browser.must(201, 'POST', '/v1/filesystems', {
    name: 'full',
    sizeBytes: 1 << 20,
    strategy,
  });
  for (const name of ['a', longName]) await browser.must(201, 'POST', `${fs}/files`, { name });
  const range = { offset: 0, length: 65_536 };
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, range);
  const mapping = { ...range, access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, mapping);
  const pin = { offset: 0, length: 8192, access: 'write', owner };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
  const truncate = { sizeBytes: 0, owner: 'db', timeoutMs: 3_600_000 };
  await browser.must(202, 'POST', `${fs}/files/a/truncate`, truncate);
  await browser.must(201, 'POST', '/v1/filesystems', { name: 'stepped', story: 'S01' });
  await browser.must(202, 'POST', '/v1/labs', { preset: 'gup-two-pages', seeds: 2 });
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

/** The view with all that it has to show. */
async function open(name: ViewName, options: Parameters<TestBrowser['open']>[1] = {}) {
  const { path, shows } = views[name];
  const { page } = await browser.open(path, options);
  await page.getByRole('main').getByText(shows).filter({ visible: true }).first().waitFor();
  return page;
}

describe.each(Object.keys(views) as ViewName[])('the view %s', (name) => {
  it('has nothing that axe finds, in light and in dark', async () => {
    const page = await open(name, { colorScheme: 'light' });
    expect(await axeFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.locator('img').count()).toBe(0);
  });

  it.each([
    [1280, 800],
    [1024, 768],
    [400, 800],
  ])('fits a window of %i × %i', async (width, height) => {
    const page = await open(name, { viewport: { width, height } });
    await picture(page, `view-${name}-${width}`);
    expect(await overflow(page)).toBe('none');
  });
});
