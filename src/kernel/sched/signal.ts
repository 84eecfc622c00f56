import { emit } from '../emit.ts';
import type { Kernel, Task } from '../state.ts';
import { opId } from '../units.ts';
import { inodeOf } from './task.ts';
import { wakeSleeper } from './waitqueue.ts';

/**
 * Marks the signal pending and wakes the task if its sleep can be interrupted. In state D the task
 * sees the signal when its sleep ends.
 */
export function sendSignal(
  k: Kernel,
  task: Task,
  signal: 'interrupt' | 'restart' | 'deadlock',
): void {
  // A signal that restarts the call does not replace one that ends it.
  if (task.signal === 'none' || signal !== 'restart') task.signal = signal;
  emit(k, 'task.signalled', inodeOf(k, task), {
    op: task.op,
    operation: opId(task.id),
    restart: signal === 'restart',
  });
  if (task.state === 'sleeping' && task.interruptible && task.sleep?.on === 'page')
    wakeSleeper(k, task, task.sleep.pfn);
}
