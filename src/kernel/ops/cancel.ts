// Sends a signal to a sleeping operation, as kill(2) does: EINTR if Linux would give it, no effect
// in state D.
import { z } from 'zod';
import { sendSignal } from '../sched/signal.ts';
import { opId, type TaskId } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';

export const cancel = defineAtomic({
  name: 'cancel',
  summary: 'Send a signal to an operation',
  doc:
    'An interruptible sleep (state S) ends with EINTR and nothing has changed. detach-and-wait ' +
    'succeeds instead and leaves the blocks to the reaper. With restart (SA_RESTART) the call ' +
    'begins again and waits again. A sleep in state D and an operation that spins cannot be ' +
    'interrupted: EBUSY.',
  on: 'operation',
  route: { method: 'POST', path: 'cancel', status: 200 },
  args: z.strictObject({ restart: z.boolean().default(false) }),
  result: z.object({ id: z.string(), signalled: z.boolean(), restart: z.boolean() }),
  errors: ['EBUSY'],
  run(k, task) {
    const id = Number(task.locals.operation);
    const target = k.tasks.get(id as TaskId);
    if (target === undefined) return fail('ENOENT', 'CN2', `the operation ${opId(id)} has ended`);
    if (target.state === 'sleeping' && !target.interruptible) {
      const how =
        target.sleep?.on === 'spin'
          ? 'spins and does not look at signals'
          : `is in state D: it cannot be signalled until its wait for the ${target.sleep?.on} ` +
            'ends';
      return fail('EBUSY', 'CN1', `the operation ${opId(id)} ${how}`);
    }
    sendSignal(k, target, task.args.restart ? 'restart' : 'interrupt');
    return done({ id: opId(id), signalled: true, restart: task.args.restart });
  },
});
