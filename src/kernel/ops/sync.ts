import { z } from 'zod';
import { flushPage } from '../dev/pmem.ts';
import { pageSize, zCount } from '../units.ts';
import { defineAtomic, done } from './define.ts';

export const sync = defineAtomic({
  name: 'sync',
  summary: 'Flush every dirty cache line of the device',
  doc: 'sync(2): afterwards all stores through any mapping are on the medium.',
  on: 'filesystem',
  route: { method: 'POST', path: 'sync', status: 200 },
  args: z.strictObject({}),
  result: z.object({ linesFlushed: zCount }),
  run(k) {
    let linesFlushed = 0;
    for (const pfn of [...k.pmem.dirty.keys()]) linesFlushed += flushPage(k, pfn, 0, pageSize);
    return done({ linesFlushed });
  },
});
