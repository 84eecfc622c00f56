// Compare: the same commands under six strategies, side by side.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch({ compareCommandsMax: 40 });
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

const strategies = [
  'break-layouts',
  'busy-extents',
  'wait-for-refs',
  'detach-and-wait',
  'refuse',
  'none',
];

function firstOf(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const [first, second] = lines.filter((line) => line !== '' && line !== 'differs:');
  return first === '≠' ? `≠ ${second}` : (first ?? '');
}

/** The first line of each cell of the row, by strategy; `≠` where it is marked. */
async function row(page: Page, label: string): Promise<Record<string, string>> {
  const cells = page.getByRole('row', { name: label }).getByRole('cell');
  const texts = await cells.allInnerTexts();
  return Object.fromEntries(texts.map((text, at) => [strategies[at], firstOf(text)]));
}

describe('a story', () => {
  it('S03: who waits, who refuses, and who frees the block under the pin', async () => {
    const { page } = await browser.open('/ui/stories/S03/compare');
    await page.getByRole('heading', { name: 'S03 under each strategy' }).waitFor();
    await page.getByRole('columnheader', { name: 'break-layouts' }).waitFor();
    expect(await row(page, 'truncate of a by T')).toEqual({
      'break-layouts': '≠ ✓ done',
      'busy-extents': '✓ done',
      'wait-for-refs': '≠ ✓ done',
      'detach-and-wait': '✓ done',
      refuse: '≠ ✗ EBUSY',
      none: '✓ done',
    });
    expect(await row(page, 'Blocks held back, at most')).toEqual({
      'break-layouts': '0',
      'busy-extents': '≠ 3',
      'wait-for-refs': '0',
      'detach-and-wait': '≠ 3',
      refuse: '0',
      none: '0',
    });
    expect(await row(page, 'Freed under a pin')).toMatchObject({ none: '≠ 1', refuse: '0' });
    expect(Object.values(await row(page, 'Deadlocks'))).toEqual(strategies.map(() => '0'));
    const main = await page.locator('.main-difference').innerText();
    expect(main).toBe(
      'Under none, 1 block left the file under a pin. Under break-layouts and wait-for-refs an ' +
        'operation waits for a pin. Under busy-extents and detach-and-wait only the space waits.',
    );
    await looksWell(page, 'compare-S03');
  });

  it('S01: a deadlock under wait-for-refs only', async () => {
    const { page } = await browser.open('/ui/stories/S01/compare');
    await page.getByText('Under wait-for-refs it ends in a deadlock.').waitFor();
    expect(await row(page, 'Deadlocks')).toMatchObject({ 'wait-for-refs': '≠ 1', refuse: '0' });
    expect((await row(page, 'punch-hole of a by T'))['wait-for-refs']).toBe('≠ ∞ deadlock');
  });

  it('is six blocks on a narrow screen', async () => {
    const viewport = { width: 400, height: 800 };
    const { page } = await browser.open('/ui/stories/S03/compare', { viewport });
    await page.getByRole('region', { name: 'none', exact: true }).waitFor();
    for (const name of strategies) {
      const block = page.getByRole('region', { name, exact: true });
      expect(await block.innerText()).toContain('Freed under a pin');
    }
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(400);
    await looksWell(page, 'compare-narrow');
  });
});

describe('the past of a filesystem', () => {
  const fs = '/v1/filesystems/past';

  it('is empty at first', async () => {
    await browser.must(201, 'POST', '/v1/filesystems', {
      name: 'past',
      sizeBytes: 1 << 20,
      clock: 'manual',
      strategy: { name: 'break-layouts', idleRule: 'fixed' },
    });
    const { page } = await browser.open('/ui/fs/past/compare');
    await page.getByText('No command was given yet, so there is nothing to compare.').waitFor();
    await looksWell(page, 'compare-empty');
  });

  it('shows what the others would have done, and marks the strategy now', async () => {
    const range = { offset: 0, length: 8192 };
    await browser.must(201, 'POST', `${fs}/files`, { name: 'a' });
    await browser.must(200, 'POST', `${fs}/files/a/allocate`, range);
    await browser.must(201, 'POST', `${fs}/files/a/mappings`, { ...range, access: 'read-write' });
    const pin = { offset: 0, length: 4096, access: 'write', owner: 'nic' };
    await browser.must(201, 'POST', `${fs}/mappings/map_1/pins`, pin);
    await browser.must(202, 'POST', `${fs}/files/a/truncate`, { sizeBytes: 0, owner: 'db' });
    await browser.must(200, 'POST', `${fs}/clock/advance`, { ms: 1500 });
    await browser.must(200, 'DELETE', `${fs}/pins/pin_1`);
    const { page } = await browser.open('/ui/fs/past/compare');
    const inForce = page.getByRole('columnheader', { name: 'break-layouts (now)' });
    await inForce.waitFor();
    expect(await inForce.innerText()).toContain('idle rule fixed');
    const truncate = page.getByRole('row', { name: 'truncate of a by db' });
    const [now, busy] = await truncate.getByRole('cell').allInnerTexts();
    expect(now?.split(/\s*\n\s*/)).toEqual([
      '✓ done',
      'slept 1.5 s',
      'waited for pin_1 of nic, 1.5 s',
    ]);
    expect(busy?.replace(/\s+/g, ' ')).toMatch(/^≠ (differs: )?✓ done$/);
    expect(await row(page, 'Slept, all together')).toMatchObject({
      'break-layouts': '1.5 s',
      'busy-extents': '≠ 0 ms',
      refuse: '≠ 0 ms',
    });
    await looksWell(page, 'compare-past');
  });

  it('that is too long is refused in words, with a shorter one to try', async () => {
    for (let i = 0; i < 40; i += 1)
      await browser.must(200, 'POST', `${fs}/clock/advance`, { ms: 1 });
    const { page } = await browser.open('/ui/fs/past/compare');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toContain('The comparison has more than 40 commands');
    await page.getByRole('button', { name: 'Only the last 1000 events' }).waitFor();
    await looksWell(page, 'compare-refused');
  });
});
