// Quotas, usage and reservations of a tenant. Usage changes by the differences of each kernel's
// counts. A reservation covers a command from the moment it is accepted until its effect is
// counted, because otherwise a burst of commands could exceed the limit.

/** One row for each quota: what a tenant gets by default, and what is counted. */
export const quotaTable = {
  filesystems: { initial: 1000, counts: 'filesystems' },
  bytes: { initial: 2 ** 40, counts: 'bytes of all its devices' },
  blocks: { initial: 2 ** 32, counts: 'blocks of 4 KiB that its files own' },
  files: { initial: 1_000_000, counts: 'files' },
  mappings: { initial: 1_000_000, counts: 'mappings' },
  pins: { initial: 1_000_000, counts: 'pins' },
  sleepers: { initial: 10_000, counts: 'sleeping operations' },
  labs: { initial: 4, counts: 'labs that wait or run' },
  labsKept: { initial: 50, counts: 'ended labs that stay readable; the oldest go first' },
  labCommands: { initial: 5_000_000, counts: 'operations that one run of a lab makes' },
  /** See engine/memory.ts. */
  memory: { initial: 0, counts: 'bytes of memory that the server holds for it' },
};
export type QuotaName = keyof typeof quotaTable;
export const quotaNames = Object.keys(quotaTable) as QuotaName[];
export type Quotas = Record<QuotaName, number>;

/** A record with one value for each quota. */
export const byQuota = <T>(of: (name: QuotaName) => T): Record<QuotaName, T> =>
  Object.fromEntries(quotaNames.map((name) => [name, of(name)])) as Record<QuotaName, T>;

export interface Account {
  limits: Quotas;
  used: Quotas;
  /** Reserved by commands whose effect is not counted yet. */
  reserved: Quotas;
}

const zero = (): Quotas => byQuota(() => 0);

export function openAccount(limits: Quotas): Account {
  return { limits: { ...limits }, used: zero(), reserved: zero() };
}

/** Reserves `amount` until `release` and returns true, or returns false if it does not fit. */
export function reserve(account: Account, name: QuotaName, amount: number): boolean {
  if (account.used[name] + account.reserved[name] + amount > account.limits[name]) return false;
  account.reserved[name] += amount;
  return true;
}

export function release(account: Account, name: QuotaName, amount: number): void {
  account.reserved[name] -= amount;
}
