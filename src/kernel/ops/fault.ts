// Faults on pages of a mapping, as a load or a store of one byte in each page would cause them.
import { z } from 'zod';
import { failure } from '../errno.ts';
import { isAnon, zeroPfn } from '../mm/anon.ts';
import { inPmd, pmdBytes } from '../mm/pmd.ts';
import { pageSize, zBytes, zCount } from '../units.ts';
import { defineOp, done, failWith } from './define.ts';
import { checkInside, checkWritable, type WalkLocals, walkErrors, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.describe('In bytes from the start of the mapping.'),
  length: zBytes.default(1),
  access: z.enum(['read', 'write']),
});

const result = z.object({
  pages: z.array(
    z.object({
      pgoff: zCount,
      pfn: zCount.nullable(),
      zeroPage: z.boolean(),
      copied: z.boolean(),
      sizeBytes: zCount.describe(
        'Size of the page-table entry: 4096, or 2097152 if it maps the 2 MiB around the page.',
      ),
    }),
  ),
  pagesOmitted: zCount
    .optional()
    .describe(
      'Pages that were faulted in and are not listed here; see the page table of the mapping.',
    ),
});

interface Touched {
  pgoff: number;
  pfn: number | null;
  zeroPage: boolean;
  copied: boolean;
  sizeBytes: number;
}

/** The most pages in an answer, and in the locals of a fault that sleeps. */
const pagesShown = 1000;

interface FaultLocals extends WalkLocals {
  touched?: Touched[];
  pagesOmitted?: number;
}

function touchedBy(task: { locals: FaultLocals }): Touched[] {
  task.locals.touched ??= [];
  return task.locals.touched;
}

export const fault = defineOp({
  name: 'fault',
  summary: 'Fault in pages of a mapping',
  doc:
    'Faults in every page of the range that is not mapped yet. A read fault of a hole or an ' +
    'unwritten block maps the shared zero page and allocates nothing; a write fault allocates. ' +
    'Pages before one that fails stay mapped. If the mapping covers an aligned 2 MiB of the ' +
    'file, and one extent has it on aligned frames, one fault maps all 2 MiB.',
  on: 'mapping',
  route: { method: 'POST', path: 'faults', status: 200 },
  args,
  result,
  errors: ['EINVAL', 'EACCES', ...walkErrors],
  grows: true,
  locals: {} as FaultLocals,
  first: 'begin',
  steps: walkSteps<z.infer<typeof args>, z.infer<typeof result>, FaultLocals>({
    begin(k, { args: { offset, length, access } }, mapping) {
      const pagesMax = k.limits.pagesPerPin;
      if (length > pagesMax * pageSize)
        return failure(
          'EINVAL',
          'LM5',
          `the range has more than ${pagesMax} pages, the maximum of one call`,
          pagesMax,
        );
      const refused =
        checkInside(mapping, offset, length) ??
        (access === 'write' ? checkWritable(mapping) : null);
      return refused ?? { offset, length, access };
    },
    page(_k, task, mapping, pgoff, pfn) {
      const sizeBytes = inPmd(mapping, pgoff) ? pmdBytes : pageSize;
      const touched = touchedBy(task);
      if (touched.length >= pagesShown) {
        task.locals.pagesOmitted = (task.locals.pagesOmitted ?? 0) + 1;
        return;
      }
      const one = {
        pgoff,
        pfn: pfn < 0 ? null : pfn,
        zeroPage: pfn === zeroPfn,
        copied: isAnon(pfn),
        sizeBytes,
      };
      // A literal has room for one element; a push would make room for seventeen.
      if (touched.length === 0) task.locals.touched = [one];
      else touched.push(one);
    },
    stopped: (_k, _task, why) => failWith(why),
    finish(_k, task) {
      const { pagesOmitted } = task.locals;
      return done({
        pages: touchedBy(task),
        ...(pagesOmitted === undefined ? {} : { pagesOmitted }),
      });
    },
  }),
});
