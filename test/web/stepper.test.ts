// The Stepper: choosing who takes the next step, going back and forward, and running on.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../http/start.ts';
import { axeFindings, picture, TestBrowser } from './browser.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterEach((context) => browser.closeWindows(context));
afterAll(() => browser.close());

/** S01 with both calls made: G wants two pages, and T punches them. */
async function begun(name: string, strategy = 'wait-for-refs'): Promise<void> {
  await browser.must(201, 'POST', '/v1/filesystems', { name, story: 'S01', strategy });
  const range = { offset: 0, length: 8192 };
  const fs = `/v1/filesystems/${name}`;
  const pin = { ...range, access: 'write', owner: 'G' };
  await browser.must(202, 'POST', `${fs}/mappings/map_1/pins`, pin);
  await browser.must(202, 'POST', `${fs}/files/a/punch-hole`, { ...range, owner: 'T' });
}

const cells = (page: Page) =>
  page
    .getByRole('region', { name: 'Who can take the next step' })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).innerText.split(/\s*\n\s*|\t/)));

const lastStep = (page: Page) => page.getByRole('region', { name: 'The last step' });

async function looksWell(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
}

describe('the Stepper', () => {
  it('says who can take a step, on what, and where it leads', async () => {
    await begun('leads');
    const { page } = await browser.open('/ui/fs/leads/stepper');
    await page.getByRole('button', { name: 'Where does each lead?' }).click();
    await page
      .getByText(/Every order of the steps that can follow was tried: \d+ states/)
      .waitFor();
    const [first, second] = (await cells(page)).map((row) => row.join(' '));
    expect(first).toMatch(/^1 op_6 pin by G begin .* map_1 of a .*completes.*deadlock$/);
    expect(second).toMatch(/^2 op_7 punch-hole by T lock takes i_rwsem exclusive i_rwsem of a/);
    await looksWell(page, 'stepper');
  });

  it('takes the step of a digit, and says what it did', async () => {
    await begun('digits');
    const { page } = await browser.open('/ui/fs/digits/stepper');
    await page.getByText('takes i_rwsem exclusive').waitFor();
    await page.keyboard.press('2');
    await lastStep(page).getByText('op_7 (punch-hole) took the step lock').waitFor();
    await lastStep(page).getByText('takes i_rwsem exclusive').first().waitFor();
  });

  it('runs into the deadlock, goes back to before it, and forward again', async () => {
    await begun('back');
    const { page } = await browser.open('/ui/fs/back/stepper');
    await page.getByRole('button', { name: 'a deadlock' }).waitFor();
    // G has page 0, and is about to fault page 1 in.
    for (let i = 0; i < 7; i += 1) {
      await browser.must(200, 'POST', '/v1/filesystems/back/scheduler/step', { task: 'op_6' });
    }
    await browser.must(200, 'POST', '/v1/filesystems/back/scheduler/step', {
      task: 'op_7',
      until: 'blocked',
    });
    await page.getByText('sleeps until somebody wakes it').waitFor();
    await page.getByRole('button', { name: 'a deadlock' }).click();
    const deadlock = page.getByRole('alert').filter({ hasText: 'Deadlock.' });
    await deadlock.waitFor();
    expect(await deadlock.innerText()).toContain(
      'op_6 (pin by G) waits for invalidate_lock of a. op_7 (punch-hole by T) holds it exclusive',
    );
    await page
      .getByText('Nobody can take a step: every operation sleeps or has ended. Release')
      .waitFor();
    await picture(page, 'stepper-deadlock');

    await page.keyboard.press('ArrowLeft');
    await page.getByText('You are in back~1, a fork of the moment before.').waitFor();
    await page.waitForURL('**/ui/fs/back~1/stepper');
    await deadlock.waitFor({ state: 'hidden' });
    await page.getByText('takes invalidate_lock shared').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL('**/ui/fs/back~2/stepper');
    const moments = page.getByRole('region', { name: 'Moments' });
    await moments.getByText('back~2').waitFor();
    expect(await moments.getByRole('listitem').allInnerTexts()).toEqual([
      'back~2',
      'back~1',
      'back',
    ]);

    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**/ui/fs/back~1/stepper');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL('**/ui/fs/back/stepper');
    await deadlock.waitFor();

    await page.getByRole('button', { name: 'Delete 2 other forks' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await moments.waitFor({ state: 'hidden' });
    const { json } = await browser.must(200, 'GET', '/v1/filesystems?pageSize=1000');
    const names = json.items.map(({ name }: { name: string }) => name);
    expect(names).toContain('back');
    expect(names.filter((name: string) => name.startsWith('back~'))).toEqual([]);
  });

  it('takes the same walk by chance with the same seed', async () => {
    const ends: string[] = [];
    for (const name of ['chance-a', 'chance-b']) {
      await begun(name);
      const { page } = await browser.open(`/ui/fs/${name}/stepper`);
      await page.getByText('takes i_rwsem exclusive').waitFor();
      const seed = page.getByRole('spinbutton', { name: 'seed' });
      await seed.fill('7');
      await seed.press('Enter');
      await seed.blur();
      for (let i = 0; i < 4; i += 1) {
        const path = `/v1/filesystems/${name}/choices`;
        const { commands } = (await browser.must(200, 'GET', path)).json;
        await page.keyboard.press('r');
        await expect
          .poll(async () => (await browser.must(200, 'GET', path)).json.commands)
          .toBe(commands + 1);
      }
      const { json } = await browser.must(200, 'GET', `/v1/filesystems/${name}/choices`);
      ends.push(JSON.stringify(json.choices));
    }
    expect(ends[0]).toBe(ends[1]);
  });

  it('moves a manual clock', async () => {
    await begun('clock');
    const { page } = await browser.open('/ui/fs/clock/stepper');
    await page.getByRole('button', { name: '+1 ms' }).click();
    await page.getByRole('region', { name: 'Run' }).getByText('t = 0.001 s').waitFor();
  });

  it('offers a stepped fork of a filesystem that runs by itself', async () => {
    const mkfs = { name: 'auto', sizeBytes: 1 << 20 };
    await browser.must(201, 'POST', '/v1/filesystems', mkfs);
    const { page } = await browser.open('/ui/fs/auto/stepper');
    await page.getByText('The scheduler of auto is automatic').waitFor();
    await looksWell(page, 'stepper-auto');
    await page.getByRole('button', { name: 'Fork as stepped' }).click();
    await page.waitForURL('**/ui/fs/auto~1/stepper');
    await page.getByText('No operation is under way.').waitFor();
    await looksWell(page, 'stepper-empty');
  });

  it('with a token that may only read, says why nothing can be done', async () => {
    const { all, readOnly } = await browser.tenant('stepping');
    const json = { name: 'mail', story: 'S01' };
    expect(
      (await call(browser.service, 'POST', '/v1/filesystems', { json, token: all })).status,
    ).toBe(201);
    const { page } = await browser.open('/ui/fs/mail/stepper', { token: readOnly });
    const step = page
      .getByRole('toolbar', { name: 'Steps' })
      .getByRole('button', { name: 'Step', exact: true });
    await step.waitFor();
    expect(await step.getAttribute('aria-disabled')).toBe('true');
    await page.keyboard.press('r');
    await page.getByText('Your token may only read (scope read).').waitFor();
  });
});
