// Bearer tokens: 256 bits from the CSPRNG, shown once, kept as HMAC-SHA-256 and looked up by key id.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';

export const scopes = ['read', 'write', 'operator'] as const;
export type Scope = (typeof scopes)[number];

export interface Token {
  id: string;
  /** Null is the operator, who is no tenant. */
  tenant: string | null;
  scopes: readonly Scope[];
  createdMs: number;
  /** Null never expires. */
  expiresMs: number | null;
}

interface Stored extends Token {
  mac: Buffer;
}

const form = /^ph_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export class Tokens {
  /** Fresh in every process, because the tokens live no longer than it does. */
  readonly #key = randomBytes(32);
  readonly #byId = new Map<string, Stored>();
  readonly #idsOf = new Map<string, Set<string>>();
  #operator: Buffer | null = null;

  /** From a file or an environment; `check` knows it from here on. */
  setOperator(token: string): void {
    this.#operator = this.#mac(token);
  }

  get hasOperator(): boolean {
    return this.#operator !== null;
  }

  /** The second value is the token itself, which nobody can read again. */
  issue(tenant: string, granted: readonly Scope[], nowMs: number, expiresMs: number | null): { token: Token; secret: string } {
    const id = randomBytes(8).toString('hex');
    const secret = `ph_${id}_${randomBytes(32).toString('base64url')}`;
    const stored: Stored = { id, tenant, scopes: [...granted], createdMs: nowMs, expiresMs, mac: this.#mac(secret) };
    this.#byId.set(id, stored);
    const ids = this.#idsOf.get(tenant) ?? new Set();
    this.#idsOf.set(tenant, ids.add(id));
    return { token: shown(stored), secret };
  }

  /** Who it is, or null: unknown, expired, revoked and misspelt look the same. */
  check(secret: string, nowMs: number): Token | null {
    const id = form.exec(secret)?.[1];
    const stored = id === undefined ? undefined : this.#byId.get(id);
    const mac = this.#mac(secret);
    if (stored !== undefined) {
      const live = stored.expiresMs === null || nowMs < stored.expiresMs;
      return timingSafeEqual(mac, stored.mac) && live ? shown(stored) : null;
    }
    if (this.#operator === null || !timingSafeEqual(mac, this.#operator)) return null;
    return { id: 'operator', tenant: null, scopes: ['operator'], createdMs: 0, expiresMs: null };
  }

  list(tenant: string, nowMs: number): Token[] {
    this.#forgetExpired(tenant, nowMs);
    return [...(this.#idsOf.get(tenant) ?? [])].map((id) => shown(this.#byId.get(id) as Stored));
  }

  revoke(tenant: string, id: string): boolean {
    if (this.#idsOf.get(tenant)?.delete(id) !== true) return false;
    return this.#byId.delete(id);
  }

  revokeAll(tenant: string): void {
    for (const id of this.#idsOf.get(tenant) ?? []) this.#byId.delete(id);
    this.#idsOf.delete(tenant);
  }

  #forgetExpired(tenant: string, nowMs: number): void {
    for (const id of this.#idsOf.get(tenant) ?? []) {
      const { expiresMs } = this.#byId.get(id) as Stored;
      if (expiresMs !== null && expiresMs <= nowMs) this.revoke(tenant, id);
    }
  }

  #mac(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest();
  }
}

/** Without the MAC. */
function shown({ id, tenant, scopes: granted, createdMs, expiresMs }: Stored): Token {
  return { id, tenant, scopes: granted, createdMs, expiresMs };
}

/** Reads the operator token, or makes the file with a fresh one. Throws where others may read it. */
export function operatorTokenOf(file: string): { token: string; made: boolean } {
  if (!existsSync(file)) {
    const token = `ph_operator_${randomBytes(32).toString('base64url')}`;
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(file, 0o600);
    return { token, made: true };
  }
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Error('the operator token file may be read by others; its mode must be 0600');
  const token = readFileSync(file, 'utf8').trim();
  if (token.length < 32) throw new Error('the operator token must have at least 32 characters');
  return { token, made: false };
}
