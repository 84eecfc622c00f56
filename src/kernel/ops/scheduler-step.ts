import { z } from 'zod';
import { emit } from '../emit.ts';
import { runnableNames, timerName, workerName } from '../sched/task.ts';
import { firstTimer } from '../sched/timers.ts';
import type { Kernel } from '../state.ts';
import { idPattern, numberOf, type TaskId } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';

export const schedulerStep = defineAtomic({
  name: 'scheduler-step',
  summary: 'Run one step of one task',
  doc:
    'For a filesystem with a stepped scheduler. task is the id of an operation, or kworker for ' +
    'the release worker; without it the first task of the run queue takes a step. The answer ' +
    'names the step that was taken; its task is null if no task can run. `timer` advances a ' +
    'manual clock to the next timer and fires it: a pin with holdMs, or an operation with ' +
    'timeoutMs.',
  on: 'filesystem',
  route: { method: 'POST', path: 'scheduler/step', status: 200 },
  args: z.strictObject({
    task: z
      .string()
      .regex(new RegExp(`^(${idPattern('operation')}|${workerName}|${timerName})$`))
      .optional(),
  }),
  result: z.object({
    task: z.string().nullable(),
    op: z.string().nullable(),
    step: z.string().nullable(),
  }),
  errors: ['EOPNOTSUPP', 'EINVAL'],
  run(k, { args }) {
    if (k.geometry.scheduler !== 'stepped')
      return fail(
        'EOPNOTSUPP',
        'SC1',
        'the scheduler of this filesystem is auto; only a stepped one can be stepped',
      );
    if (args.task === timerName) return fireTimer(k);
    const runnable = runnableNames(k);
    const chosen = args.task ?? runnable[0];
    if (chosen === undefined) return done({ task: null, op: null, step: null });
    if (!runnable.includes(chosen)) {
      return fail(
        'EINVAL',
        'SC2',
        `the task ${chosen} is not runnable; runnable tasks: ${runnable.join(', ') || 'none'}`,
      );
    }
    if (chosen === workerName) {
      k.turn.pending.step = 0;
      return done({ task: chosen, op: workerName, step: 'release' });
    }
    const id = numberOf('operation', chosen) as TaskId;
    const task = k.tasks.get(id);
    k.turn.pending.step = id;
    return done({ task: chosen, op: task?.op ?? null, step: task?.step ?? null });
  },
});

/** Every timer of that millisecond fires at the end of this entry, see moveTime(). */
function fireTimer(k: Kernel) {
  if (k.geometry.clock !== 'manual')
    return fail(
      'EOPNOTSUPP',
      'CL1',
      'the clock of this filesystem is realtime; only a manual one can be advanced',
    );
  const timer = firstTimer(k);
  if (timer === null) return fail('EINVAL', 'SC4', 'this filesystem has no timer that could fire');
  const toMs = Math.max(k.nowMs, timer.atMs);
  k.turn.pending.advanceToMs = toMs;
  emit(k, 'clock.advanced', null, { fromMs: k.nowMs, toMs });
  return done({ task: timerName, op: timerName, step: 'fire' });
}
