// DAX mapping entries and the fault that makes them. Mirrors fs/dax.c: each file page has one entry
// with one frame and one lock. dax-pmd.ts makes the entries of 2 MiB.
import { isPoisoned } from '../dev/badblocks.ts';
import { readPage, zeroPage } from '../dev/pmem.ts';
import { emit } from '../emit.ts';
import { type Failure, failure } from '../errno.ts';
import type { EventData } from '../events.ts';
import { blockPfn, eachExtent, isWritten, lookupBlock } from '../lib/extent-map.ts';
import { eachEntry, eraseRange, load } from '../lib/xarray.ts';
import { anonPage, createAnon } from '../mm/anon.ts';
import { clearOwner, nextPinned, setOwner, splitFolio } from '../mm/page.ts';
import {
  bitOf,
  frameEntry,
  installPte,
  isFrame,
  isWritable,
  pfnOf,
  pteOf,
  zeroEntry,
} from '../mm/pagetable.ts';
import { dropPmds, widen } from '../mm/pmd.ts';
import { assert } from '../panic.ts';
import { fallAsleep } from '../sched/task.ts';
import { queueForEntry, wakeEntry } from '../sched/waitqueue.ts';
import type { Access, Inode, Kernel, Mapping, Task } from '../state.ts';
import { mappingId, type Pfn, type PgOff, pageSize, toPfn, toPgOff } from '../units.ts';
import { dropZeroEntry, faultPmd, setEntry } from './dax-pmd.ts';
import { isOwned } from './frame-owners.ts';
import { touch } from './inode.ts';
import { allocateBlocks, noRoom, roomFor } from './superblock.ts';
import { convertUnwritten } from './zero-out.ts';

/**
 * get_next_unlocked_entry and lock. Returns true if the task has locked the entry. Otherwise it
 * sleeps as an exclusive waiter in state D.
 */
export function lockEntry(k: Kernel, task: Task, inode: Inode, pgoff: PgOff): boolean {
  if (inode.entryLocks.has(pgoff)) {
    const bucket = queueForEntry(k, task, inode.ino, pgoff);
    fallAsleep(k, task, { on: 'entry', ino: inode.ino, pgoff, bucket }, 'D', inode);
    return false;
  }
  inode.entryLocks.set(pgoff, task.id);
  return true;
}

export function unlockEntry(k: Kernel, task: Task, inode: Inode, pgoff: PgOff): void {
  assert(inode.entryLocks.get(pgoff) === task.id, 'only the task that locked an entry unlocks it');
  inode.entryLocks.delete(pgoff);
  wakeEntry(k, inode.ino, pgoff);
}

/**
 * A woken waiter that does not take the entry wakes the next one, because a release wakes only one
 * waiter (put_unlocked_entry).
 */
export function leaveEntry(k: Kernel, inode: Inode, pgoff: PgOff): void {
  if (!inode.entryLocks.has(pgoff)) wakeEntry(k, inode.ino, pgoff);
}

/**
 * dax_iomap_pte_fault: looks up the block, allocates it for a write into a hole, stores the mapping
 * entry and installs the page-table entry. The caller holds invalidate_lock shared and the entry
 * lock. Returns null or the failure. As in vmf_error, ENOSPC becomes SIGBUS, and ENOMEM stays.
 */
export function faultPage(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  access: Access,
): Failure | null {
  const pte = pteOf(mapping, pgoff);
  if (access === 'read' ? pte !== 0 : isWritable(pte)) {
    // Another fault has mapped the page since. insert_pfn() and wp_page_copy() check again under
    // the page-table lock and leave the entry, because replacing a private copy with the page of
    // the file would lose what was stored to it.
    const pfn = isFrame(pte) ? pfnOf(pte) : null;
    const about = { mapping: mappingId(mapping.id), pgoff, pfn, access, result: 'NOPAGE' } as const;
    emit(k, 'page.faulted', inode, { ...about, zeroPage: pte === zeroEntry, copied: false });
    return null;
  }
  if (faultPmd(k, inode, mapping, pgoff, access)) return null;
  const block = lookupBlock(inode.extents, pgoff);
  const written = isWritten(block);
  if (written && isPoisoned(k, blockPfn(block))) {
    const why = 'the page is poisoned (EHWPOISON, BUS_MCEERR_AR)';
    return sigbus(k, inode, mapping, pgoff, access, 'PO1', why);
  }
  if (access === 'write' && !mapping.shared) return copyOnWrite(k, inode, mapping, pgoff, block);
  if (access === 'read' && !written) {
    if (load(inode.entries, pgoff) === 0) setEntry(k, inode, pgoff, zeroEntry);
    installPte(k, mapping, pgoff, zeroEntry);
    faulted(k, inode, mapping, { pgoff, pfn: null, access, result: 'NOPAGE' });
    return null;
  }
  const refused = written ? null : provideBlock(k, inode, mapping, pgoff, block);
  if (refused !== null) return refused;
  const pfn = blockPfn(written ? block : lookupBlock(inode.extents, pgoff));
  const dirty = access === 'write' || bitOf(load(inode.entries, pgoff));
  setEntry(k, inode, pgoff, frameEntry(pfn, dirty));
  setOwner(k, pfn, inode.ino, pgoff);
  installPte(k, mapping, pgoff, frameEntry(pfn, access === 'write'));
  faulted(k, inode, mapping, { pgoff, pfn, access, result: written ? 'NOPAGE' : 'MAJOR' });
  return null;
}

/**
 * The block of a write fault: allocates one for a hole, or converts an unwritten one. A failure
 * leaves the file as it was.
 */
function provideBlock(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  block: number,
): Failure | null {
  const refuse = (rule: string, why: string) =>
    sigbus(k, inode, mapping, pgoff, 'write', rule, why);
  if (block >= 0) {
    const converted = convertUnwritten(k, inode, pgoff, 1);
    dropZeroEntries(k, inode, converted.pgoff, toPgOff(converted.pgoff + converted.pages - 1));
  } else {
    if (roomFor(k) === 0)
      return refuse('FT5', `no block is left for the page (${noRoom(k, 'FT5', '').errno})`);
    if (inode.extents.extents >= k.limits.extentsPerFile)
      return refuse('LM3', 'the file has as many extents as it may have');
    allocateBlocks(k, inode, pgoff, 1, 'written');
    zeroPage(k, blockPfn(lookupBlock(inode.extents, pgoff)), 0, pageSize);
    dropZeroEntries(k, inode, pgoff, pgoff);
  }
  touch(k, inode);
  return null;
}

/**
 * The tracepoint dax_pte_fault_done. A fault without a frame mapped the zero page, unless it made a
 * private copy or failed.
 */
function faulted(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  {
    copied = false,
    ...about
  }: Omit<EventData<'page.faulted'>, 'mapping' | 'zeroPage' | 'copied'> & {
    copied?: boolean;
  },
): void {
  emit(k, 'page.faulted', inode, {
    mapping: mappingId(mapping.id),
    ...about,
    zeroPage: about.pfn === null && about.result !== 'SIGBUS' && !copied,
    copied,
  });
}

/**
 * dax_fault_copy_on_write: makes a private page in ordinary memory with the contents of the file
 * page. A hole gives zeroes.
 */
function copyOnWrite(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  block: number,
): Failure | null {
  const max = k.limits.anonPages;
  if (k.anonPages.size >= max) {
    const why = `the private copies of this filesystem already take ${max} pages, the maximum`;
    return failure('ENOMEM', 'LM7', why, max);
  }
  const copy = createAnon(k);
  if (isWritten(block)) readPage(k, blockPfn(block), 0, pageSize, anonPage(k, copy).bytes, 0);
  installPte(k, mapping, pgoff, copy);
  faulted(k, inode, mapping, { pgoff, pfn: null, access: 'write', result: 'NOPAGE', copied: true });
  return null;
}

export function sigbus(
  k: Kernel,
  inode: Inode,
  mapping: Mapping,
  pgoff: PgOff,
  access: Access,
  rule: string,
  why: string,
): Failure {
  faulted(k, inode, mapping, { pgoff, pfn: null, access, result: 'SIGBUS' });
  return failure('SIGBUS', rule, `page ${pgoff} of ${inode.name}: ${why}`);
}

/**
 * Call this when holes got blocks: mappings of the zero page there must fault again, because they
 * would still read zeroes.
 */
export function dropZeroEntries(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  if (inode.entries.entries === 0) return;
  const zero: PgOff[] = [];
  eachEntry(inode.entries, first, last, (index, entry) => {
    if (entry === zeroEntry) zero.push(index as PgOff);
  });
  for (const pgoff of zero)
    if (load(inode.entries, pgoff) === zeroEntry) dropZeroEntry(k, inode, pgoff);
}

/**
 * dax_delete_mapping_range: deletes the entries of [first, last], and each 2 MiB entry as a whole.
 * The caller has unmapped the pages.
 */
export function deleteEntries(k: Kernel, inode: Inode, first: PgOff, last: PgOff): void {
  if (inode.entries.entries === 0) return;
  const whole = widen(inode, first, last);
  dropPmds(inode, first, last, (at) => {
    const entry = load(inode.entries, at);
    if (isFrame(entry)) splitFolio(k, pfnOf(entry));
  });
  const { heapBytes } = inode.entries;
  eraseRange(inode.entries, whole.first, whole.last, (index, entry) => {
    assert(
      inode.entryLocks.size === 0 || !inode.entryLocks.has(index as PgOff),
      'a locked entry is not deleted',
    );
    if (isFrame(entry)) clearOwner(k, pfnOf(entry), inode.ino, index as PgOff);
  });
  k.counts.tableBytes += inode.entries.heapBytes - heapBytes;
}

/** A pinned page of a file. */
export interface Busy {
  pfn: Pfn;
  pgoff: PgOff;
}

/**
 * The first page of [first, last] with a pinned frame, as dax_layout_busy_page() finds it. A hole
 * is never busy. One test serves every idle rule: on an unmapped page, each reference count exceeds
 * its idle value exactly by the pins. A file with many more extents than pages are pinned is
 * searched from the side of the pins.
 */
export function firstBusy(k: Kernel, inode: Inode, first: PgOff, last: PgOff): Busy | null {
  if (k.counts.pinnedPages === 0) return null;
  const referencesMax = inode.extents.extents / extentsPerReference;
  const found = referencesMax < 1 ? null : busyByPins(k, inode, { first, last, referencesMax });
  return found === null ? busyByExtents(k, inode, first, last) : found.busy;
}

/** A reference is looked up in a tree; the next extent of a walk is beside the last one. */
const extentsPerReference = 16;

/**
 * Walks the blocks and not the entries, because a strategy that never waits may delete a 2 MiB entry
 * over a pinned page that stays in the file.
 */
export function busyByExtents(k: Kernel, inode: Inode, first: PgOff, last: PgOff): Busy | null {
  let busy: Busy | null = null;
  eachExtent(inode.extents, first, last, (extent) => {
    if (busy !== null) return;
    const pfn = nextPinned(k, extent.pfn, extent.pfn + extent.pages);
    if (pfn < extent.pfn + extent.pages)
      busy = { pfn: toPfn(pfn), pgoff: toPgOff(extent.pgoff + pfn - extent.pfn) };
  });
  return busy;
}

/**
 * The same by the pins, which know the page that they found. Returns null if that does not answer:
 * there are more references than `referencesMax`, a frame of a file is no longer at the page at
 * which it was pinned (`none` moves and frees blocks under pins), or folios make pages busy that no
 * pin names.
 */
export function busyByPins(
  k: Kernel,
  inode: Inode,
  { first, last, referencesMax }: { first: PgOff; last: PgOff; referencesMax: number },
): { busy: Busy | null } | null {
  if (k.folios.size > 0) return null;
  let busy: Busy | null = null;
  let left = referencesMax;
  for (const pin of k.pins.values()) {
    left -= pin.pfns.length;
    if (left < 0) return null;
    const file = k.inodes.get(pin.ino);
    for (let index = 0; index < pin.pfns.length; index++) {
      const pfn = pin.pfns[index] as Pfn;
      if (pfn < 0) continue;
      const pgoff = toPgOff(pin.first + index);
      const block = file === undefined ? -1 : lookupBlock(file.extents, pgoff);
      if (block < 0 || blockPfn(block) !== pfn) {
        if (isOwned(k, pfn)) return null;
      } else if (file === inode && pgoff >= first && pgoff <= last) {
        if (busy === null || pgoff < busy.pgoff) busy = { pfn, pgoff };
      }
    }
  }
  return { busy };
}
