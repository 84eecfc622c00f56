import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/journal/store.ts';
import { operatorTokenOf, Tokens } from '../../src/tenants/tokens.ts';

describe('tokens', () => {
  it('know whom they were issued to', async () => {
    const tokens = new Tokens();
    const { secret, token } = await tokens.issue('a', ['read'], 0, null);
    expect(secret).toMatch(/^ph_[0-9a-f]{16}_[\w-]{43}$/);
    expect(tokens.check(secret, 1)).toMatchObject({ id: token.id, tenant: 'a', scopes: ['read'] });
  });

  it('never give the secret or its MAC out again', async () => {
    const tokens = new Tokens();
    const { secret, token } = await tokens.issue('a', ['read'], 0, null);
    const told = JSON.stringify([token, tokens.list('a', 0), tokens.check(secret, 0)]);
    expect(told).not.toContain(secret.slice(20));
    expect(told).not.toContain('mac');
  });

  it('are kept together with what the caller keeps of them', async () => {
    const puts: string[][] = [];
    const put = async (changes: readonly Change[]) => void puts.push(changes.map(({ key }) => key));
    const { token } = await new Tokens(undefined, { put }).issue('a', ['read'], 0, null, [
      { key: 'answer/a/k', value: new Uint8Array(0) },
    ]);
    expect(puts).toEqual([[`token/${token.id}`, 'answer/a/k']]);
  });

  it('end at their time and when they are revoked', async () => {
    const tokens = new Tokens();
    const { secret } = await tokens.issue('a', ['read'], 0, 100);
    expect(tokens.check(secret, 99)).not.toBeNull();
    expect(tokens.check(secret, 100)).toBeNull();
    expect(tokens.list('a', 100)).toEqual([]);
    const other = await tokens.issue('a', ['read'], 0, null);
    expect(await tokens.revoke('b', other.token.id)).toBe(false);
    expect(await tokens.revoke('a', other.token.id)).toBe(true);
    expect(tokens.check(other.secret, 0)).toBeNull();
  });

  it('refuse a wrong secret behind a right id, and nonsense', async () => {
    const tokens = new Tokens();
    const { secret } = await tokens.issue('a', ['read'], 0, null);
    const wrong = `${secret.slice(0, -2)}${secret.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const bad of [wrong, '', 'ph_', secret.slice(1), `${secret}x`, 'operator'])
      expect(tokens.check(bad, 0)).toBeNull();
  });

  it('know the operator, who is no tenant', () => {
    const tokens = new Tokens();
    expect(tokens.hasOperator).toBe(false);
    tokens.setOperator('o'.repeat(40));
    expect(tokens.check('o'.repeat(40), 0)).toMatchObject({ tenant: null, scopes: ['operator'] });
    expect(tokens.check('o'.repeat(39), 0)).toBeNull();
  });
});

describe('operator token file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-'));

  it('is made with mode 0600 and read again', () => {
    const file = join(folder, 'made');
    const { token, made } = operatorTokenOf(file);
    expect(made).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).toBe(token);
    expect(operatorTokenOf(file)).toEqual({ token, made: false });
  });

  it('is refused where others may read it, or where it is short', () => {
    const open = join(folder, 'open');
    writeFileSync(open, 'x'.repeat(40), { mode: 0o644 });
    expect(() => operatorTokenOf(open)).toThrow('0600');
    const short = join(folder, 'short');
    writeFileSync(short, 'short', { mode: 0o600 });
    expect(() => operatorTokenOf(short)).toThrow('32');
  });
});
