// Checks every law of the machine by walking its records. The kernel's own counts are not used,
// because they may be what is wrong. Each law is a function that throws a Panic with the law as its
// message, so that all groups of tests share them. The laws hold between any two entries, and also
// between the steps of a stepped scheduler. docs/laws.md lists them. Laws 9, 10, 11 and 14 compare
// two states, so the model test checks them. Law 7, no lock inside put(), is about the inside of
// one step, which no state shows.

import { type Busy, busyByExtents, busyByPins } from './fs/dax.ts';
import { foliosAreCounted, hugeEntriesAreWhole } from './invariants-pmd.ts';
import {
  hold,
  type Law,
  locksAreHeldOnce,
  nobodySleepsOnAPinWithTheFaultLock,
  noWakeupIsLost,
  queuesHoldTheSleepers,
  tasksAreBooked,
  timersAscend,
} from './invariants-sched.ts';
import { checkExtentMap, type Extent, eachExtent } from './lib/extent-map.ts';
import { checkFreeSpace, isFree } from './lib/free-space.ts';
import { checkRunList, eachRun } from './lib/run-list.ts';
import { checkXArray, eachEntry, load } from './lib/xarray.ts';
import { isAnon } from './mm/anon.ts';
import {
  framesPerChunk,
  isDelayedFree,
  mapcountOf,
  ownerOf,
  pinnedInChunks,
  pinsOf,
  pinsOver,
} from './mm/page.ts';
import { bitOf, isFrame, pfnOf, zeroEntry } from './mm/pagetable.ts';
import type { LayoutLocals } from './ops/layout-change.ts';
import type { Inode, Kernel } from './state.ts';
import {
  lastPage,
  mappingId,
  type Pfn,
  type PgOff,
  pageSize,
  pinId,
  toPfn,
  toPgOff,
} from './units.ts';

const everyExtent = (inode: Inode, visit: (extent: Extent) => void): void =>
  eachExtent(inode.extents, toPgOff(0), lastPage, visit);

/** Visits every frame that was ever touched. The others have no record. */
function eachFrame(k: Kernel, visit: (pfn: Pfn) => void): void {
  const perChunk = 512;
  for (let chunk = 0; chunk < k.frames.length; chunk++) {
    if (k.frames[chunk] === undefined) continue;
    const end = Math.min((chunk + 1) * perChunk, k.geometry.blocks);
    for (let pfn = chunk * perChunk; pfn < end; pfn++) visit(toPfn(pfn));
  }
}

/** Law 1. A pinned frame is where the pin found it, or in no file, and it is not free. */
function pinnedFramesStayPut(k: Kernel): void {
  const law = 'law 1: a pinned frame is never free and never in another place of a file';
  const foundAt = new Map<number, string[]>();
  for (const pin of k.pins.values()) {
    for (const [index, pfn] of pin.pfns.entries()) {
      if (pfn < 0) continue;
      hold(!isFree(k.space, toPfn(pfn)), law, () => `pfn ${pfn} of ${pinId(pin.id)} is free`);
      const place = `${pin.ino}:${pin.first + index}`;
      foundAt.set(pfn, [...(foundAt.get(pfn) ?? []), place]);
    }
  }
  if (foundAt.size === 0) return;
  for (const inode of k.inodes.values()) {
    everyExtent(inode, ({ pgoff, pfn, pages }) => {
      for (let page = 0; page < pages; page++) {
        for (const place of foundAt.get(pfn + page) ?? []) {
          hold(
            place === `${inode.ino}:${pgoff + page}`,
            law,
            () => `pfn ${pfn + page}, pinned at ${place}, is at ${inode.ino}:${pgoff + page}`,
          );
        }
      }
    });
  }
}

/**
 * Laws 2 and 13. Each block is either metadata, in one file, free, busy or detached, so the five
 * counts add up to the device.
 */
function everyBlockHasOnePlace(k: Kernel): void {
  const law = 'law 2: every block is in exactly one place';
  const { blocks, blocksMetadata } = k.geometry;
  const places: (string | undefined)[] = new Array(blocks);
  const put = (pfn: number, pages: number, place: string): void => {
    for (let page = pfn; page < pfn + pages; page++) {
      hold(places[page] === undefined, law, () => `pfn ${page} is ${places[page]} and ${place}`);
      places[page] = place;
    }
  };
  put(0, blocksMetadata, 'metadata');
  let used = 0;
  for (const inode of k.inodes.values()) {
    everyExtent(inode, ({ pfn, pages }) => {
      put(pfn, pages, `of inode ${inode.ino}`);
      used += pages;
    });
  }
  eachRun(k.busy, ({ pfn, pages }) => put(pfn, pages, 'busy'));
  eachRun(k.detached, ({ pfn, pages }) => put(pfn, pages, 'detached'));
  let free = 0;
  for (let pfn = 0; pfn < blocks; pfn++) {
    if (isFree(k.space, toPfn(pfn))) {
      put(pfn, 1, 'free');
      free += 1;
    }
    hold(places[pfn] !== undefined, law, () => `pfn ${pfn} is nowhere`);
  }
  const sum = 'law 13: used, free, busy, detached and metadata add up to the device';
  hold(
    used === k.counts.blocksUsed && free === k.space.free,
    sum,
    () => `used ${used}, free ${free}; ${JSON.stringify(k.counts)}`,
  );
  hold(
    used + free + k.busy.pages + k.detached.pages + blocksMetadata === blocks,
    sum,
    () => `${used} used, ${free} free`,
  );
}

/** Law 3, and the structure of both lists (checkRunList): each run on them has a reason. */
function busyRunsWaitForSomething(k: Kernel): void {
  const law = 'law 3: a busy or detached run waits for a transaction, a pin, the worker or a task';
  checkRunList(k.busy);
  checkRunList(k.detached);
  const queued = new Set<number>(k.workqueue);
  const isKept = (pfn: number, pages: number): boolean => {
    for (let page = pfn; page < pfn + pages; page++) {
      const flagged = isDelayedFree(k, toPfn(page));
      if (flagged && (pinsOver(k, toPfn(page)) > 0 || queued.has(page))) return true;
    }
    return false;
  };
  const committing = new Set<number>();
  for (const { locals } of k.tasks.values()) {
    for (const pfn of (locals as LayoutLocals).layout?.runs ?? []) committing.add(pfn);
  }
  const firsts = new Set<number>();
  eachRun(k.busy, (run) => {
    firsts.add(run.pfn);
    hold(
      run.transaction ? committing.has(run.pfn) : isKept(run.pfn, run.pages),
      law,
      () => `busy run ${run.pfn}+${run.pages} is for nobody`,
    );
  });
  hold(
    firsts.size === k.busyByAge.size,
    law,
    () => `${k.busyByAge.size} runs by age, ${firsts.size} in the list`,
  );
  for (const pfn of k.busyByAge)
    hold(firsts.has(pfn), law, () => `the run of pfn ${pfn} has an age and is not in the list`);
  eachRun(k.detached, (run) => {
    const kept = run.task === 0 ? isKept(run.pfn, run.pages) : k.tasks.has(run.task);
    hold(kept, law, () => `detached run ${run.pfn}+${run.pages} of task ${run.task} is for nobody`);
  });
}

/**
 * Law A1. The flag `delayedFree` means that a block left its file under a pin, so the last put must
 * queue work for the release worker.
 */
function delayedFreesAreToldToTheWorker(k: Kernel): void {
  const law = 'law A1: the last put of a delayed free queues work, and only it does';
  const waiting = new Set<number>();
  eachRun(k.busy, (run) => {
    for (let page = 0; page < run.pages; page++) waiting.add(run.pfn + page);
  });
  eachRun(k.detached, (run) => {
    if (run.task === 0) for (let page = 0; page < run.pages; page++) waiting.add(run.pfn + page);
  });
  const queued = new Set<number>(k.workqueue);
  let flagged = 0;
  eachFrame(k, (pfn) => {
    const waits = waiting.has(pfn);
    if (!isDelayedFree(k, pfn)) {
      hold(
        !waits || pinsOver(k, pfn) === 0,
        law,
        () => `pfn ${pfn} is pinned on a list and nobody will be told`,
      );
      return;
    }
    flagged += 1;
    hold(waits, law, () => `pfn ${pfn} is flagged and on no list`);
    hold(
      pinsOver(k, pfn) > 0 || queued.has(pfn),
      law,
      () => `pfn ${pfn} was let go and the worker does not know`,
    );
  });
  hold(
    flagged === k.counts.delayedFrees,
    law,
    () => `${flagged} flags, counted ${k.counts.delayedFrees}`,
  );
}

/**
 * Law 4. A page-table entry is counted, lies inside the file, and names the frame that the file has
 * at that page. It is writable only in a shared read-write mapping, and if the mapping entry is
 * dirty.
 */
function pageTablesPointIntoTheFile(k: Kernel): void {
  const law = 'law 4: a page-table entry points to the frame that the file has at that page';
  const mapped = new Map<number, number>();
  for (const mapping of k.mappings.values()) {
    checkXArray(mapping.ptes);
    const inode = k.inodes.get(mapping.ino);
    const where = (index: number) => () =>
      `page ${mapping.first + index} of ${mappingId(mapping.id)}`;
    hold(inode !== undefined, law, where(0));
    eachEntry(mapping.ptes, 0, lastPage, (index, pte) => {
      const entry = load(inode.entries, mapping.first + index);
      hold(
        index < mapping.pages && (mapping.first + index) * pageSize < inode.sizeBytes,
        law,
        where(index),
      );
      if (isAnon(pte)) {
        hold(!mapping.shared, law, where(index));
        return;
      }
      hold(
        isFrame(pte) ? isFrame(entry) && pfnOf(entry) === pfnOf(pte) : entry === zeroEntry,
        law,
        where(index),
      );
      hold(mapping.shared || !bitOf(pte), law, where(index));
      hold(!bitOf(pte) || (mapping.access === 'read-write' && bitOf(entry)), law, where(index));
      if (isFrame(pte)) mapped.set(pfnOf(pte), (mapped.get(pfnOf(pte)) ?? 0) + 1);
    });
  }
  let frames = 0;
  eachFrame(k, (pfn) => {
    const ptes = mapped.get(pfn) ?? 0;
    if (ptes > 0) frames += 1;
    hold(
      mapcountOf(k, pfn) === ptes,
      law,
      () => `pfn ${pfn} has ${ptes} entries, mapcount ${mapcountOf(k, pfn)}`,
    );
  });
  hold(frames === mapped.size, law, () => 'a mapped frame has no record');
}

/**
 * Law 5. A mapping entry names the written block of its page, and the frame names the entry in
 * return. A page with a zero entry has no written block.
 */
function mappingEntriesMatchBlocks(k: Kernel): void {
  const law = 'law 5: a mapping entry is the block of its page';
  const owners = new Map<number, string>();
  for (const inode of k.inodes.values()) {
    checkXArray(inode.entries);
    const written = new Map<number, number>();
    everyExtent(inode, (extent) => {
      for (let page = 0; extent.written && page < extent.pages; page++)
        written.set(extent.pgoff + page, extent.pfn + page);
    });
    eachEntry(inode.entries, 0, lastPage, (pgoff, entry) => {
      const block = written.get(pgoff);
      const where = () => `page ${pgoff} of inode ${inode.ino}: entry ${entry}, block ${block}`;
      hold(isFrame(entry) ? block === pfnOf(entry) : block === undefined, law, where);
      if (isFrame(entry)) owners.set(pfnOf(entry), `${inode.ino}:${pgoff}`);
    });
    for (const [pgoff, task] of inode.entryLocks) {
      hold(
        k.tasks.has(task),
        law,
        () => `the entry of page ${pgoff} is locked by ${task}, who is gone`,
      );
    }
  }
  eachFrame(k, (pfn) => {
    const owner = ownerOf(k, pfn);
    const named = owner === null ? undefined : `${owner.ino}:${owner.pgoff}`;
    hold(
      named === owners.get(pfn),
      law,
      () => `pfn ${pfn} says ${named}, the entries say ${owners.get(pfn)}`,
    );
  });
}

/**
 * Law 12. The counts of references, the holders and the counts of each frame agree with the pins
 * that exist.
 */
function pinsAreCounted(k: Kernel): void {
  const law = 'law 12: pins acquired less pins released are the pins that live';
  const held = new Map<number, number[]>();
  let live = 0;
  for (const pin of k.pins.values()) {
    hold(
      pin.task === 0 || k.tasks.get(pin.task)?.pin === pin.id,
      law,
      () => `${pinId(pin.id)} is collected by nobody`,
    );
    if (pin.task === 0) live += pin.pfns.length;
    for (const pfn of pin.pfns) if (pfn >= 0) held.set(pfn, [...(held.get(pfn) ?? []), pin.id]);
  }
  const owners = new Map<string, number>();
  for (const { owner } of k.pins.values())
    if (owner !== null) owners.set(owner, (owners.get(owner) ?? 0) + 1);
  hold(
    owners.size === k.pinsOf.size &&
      [...owners].every(([owner, pins]) => k.pinsOf.get(owner) === pins),
    law,
    () => 'owners',
  );
  hold(
    k.counts.pinsAcquired - k.counts.pinsReleased === live,
    law,
    () => `${live} live, ${JSON.stringify(k.counts)}`,
  );
  hold(k.counts.pins === k.pins.size && k.counts.pinnedPages === held.size, law, () =>
    JSON.stringify(k.counts),
  );
  hold(
    k.holders.size === held.size,
    law,
    () => `${k.holders.size} frames with holders, ${held.size} pinned`,
  );
  for (const [pfn, pins] of held) {
    const holders = k.holders.get(toPfn(pfn));
    const listed = typeof holders === 'number' ? [holders] : [...(holders ?? [])];
    const agree = [...listed].sort((a, b) => a - b).join() === pins.sort((a, b) => a - b).join();
    hold(
      agree,
      law,
      () => `pfn ${pfn} is held by ${pins.join()}, its record says ${listed.join()}`,
    );
  }
  let counted = 0;
  eachFrame(k, (pfn) => {
    const pins = held.get(pfn)?.length ?? 0;
    hold(
      pinsOf(k, pfn) === pins,
      law,
      () => `pfn ${pfn} has ${pins} pins and counts ${pinsOf(k, pfn)}`,
    );
  });
  for (const [first, pinned] of pinnedInChunks(k)) {
    let found = 0;
    for (const pfn of held.keys()) if (pfn >= first && pfn < first + framesPerChunk) found += 1;
    hold(found === pinned, law, () => `${found} frames from ${first} on are pinned, not ${pinned}`);
    counted += found;
  }
  hold(counted === held.size, law, () => 'a pinned frame is in no chunk');
}

/** Law P1. An anonymous page exists exactly as long as page tables or pins name it. */
function anonymousPagesAreNamed(k: Kernel): void {
  const law =
    'law P1: an anonymous page has a reference for each page-table entry and pin that names it';
  const named = new Map<number, number>();
  const name = (id: number): void => {
    if (isAnon(id)) named.set(id, (named.get(id) ?? 0) + 1);
  };
  for (const mapping of k.mappings.values())
    eachEntry(mapping.ptes, 0, lastPage, (_index, pte) => name(pte));
  for (const pin of k.pins.values()) pin.pfns.forEach(name);
  hold(
    named.size === k.anonPages.size,
    law,
    () => `${named.size} named, ${k.anonPages.size} there`,
  );
  for (const [id, page] of k.anonPages)
    hold(named.get(id) === page.references, law, () => `${id} counts ${page.references}`);
}

/**
 * Law F1. Names, inodes, mappings and users agree, and an unlinked inode that nobody uses was
 * evicted.
 */
function filesAreCounted(k: Kernel): void {
  const law = 'law F1: names, inodes, mappings and users agree';
  const users = new Map<number, number>();
  for (const task of k.tasks.values()) {
    for (const ino of [task.ino, task.otherIno])
      if (ino !== 0) users.set(ino, (users.get(ino) ?? 0) + 1);
  }
  let mappings = 0;
  let named = 0;
  for (const inode of k.inodes.values()) {
    const where = () => `inode ${inode.ino} (${inode.name})`;
    checkExtentMap(inode.extents);
    hold(
      inode.users === (users.get(inode.ino) ?? 0),
      law,
      () => `${where()} has ${users.get(inode.ino) ?? 0} users, counts ${inode.users}`,
    );
    hold(inode.nlink === 0 || k.names.get(inode.name) === inode.ino, law, where);
    hold(
      inode.nlink === 1 || inode.users > 0 || inode.mappings.length > 0,
      law,
      () => `${where()} was not evicted`,
    );
    for (const id of inode.mappings)
      hold(k.mappings.get(id)?.ino === inode.ino, law, () => `${mappingId(id)} of ${where()}`);
    mappings += inode.mappings.length;
    named += inode.nlink;
  }
  hold(named === k.names.size, law, () => `${named} linked inodes, ${k.names.size} names`);
  hold(
    mappings === k.mappings.size && mappings === k.counts.mappings,
    law,
    () => `${mappings} mappings, ${JSON.stringify(k.counts)}`,
  );
  hold(
    k.inodes.size === k.counts.files,
    law,
    () => `${k.inodes.size} files, counted ${k.counts.files}`,
  );
}

/**
 * Law B2. A scan that starts from the pins finds the page that a walk over the extents finds: in the
 * whole file, up to that page, and behind it.
 */
function scansAgree(k: Kernel): void {
  const law = 'law B2: both ways to find the first pinned page of a range find the same';
  if (k.pins.size === 0) return;
  for (const inode of k.inodes.values()) {
    const same = (first: PgOff, last: PgOff): Busy | null => {
      const walked = busyByExtents(k, inode, first, last);
      const range = { first, last, referencesMax: Number.POSITIVE_INFINITY };
      const found = busyByPins(k, inode, range);
      const agree = found === null || found.busy?.pgoff === walked?.pgoff;
      hold(
        agree && (found === null || found.busy?.pfn === walked?.pfn),
        law,
        () => `pages ${first} to ${last} of inode ${inode.ino}: ${JSON.stringify([walked, found])}`,
      );
      return walked;
    };
    const busy = same(toPgOff(0), lastPage);
    if (busy === null) continue;
    same(toPgOff(0), busy.pgoff);
    same(toPgOff(busy.pgoff + 1), lastPage);
  }
}

/** Law B1. A page is stopped only while a layout change waits for it, so the file has a writer. */
function stopsAreTakenBack(k: Kernel): void {
  const law = 'law B1: new references are stopped only while a layout change waits';
  for (const { ino, stoppedRefs, iRwsem, invalidateLock } of k.inodes.values()) {
    const waits = iRwsem.writer !== 0 && iRwsem.writer === invalidateLock.writer;
    hold(stoppedRefs === null || waits, law, () => `pages of inode ${ino} are stopped`);
  }
}

/** Law M1. The counts that memory.ts reads are right. */
function memoryIsCounted(k: Kernel): void {
  const law = 'law M1: tables, extents, frames and bytes on their way are counted';
  let tableBytes = 0;
  let extents = 0;
  let dataBytes = 0;
  for (const inode of k.inodes.values()) {
    tableBytes += inode.entries.heapBytes;
    extents += inode.extents.extents;
  }
  for (const { ptes } of k.mappings.values()) tableBytes += ptes.heapBytes;
  for (const { data } of k.tasks.values()) dataBytes += data?.length ?? 0;
  const frameChunks = k.frames.reduce((sum, chunk) => sum + (chunk === undefined ? 0 : 1), 0);
  const found = { tableBytes, extents, frameChunks, dataBytes };
  for (const [name, value] of Object.entries(found))
    hold(
      value === k.counts[name as keyof typeof found],
      law,
      () => `${name}: ${value}, counted ${JSON.stringify(k.counts)}`,
    );
}

export const laws = {
  'law 1': pinnedFramesStayPut,
  'law 2': everyBlockHasOnePlace,
  'law 3': busyRunsWaitForSomething,
  'law 4': pageTablesPointIntoTheFile,
  'law 5': mappingEntriesMatchBlocks,
  'law 6': nobodySleepsOnAPinWithTheFaultLock,
  'law 8': noWakeupIsLost,
  'law 12': pinsAreCounted,
  'law A1': delayedFreesAreToldToTheWorker,
  'law B1': stopsAreTakenBack,
  'law B2': scansAgree,
  'law F1': filesAreCounted,
  'law H1': hugeEntriesAreWhole,
  'law H2': foliosAreCounted,
  'law M1': memoryIsCounted,
  'law P1': anonymousPagesAreNamed,
  'law Q1': queuesHoldTheSleepers,
  'law Q2': locksAreHeldOnce,
  'law Q3': tasksAreBooked,
  'law S1': (k) => checkFreeSpace(k.space),
  'law T1': timersAscend,
} as const satisfies Record<string, Law>;

export type LawName = keyof typeof laws;

/**
 * Throws on the first broken law. Cheap enough for every step of a small machine, but not of a
 * large one.
 */
export function checkInvariants(
  k: Kernel,
  { except = [] }: { except?: readonly LawName[] } = {},
): void {
  for (const [name, law] of Object.entries(laws)) if (!except.includes(name as LawName)) law(k);
}
