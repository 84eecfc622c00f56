// Touching pages through a mapping, as a load or a store of one byte in each would.
import { z } from 'zod';
import { failure } from '../errno.ts';
import { isAnon, zeroPfn } from '../mm/anon.ts';
import { assert } from '../panic.ts';
import { pageSize, zBytes } from '../units.ts';
import { defineOp, done } from './define.ts';
import { checkInside, checkWritable, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.describe('From the start of the mapping.'),
  length: zBytes.default(1),
  access: z.enum(['read', 'write']),
});

interface Touched {
  pgoff: number;
  pfn: number | null;
  zeroPage: boolean;
  copied: boolean;
}

function touchedBy(task: { locals: Record<string, unknown> }): Touched[] {
  task.locals.touched ??= [];
  assert(Array.isArray(task.locals.touched), 'touched pages are a list');
  return task.locals.touched;
}

export const fault = defineOp({
  name: 'fault',
  summary: 'Touch pages through a mapping',
  doc: `Faults in every page of the range that is not there yet. A read of a hole or of an unwritten block maps the shared zero page and allocates
nothing; a write allocates. Pages before one that fails stay mapped.`,
  on: 'mapping',
  route: { method: 'POST', path: 'faults', status: 200 },
  body: 'json',
  reply: 'json',
  args,
  result: z.object({
    pages: z.array(z.object({ pgoff: z.int(), pfn: z.int().nullable(), zeroPage: z.boolean(), copied: z.boolean() })),
  }),
  errors: ['ENOENT', 'EINVAL', 'EFAULT', 'EACCES', 'SIGBUS', 'ENOMEM', 'EAGAIN', 'EDEADLK', 'ENODEV', 'EDQUOT'],
  sleeps: true,
  atomic: false,
  first: 'begin',
  steps: walkSteps<z.infer<typeof args>>({
    begin(k, { args: { offset, length, access } }, mapping) {
      const pagesMax = k.limits.pagesPerPin;
      if (length > pagesMax * pageSize)
        return failure('EINVAL', 'LM5', `the range is above ${pagesMax} pages, the most that one call touches`);
      const refused = checkInside(mapping, offset, length) ?? (access === 'write' ? checkWritable(mapping) : null);
      return refused ?? { offset, length, access };
    },
    page(_k, task, _mapping, pgoff, pfn) {
      touchedBy(task).push({ pgoff, pfn: pfn < 0 ? null : pfn, zeroPage: pfn === zeroPfn, copied: isAnon(pfn) });
    },
    stopped: (_k, _task, why) => ({ kind: 'fail', failure: why }),
    finish: (_k, task) => done({ pages: touchedBy(task) }),
  }),
});
