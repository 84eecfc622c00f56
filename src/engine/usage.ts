// Keeps a tenant's usage, and the memory of the server, in step with one filesystem: both move by
// the difference to what was counted last, so that nobody has to add up all filesystems.
import { memoryOf } from '../kernel/memory.ts';
import type { Kernel } from '../kernel/state.ts';
import type { Account } from '../tenants/quotas.ts';
import type { Memory } from './memory.ts';

type Counts = Record<'blocks' | 'files' | 'mappings' | 'pins' | 'sleepers' | 'memory', number>;

export class Usage {
  readonly #account: Account;
  readonly #memory: Memory;
  #counted: Counts = { blocks: 0, files: 0, mappings: 0, pins: 0, sleepers: 0, memory: 0 };

  constructor(account: Account, memory: Memory) {
    this.#account = account;
    this.#memory = memory;
  }

  /** `bytesBeside` is what the filesystem holds outside of its kernel: events, ended reads. */
  count(kernel: Kernel, bytesBeside: number): void {
    const { blocksUsed: blocks, files, mappings, pins, sleepers } = kernel.counts;
    const memory = Math.ceil(memoryOf(kernel)) + bytesBeside;
    this.#moveTo({ blocks, files, mappings, pins, sleepers, memory });
  }

  /** The filesystem is gone. */
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

  /** More is used than the quota or the server allows; possible since counting comes afterwards. */
  get memoryExceeded(): boolean {
    const { used, limits } = this.#account;
    return used.memory > limits.memory || this.#memory.used > this.#memory.max;
  }
}
