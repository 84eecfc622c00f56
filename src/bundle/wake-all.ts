// The operations that sleep in the state of a bundle never ran on this server. wakeAll() runs them
// to their end, so that one that breaks the machine is found before the bundle is accepted.
import { apply, atRest } from '../kernel/kernel.ts';
import type { Command, Kernel } from '../kernel/state.ts';
import { BundleError } from './bundle-error.ts';

/** Bounds the run, because a task that spins never ends. */
const entriesMax = 10_000;

/** Changes the machine: it unpins everything, and sends each sleeper a signal. */
export function wakeAll(k: Kernel): void {
  k.geometry.scheduler = 'auto';
  let left = entriesMax;
  const enter = (command: Command | null): void => {
    if (left === 0) return;
    left -= 1;
    try {
      apply(k, { seq: k.seq + 1, timeMs: k.nowMs, command });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new BundleError('BD3', `what the state at the end leads to breaks the machine: ${why}`);
    }
  };
  const rest = (): void => {
    while (left > 0 && !atRest(k)) enter(null);
  };
  rest();
  for (const pin of [...k.pins.keys()]) {
    enter({ op: 'unpin', on: { pin }, args: {} });
    rest();
  }
  for (const operation of [...k.tasks.keys()]) {
    enter({ op: 'cancel', on: { operation }, args: { restart: false } });
    rest();
  }
}
