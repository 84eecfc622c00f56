import type { Scope } from '../tenants/tokens.ts';

export interface Caller {
  /** Null is the operator, who has no filesystems. */
  tenant: string | null;
  scopes: readonly Scope[];
  /** The id of the token. Absent without one. */
  id?: string;
  expiresMs?: number | null;
}
