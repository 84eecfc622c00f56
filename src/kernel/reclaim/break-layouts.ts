// Option D, which is what Linux does today: unmap, scan for a busy page, drop invalidate_lock,
// sleep, and scan again from the start. i_rwsem stays held, because otherwise a stream of direct
// I/O on this file could starve the truncate. Mirrors dax_break_layout(), fs/dax.c.
import { z } from 'zod';
import { deleteEntries } from '../fs/dax.ts';
import { scan } from '../fs/layout.ts';
import { personalityOf } from '../fs/personality/index.ts';
import { widen } from '../mm/pmd.ts';
import { lastPage, pageOf, toPgOff } from '../units.ts';
import { zLongterm } from './longterm.ts';
import { defineStrategy } from './strategy.ts';

export const breakLayouts = defineStrategy({
  name: 'break-layouts',
  summary: 'D: unmap, drop invalidate_lock, sleep on the first busy page, scan again',
  doc:
    'The caller sleeps, interruptibly, with i_rwsem held and invalidate_lock released. Faults ' +
    'continue; reads, writes and other layout changes of the file queue behind the caller. The ' +
    'file does not change before the last pin in scope is released. The wait starves while ' +
    'owners pin the pages in turn. Under idleRule modern it also continues when a page of the ' +
    'range is faulted in again. Kernel 6.12 finds no pin in a file without a mapping: it frees ' +
    'or moves the blocks under the pins, with a warning.',
  options: z.strictObject({
    idleRule: z
      .enum(['classic', 'modern', 'fixed'])
      .default('modern')
      .describe(
        'When a page is idle. classic (until 6.14): at a refcount of 1, which does not count ' +
          'mappings. modern (since 6.15): at a refcount of 0, which counts mappings. fixed: ' +
          'without pins.',
      ),
    breakScope: z
      .enum(['file', 'range'])
      .default('file')
      .describe('What is scanned for pinned pages. ext4 and XFS on Linux scan the whole file.'),
    longterm: zLongterm,
  }),
  needsBusyState: false,
  sleepsWithLocks: false,
  idleRule: (options) => options.idleRule,
  kernelDefaults: (personality) => ({ idleRule: personality.idleRule }),
  breaksBeforeChecks: true,
  breakLayout(k, _task, inode, range, options) {
    const { scanNeedsMapping, breakDeletesEntries } = personalityOf(k.geometry);
    // mapping_mapped(): such a kernel finds no pins in a file without mappings, so blocks are freed
    // under pins.
    if (scanNeedsMapping && inode.mappings.length === 0) return { kind: 'broken' };
    const whole = options.breakScope === 'file';
    // A 2 MiB entry is scanned and deleted as a whole.
    const { first, last } = whole
      ? { first: toPgOff(0), last: lastPage }
      : widen(inode, pageOf(range.firstByte), pageOf(range.lastByte));
    const busy = scan(k, inode, first, last);
    if (busy !== null) return { kind: 'sleep', ...busy, holdLocks: false };
    if (breakDeletesEntries) deleteEntries(k, inode, first, last);
    return { kind: 'broken' };
  },
  destination: 'free',
  // To 6.14 the last iput frees the blocks without a check for pins. From 6.15
  // dax_break_layout_final() waits in state D.
  eviction: (options) => (options.idleRule === 'classic' ? 'take' : 'wait'),
});
