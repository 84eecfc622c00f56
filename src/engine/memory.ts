// Memory accounting for the whole server, with a limit: machines, event rings, bytes of reads,
// stored answers, request bodies and replies. It adds up what was reserved and does not measure the
// process, because a request must be refused before memory runs out.
import type { Command, Kernel } from '../kernel/state.ts';
import { type Account, release, reserve } from '../tenants/quotas.ts';

/** The sum over all tenants. */
export class Memory {
  readonly max: number;
  /** Frees what is kept only for convenience, before memory is refused to the account. */
  onFull: (account: Account, limit: 'tenant' | 'server') => void = () => {};
  #used = 0;
  #held = 0;

  constructor(max: number) {
    this.max = max;
  }

  get used(): number {
    return this.#used + this.#held;
  }

  /** Counts memory that is already in use; this is never refused. */
  add(bytes: number): void {
    this.#used += bytes;
  }

  /** Reserves the bytes until `letGo`, and returns null; or returns which limit is reached. */
  hold(account: Account, bytes: number): 'tenant' | 'server' | null {
    const full = this.#hold(account, bytes);
    if (full === null) return null;
    this.onFull(account, full);
    return this.#hold(account, bytes);
  }

  #hold(account: Account, bytes: number): 'tenant' | 'server' | null {
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

/** Reads below this size are not counted, because counting would cost more than they do. */
const leastRead = 65_536;

/**
 * Bytes to reserve for the answer to a read. Small reads are counted only if their bytes are stored
 * after a 202.
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

/** An upper bound of the memory that a command needs, both while it runs and afterwards. */
export function wantedBy({ data, args }: Command, pagesMax: number): number {
  const { length } = (args ?? {}) as { length?: unknown };
  const pages = typeof length === 'number' ? Math.min(Math.ceil(length / 4096), pagesMax) : 1;
  // For each page: its bytes, its frame, its entries in two tables and its reference in a pin.
  const bytes = data === undefined ? 0 : data.length + (Math.ceil(data.length / 4096) + 1) * 4300;
  return 8192 + bytes + pages * 400;
}
