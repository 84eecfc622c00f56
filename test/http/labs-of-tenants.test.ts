// Labs of several tenants: nobody sees those of another one, a token needs its scope, and a tenant
// goes with its labs.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryStore } from '../../src/journal/memory-store.ts';
import { call, must, type Service, start } from './start.ts';

const operatorToken = 'operator-token-of-the-tests-of-labs';
const store = new MemoryStore();
const file = join(mkdtempSync(join(tmpdir(), 'pinhole-labs-')), 'operator');
const settings = { host: '0.0.0.0', operatorTokenFile: file };
let service: Service;
let operator = '';
const tokens: Record<string, string> = {};
const wait = { prefer: 'wait=120' };
const preset = { preset: 'gup-two-pages', seeds: 1, strategies: ['none'] };

async function tokenFor(tenant: string, scopes: string[]): Promise<string> {
  const url = `/v1/tenants/${tenant}/tokens`;
  return (await must(service, 201, 'POST', url, { token: operator, json: { scopes } })).json.token;
}

beforeAll(async () => {
  const { writeFileSync } = await import('node:fs');
  writeFileSync(file, operatorToken, { mode: 0o600 });
  operator = operatorToken;
  service = await start(settings, { openStore: async () => store });
  for (const name of ['a', 'b']) {
    await must(service, 201, 'POST', '/v1/tenants', { token: operator, json: { name } });
    tokens[name] = await tokenFor(name, ['read', 'write']);
  }
  tokens.reader = await tokenFor('a', ['read']);
});
afterAll(() => service.close());

test('a lab of another tenant does not exist; reading needs read, and changing needs write', async () => {
  const { a = '', b = '', reader = '' } = tokens;
  const made = await must(service, 200, 'POST', '/v1/labs', {
    token: a,
    json: preset,
    headers: wait,
  });
  const url = `/v1/labs/${made.json.id}`;
  for (const path of [url, `${url}/result.csv`, `${url}/findings/1/bundle`]) {
    const own = await call(service, 'GET', path, { token: a });
    expect((await call(service, 'GET', path, { token: reader })).status).toBe(own.status);
    const foreign = await call(service, 'GET', path, { token: b });
    const absent = await call(service, 'GET', path.replace('lab_1', 'lab_7'), { token: b });
    expect(foreign.status).toBe(404);
    expect(foreign.text.replaceAll('lab_1', 'lab_7')).toBe(absent.text);
  }
  expect((await must(service, 200, 'GET', '/v1/labs', { token: b })).json.items).toEqual([]);
  await must(service, 404, 'DELETE', url, { token: b });
  await must(service, 403, 'DELETE', url, { token: reader });
  await must(service, 403, 'POST', '/v1/labs', { token: reader, json: preset });
  await must(service, 401, 'GET', '/v1/labs');
  // Each tenant counts its own.
  const other = await must(service, 202, 'POST', '/v1/labs', { token: b, json: preset });
  expect(other.json.id).toBe('lab_1');
});

test('a tenant goes with its labs, also with one that runs', async () => {
  await must(service, 201, 'POST', '/v1/tenants', { token: operator, json: { name: 'c' } });
  const token = await tokenFor('c', ['read', 'write']);
  await must(service, 200, 'POST', '/v1/labs', { token, json: preset, headers: wait });
  await must(service, 202, 'POST', '/v1/labs', { token, json: { preset: 'rdma-target' } });
  const keys = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const prefix of ['lab/', 'table/', 'labs/'])
      for await (const key of store.records.keys(prefix)) all.push(key);
    return all;
  };
  const before = await keys();
  await must(service, 200, 'DELETE', '/v1/tenants/c', { token: operator });
  const after = await keys();
  expect(before.length - after.length).toBe(4);
  await must(service, 201, 'POST', '/v1/tenants', { token: operator, json: { name: 'c' } });
  const again = await tokenFor('c', ['read']);
  expect((await must(service, 200, 'GET', '/v1/labs', { token: again })).json.items).toEqual([]);
});
