// The closed table of tracepoints. A row has a name, a meaning and the schema of its data; `emit`
// accepts only these rows. On the wire the name has the prefix `pinhole.`. Offsets and lengths are
// bytes, times are milliseconds, pfns are pages of the device.
import { z } from 'zod';
import { zCount } from './units.ts';

const pfn = zCount.describe('Page frame of the device.');
const pgoff = zCount.describe('Page of the file.');
const range = { offset: zCount, length: zCount };
const run = { pfn, pages: zCount };
/** An event lists at most this many runs or mappings, because it must not grow with a pin. */
export const listedMax = 256;
const more = z.literal(true).optional().describe(`There are more than the ${listedMax} listed.`);
const pinnedRuns = {
  runs: z
    .array(
      z.object({
        pfn: pfn
          .nullable()
          .describe('The first frame; null for the zero page and for private copies.'),
        pages: zCount,
      }),
    )
    .describe('The frames of the pin, in the order of the pages of the file.'),
  more,
};
/** Where Linux would log a warning. The metrics count warnings by these. */
export const warningPlaces = ['fs/dax.c dax_disassociate_entry'] as const;
const lockName = z.enum(['i_rwsem', 'invalidate_lock']);
const lockMode = z.enum(['shared', 'exclusive']);
const access = z.enum(['read', 'write']);
const ended = { op: z.string(), strategy: z.string(), sleptMs: zCount, wakeups: zCount };
const refused = { errno: z.string(), rule: z.string() };
const pinned = {
  pin: z.string(),
  owner: z.string().nullable(),
  kind: z.string(),
  ...range,
  pages: zCount,
  access,
  ...pinnedRuns,
};

/** Frames that a device accessed although their blocks belong to a file at another place now. */
const zVictim = z.object({
  ino: zCount.describe('The inode that owns the frames now.'),
  file: z.string().describe('Its name, or its former name if it is unlinked.'),
  unlinked: z.literal(true).optional().describe('It has no name any more.'),
  pgoff,
  ...run,
});
export const victims = {
  foreign: zCount
    .optional()
    .describe('Orphan pages whose block another file owns, or the same file elsewhere.'),
  victims: z
    .array(zVictim)
    .optional()
    .describe(`Who owns the orphan pages now, ${listedMax} runs at most; free pages are omitted.`),
  victimsUnknown: z
    .literal(true)
    .optional()
    .describe('There are too many extents to search, so owners may be missing.'),
};

/** One line of a deadlock: an operation took something, or waits for something. */
export const zCycleStep = z.object({
  operation: z.string(),
  op: z.string(),
  owner: z.string().nullable(),
  does: z.enum(['holds', 'wants']).describe('It holds the node, or waits for it.'),
  node: z.string().describe('A node of the wait graph: page:2, lock:a:i_rwsem, entry:a:0.'),
  pin: z.string().optional().describe('The pin by which it holds the page.'),
  mode: lockMode.optional(),
  sinceMs: zCount.nullable().describe('null for the lock of a mapping entry.'),
});

/** Fields that the wire format adds to the data of an event about a file. */
export const zWhose = z.object({
  ino: zCount.optional().describe('The inode that the event is about.'),
  unlinked: z
    .literal(true)
    .optional()
    .describe('The inode no longer had a name when the event happened.'),
});

const row = <S extends z.ZodRawShape>(doc: string, shape: S) => ({ doc, data: z.object(shape) });

export const eventTable = {
  'filesystem.created': row('mkfs: a new filesystem on a new namespace.', {
    kind: z.string(),
    kernel: z.string(),
    blocks: zCount,
    forkOf: z
      .string()
      .optional()
      .describe('Where its first state comes from: a filesystem and a cursor, or a bundle.'),
  }),
  'filesystem.unmounted': row('The filesystem was unmounted.', { forced: z.boolean() }),
  'strategy.changed': row(
    'Another reclaim strategy is in force. Sleeping operations wake up and scan again under it.',
    {
      from: z.string(),
      to: z.string(),
      idleRule: z.string(),
    },
  ),
  'clock.advanced': row('The manual clock was advanced.', { fromMs: zCount, toMs: zCount }),

  'power.cut': row('The power was cut; words in dirty cache lines may be lost.', {
    linesDirty: zCount,
    linesLost: zCount,
  }),
  'power.restored': row('The filesystem was mounted again after a power cut.', {
    pinsDropped: zCount,
    mappingsDropped: zCount,
    blocksFreed: zCount,
  }),

  'file.created': row('A file was created: a name and an inode.', {
    ino: zCount,
    sizeBytes: zCount,
  }),
  'file.renamed': row('A file was renamed; its inode stays the same.', {
    ino: zCount,
    from: z.string(),
    to: z.string(),
    replaced: zCount.optional().describe('The inode that had the new name before.'),
  }),
  'file.unlinked': row('A name was removed. The inode stays while it is mapped or in use.', {
    ino: zCount,
  }),
  'file.evicted': row(
    'The last reference to an unlinked inode was dropped, and the inode was removed.',
    {
      ino: zCount,
      blocksFreed: zCount,
    },
  ),
  'file.resized': row('The size of a file (i_size) changed.', {
    fromBytes: zCount,
    toBytes: zCount,
  }),

  'range.exchanged': row('Two files exchanged a range of blocks.', {
    ...range,
    with: z.string(),
    withIno: zCount,
    withUnlinked: z.literal(true).optional(),
    withOffset: zCount,
    retries: zCount,
  }),

  'extent.allocated': row('Free blocks were allocated to a file.', {
    ...range,
    ...run,
    written: z.boolean(),
  }),
  'extent.removed': row(
    'Blocks left a file. The event extent.freed, extent.busy or extent.detached says what ' +
      'happened to them.',
    {
      ...range,
      ...run,
    },
  ),
  'extent.freed': row('Blocks became free and can be allocated again.', {
    ...run,
    from: z.enum(['inode', 'busy', 'detached']),
    waitedMs: zCount,
  }),
  'extent.busy': row('xfs_extent_busy: blocks left their file but cannot be allocated yet.', {
    ...run,
    reasons: z.array(z.enum(['transaction', 'pinned'])),
    generation: zCount,
  }),
  'extent.detached': row(
    'Blocks left their file and wait on the detached list until their pins are released.',
    run,
  ),

  'mapping.created': row('mmap: a mapping was created.', {
    mapping: z.string(),
    ...range,
    access: z.enum(['read', 'read-write']),
  }),
  'mapping.removed': row('munmap: a mapping was removed.', {
    mapping: z.string(),
    pagesUnmapped: zCount,
  }),
  'page.faulted': row('dax_pte_fault_done: a page fault was handled.', {
    mapping: z.string(),
    pgoff,
    pfn: pfn.nullable(),
    access,
    result: z.enum(['NOPAGE', 'MAJOR', 'SIGBUS']),
    zeroPage: z.boolean(),
    copied: z.boolean().describe('A private mapping got its own copy of the page.'),
  }),
  'page.pmd_faulted': row(
    'dax_pmd_fault_done: a fault mapped 2 MiB, or fell back to 4 KiB for the reason in `why`.',
    {
      mapping: z.string(),
      pgoff: pgoff.describe('First page of the 2 MiB range.'),
      pfn: pfn.nullable(),
      access,
      result: z.enum(['NOPAGE', 'FALLBACK']),
      zeroPage: z.boolean(),
      why: z
        .enum(['private write', 'end of file', '4 KiB entries', 'blocks', 'unwritten', 'poison'])
        .nullable(),
    },
  ),
  'page.unmapped': row('unmap_mapping_range: page-table entries of a byte range were cleared.', {
    ...range,
    pages: zCount,
    mappings: z
      .array(z.object({ mapping: z.string(), ...range, pages: zCount }))
      .describe('The mappings that lost entries, each with the bytes of the file that it lost.'),
    more,
  }),
  'page.collected': row(
    'get_user_pages holds references to these pages and has not returned yet. Emitted when it goes ' +
      'to sleep, or with a stepped scheduler and `events: detailed` after each page.',
    pinned,
  ),
  'page.dropped': row('get_user_pages failed and dropped the references that it had collected.', {
    pin: z.string(),
    pages: zCount,
    ...pinnedRuns,
  }),
  'page.pinned': row('get_user_pages took references.', pinned),
  'page.unpinned': row('The references of a pin were dropped.', {
    pin: z.string(),
    pages: zCount,
    heldMs: zCount,
    ...pinnedRuns,
  }),
  'page.idle': row(
    'dax_page_idle: the reference count reached the value that the idle rule waits for.',
    { pfn },
  ),
  'page.not_idle': row(
    'The last pin of a page was released, but the modern idle rule counts mappings too. The ' +
      'operations that wait for the page sleep on until these mappings are gone.',
    {
      pfn,
      pgoff: pgoff.nullable(),
      mappings: zCount.describe('Page-table entries that map the page.'),
    },
  ),
  'page.delayed_free': row(
    'The page was pinned when its block left the file; the last put frees it.',
    { pfn, pins: zCount },
  ),
  'page.worker_queued': row('The last put queued work for the release worker.', { pfn }),
  'gup.refused': row('get_user_pages was refused and pinned no page.', {
    errno: z.string(),
    rule: z.string(),
    ...range,
    longterm: z.boolean(),
  }),
  'dma.written': row(
    'A device wrote through a pin. `orphan` counts pages that the file no longer owns.',
    { pin: z.string(), ...range, orphan: zCount, ...victims },
  ),
  'dma.read': row('A device read through a pin.', {
    pin: z.string(),
    ...range,
    orphan: zCount,
    ...victims,
  }),

  'memory.failed': row('memory_failure(): a poisoned page was unmapped from every page table.', {
    pfn,
    pgoff: pgoff.nullable(),
  }),

  'layout.busy': row('dax_break_layout_wait: the scan found a page with references.', {
    pfn,
    pgoff,
    pins: zCount,
  }),
  'layout.retried': row(
    'The second file of exchange-range has a pinned page. The operation drops both ' +
      'invalidate_locks and starts over without sleeping.',
    {
      pfn,
      pgoff: pgoff.describe('Page of the second file.'),
      retries: zCount,
    },
  ),
  'layout.broken': row(
    'dax_break_layout_done: no page in the range is busy, so the layout change continues.',
    {
      ...range,
      scans: zCount,
    },
  ),

  'waitqueue.wakeup': row('A wake-up walked a waitqueue bucket.', {
    bucket: zCount,
    pfn,
    walked: zCount,
    woken: z.array(z.string()),
    matched: z
      .int()
      .describe(
        'How many of the woken operations wait for this page. The others are woken for nothing.',
      ),
  }),
  'task.blocked': row(
    'A task went to sleep on a page, a lock or a mapping entry. A signal ends state S, but ' +
      'not state D.',
    {
      op: z.string(),
      on: z.enum(['page', 'lock', 'entry']),
      pfn: pfn.optional(),
      lock: lockName.optional(),
      pgoff: pgoff.optional(),
      bucket: zCount.optional(),
      state: z.enum(['S', 'D']),
    },
  ),
  'task.woken': row(
    'A sleeping task can run again. The event names the same file as its task.blocked.',
    {
      op: z.string(),
      waitedMs: zCount,
      spurious: z.boolean(),
      by: z
        .string()
        .nullable()
        .describe('The operation that woke it; null for the release worker and the clock.'),
    },
  ),
  'task.step': row(
    'A task takes a step. Only with a stepped scheduler and `events: detailed`. `op` is kworker ' +
      'for the release worker.',
    { op: z.string(), step: z.string() },
  ),
  'lock.acquired': row('A task got a lock of the file. Only with `events: detailed`.', {
    lock: lockName,
    mode: lockMode,
  }),
  'lock.released': row(
    'A task released a lock of the file. Only with `events: detailed`. A power cut and an ' +
      'unmount drop all locks without this event.',
    { lock: lockName, mode: lockMode, heldMs: zCount },
  ),
  'task.signalled': row('A signal was sent to a task.', {
    op: z.string().describe('The operation that got the signal.'),
    operation: z.string().describe('Its id: the event itself names the operation that sent it.'),
    restart: z.boolean(),
  }),
  'deadlock.detected': row('A wait completed a cycle: a deadlock.', {
    cycle: z.array(z.string()),
    explanation: z.string(),
    steps: z.array(zCycleStep).describe('Who took what and waits for what, oldest first.'),
  }),
  'warning.raised': row('A warning that a Linux kernel would log.', {
    where: z.enum(warningPlaces),
    text: z.string(),
    pfn: pfn.optional(),
  }),

  'operation.submitted': row('An operation of more than one step began.', {
    op: z.string(),
    owner: z.string().nullable(),
  }),
  'operation.done': row('An operation succeeded.', ended),
  'operation.failed': row('An operation failed.', { ...ended, ...refused }),
  'operation.cancelled': row('A signal ended an operation.', { ...ended, ...refused }),
} as const;

export type EventType = keyof typeof eventTable;
export type EventData<T extends EventType> = z.infer<(typeof eventTable)[T]['data']>;

/**
 * The file of an event. `name` is null if the inode is evicted too, because a pin can outlive its
 * file.
 */
export interface FileOfEvent {
  name: string | null;
  ino: number;
  nlink: 0 | 1;
}

/**
 * One hit of a tracepoint. `task` is the operation that ran, and `op` its name; for the release
 * worker and the clock they are 0 and null.
 * `file` is the name at that time and `ino` the inode, which is 0 for an event about no file.
 * `unlinked` is true if the inode had no name any more, because another file may now have the name
 * `file`.
 */
export type KernelEvent = {
  [T in EventType]: {
    seq: number;
    timeMs: number;
    type: T;
    task: number;
    op: string | null;
    file: string | null;
    ino: number;
    unlinked: boolean;
    data: EventData<T>;
  };
}[EventType];
