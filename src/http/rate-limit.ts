// RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11) of an answer that was
// refused because a limit or a quota is reached. A policy has a window, in seconds, only if its limit
// is a rate. `t` is the value of Retry-After, if the answer has that header.
import type { QuotaFailure } from '../engine/refusals.ts';
import type { ProblemType } from './problem-table.ts';

type Quota = QuotaFailure['quota'];

interface Bound {
  name: string;
  unit: string;
  window?: number;
}

/** Bounds of the server and of a tenant: name and unit, by the problem type that reports them. */
const bounds: Partial<Record<ProblemType, Bound>> = {
  'too-many-requests': { name: 'requests', unit: 'requests', window: 1 },
  'inbox-full': { name: 'inbox', unit: 'concurrent-requests' },
  'too-many-keys': { name: 'keys', unit: 'concurrent-requests' },
  'too-many-streams': { name: 'streams', unit: 'streams' },
  'too-many-tickets': { name: 'tickets', unit: 'tickets' },
  'too-many-pipelined': { name: 'pipelined', unit: 'concurrent-requests' },
  'too-many-tokens': { name: 'tokens', unit: 'tokens' },
  'too-many-tenants': { name: 'tenants', unit: 'tenants' },
  'memory-full': { name: 'memory', unit: 'bytes' },
  'too-many-filesystems': { name: 'server-filesystems', unit: 'filesystems' },
};

/**
 * Bounds of one filesystem, by the rule that reports them. Bounds of a single call, such as the
 * pages of one pin, are missing, because nothing of them can be used up.
 */
const ofFilesystem: Record<string, Bound> = {
  LM1: { name: 'operations', unit: 'concurrent-requests' },
  LM6: { name: 'pinned-pages', unit: 'pages' },
  LM7: { name: 'private-pages', unit: 'pages' },
};

/** Whether answers with this problem type can have the two header fields. */
export const isLimit = (type: ProblemType): boolean =>
  type in bounds || ['edquot', 'eagain', 'enomem'].includes(type);

/** The two header fields; null for a problem that no bound or quota caused. */
export function rateLimitOf(
  type: ProblemType,
  { limit, quota, rule }: Record<string, unknown>,
  retrySeconds: string | undefined,
): { ratelimit: string; 'ratelimit-policy': string } | null {
  const bound = bounds[type] ?? ofFilesystem[String(rule)];
  const reset = retrySeconds === undefined ? '' : `;t=${retrySeconds}`;
  if (bound !== undefined) return fields(bound, limit as number, 0, reset);
  if (quota === undefined) return null;
  const { name, limit: most, used } = quota as Quota;
  return fields({ name, unit: name }, most, Math.max(0, most - used), reset);
}

const fields = (
  { name, unit, window }: Bound,
  quota: number,
  remaining: number,
  reset: string,
) => ({
  'ratelimit-policy': `"${name}";q=${quota};qu="${unit}"${window === undefined ? '' : `;w=${window}`}`,
  ratelimit: `"${name}";r=${remaining}${reset}`,
});
