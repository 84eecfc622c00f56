// Bearer tokens: 256 random bits, shown once, stored as HMAC-SHA-256 and found by key id.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';

import { recordKeys } from '../durable/keys.ts';
import { newTokenKey } from '../durable/random.ts';
import {
  noRecords,
  type Records,
  removal,
  scopes,
  type TokenRecord,
  tokenRecord,
} from '../durable/records.ts';
import type { World } from '../durable/world.ts';
import type { Change } from '../journal/store.ts';

export { scopes };
export type Scope = (typeof scopes)[number];

export interface Token {
  id: string;
  /** Null for the operator, who is not a tenant. */
  tenant: string | null;
  scopes: readonly Scope[];
  createdMs: number;
  /** Null means that it never expires. */
  expiresMs: number | null;
}

const form = /^ph_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

export class Tokens {
  #key: Uint8Array;
  /** The operator token is in no record, so it needs no key that lasts. */
  readonly #operatorKey = newTokenKey();
  readonly #records: Records;
  readonly #byId = new Map<string, TokenRecord>();
  readonly #idsOf = new Map<string, Set<string>>();
  /** Issued tokens whose records are not durable yet. */
  readonly #coming = new Set<string>();
  #operator: Buffer | null = null;

  /** `key` is the key with which the stored tokens were hashed. */
  constructor(key = newTokenKey(), records = noRecords) {
    this.#key = key;
    this.#records = records;
  }

  adopt({ tokens }: Pick<World, 'tokens'>): void {
    for (const record of tokens) this.#add(record);
  }

  /** Takes over what another node has changed. */
  refresh({ tokens, tokenKey }: Pick<World, 'tokens' | 'tokenKey'>): void {
    this.#key = tokenKey;
    const ids = new Set(tokens.map(({ id }) => id));
    for (const { id, tenant } of [...this.#byId.values()])
      if (!ids.has(id) && !this.#coming.has(id) && tenant !== null) this.#forget(tenant, id);
    this.adopt({ tokens });
  }

  /** Adds the operator token, so that `check` accepts it from now on. */
  setOperator(token: string): void {
    this.#operator = macOf(token, this.#operatorKey);
  }

  get hasOperator(): boolean {
    return this.#operator !== null;
  }

  /**
   * Returns the record and the token itself, which cannot be read again. Durable together with
   * `alongside`.
   */
  async issue(
    tenant: string,
    granted: readonly Scope[],
    nowMs: number,
    expiresMs: number | null,
    alongside: readonly Change[] = [],
  ): Promise<{ token: Token; secret: string }> {
    const id = randomBytes(8).toString('hex');
    const secret = `ph_${id}_${randomBytes(32).toString('base64url')}`;
    const stored: TokenRecord = {
      id,
      tenant,
      scopes: [...granted],
      createdMs: nowMs,
      expiresMs,
      mac: this.#mac(secret),
    };
    // Added before it is durable, because a removal of the tenant meanwhile must remove it, too.
    // Nobody else knows the token yet.
    this.#add(stored);
    this.#coming.add(id);
    try {
      await this.#records.put([tokenRecord.change(recordKeys.token(id), stored), ...alongside]);
    } catch (error) {
      this.#forget(tenant, id);
      throw error;
    } finally {
      this.#coming.delete(id);
    }
    return { token: shown(stored), secret };
  }

  /**
   * The owner of the token, or null. Unknown, expired, revoked and misspelt tokens give the same.
   */
  check(secret: string, nowMs: number): Token | null {
    const id = form.exec(secret)?.[1];
    const stored = id === undefined ? undefined : this.#byId.get(id);
    const mac = this.#mac(secret);
    if (stored !== undefined) {
      if (!timingSafeEqual(mac, stored.mac)) return null;
      if (isLive(stored, nowMs)) return shown(stored);
      // Deleted, because an expired token must stay refused even if the clock is set back.
      if (stored.tenant !== null) this.#forgetExpired(stored.tenant, nowMs);
      return null;
    }
    const ofOperator = macOf(secret, this.#operatorKey);
    if (this.#operator === null || !timingSafeEqual(ofOperator, this.#operator)) return null;
    return { id: 'operator', tenant: null, scopes: ['operator'], createdMs: 0, expiresMs: null };
  }

  /** Whether a token that was accepted before is still valid. */
  isGood({ id, tenant }: Token, nowMs: number): boolean {
    if (tenant === null) return true;
    const stored = this.#byId.get(id);
    return stored !== undefined && isLive(stored, nowMs);
  }

  list(tenant: string, nowMs: number): Token[] {
    this.#forgetExpired(tenant, nowMs);
    return [...(this.#idsOf.get(tenant) ?? [])].map((id) =>
      shown(this.#byId.get(id) as TokenRecord),
    );
  }

  /** Takes effect at once; resolves when it is durable. False if there is no such token. */
  async revoke(tenant: string, id: string): Promise<boolean> {
    const stored = this.#byId.get(id);
    if (stored === undefined || !this.#forget(tenant, id)) return false;
    try {
      await this.#records.put([removal(recordKeys.token(id))]);
    } catch (error) {
      // The revocation failed, so the token must stay until the caller tries again.
      this.#add(stored);
      throw error;
    }
    return true;
  }

  /** The changes that delete the records of a tenant's tokens. */
  removalOf(tenant: string): Change[] {
    return [...(this.#idsOf.get(tenant) ?? [])].map((id) => removal(recordKeys.token(id)));
  }

  /** Drops the tokens of a removed tenant, after `recordsOf` deleted their records. */
  forgetTenant(tenant: string): void {
    for (const id of this.#idsOf.get(tenant) ?? []) this.#byId.delete(id);
    this.#idsOf.delete(tenant);
  }

  #add(stored: TokenRecord): void {
    const { id, tenant } = stored;
    if (tenant === null) return;
    this.#byId.set(id, stored);
    const ids = this.#idsOf.get(tenant) ?? new Set();
    this.#idsOf.set(tenant, ids.add(id));
  }

  #forget(tenant: string, id: string): boolean {
    return this.#idsOf.get(tenant)?.delete(id) === true && this.#byId.delete(id);
  }

  #forgetExpired(tenant: string, nowMs: number): void {
    for (const id of this.#idsOf.get(tenant) ?? []) {
      const { expiresMs } = this.#byId.get(id) as TokenRecord;
      if (expiresMs === null || expiresMs > nowMs || !this.#forget(tenant, id)) continue;
      // Not awaited, because it does not matter whether the record of an expired token remains.
      this.#records.put([removal(recordKeys.token(id))]).catch(() => {});
    }
  }

  #mac(secret: string): Buffer {
    return macOf(secret, this.#key);
  }
}

const macOf = (secret: string, key: Uint8Array): Buffer =>
  createHmac('sha256', key).update(secret).digest();

const isLive = ({ expiresMs }: TokenRecord, nowMs: number): boolean =>
  expiresMs === null || nowMs < expiresMs;

/** The public part of a token, without its MAC. */
function shown({ id, tenant, scopes: granted, createdMs, expiresMs }: TokenRecord): Token {
  return { id, tenant, scopes: granted, createdMs, expiresMs };
}

/**
 * Reads the operator token, or creates the file with a new one. Throws if other users can read it.
 */
export function operatorTokenOf(file: string): { token: string; made: boolean } {
  if (!existsSync(file)) {
    const token = `ph_operator_${randomBytes(32).toString('base64url')}`;
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(file, 0o600);
    return { token, made: true };
  }
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Error('other users can read the operator token file; set its mode to 0600');
  const token = readFileSync(file, 'utf8').trim();
  if (token.length < 32)
    throw new Error('the operator token is too short; it must have at least 32 characters');
  return { token, made: false };
}
