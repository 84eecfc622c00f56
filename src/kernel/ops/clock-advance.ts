import { z } from 'zod';
import { emit } from '../emit.ts';
import { zCount, zMs } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';

export const clockAdvance = defineAtomic({
  name: 'clock-advance',
  summary: 'Advance the manual clock of a filesystem',
  doc:
    'Before the call returns, pins with holdMs are released and operations with timeoutMs ' +
    'end, each at its own time.',
  on: 'filesystem',
  route: { method: 'POST', path: 'clock/advance', status: 200 },
  args: z.strictObject({ ms: zMs }),
  result: z.object({ nowMs: zCount }),
  errors: ['EOPNOTSUPP'],
  run(k, { args }) {
    if (k.geometry.clock !== 'manual')
      return fail(
        'EOPNOTSUPP',
        'CL1',
        'the clock of this filesystem is realtime; only a manual one can be advanced',
      );
    const nowMs = Math.max(k.nowMs, k.advanceToMs) + args.ms;
    k.turn.pending.advanceToMs = nowMs;
    emit(k, 'clock.advanced', null, { fromMs: k.nowMs, toMs: nowMs });
    return done({ nowMs });
  },
});
