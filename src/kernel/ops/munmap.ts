// munmap. It takes no lock of the file. If it drops the last reference to an unlinked file, it
// evicts the file.
import { z } from 'zod';
import { emit } from '../emit.ts';
import { firstBusy } from '../fs/dax.ts';
import { unmapPart } from '../mm/pagetable.ts';
import { assert } from '../panic.ts';
import { strategyOf } from '../reclaim/index.ts';
import { inTheWayOf } from '../records/operation.ts';
import { lastPage, mappingId, toPgOff, zCount } from '../units.ts';
import { defineOp, fail, goto, type TaskOf } from './define.ts';
import { blocksOf, evictErrors, evictSteps } from './evict.ts';
import { type LayoutLocals, theInode } from './layout-change.ts';

interface MunmapLocals extends LayoutLocals {
  pagesUnmapped?: number;
}

export const munmap = defineOp({
  name: 'munmap',
  summary: 'Remove a mapping',
  doc:
    'Pins that were taken through the mapping stay, because they refer to frames and not to ' +
    'addresses. Under the modern idle rule munmap ends a wait for a page that was faulted back ' +
    'in.',
  on: 'mapping',
  route: { method: 'DELETE', path: '', status: 200 },
  args: z.strictObject({}),
  result: z.object({
    pagesUnmapped: zCount,
    blocksFreed: zCount,
    blocksBusy: zCount,
    blocksDetached: zCount,
  }),
  errors: evictErrors,
  unbounded: true,
  locals: {} as MunmapLocals,
  first: 'unmap',
  steps: {
    unmap(k, task) {
      const inode = theInode(k, task);
      const mapping = task.mapping === 0 ? undefined : k.mappings.get(task.mapping);
      if (mapping === undefined) return fail('ENOENT', 'MM4', 'the mapping was removed meanwhile');
      const last = inode.nlink === 0 && inode.mappings.length === 1;
      const eviction = strategyOf(k).eviction(k.strategy.options);
      const busy = last && eviction !== 'take' ? firstBusy(k, inode, toPgOff(0), lastPage) : null;
      if (busy !== null && (eviction === 'refuse' || task.nowait)) {
        const why =
          `the mapping is the last reference to the unlinked file ${inode.name}, whose page ` +
          `${busy.pgoff} is pinned`;
        const who = inTheWayOf(k, busy.pfn);
        return eviction === 'refuse'
          ? fail('EBUSY', 'RS1', why, who)
          : fail('EAGAIN', 'SL2', why, who);
      }
      const at = inode.mappings.indexOf(mapping.id);
      assert(at >= 0, 'a file knows its mappings');
      inode.mappings.splice(at, 1);
      k.mappings.delete(mapping.id);
      k.counts.mappings -= 1;
      const pagesUnmapped = unmapPart(
        k,
        mapping,
        mapping.first,
        toPgOff(mapping.first + mapping.pages - 1),
        { evenCows: true },
      );
      task.locals.pagesUnmapped = pagesUnmapped;
      emit(k, 'mapping.removed', inode, { mapping: mappingId(mapping.id), pagesUnmapped });
      return goto('evict');
    },
    ...evictSteps((_k, task: TaskOf<unknown, MunmapLocals>) => ({
      pagesUnmapped: task.locals.pagesUnmapped ?? 0,
      ...blocksOf(task),
    })),
  },
});
