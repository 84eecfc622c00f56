// get_user_pages on a range of a mapping. Mirrors mm/gup.c: it pins pages in order, as many as it
// can, and fails only if there is none.
import { z } from 'zod';
import { emit } from '../emit.ts';
import { type Errno, type Failure, failure } from '../errno.ts';
import { lookupBlock } from '../lib/extent-map.ts';
import { beginPin, pinPage, recordPin, releasePin } from '../mm/gup.ts';
import { assert } from '../panic.ts';
import { strategyOf } from '../reclaim/index.ts';
import { pinRecord, zPin } from '../records/pin.ts';
import { addTimer } from '../sched/timers.ts';
import {
  type Kernel,
  type Mapping,
  type Pin,
  type PinKind,
  pinKinds,
  type Task,
} from '../state.ts';
import { byteOf, type PgOff, type PinId, pageOf, pageSize, zBytes, zMs } from '../units.ts';
import { defineOp, done, failWith } from './define.ts';
import { theInode } from './layout-change.ts';
import { type WalkLocals, walkSteps } from './page-walk.ts';

const args = z.strictObject({
  offset: zBytes.describe('In bytes from the start of the mapping.'),
  length: zBytes,
  access: z
    .enum(['read', 'write'])
    .describe('write is FOLL_WRITE: the device will write to the pages.'),
  longterm: z
    .boolean()
    .optional()
    .describe(
      'FOLL_LONGTERM: refused on fs-dax unless the strategy allows it. By default as the kind has ' +
        'it in Linux.',
    ),
  kind: z
    .enum(pinKinds)
    .default('direct-io')
    .describe(
      'rdma, v4l2, vfio and io-uring pin with FOLL_LONGTERM; direct-io and vmsplice do not.',
    ),
  hwpoison: z
    .boolean()
    .default(false)
    .describe('FOLL_HWPOISON: a poisoned page is EHWPOISON instead of EFAULT.'),
  holdMs: zMs.min(1).optional().describe('Releases the pin automatically after this time.'),
});
type Args = z.infer<typeof args>;

/**
 * Users whose pins have no bound in time, so that Linux marks them FOLL_LONGTERM. Mirrors
 * drivers/infiniband/core/umem.c, vfio_iommu_type1.c, frame_vector.c and io_uring/memmap.c.
 */
const longtermKinds: ReadonlySet<PinKind> = new Set(['rdma', 'v4l2', 'vfio', 'io-uring']);
const isLongterm = ({ longterm, kind }: Args): boolean => longterm ?? longtermKinds.has(kind);

/**
 * The checks in the order of check_vma_flags(): the address, then FOLL_LONGTERM, then the access
 * rights.
 */
function checkVma(k: Kernel, task: Task & { args: Args }, mapping: Mapping): Failure | null {
  const bytesMapped = byteOf(mapping.pages);
  const { offset, length, access } = task.args;
  if (length === 0) return failure('EINVAL', 'RG1', 'length is 0; it must be at least 1');
  if (offset >= bytesMapped)
    return failure(
      'EFAULT',
      'GP1',
      `byte ${offset} is outside the mapping, which has ${bytesMapped} bytes`,
    );
  if (isLongterm(task.args) && k.strategy.options.longterm !== 'allow') {
    const why =
      'a long-term pin on a DAX file would block truncate as long as it lives; use on-demand ' +
      'paging, a devdax namespace, a file without DAX, or a strategy with longterm: allow';
    return failure('EOPNOTSUPP', 'GP2', why);
  }
  if (access === 'write' && mapping.access === 'read')
    return failure(
      'EFAULT',
      'GP3',
      'the pin asks for write access (FOLL_WRITE), but the mapping is read-only',
    );
  const { pagesPerPin, pinnedReferences } = k.limits;
  if (pageOf(offset + length - 1) - pageOf(offset) >= pagesPerPin) {
    return failure(
      'EINVAL',
      'LM5',
      `the range has more than ${pagesPerPin} pages, the maximum of one pin`,
      pagesPerPin,
    );
  }
  const pages = pageOf(offset + length - 1) - pageOf(offset) + 1;
  if (k.counts.pinsAcquired - k.counts.pinsReleased + pages > pinnedReferences) {
    return failure(
      'ENOMEM',
      'LM6',
      `the pins of this filesystem would hold more than ${pinnedReferences} pages, the maximum`,
      pinnedReferences,
    );
  }
  return null;
}

function pinOf(k: Kernel, task: Task): Pin {
  const pin = task.pin === 0 ? undefined : k.pins.get(task.pin);
  assert(pin !== undefined, 'get_user_pages has its pin from the first page on');
  return pin;
}

function refused(k: Kernel, task: Task & { args: Args }, why: Failure): Failure {
  const { offset, length } = task.args;
  emit(k, 'gup.refused', theInode(k, task), {
    errno: why.errno,
    rule: why.rule,
    offset,
    length,
    longterm: isLongterm(task.args),
  });
  return why;
}

/** Maps the failure of a fault to the errno of get_user_pages. */
function gupErrno(why: Failure, { hwpoison }: Args): Failure {
  if (why.errno !== 'SIGBUS') return why;
  const errno: Errno = why.rule === 'PO1' && hwpoison ? 'EHWPOISON' : 'EFAULT';
  return { ...why, errno };
}

export const pin = defineOp({
  name: 'pin',
  summary: 'Pin pages through a mapping (get_user_pages)',
  doc:
    'Takes a reference on each page of the range, in order, and faults in pages that are not ' +
    'mapped yet. The pin may have fewer pages than requested; it is an error only if it has ' +
    'none. A pin refers to frames: it stays when the mapping, the block or the file is removed.',
  on: 'mapping',
  route: { method: 'POST', path: 'pins', status: 201 },
  args,
  result: zPin,
  errors: ['EINVAL', 'EFAULT', 'EHWPOISON', 'EOPNOTSUPP', 'ENOMEM'],
  charges: 'pins',
  grows: true,
  locals: {} as WalkLocals,
  first: 'begin',
  steps: walkSteps<Args, z.infer<typeof zPin>>({
    begin(k, task, mapping) {
      const { offset, length, access, kind } = task.args;
      const bytesMapped = byteOf(mapping.pages);
      const bad = checkVma(k, task, mapping);
      if (bad !== null) return refused(k, task, bad);
      const id = k.nextPin as PinId;
      k.nextPin += 1;
      task.pin = id;
      beginPin(k, {
        id,
        mapping: mapping.id,
        ino: mapping.ino,
        owner: task.owner,
        kind,
        access,
        longterm: isLongterm(task.args),
        offset,
        first: (mapping.first + pageOf(offset)) as PgOff,
        offsetInPage: offset % pageSize,
        lengthBytes: Math.min(length, bytesMapped - offset),
        pfns: [],
        createdMs: k.nowMs,
        untilMs: 0,
        task: task.id,
      });
      return { offset, length, access };
    },
    page: (k, task, _mapping, _pgoff, pfn) => pinPage(k, pinOf(k, task), pfn),
    beforeFault(k, _task, inode, pgoff) {
      const { stoppedRefs } = inode;
      if (stoppedRefs === null || pgoff < stoppedRefs.first || pgoff > stoppedRefs.last)
        return null;
      if (lookupBlock(inode.extents, pgoff) < 0) return null;
      if (strategyOf(k).failsNewRefs?.(k.strategy.options) !== true) return null;
      return failure(
        'EAGAIN',
        'WR1',
        `new references to page ${pgoff} are refused while a layout change waits for that page`,
      );
    },
    stopped(k, task, why) {
      if (task.pin !== 0 && pinOf(k, task).pfns.length > 0) return finish(k, task);
      return failWith(refused(k, task, gupErrno(why, task.args)));
    },
    finish,
  }),
  undo(k, task) {
    if (task.pin !== 0) releasePin(k, pinOf(k, task));
  },
});

function finish(k: Kernel, task: Task & { args: Args }) {
  const taken = pinOf(k, task);
  taken.lengthBytes = Math.min(
    taken.lengthBytes,
    taken.pfns.length * pageSize - taken.offsetInPage,
  );
  const { holdMs } = task.args;
  if (holdMs !== undefined) {
    taken.untilMs = k.nowMs + holdMs;
    addTimer(k, { atMs: taken.untilMs, kind: 'pin', id: taken.id });
  }
  recordPin(k, taken);
  return done(pinRecord(k, taken, k.nowMs));
}
