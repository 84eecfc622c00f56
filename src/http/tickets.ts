// Tickets for event streams. A browser cannot send a header with a WebSocket, and a token in a URL
// ends up in logs. So a page exchanges its token for a ticket, which is valid once, for half a
// minute, for one stream, and for pages of its own origin.
import { randomBytes } from 'node:crypto';
import type { Caller } from './caller.ts';

export const ticketMs = 30_000;

export interface Ticket {
  caller: Caller;
  /** The path of the stream. */
  stream: string;
  /** Null if the client that got it is not a page. */
  origin: string | null;
  untilMs: number;
  /** Whether the token that it was issued for is still valid. */
  mayStay(): boolean;
}

export type Redeemed =
  | { ok: true; ticket: Ticket }
  | { ok: false; why: 'unauthorized' | 'forbidden' };

export class Tickets {
  readonly #perTenantMax: number;
  /** In the order in which they expire. */
  readonly #live = new Map<string, Ticket>();
  readonly #ofTenant = new Map<string, number>();

  constructor(perTenantMax: number) {
    this.#perTenantMax = perTenantMax;
  }

  /** Null if the tenant has the maximum number of unused tickets. */
  issue(ticket: Ticket, nowMs: number): string | null {
    this.#sweep(nowMs);
    const tenant = ticket.caller.tenant ?? '';
    const count = this.#ofTenant.get(tenant) ?? 0;
    if (count >= this.#perTenantMax) return null;
    const secret = `pht_${randomBytes(24).toString('hex')}`;
    this.#live.set(secret, ticket);
    this.#ofTenant.set(tenant, count + 1);
    return secret;
  }

  /** The ticket is used up, also if it is refused. */
  redeem(secret: string, stream: string, origin: string | undefined, nowMs: number): Redeemed {
    const ticket = this.#live.get(secret);
    if (ticket === undefined) return { ok: false, why: 'unauthorized' };
    this.#forget(secret, ticket);
    if (ticket.untilMs <= nowMs || !ticket.mayStay()) return { ok: false, why: 'unauthorized' };
    if (ticket.stream !== stream || (ticket.origin !== null && ticket.origin !== origin))
      return { ok: false, why: 'forbidden' };
    return { ok: true, ticket };
  }

  #sweep(nowMs: number): void {
    for (const [secret, ticket] of this.#live) {
      if (ticket.untilMs > nowMs) return;
      this.#forget(secret, ticket);
    }
  }

  #forget(secret: string, { caller }: Ticket): void {
    this.#live.delete(secret);
    const tenant = caller.tenant ?? '';
    const left = (this.#ofTenant.get(tenant) ?? 1) - 1;
    if (left === 0) this.#ofTenant.delete(tenant);
    else this.#ofTenant.set(tenant, left);
  }
}
