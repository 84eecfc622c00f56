// The pictures of README and docs, made from the real page: PICTURES=1 npm run test:web -- pictures
// writes them into docs/pictures. Otherwise each that a document names must exist and be made here.
// Then run pngquant on them, because the package must stay below 3 MB.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { TestBrowser } from './browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'docs/pictures');

/** Each makes what it shows, and gives back the page when a person can read it. */
const pictures: Record<string, (browser: TestBrowser) => Promise<Page>> = {
  async machine(browser) {
    await deadlock(browser);
    const { page } = await browser.open('/ui/fs/scratch');
    await page.getByText('● live').waitFor();
    await page
      .getByRole('alert')
      .filter({ hasText: /deadlock/i })
      .waitFor();
    await page.locator('.machine-waits [data-thing="op_5"]').first().waitFor();
    await page.locator('.machine-time .plot .lane').first().waitFor();
    return page;
  },
  async home(browser) {
    await deadlock(browser);
    const idle = { name: 'demo', sizeBytes: 64 << 20, kind: 'ext4' };
    await browser.must(201, 'POST', '/v1/filesystems', idle);
    const { page } = await browser.open('/ui/');
    await page.getByText('1 operation waits in 1 filesystem').waitFor();
    return page;
  },
  async lecture(browser) {
    const { page } = await browser.open('/ui/stories/S01', {
      viewport: { width: 1200, height: 720 },
    });
    await page.getByRole('button', { name: 'Begin' }).click();
    for (let made = 0; made <= 16; made += 1) {
      if (made > 0) await page.getByRole('button', { name: /Next →|Show what happens/ }).click();
      await page.getByText(`${made} / 16`, { exact: true }).waitFor();
    }
    await page
      .getByRole('alert')
      .filter({ hasText: /deadlock/i })
      .waitFor();
    await page.locator('.machine-side .drawing .in-cycle').first().waitFor();
    return page;
  },
  async compare(browser) {
    const { page } = await browser.open('/ui/stories/S03/compare');
    await page.getByRole('columnheader', { name: 'none' }).waitFor();
    return page;
  },
};

/** One thread truncates a file of which it has pinned a page itself; its clock stands still. */
async function deadlock(browser: TestBrowser): Promise<void> {
  const fs = '/v1/filesystems/scratch';
  const strategy = { name: 'break-layouts', idleRule: 'fixed' };
  const clock = 'manual';
  const json = { name: 'scratch', sizeBytes: 1 << 20, strategy, clock };
  await browser.must(201, 'POST', '/v1/filesystems', json);
  await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
  const range = { offset: 0, length: 65_536 };
  await browser.must(200, 'POST', `${fs}/files/a/allocate`, range);
  const mapping = { ...range, access: 'read-write' };
  await browser.must(201, 'POST', `${fs}/files/a/mappings`, mapping);
  const pin = { offset: 0, length: 8192, access: 'write', owner: 'driver' };
  await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
  const truncate = { sizeBytes: 0, owner: 'driver', timeoutMs: 3_600_000 };
  await browser.must(202, 'POST', `${fs}/files/a/truncate`, truncate);
}

/** Names of pictures in the documents. */
function namedInDocs(): string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.md'),
  );
  const texts = [join(root, 'README.md'), ...docs.map((name) => join(root, 'docs', name))];
  return texts.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/pictures\/([\w-]+)\.png/g)].map(
      ([, name = '']) => name,
    ),
  );
}

it('are there for every name in a document, and are made by this test', () => {
  const named = namedInDocs();
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) {
    expect(Object.keys(pictures)).toContain(name);
    expect(existsSync(join(folder, `${name}.png`)), name).toBe(true);
  }
});

it.for(Object.keys(pictures))('%s can be made', async (name, context) => {
  const browser = await TestBrowser.launch();
  try {
    const page = await pictures[name]?.(browser);
    const wanted = process.env.PICTURES !== undefined;
    if (wanted) mkdirSync(folder, { recursive: true });
    const path = wanted ? join(folder, `${name}.png`) : `test-artifacts/picture-${name}.png`;
    await page?.screenshot({ path, animations: 'disabled' });
    await browser.closeWindows(context);
  } finally {
    await browser.close();
  }
});
