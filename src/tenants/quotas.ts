// What a tenant may have, what it has, and what is on its way. Usage moves by the differences of
// each kernel's counts; a reservation covers a command from the moment that it is accepted until
// its effect is counted, so that a burst cannot pass the limit.

/** `memory` is what the server holds for the tenant, in bytes; see engine/memory.ts. */
export const quotaNames = [
  'filesystems',
  'bytes',
  'blocks',
  'files',
  'mappings',
  'pins',
  'sleepers',
  'memory',
] as const;
export type QuotaName = (typeof quotaNames)[number];
export type Quotas = Record<QuotaName, number>;

export interface Account {
  limits: Quotas;
  used: Quotas;
  /** In flight. */
  reserved: Quotas;
}

const zero = (): Quotas => ({
  filesystems: 0,
  bytes: 0,
  blocks: 0,
  files: 0,
  mappings: 0,
  pins: 0,
  sleepers: 0,
  memory: 0,
});

export function openAccount(limits: Quotas): Account {
  return { limits: { ...limits }, used: zero(), reserved: zero() };
}

/** Says whether `amount` more fits, and if so holds it until `release`. */
export function reserve(account: Account, name: QuotaName, amount: number): boolean {
  if (account.used[name] + account.reserved[name] + amount > account.limits[name]) return false;
  account.reserved[name] += amount;
  return true;
}

export function release(account: Account, name: QuotaName, amount: number): void {
  account.reserved[name] -= amount;
}
