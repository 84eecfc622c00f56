import { z } from 'zod';
import { emit } from '../emit.ts';
import { failure } from '../errno.ts';
import type { Kernel } from '../state.ts';
import { mappingId, opId, pinId } from '../units.ts';
import { blockersMax } from '../waits/wait-graph.ts';
import { defineAtomic, done, fail } from './define.ts';

/** As many as a failure lists. */
function some<T>(all: Map<unknown, T>): T[] {
  const first: T[] = [];
  for (const one of all.values()) if (first.push(one) === blockersMax) break;
  return first;
}

/** The first pins, mappings and operations that prevent an umount, each kind oldest first. */
function users(k: Kernel): object[] {
  const { nowMs } = k;
  return [
    ...some(k.pins).map(({ id, owner, kind, createdMs }) => ({
      pin: pinId(id),
      owner,
      kind,
      heldMs: nowMs - createdMs,
    })),
    ...some(k.mappings).map(({ id, owner, createdMs }) => ({
      mapping: mappingId(id),
      owner,
      heldMs: nowMs - createdMs,
    })),
    ...some(k.tasks).map(({ id, owner, submittedMs }) => ({
      operation: opId(id),
      owner,
      heldMs: nowMs - submittedMs,
    })),
  ].slice(0, blockersMax);
}

export const umount = defineAtomic({
  name: 'umount',
  summary: 'Unmount and remove a filesystem',
  doc:
    'EBUSY while there are mappings, pins, running operations, busy or detached blocks, because ' +
    'blocks are never freed early. With force all of these end, and sleeping operations fail ' +
    'with ENODEV.',
  on: 'filesystem',
  route: { method: 'DELETE', path: '', status: 200 },
  args: z.strictObject({ force: z.boolean().default(false) }),
  result: z.object({ name: z.string(), forced: z.boolean() }),
  errors: ['EBUSY'],
  removesStopped: ({ force }) => force,
  run(k, task) {
    const { force } = task.args;
    const { mappings, pins } = k.counts;
    const running = k.tasks.size;
    const busy = [
      [mappings, 'mappings'],
      [pins, 'pins'],
      [running, 'operations'],
      [k.busy.pages, 'busy blocks'],
      [k.detached.pages, 'detached blocks'],
    ].filter(([count]) => Number(count) > 0);
    if (busy.length > 0 && !force) {
      return fail(
        'EBUSY',
        'UM1',
        `the filesystem is in use (${busy.map(([count, what]) => `${what}: ${count}`).join(', ')})`,
        { blockedBy: users(k) },
      );
    }
    k.turn.pending.unmounted = true;
    k.turn.pending.endAll = failure('ENODEV', 'UM2', 'the filesystem was unmounted with force');
    emit(k, 'filesystem.unmounted', null, { forced: busy.length > 0 });
    return done({ name: k.geometry.name, forced: busy.length > 0 });
  },
});
