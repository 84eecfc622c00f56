// Keeps the usage of a tenant and the memory of the server up to date with one filesystem. Both
// change by the difference since the last count, because adding up all filesystems would be slow.
import { memoryOf } from '../kernel/memory.ts';
import type { Kernel } from '../kernel/state.ts';
import type { Account } from '../tenants/quotas.ts';
import type { Memory } from './memory.ts';

type Counts = Record<'blocks' | 'files' | 'mappings' | 'pins' | 'sleepers' | 'memory', number>;

/** What a filesystem uses of the quotas that its kernel counts. */
export function countsOf({ counts }: Pick<Kernel, 'counts'>): Omit<Counts, 'memory'> {
  const { blocksUsed: blocks, files, mappings, pins, sleepers } = counts;
  return { blocks, files, mappings, pins, sleepers };
}

export class Usage {
  readonly #account: Account;
  readonly #memory: Memory;
  #counted: Counts = { blocks: 0, files: 0, mappings: 0, pins: 0, sleepers: 0, memory: 0 };

  constructor(account: Account, memory: Memory) {
    this.#account = account;
    this.#memory = memory;
  }

  /** `bytesBeside` is the memory of the filesystem outside of its kernel: events, ended reads. */
  count(kernel: Kernel, bytesBeside: number): void {
    const memory = Math.ceil(memoryOf(kernel)) + bytesBeside;
    this.#moveTo({ ...countsOf(kernel), memory });
  }

  /** The filesystem was removed. */
  release(): void {
    this.#moveTo({ blocks: 0, files: 0, mappings: 0, pins: 0, sleepers: 0, memory: 0 });
  }

  #moveTo(counts: Counts): void {
    const { used } = this.#account;
    const before = this.#counted;
    used.blocks += counts.blocks - before.blocks;
    used.files += counts.files - before.files;
    used.mappings += counts.mappings - before.mappings;
    used.pins += counts.pins - before.pins;
    used.sleepers += counts.sleepers - before.sleepers;
    used.memory += counts.memory - before.memory;
    this.#memory.add(counts.memory - before.memory);
    this.#counted = counts;
  }

  /** True if more is used than allowed, which can happen because usage is counted afterwards. */
  get memoryExceeded(): boolean {
    const { used, limits } = this.#account;
    return used.memory > limits.memory || this.#memory.used > this.#memory.max;
  }
}
