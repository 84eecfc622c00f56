// GET /v1 says who the caller is and what it may do, so that a page need not find out by refusals.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { call, must, type Service, start } from './start.ts';

const home = mkdtempSync(join(tmpdir(), 'pinhole-capabilities-'));
const operatorTokenFile = join(home, 'operator-token');
let service: Service;
afterEach(() => service.close());
afterAll(() => rmSync(home, { recursive: true }));

const whoAmI = async (token?: string) => {
  const { json } = await must(service, 200, 'GET', '/v1', token === undefined ? {} : { token });
  const { tenant, scopes, token: used, tokenNeeded } = json;
  return { tenant: tenant?.name ?? null, scopes, token: used, tokenNeeded };
};
const operatorToken = () => readFileSync(operatorTokenFile, 'utf8').trim();
const issue = async (scopes: string[], more = {}) => {
  const { json } = await must(service, 201, 'POST', '/v1/tenants/team/tokens', {
    token: operatorToken(),
    json: { scopes, ...more },
  });
  return json as { token: string; id: string; expiresMs: number | null };
};

describe('on loopback', () => {
  it('a caller without a token is the tenant default, and the operator if there is no other', async () => {
    service = await start();
    expect(await whoAmI()).toEqual({
      tenant: 'default',
      scopes: ['read', 'write', 'operator'],
      token: null,
      tokenNeeded: false,
    });
  });

  it('but not the operator if the operator has a token', async () => {
    service = await start({ operatorTokenFile });
    expect(await whoAmI()).toMatchObject({ scopes: ['read', 'write'], tokenNeeded: false });
  });
});

describe('off loopback', () => {
  const open = async () => {
    service = await start({ host: '0.0.0.0', operatorTokenFile });
    await must(service, 201, 'POST', '/v1/tenants', {
      token: operatorToken(),
      json: { name: 'team' },
    });
  };

  it('everybody learns from GET / that a token is needed', async () => {
    await open();
    expect((await must(service, 200, 'GET', '/')).json.tokenNeeded).toBe(true);
    expect((await call(service, 'GET', '/v1')).status).toBe(401);
  });

  it('the operator has no tenant, and may manage tenants', async () => {
    await open();
    expect(await whoAmI(operatorToken())).toEqual({
      tenant: null,
      scopes: ['operator'],
      token: { id: 'operator', expiresMs: null },
      tokenNeeded: true,
    });
  });

  it.each([[['read']], [['write']], [['read', 'write']]])(
    'a token for %j says so, with the id that revokes it',
    async (scopes) => {
      await open();
      const { token, id } = await issue(scopes);
      expect(await whoAmI(token)).toEqual({
        tenant: 'team',
        scopes,
        token: { id, expiresMs: null },
        tokenNeeded: true,
      });
      await must(service, 200, 'DELETE', `/v1/tenants/team/tokens/${id}`, {
        token: operatorToken(),
      });
      expect((await call(service, 'GET', '/v1', { token })).status).toBe(401);
    },
  );

  it('a token that expires says when', async () => {
    await open();
    const { token, expiresMs } = await issue(['read'], { expiresInMs: 3_600_000 });
    expect(expiresMs).toBeGreaterThan(0);
    expect((await whoAmI(token)).token?.expiresMs).toBe(expiresMs);
  });
});
