// Who may have filesystems here, and how much. Records live in memory, like everything in this version.
import { type Account, openAccount, type QuotaName, type Quotas, quotaNames } from './quotas.ts';

export const defaultTenant = 'default';

export interface Tenant {
  name: string;
  /** Ascends in the order of creation. */
  number: number;
  createdMs: number;
  account: Account;
}

export interface TenantsOptions {
  /** Where a tenant is made without quotas of its own. */
  quotas: Quotas;
  tenantsMax: number;
  /** The floors above keep their own record of each tenant. */
  onCreated(tenant: Tenant): void;
}

export class Tenants {
  readonly #options: TenantsOptions;
  readonly #byName = new Map<string, Tenant>();
  #lastNumber = 0;

  constructor(options: TenantsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Tenant | undefined {
    return this.#byName.get(name);
  }

  /** In the order of creation. */
  all(): Iterable<Tenant> {
    return this.#byName.values();
  }

  create(name: string, quotas: Partial<Record<QuotaName, number | undefined>>, nowMs: number): Tenant | 'exists' | 'full' {
    if (this.#byName.has(name)) return 'exists';
    if (this.#byName.size >= this.#options.tenantsMax) return 'full';
    this.#lastNumber += 1;
    const tenant = { name, number: this.#lastNumber, createdMs: nowMs, account: openAccount(this.#options.quotas) };
    setQuotas(tenant, quotas);
    this.#byName.set(name, tenant);
    this.#options.onCreated(tenant);
    return tenant;
  }

  remove(name: string): boolean {
    return this.#byName.delete(name);
  }
}

/** In force at once; what a tenant already has beyond a smaller quota stays. */
export function setQuotas(tenant: Tenant, quotas: Partial<Record<QuotaName, number | undefined>>): void {
  for (const name of quotaNames) tenant.account.limits[name] = quotas[name] ?? tenant.account.limits[name];
}
