// put_page on every page of a pin. It takes no lock, so it is atomic and can run in interrupt
// context.
import { z } from 'zod';
import { releasePin } from '../mm/gup.ts';
import { pinId, zCount } from '../units.ts';
import { defineAtomic, done, fail } from './define.ts';

export const unpin = defineAtomic({
  name: 'unpin',
  summary: 'Release a pin',
  doc:
    'Drops every reference of the pin. If a page becomes idle, the operations that wait for ' +
    'it are woken.',
  on: 'pin',
  route: { method: 'DELETE', path: '', status: 200 },
  args: z.strictObject({}),
  result: z.object({ id: z.string(), pagesReleased: zCount, heldMs: zCount }),
  errors: ['EBUSY'],
  run(k, task) {
    const held = task.pin === 0 ? undefined : k.pins.get(task.pin);
    if (held === undefined) return fail('ENOENT', 'GP4', 'the pin was released meanwhile');
    if (held.task !== 0)
      return fail('EBUSY', 'GP5', 'get_user_pages is still collecting the pages of this pin');
    releasePin(k, held);
    return done({
      id: pinId(held.id),
      pagesReleased: held.pfns.length,
      heldMs: k.nowMs - held.createdMs,
    });
  },
});
