// A machine as it is inside of a bundle: without its name, with events numbered from 1, and without
// contents if they are omitted. So two bundles of the same past have the same bytes.
import type { LoggedEntry } from '../durable/log.ts';
import { argsOf } from '../kernel/fork.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Kernel } from '../kernel/state.ts';
import { nameInside } from './frames.ts';

export function inside(kernel: Kernel): void {
  kernel.geometry = { ...kernel.geometry, name: nameInside };
  kernel.eventSeq = 0;
}

export const argsInside = (kernel: Kernel): MkfsArgs => ({ ...argsOf(kernel), name: nameInside });

/**
 * Replaces every byte of files by a zero: on the device, in caches, in private copies, and in
 * operations. Layout, pins and waits do not depend on them.
 */
export function withoutContents(kernel: Kernel): void {
  kernel.pmem.pages.clear();
  for (const { medium } of kernel.pmem.dirty.values()) medium.fill(0);
  for (const { bytes } of kernel.anonPages.values()) bytes.fill(0);
  for (const task of kernel.tasks.values()) clear(task);
  for (const ended of kernel.ended.values()) clear(ended);
}

function clear(part: unknown): void {
  if (part instanceof Uint8Array) part.fill(0);
  else if (typeof part === 'object' && part !== null)
    for (const one of Object.values(part)) clear(one);
}

export function withoutData(entry: LoggedEntry): LoggedEntry {
  const { command } = entry;
  if (command?.data === undefined) return entry;
  return { ...entry, command: { ...command, data: new Uint8Array(command.data.length) } };
}
