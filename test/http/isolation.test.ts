// Two tenants on every route of the registries: an object of another tenant gives the same 404 as a
// missing one. And every route with every scope.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contracts } from '../../src/http/routes/index.ts';
import { fill, request, routes } from './registry.ts';
import { type Answer, call, must, type Service, sleepingWorld, start, waiting } from './start.ts';

let service: Service;
const operator = 'o'.repeat(40);
const tokens = { a: '', b: '', reader: '' };
let before = '';

const look = async () => {
  const answers = await Promise.all(
    ['', '/files', '/mappings', '/pins', '/operations', '/extents'].map((path) =>
      call(service, 'GET', `/v1/filesystems/scratch${path}`, { token: tokens.a }),
    ),
  );
  return JSON.stringify(answers.map(({ json }) => json));
};

async function tokenFor(tenant: string, scopes: string[]): Promise<string> {
  const answer = await must(service, 201, 'POST', `/v1/tenants/${tenant}/tokens`, {
    token: operator,
    json: { scopes },
  });
  return answer.json.token;
}

beforeAll(async () => {
  service = await start({ host: '0.0.0.0', operatorTokenFile: tokenFile() });
  for (const name of ['a', 'b'])
    await must(service, 201, 'POST', '/v1/tenants', {
      token: operator,
      json: { name: `tenant-${name}` },
    });
  tokens.a = await tokenFor('tenant-a', ['read', 'write']);
  tokens.b = await tokenFor('tenant-b', ['read', 'write']);
  tokens.reader = await tokenFor('tenant-a', ['read']);
  await sleepingWorld(service, { token: tokens.a, mkfs: { ...waiting, clock: 'manual' } });
  before = await look();
});
afterAll(() => service.close());

/** What may differ between two 404: the path that was asked for. */
const told = ({ status, json }: Answer) => ({ status, ...json, instance: '' });

describe('[T1] an object of another tenant gives the same 404 as a missing one', () => {
  it.each(routes)('$name ($method $url)', async (route) => {
    const foreign = request(route, route.example);
    const absent = request(route, route.example, fill(route.url, { fs: 'nothing' }));
    const [one, other] = [
      await call(service, route.method, foreign.url, { ...foreign.options, token: tokens.b }),
      await call(service, route.method, absent.url, { ...absent.options, token: tokens.b }),
    ];
    expect(one.status).toBe(404);
    expect(told(one)).toEqual(told(other));
    expect(one.headers['content-type']).toContain('application/problem+json');
  });

  it('leaves everything as it was', async () => {
    expect(await look()).toBe(before);
  });

  it('lists only what is one’s own', async () => {
    expect(
      (await must(service, 200, 'GET', '/v1/filesystems', { token: tokens.b })).json.items,
    ).toEqual([]);
    expect(
      (await must(service, 200, 'GET', '/v1/filesystems', { token: tokens.a })).json.items,
    ).toHaveLength(1);
  });
});

const everyRoute = contracts.filter(({ scope }) => scope !== 'any');

describe('route × scope', () => {
  it.each(everyRoute.filter(({ scope }) => scope !== 'public'))(
    '$name needs a token',
    async ({ method, url }) => {
      expect((await call(service, method, fill(url))).status).toBe(401);
      for (const token of ['nonsense', `${tokens.a}x`, 'ph_0000000000000000_'.padEnd(63, 'A')]) {
        const answer = await call(service, method, fill(url), { token });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        expect(answer.json.type).toBe('/v1/problems/unauthorized');
      }
    },
  );

  it.each(everyRoute.filter(({ scope }) => scope === 'write'))(
    '$name needs the scope write',
    async ({ method, url }) => {
      const answer = await call(service, method, fill(url), { token: tokens.reader });
      expect(answer.status).toBe(403);
      expect(answer.json).toMatchObject({
        type: '/v1/problems/missing-scope',
        errno: 'EACCES',
        scope: 'write',
      });
    },
  );

  it.each(everyRoute.filter(({ scope }) => scope === 'operator'))(
    '$name is for the operator',
    async ({ method, url }) => {
      expect((await call(service, method, fill(url), { token: tokens.a })).status).toBe(403);
    },
  );

  it.each(everyRoute.filter(({ scope }) => scope === 'read' || scope === 'write'))(
    '$name is not for the operator',
    async ({ method, url }) => {
      expect((await call(service, method, fill(url), { token: operator })).status).toBe(403);
    },
  );

  it.each(everyRoute.filter(({ scope }) => scope === 'public'))(
    '$name needs no response from anyone',
    async ({ method, url }) => {
      expect([200, 404]).toContain((await call(service, method, fill(url))).status);
    },
  );

  it('changed nothing', async () => {
    expect(await look()).toBe(before);
  });
});

function tokenFile(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'pinhole-')), 'operator');
  writeFileSync(file, operator, { mode: 0o600 });
  return file;
}
