import { z } from 'zod';
import { failure } from '../errno.ts';
import { emit } from '../events.ts';
import { defineOp, done, fail } from './define.ts';

export const umount = defineOp({
  name: 'umount',
  summary: 'Unmount and remove a filesystem',
  doc: `EBUSY while anything is mapped, pinned, asleep, busy or detached: blocks are never freed early. With force everything goes, and operations
that sleep end with ENODEV.`,
  on: 'filesystem',
  route: { method: 'DELETE', path: '', status: 200 },
  body: 'none',
  reply: 'json',
  args: z.strictObject({ force: z.boolean().default(false) }),
  result: z.object({ name: z.string(), forced: z.boolean() }),
  errors: ['ENOENT', 'EBUSY', 'ESTALE'],
  sleeps: false,
  atomic: true,
  first: 'unmount',
  steps: {
    unmount(k, task) {
      const { force } = task.args;
      const { mappings, pins } = k.counts;
      const running = k.tasks.size - 1;
      const busy = [
        [mappings, 'mappings'],
        [pins, 'pins'],
        [running, 'operations'],
        [k.busy.pages, 'busy blocks'],
        [k.detached.pages, 'detached blocks'],
      ].filter(([count]) => Number(count) > 0);
      if (busy.length > 0 && !force) {
        return fail('EBUSY', 'UM1', `in use: ${busy.map(([count, what]) => `${count} ${what}`).join(', ')}`);
      }
      k.pending.unmounted = true;
      k.pending.endAll = failure('ENODEV', 'UM2', 'the filesystem was unmounted with force');
      emit(k, 'filesystem.unmounted', null, { forced: busy.length > 0 });
      return done({ name: k.geometry.name, forced: busy.length > 0 });
    },
  },
});
