// The tenants of the server and their quotas.
import { recordKeys } from '../durable/keys.ts';
import { newId } from '../durable/random.ts';
import {
  noRecords,
  type Records,
  removal,
  type TenantRecord,
  tenantRecord,
} from '../durable/records.ts';
import type { World } from '../durable/world.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change } from '../journal/store.ts';
import { type Account, openAccount, type QuotaName, type Quotas, quotaNames } from './quotas.ts';

export const defaultTenant = 'default';

export interface Tenant {
  name: string;
  /** Ascends in the order of creation. */
  number: number;
  createdMs: number;
  /** Never used again. */
  id: string;
  /** The epoch of its event stream. */
  epoch: string;
  /**
   * Ids of its filesystems that the last start could not restore. The epoch changes with this list.
   */
  missing?: readonly string[] | undefined;
  /** It is being deleted with all that it has, and cannot be used any more. */
  leaving?: boolean | undefined;
  account: Account;
}

export interface TenantsOptions {
  /** For tenants that are created without quotas of their own. */
  quotas: Quotas;
  tenantsMax: number;
  records?: Records;
  /** Lets the engine add its own record of each new tenant. */
  onCreated(tenant: Tenant): void;
  /** Another node has removed the tenant. */
  onGone?(tenant: Tenant): void;
}

export class Tenants {
  readonly #options: TenantsOptions;
  readonly #records: Records;
  readonly #byName = new Map<string, Tenant>();
  /** Names of tenants whose creation is not durable yet. */
  readonly #coming = new Set<string>();
  /** Names of tenants whose removal is not durable yet. */
  readonly #going = new Set<string>();
  #changes: Promise<unknown> = Promise.resolve();
  #lastNumber = 0;

  constructor(options: TenantsOptions) {
    this.#options = options;
    this.#records = options.records ?? noRecords;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Tenant | undefined {
    const tenant = this.#byName.get(name);
    return this.#going.has(name) || tenant?.leaving === true ? undefined : tenant;
  }

  /** Also a tenant that is leaving. */
  known(name: string): Tenant | undefined {
    return this.#going.has(name) ? undefined : this.#byName.get(name);
  }

  /** In the order of creation. */
  all(): Iterable<Tenant> {
    return this.#byName.values();
  }

  adopt({ tenants }: Pick<World, 'tenants'>): void {
    for (const { quotas, ...record } of [...tenants].sort((a, b) => a.number - b.number)) {
      this.#lastNumber = Math.max(this.#lastNumber, record.number);
      this.#add({ ...record, account: openAccount(merged(this.#options.quotas, quotas)) });
    }
  }

  /** Takes over what another node has changed. */
  refresh({ tenants }: Pick<World, 'tenants'>): void {
    const names = new Set(tenants.map(({ name }) => name));
    for (const tenant of [...this.#byName.values()]) {
      if (names.has(tenant.name) || this.#going.has(tenant.name)) continue;
      this.#byName.delete(tenant.name);
      this.#options.onGone?.(tenant);
    }
    const added: TenantRecord[] = [];
    for (const record of tenants) {
      const tenant = this.#byName.get(record.name);
      if (tenant === undefined) {
        added.push(record);
        continue;
      }
      const { quotas, ...stored } = record;
      Object.assign(tenant, stored);
      tenant.leaving = record.leaving;
      tenant.account.limits = merged(this.#options.quotas, quotas);
    }
    this.adopt({ tenants: added });
  }

  /** Durable together with `alongside`. */
  async create(
    name: string,
    quotas: PartialQuotas,
    nowMs: number,
    alongside: readonly Change[] = [],
  ): Promise<Tenant | 'exists' | 'full'> {
    if (this.#byName.has(name) || this.#coming.has(name)) return 'exists';
    if (this.#byName.size + this.#coming.size >= this.#options.tenantsMax) return 'full';
    this.#lastNumber += 1;
    const account = openAccount(merged(this.#options.quotas, quotas));
    const tenant = {
      name,
      number: this.#lastNumber,
      createdMs: nowMs,
      id: newId(),
      epoch: newId(),
      account,
    };
    this.#coming.add(name);
    try {
      await this.#records.put([{ ...changeOf(tenant, account.limits), isNew: true }, ...alongside]);
    } catch (error) {
      // Another node made a tenant of this name at the same time.
      if (error instanceof JournalError && error.kind === 'taken') return 'exists';
      throw error;
    } finally {
      this.#coming.delete(name);
    }
    // A reading of what all nodes have changed may have brought it already.
    const known = this.#byName.get(name);
    if (known?.id === tenant.id) return known;
    this.#add(tenant);
    return tenant;
  }

  /**
   * Takes effect when the change is durable. Usage beyond a smaller quota stays. Returns false if
   * the tenant was removed.
   */
  setQuotas(tenant: Tenant, quotas: PartialQuotas): Promise<boolean> {
    // One after the other, because each change starts from the result of the one before.
    const done = this.#changes.then(async () => {
      if (this.get(tenant.name) !== tenant) return false;
      const limits = merged(tenant.account.limits, quotas);
      await this.#keep(tenant, limits);
      tenant.account.limits = limits;
      return true;
    });
    this.#changes = done.catch(() => {});
    return done;
  }

  /**
   * Hides the tenant at once. When that is durable, together with `alongside`, the tenant can only be
   * removed.
   */
  leave(tenant: Tenant, alongside: readonly Change[]): Promise<void> {
    const { name } = tenant;
    this.#going.add(name);
    // After the changes of quotas, which write the same record.
    const done = this.#changes.then(async () => {
      try {
        await this.#keep({ ...tenant, leaving: true }, tenant.account.limits, alongside);
        tenant.leaving = true;
      } finally {
        this.#going.delete(name);
      }
    });
    this.#changes = done.catch(() => {});
    return done;
  }

  /** Hides the tenant at once, and removes it when that is durable, together with `alongside`. */
  async remove(name: string, alongside: readonly Change[]): Promise<void> {
    this.#going.add(name);
    try {
      await this.#records.put([removal(recordKeys.tenant(name)), ...alongside]);
      this.#byName.delete(name);
    } finally {
      this.#going.delete(name);
    }
  }

  #keep(tenant: Tenant, quotas: Quotas, alongside: readonly Change[] = []): Promise<void> {
    return this.#records.put([changeOf(tenant, quotas), ...alongside]);
  }

  #add(tenant: Tenant): void {
    this.#byName.set(tenant.name, tenant);
    this.#options.onCreated(tenant);
  }
}

const changeOf = ({ account: _, ...tenant }: Tenant, quotas: Quotas): Change =>
  tenantRecord.change(recordKeys.tenant(tenant.name), { ...tenant, quotas });

type PartialQuotas = Partial<Record<QuotaName, number | undefined>>;

function merged(before: Quotas, quotas: PartialQuotas): Quotas {
  const limits = { ...before };
  for (const name of quotaNames) limits[name] = quotas[name] ?? before[name];
  return limits;
}
