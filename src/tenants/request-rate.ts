// How many requests a tenant may send in a second: a bucket of that many, which refills evenly. A
// tenant that was quiet may send a whole second's requests at once.
import type { Tenant } from './tenants.ts';

export class RequestRate {
  readonly #perSecond: number;
  /** For each tenant, the time at which its bucket is full again, as in GCRA. */
  readonly #fullAtMs = new WeakMap<Tenant, number>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts a request and returns 0, or returns how many ms later it would be counted. */
  take(tenant: Tenant, nowMs: number): number {
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(tenant) ?? 0) + 1000 / this.#perSecond;
    // Half a nanosecond, because sums of fractions are not exact.
    const lateMs = fullAtMs - nowMs - 1000;
    if (lateMs > 0.000_000_5) return lateMs;
    this.#fullAtMs.set(tenant, fullAtMs);
    return 0;
  }
}
