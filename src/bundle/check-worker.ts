// Checks one bundle in a worker thread. The state of a bundle comes from outside, so its replay may
// never end, or may use all memory.
import { z } from 'zod';
import { memoryOf } from '../kernel/memory.ts';
import type { Counts, Kernel } from '../kernel/state.ts';
import { views } from '../kernel/views/index.ts';
import { BundleError } from './bundle-error.ts';
import { type BundleBounds, verifyBundle } from './read.ts';
import { wakeAll } from './wake-all.ts';

export interface CheckTask {
  bytes: Uint8Array;
  bounds: BundleBounds;
}

/** What a filesystem that is made of the bundle uses, and its time. */
export interface Checked {
  counts: Counts;
  memory: number;
  nowMs: number;
}

export type CheckAnswer =
  | { ok: true; end: Checked }
  | { ok: false; rule: BundleError['rule']; why: string };

/** The entry point of the thread. */
export async function check({ bytes, bounds }: CheckTask): Promise<CheckAnswer> {
  try {
    const { kernel } = await verifyBundle(bytes, bounds);
    const { counts, nowMs } = kernel;
    const end = { counts: { ...counts }, memory: Math.ceil(memoryOf(kernel)), nowMs };
    demandViews(kernel);
    wakeAll(kernel);
    return { ok: true, end };
  } catch (error) {
    if (error instanceof BundleError) return { ok: false, rule: error.rule, why: error.message };
    // What a foreign state breaks is the fault of the bundle.
    return { ok: false, rule: 'BD3', why: `its state breaks the machine: ${String(error)}` };
  }
}

/** Every view of the filesystem can show this state, so no field of it has a wrong type. */
function demandViews(kernel: Kernel): void {
  for (const { name, on, query, read, result } of views.values()) {
    if (on !== 'filesystem') continue;
    const shown = read(kernel, {}, query.parse({}), kernel.nowMs);
    if (!shown.ok) continue;
    const wrong = result.safeParse(shown.result).error;
    if (wrong !== undefined)
      throw new BundleError(
        'BD3',
        `the state at the end has no ${name}: ${z.prettifyError(wrong)}`,
      );
  }
}
