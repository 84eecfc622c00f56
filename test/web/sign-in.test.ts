// Off loopback the server asks for a token: who may see and do what, and what no URL may contain.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../http/start.ts';
import { axeFindings, picture, TestBrowser } from './browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinhole-sign-in-'));
const operatorTokenFile = join(folder, 'operator-token');
let browser: TestBrowser;
let operator: string;

const issue = async (scopes: string[]) => {
  const json = { scopes };
  const path = '/v1/tenants/team/tokens';
  const given = { token: operator, json };
  return (await must(browser.service, 201, 'POST', path, given)).json as {
    id: string;
    token: string;
  };
};

beforeAll(async () => {
  browser = await TestBrowser.launch({ host: '0.0.0.0', operatorTokenFile });
  operator = readFileSync(operatorTokenFile, 'utf8').trim();
  const team = { token: operator, json: { name: 'team' } };
  await must(browser.service, 201, 'POST', '/v1/tenants', team);
  const { token } = await issue(['read', 'write']);
  const json = { name: 'ours', sizeBytes: 1 << 20 };
  await must(browser.service, 201, 'POST', '/v1/filesystems', { token, json });
});
afterEach((context) => browser.closeWindows(context));
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

describe('a page without a token', () => {
  it('asks for one, refuses a wrong one in words, and opens with a good one', async () => {
    const { token } = await issue(['read', 'write']);
    const { page, urls } = await browser.open('/ui/');
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByText('This server asks for a token.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'sign-in-light');
    await dialog.getByLabel('Token').fill('ph_wrong');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByText('The bearer token is unknown, expired or revoked').waitFor();
    await dialog.getByLabel('Token').fill(token);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'ours' }).click();
    await page.getByText('● live').waitFor();
    await page.reload();
    await page.getByText('● live').waitFor();
    expect(urls.filter((url) => url.includes(token.slice(20)))).toEqual([]);
    const streams = urls.filter((url) => url.startsWith('ws'));
    expect(streams.length).toBeGreaterThan(0);
    for (const url of streams) expect(url).toMatch(/\/events\?ticket=[\w-]+$/);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await dialog.getByText('This server asks for a token.').waitFor();
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).not.toContain('ph_');
  });

  it('asks again when the token is revoked under it', async () => {
    const { id, token } = await issue(['read']);
    const { page } = await browser.open('/ui/fs/ours', { token });
    await page.getByText('● live').waitFor();
    const path = `/v1/tenants/team/tokens/${id}`;
    await must(browser.service, 200, 'DELETE', path, { token: operator });
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByText('The server does not know this token any more').waitFor();
  });
});

describe('a token that may only read', () => {
  it('sees everything, and its buttons say why they do nothing', async () => {
    const { token } = await issue(['read']);
    const { page } = await browser.open('/ui/', { token });
    await page.getByRole('link', { name: 'ours' }).waitFor();
    await page.getByText('team, read only').waitFor();
    const remove = page.getByRole('button', { name: 'Delete ours' });
    expect(await remove.getAttribute('aria-disabled')).toBe('true');
    expect(await remove.getAttribute('title')).toBe('Your token may only read (scope read).');
    await remove.click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'home-read-only-light');
  });
});

describe('the operator', () => {
  it('has no filesystems, and issues a token that is shown once and works', async () => {
    const { page } = await browser.open('/ui/', { token: operator });
    await page.getByText('You are signed in as the operator').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Server' }).click();
    await page.getByRole('button', { name: 'team', exact: true }).click();
    await page.getByLabel('May').selectOption('read');
    await page.getByRole('button', { name: 'Issue a token' }).click();
    const dialog = page.getByRole('dialog', { name: 'The new token' });
    const secret = await dialog.locator('.secret').innerText();
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'I have it' }).click();
    const { json } = await must(browser.service, 200, 'GET', '/v1', { token: secret });
    expect(json).toMatchObject({ tenant: { name: 'team' }, scopes: ['read'] });
    await page.getByRole('cell', { name: json.token.id, exact: true }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: `Revoke ${json.token.id}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page
      .getByRole('cell', { name: json.token.id, exact: true })
      .waitFor({ state: 'detached' });
    expect(
      (
        await browser.service.app.inject({
          url: '/v1',
          headers: { authorization: `Bearer ${secret}` },
        })
      ).statusCode,
    ).toBe(401);
  });

  it('changes a quota, and whoever reaches it is told which', async () => {
    const { token } = await issue(['read', 'write']);
    const { page } = await browser.open('/ui/server?tenant=team', { token: operator });
    const quotas = page.getByRole('form', { name: 'Quotas' });
    await quotas.getByLabel(/^Filesystems/).fill('1');
    await quotas.getByRole('button', { name: 'Set the quotas' }).click();
    await expect
      .poll(async () => {
        const { json } = await must(browser.service, 200, 'GET', '/v1', { token });
        return json.tenant.quotas.filesystems.limit;
      })
      .toBe(1);
    await picture(page, 'server-operator-light');
    const other = await browser.open('/ui/', { token });
    await other.page.getByRole('button', { name: 'New filesystem' }).click();
    const form = other.page.getByRole('dialog', { name: 'New filesystem' });
    await form.getByRole('button', { name: 'Create' }).click();
    await form.getByText('The quota of filesystems is used up.').waitFor();
  });
});

describe('a tenant on the page of the server', () => {
  it('sees its health and its own quotas, and why not the others', async () => {
    const { token } = await issue(['read']);
    const { page } = await browser.open('/ui/server', { token });
    await page.getByText('All filesystems run.').waitFor();
    await page.getByText('Quotas of team').waitFor();
    await page.getByText('are for the operator. Sign in with the token of the operator').waitFor();
    await page.getByText('Limits', { exact: true }).click();
    const row = page.getByRole('row', { name: '--stream-heartbeat-ms' });
    expect(await row.innerText()).toContain('15 s');
    expect(await axeFindings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'server-dark');
  });
});
