// The memory of the server, held against a limit: machines, event rings, bytes of reads, answers
// that are kept, bodies and replies on their way. It is an account of what was taken, not a look at
// the process: what is refused is refused before the machine is in danger, by name.
import type { Command, Kernel } from '../kernel/state.ts';
import { type Account, release, reserve } from '../tenants/quotas.ts';

/** Of all tenants together. */
export class Memory {
  readonly max: number;
  #used = 0;
  #held = 0;

  constructor(max: number) {
    this.max = max;
  }

  get used(): number {
    return this.#used + this.#held;
  }

  /** What is there already is never refused, only counted. */
  add(bytes: number): void {
    this.#used += bytes;
  }

  /** Says for which of the two there is no room, and otherwise holds the bytes until `letGo`. */
  hold(account: Account, bytes: number): 'tenant' | 'server' | null {
    if (this.used + bytes > this.max) return 'server';
    if (!reserve(account, 'memory', bytes)) return 'tenant';
    this.#held += bytes;
    return null;
  }

  letGo(account: Account, bytes: number): void {
    release(account, 'memory', bytes);
    this.#held -= bytes;
  }
}

/** Below this a read is not worth the account. */
const leastRead = 65_536;

/**
 * What the answer to a read may hold: less is held for it only where its bytes are kept after a
 * 202.
 */
export function readBy({ args, keep, on }: Command, k: Kernel): number {
  const { length, offset = 0 } = args as { length?: number; offset?: number };
  const ino = on.file === undefined ? undefined : k.names.get(on.file);
  const size =
    ino === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(0, (k.inodes.get(ino)?.sizeBytes ?? 0) - offset);
  const bytes = Math.min(length ?? Number.POSITIVE_INFINITY, size, k.limits.bytesPerRead);
  return bytes < leastRead && keep !== true ? 0 : bytes + 4096;
}

/** What a command takes at the most, on its way and for good: a bound, not a measure. */
export function wantedBy({ data, args }: Command, pagesMax: number): number {
  const { length } = (args ?? {}) as { length?: unknown };
  const pages = typeof length === 'number' ? Math.min(Math.ceil(length / 4096), pagesMax) : 1;
  // A page has its bytes, its frame, its entries in two tables and its place in a pin.
  const bytes = data === undefined ? 0 : data.length + (Math.ceil(data.length / 4096) + 1) * 4300;
  return 8192 + bytes + pages * 400;
}
