import type { Scope } from '../tenants/tokens.ts';

export interface Caller {
  /** Null is the operator, who has no filesystems. */
  tenant: string | null;
  scopes: readonly Scope[];
}
