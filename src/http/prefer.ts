// The header Prefer (RFC 7240). The server supports `wait` and `respond-async`.
import { HttpProblem } from './problem.ts';

export interface Preference {
  /** How long to wait for the end of the operation. */
  waitMs: number;
  /** Answer 202 even if the operation has already ended. */
  async: boolean;
  /** The value of Preference-Applied; null if the request has no supported preference. */
  applied: string | null;
}

export interface WaitLimits {
  waitDefaultMs: number;
  waitMaxMs: number;
}

export function preferenceOf(
  header: string | string[] | undefined,
  limits: WaitLimits,
): Preference {
  if (header === undefined) return { waitMs: limits.waitDefaultMs, async: false, applied: null };
  let wait: number | null = null;
  let async = false;
  for (const part of String(header).split(',')) {
    const [, name = '', value] = /^\s*([^\s=;]*)\s*(?:=\s*"?([^";]*)"?)?/.exec(part) ?? [];
    if (name.toLowerCase() === 'respond-async') async = true;
    // RFC 7240 says that the first one counts. Unknown preferences are ignored, as it allows.
    if (name.toLowerCase() !== 'wait' || wait !== null) continue;
    if (value === undefined || !/^\d{1,9}$/.test(value))
      throw new HttpProblem('invalid-header', '`Prefer: wait=N` takes a whole number of seconds.');
    wait = Number(value);
  }
  if (wait !== null) {
    const waitMs = Math.min(wait * 1000, limits.waitMaxMs);
    return { waitMs, async: false, applied: `wait=${Math.floor(waitMs / 1000)}` };
  }
  if (async) return { waitMs: 0, async: true, applied: 'respond-async' };
  return { waitMs: limits.waitDefaultMs, async: false, applied: null };
}
