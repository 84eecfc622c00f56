import { emit } from '../emit.ts';
import type { Kernel, Task } from '../state.ts';
import { inodeOf } from './task.ts';
import { wakeSleeper } from './waitqueue.ts';

/**
 * Marks the signal pending and wakes the task where its sleep can be interrupted; in state D it is
 * seen when the sleep is over.
 */
export function sendSignal(
  k: Kernel,
  task: Task,
  signal: 'interrupt' | 'restart' | 'deadlock',
): void {
  // A signal that ends the call is not taken back by one that restarts it.
  if (task.signal === 'none' || signal !== 'restart') task.signal = signal;
  emit(k, 'task.signalled', inodeOf(k, task), { op: task.op, restart: signal === 'restart' });
  if (task.state === 'sleeping' && task.interruptible && task.sleep?.on === 'page')
    wakeSleeper(k, task, task.sleep.pfn);
}
