// Small wrongs for the kernel, and for the journal above it. Each is one replacement in one file of
// src, and says what it breaks; `find` stands there once.
//
// Two are not in it because nobody could tell: without the unmapRange() of removeBlocks() in
// ops/layout-change.ts, or of takeOut() in ops/exchange-range.ts, nothing changes. Every strategy
// has unmapped the pages that leave or move when it let the change go on, and the locks that keep
// faults out are held from there on.

export interface Mutant {
  name: string;
  file: string;
  /**
   * Which of the two simulations is to notice; or a test, where a stepped scheduler of five owners
   * does not come by.
   */
  sim: 'kernel' | 'journal' | { test: string };
  find: string;
  put: string;
  breaks: string;
}

type Row = [name: string, find: string, put: string, breaks: string];
const mutantsOf = (sim: Mutant['sim'], file: string, rows: readonly Row[]): Mutant[] =>
  rows.map(([name, find, put, breaks]) => ({ name, file, sim, find, put, breaks }));
const inFile = (file: string, ...rows: Row[]): Mutant[] =>
  mutantsOf('kernel', `kernel/${file}`, rows);
const inShell = (file: string, ...rows: Row[]): Mutant[] => mutantsOf('journal', file, rows);
const forTest = (test: string, file: string, ...rows: Row[]): Mutant[] =>
  mutantsOf({ test }, `kernel/${file}`, rows);

const slices = 'test/kernel/steps-per-apply.test.ts';

export const mutants: Mutant[] = [
  ...inFile(
    'sched/waitqueue.ts',
    ['not queued behind another page', 'else queue.set(waiter.task, waiter);', '', 'Q1'],
    ['wake-up between test and sleep is lost', 'else task.woken = true;', '', '8'],
    [
      'stays on the queue after the wait',
      'leavePage(k, pageBucket(k, pfn), task);\n  if',
      'if',
      'Q1',
    ],
    [
      'a signal leaves the waiter queued',
      'leavePage(k, pageBucket(k, pfn), task);\n  wakeTask',
      'wakeTask',
      'Q1',
    ],
    [
      'an unlocked entry wakes nobody',
      'if (waiter === undefined) return;\n  const task',
      'return;\n  const task',
      '8',
    ],
    [
      'two are woken and no more',
      'for (const waiter of woken) wake',
      'for (const waiter of woken.slice(0, 2)) wake',
      '8',
    ],
    [
      'a keyed wake-up takes the wrong keys',
      '!keyed || waiter.key === pfn',
      '!keyed || waiter.key !== pfn',
      '8',
    ],
  ),
  ...inFile(
    'sched/rwsem.ts',
    [
      'a queued waiter is overtaken',
      'sem.queue.length > 0 || sem.writer !== 0',
      'sem.writer !== 0',
      'Q2',
    ],
    [
      'a reader overtakes when a writer lets go',
      '  if (sem.writer === task.id) sem.writer = 0;',
      "  if (sem.writer === task.id) {\n    sem.writer = 0;\n    const reader = sem.queue.findIndex(({ mode }) => mode === 'shared');\n    if (reader > 0) sem.queue.unshift(...sem.queue.splice(reader, 1));\n  }",
      'Q2',
    ],
    ['only one reader is let in', '.slice(0, readersWokenMax)', '.slice(0, 1)', '8'],
    [
      'a release wakes nobody',
      'handOver(k, inode, lock);\n}\n\nexport function releaseAll',
      '}\n\nexport function releaseAll',
      '8',
    ],
    [
      'a writer is noted as a reader',
      "if (mode === 'exclusive') sem.writer = task.id;\n  else ",
      '',
      'Q2',
    ],
    [
      'a writer comes in with the readers',
      "  if (head.mode === 'exclusive' && sem.readers.length > 0) return;",
      '',
      'Q2',
    ],
  ),
  ...inFile(
    'waits/wait-graph.ts',
    [
      "the queue is in nobody's way",
      'of directlyAhead(predecessors, sem, from)',
      'of [] as TaskId[]',
      'deadlock reported iff there is one',
    ],
    [
      'get_user_pages holds nothing before its end',
      'if (pin.task !== 0) {',
      'if (pin.task === -1) {',
      'deadlock reported iff there is one',
    ],
    [
      'a timed pin closes a cycle for who asks for EDEADLK',
      'pin.owner !== null && pin.untilMs === 0',
      'pin.owner !== null && (pin.untilMs === 0 || task.failOnDeadlock)',
      'EDEADLK iff there is one',
    ],
    [
      'a timed pin closes a cycle',
      'pin.owner !== null && pin.untilMs === 0',
      'pin.owner !== null',
      'deadlock reported iff there is one',
    ],
  ),
  ...inFile('run.ts', [
    'no sleep closes a cycle',
    'reportDeadlocks(k, task);',
    '',
    'deadlock reported iff there is one',
  ]),
  ...inFile('run.ts', [
    'no event: a page that get_user_pages collects',
    'if (isTold && pagesCollected(k, task) > pages) tellCollected(k, task);',
    '',
    'E1',
  ]),
  ...inFile('mm/gup.ts', [
    'no event: get_user_pages drops what it collected',
    '} else if (pin.pfns.length > 0) {',
    '} else if (pin.pfns.length < 0) {',
    'E1',
  ]),
  ...inFile('mm/pagetable.ts', [
    'no event: the second mapping that lost entries',
    'if (mappings.length < listedMax) mappings',
    'if (mappings.length < 1) mappings',
    'E1',
  ]),
  ...inFile(
    'sched/rwsem.ts',
    [
      'no event: a lock is acquired',
      "if (k.geometry.events === 'detailed') emitFor(k, task, 'lock.acquired', inode, { lock, mode });",
      '',
      'E1',
    ],
    [
      'no event: a lock is released',
      "if (k.geometry.events === 'detailed' && held !== undefined)",
      "if (k.geometry.events === 'detailed' && held === undefined)",
      'E1',
    ],
  ),
  ...inFile(
    'deadlock.ts',
    [
      'no pin closes a cycle',
      'if (sleeper !== undefined) reportCycle',
      'if (cycle.length < 0) reportCycle',
      'deadlock reported iff there is one',
    ],
    [
      'EDEADLK without a deadlock',
      'if (cycles.length === 0 || !task.failOnDeadlock) return;',
      'if (!task.failOnDeadlock) return;',
      'EDEADLK iff there is one',
    ],
    [
      'who asked for EDEADLK sleeps on',
      'if (cycles.length === 0 || !task.failOnDeadlock) return;',
      'return;',
      'EDEADLK iff there is one',
    ],
    [
      'EDEADLK names no cycle',
      'task.locals.cycle = nodesOf(cycles[0] ?? []);',
      'task.locals.cycle = [];',
      'EDEADLK iff there is one',
    ],
  ),
  ...inFile(
    'lifecycle.ts',
    [
      'an end keeps its locks',
      'releaseAll(k, task);\n  k.tasks.delete(task.id);',
      'k.tasks.delete(task.id);',
      'Q2',
    ],
    ['an end stays a user of its file', 'if (inode !== null) inode.users -= 1;', '', 'F1'],
    [
      'the other file of an exchange stays in use',
      'if (other !== undefined) other.users -= 1;',
      '',
      'F1',
    ],
    [
      'the last user evicts nothing',
      'if (inode !== null && k.inodes.has(inode.ino) && isLastReference(inode, 0))\n    startEviction(k, inode);',
      '',
      'F1',
    ],
  ),
  ...inFile(
    'kernel.ts',
    [
      'who spins is never run',
      "if (k.geometry.scheduler === 'stepped') retrySpinners(k);",
      '',
      'liveness',
    ],
    ['time lets no pin go', 'if (pin !== undefined) releasePin(k, pin);', '', 'liveness'],
  ),
  ...inFile(
    'ops/page-sleep.ts',
    [
      'sleeps with invalidate_lock',
      "if (dropLock && inode !== undefined) release(k, task, inode, 'invalidate_lock');",
      '',
      '6',
    ],
    [
      'sleeps on an idle page',
      'if (isIdle(k, pfn) || strategySeq !== k.strategySeq) {',
      'if (strategySeq !== k.strategySeq) {',
      '8',
    ],
    ['sleeps over a wake-up', 'if (task.woken || (interruptible', 'if ((interruptible', '8'],
    [
      'sleeps over a signal',
      "if (task.woken || (interruptible && task.signal !== 'none')) {",
      'if (task.woken) {',
      '8',
    ],
    [
      'a wait is not looked at again (S18)',
      'finishWait(k, task, pfn);\n        return goto(again as Name);',
      "finishWait(k, task, pfn);\n        return goto((again === 'scan' ? 'change' : again) as Name);",
      '1',
    ],
    [
      'no signal is heard',
      "if (interruptible && task.signal !== 'none') {\n        finishWait",
      "if (task.signal === 'deadlock') {\n        finishWait",
      'liveness',
    ],
  ),
  ...inFile(
    'ops/layout-change.ts',
    [
      'another strategy does not look again',
      'layoutLocals(task).strategySeq !== k.strategySeq',
      'false',
      '1',
    ],
    ['no commit', 'commitBlocks(k, task);\n      if (layoutLocals', 'if (layoutLocals', '3'],
    [
      'blocks leave under mapping entries',
      'unmapRange(k, inode, first, last);\n  deleteEntries(k, inode, first, last);',
      'unmapRange(k, inode, first, last);',
      '5',
    ],
    [
      'detached blocks are freed under pins',
      'const pfn = firstPinned(k, locals.runs);',
      'const pfn = firstPinned(k, []);',
      '1',
    ],
    ['used blocks are not counted down', 'k.counts.blocksUsed -= pages;', '', '13'],
    [
      'marks stay after a failure',
      'abandonLayout(k, task, op.range(k, inode, task.args));\n  };',
      'void 0;\n  };',
      'B1',
    ],
    [
      'a restarted call keeps its locks',
      "releaseAll(k, task);\n      return goto('lock');",
      "return goto('lock');",
      'Q2',
    ],
  ),
  ...inFile(
    'ops/truncate.ts',
    ['the tail is not zeroed', '    zeroTail(k, inode, sizeBytes);', '', '9'],
    [
      'growing shows what was stored behind the end',
      'zeroTail(k, inode, truncateUpZeroesTail ? inode.sizeBytes : sizeBytes);',
      'void truncateUpZeroesTail;',
      '9',
    ],
  ),
  ...inFile('ops/punch-hole.ts', [
    'edges are not zeroed',
    'zeroEdges(k, inode, offset, Math.min(offset + length, inode.sizeBytes));',
    'void 0;',
    '9',
  ]),
  ...inFile(
    'ops/zero-range.ts',
    [
      'pinned blocks become unwritten',
      "strategyOf(k).destination === 'free' ? [] : pinnedPages(k, inode, wholeFirst, wholeLast)",
      '[] as PgOff[]',
      '1',
    ],
    ['edges are not zeroed', 'zeroEdges(k, inode, offset, end);', '', '9'],
    [
      'XFS loses the range and not its edges',
      'if (offset < inode.sizeBytes) zeroEdges(k, inode, offset, Math.min(end, inode.sizeBytes));',
      '',
      '9',
    ],
    [
      'ext4 keeps what it could not zero',
      'if (offset % pageSize === 0 && end % pageSize === 0)\n    makeUnwritten',
      'if (k.seq < 0) makeUnwritten',
      '9',
    ],
  ),
  ...inFile(
    'ops/collapse-range.ts',
    [
      'private copies stay behind',
      'unmapRange(k, inode, first, lastPage, { evenCows: shiftTakesPrivate });',
      '',
      '4, 9',
    ],
    [
      'private copies past the new end stay',
      'unmapRange(k, inode, pageCeil(sizeBytes), lastPage, { evenCows: true });',
      '',
      '9',
    ],
    ['shifts a page too far', '-pages);', '-pages + 1);', '9'],
  ),
  ...inFile(
    'ops/insert-range.ts',
    ['the size stays', 'resize(k, inode, inode.sizeBytes + length);', '', '9'],
    [
      'private copies stay behind',
      'unmapRange(k, inode, first, lastPage, { evenCows: shiftTakesPrivate });',
      '',
      '9',
    ],
  ),
  ...inFile(
    'ops/exchange-range.ts',
    [
      'the second file is not looked at',
      'const verdict = breakIn(k, task, high);',
      "const verdict = breakIn(k, task, high).kind === 'refuse' ? breakIn(k, task, high) : { kind: 'broken' as const };",
      '1',
    ],
    [
      'blocks come back to where they were',
      'putIn(one, takeOut(k, other, length));\n        putIn(other, taken);',
      'putIn(one, taken);',
      '9',
    ],
    ['marks stay after a failure', 'if (task.otherIno !== 0) unmarkAll(k, task);', '', 'B1'],
  ),
  ...inFile(
    'ops/flush.ts',
    [
      'clwb flushes nothing of what it touched',
      'const flushed = flushPage(k, pfn, from - pageStart, to - from);',
      'const flushed = from + to - pageStart - pfn;',
      '9',
    ],
    [
      'msync stops a page early',
      'toPgOff(first + pageOf(end - 1)),\n    ({ pfn',
      'toPgOff(first + pageOf(end - 1) - 1),\n    ({ pfn',
      '9',
    ],
  ),
  ...inFile('ops/power-cycle.ts', [
    'every file gets a new ETag',
    'if (ownsAny(inode, pfns)) touch(k, inode)',
    'if (pfns.length >= 0 && ownsAny !== null) touch(k, inode)',
    '9',
  ]),
  ...inFile(
    'ops/rename.ts',
    ['who loses the name keeps it', 'if (target !== null) removeName(k, target);', '', 'F1'],
    [
      'who loses the name is never evicted',
      "return target === null ? done(fileRecord(k, inode)) : goto('evict');",
      'task.otherIno = 0 as typeof task.otherIno;\n      return done(fileRecord(k, inode));',
      'F1',
    ],
  ),
  ...inFile(
    'fs/file-data.ts',
    [
      'a write behind the end shows what was stored there',
      'personalityOf(k.geometry).writeZeroesTail) {',
      'k.seq < 0) {',
      '9',
    ],
    ['and ext4 of 6.12 hides it', '&& personalityOf(k.geometry).writeZeroesTail) {', ') {', '9'],
  ),
  // The simulator has no pages of 2 MiB.
  ...forTest('test/fidelity/huge-again.test.ts', 'mm/pagetable.ts', [
    'nobody notes a page table of 4 KiB entries',
    '  addTable(mapping, pgoff);',
    '',
    'H1',
  ]),
  ...inFile(
    'sched/timers.ts',
    [
      'a new time does not rise in the heap',
      'at > 0 && (times[parent] as number) > timer.atMs;',
      'at > 0 && (times[parent] as number) < timer.atMs;',
      'T1',
    ],
    [
      'a timer that is taken back takes the first time with it',
      'at.delete(timer.atMs);\n  // Times',
      'at.delete(timer.atMs);\n  pop(times);\n  // Times',
      'T1',
    ],
    [
      'who comes to a time that is there is not noted',
      'same.set(keyOf(timer), timer);\n    return;',
      'return;',
      'T1',
    ],
  ),
  ...inFile('mm/gup.ts', [
    'a pin that is gone keeps its timer',
    "if (pin.untilMs !== 0) removeTimer(k, { atMs: pin.untilMs, kind: 'pin', id: pin.id });",
    '',
    'T1',
  ]),
  ...inFile('lifecycle.ts', [
    'an operation that ended keeps its timeout',
    "removeTimer(k, { atMs: task.timeoutAtMs, kind: 'timeout', id: task.id });",
    '',
    'T1',
  ]),
  ...forTest(
    slices,
    'run.ts',
    [
      'a task whose entry has no steps left is forgotten',
      'k.runnable.unshift(task.id);\n',
      '\n',
      'LM8',
    ],
    [
      'a task whose entry has no steps left goes to the end',
      'k.runnable.unshift(task.id);',
      'k.runnable.push(task.id);',
      'LM8',
    ],
    [
      'an entry without steps for its worker is at rest',
      'if (k.runnable.length > 0 || k.workqueue.length > 0) return true;',
      'if (k.runnable.length > 0) return true;',
      'LM8',
    ],
    [
      'steps are not counted',
      'k.turn.stepsLeft -= 1;\n  setRunning(k, task);',
      'setRunning(k, task);',
      'LM8',
    ],
  ),
  ...forTest(slices, 'fs/release-worker.ts', [
    'the worker takes no steps',
    'as Pfn;\n  k.turn.stepsLeft -= 1;',
    'as Pfn;',
    'LM8',
  ]),
  ...forTest(
    slices,
    'kernel.ts',
    [
      'the next timer fires before what the last one set off',
      'goOn(k);\n    if (k.turn.stepsLeft <= 0) return;\n    const timer',
      'if (k.turn.stepsLeft <= 0) return;\n    const timer',
      'LM8',
    ],
    [
      'time is at its end before the timers on the way have fired',
      'if (k.turn.stepsLeft <= 0) return;\n    const timer',
      'if (k.turn.stepsLeft <= 0) break;\n    const timer',
      'LM8',
    ],
    [
      'an entry whose time still moves is at rest',
      '  if (k.advanceToMs > 0) return false;\n',
      '',
      'LM8',
    ],
  ),
  ...forTest(
    'test/kernel/waits/wait-graph.test.ts',
    'waits/wait-graph.ts',
    [
      'a crowd leaves out the way back to the start',
      'const few: TaskId[] = k.tasks.get(start)?.owner === owner ? [start] : [];',
      'const few: TaskId[] = [];',
      'DL1',
    ],
    [
      'one of a crowd stands for those in other queues, too',
      'if (seen[sleep.mode].has(sem)) continue;',
      'if (seen[sleep.mode].size > 0) continue;',
      'DL1',
    ],
  ),
  ...inFile('ops/set-strategy.ts', ['sleepers are not woken', 'wakeAllPages(k);', '', '8']),
  ...inFile('ops/evict.ts', [
    'never waits for a pin',
    "if (strategyOf(k).eviction(k.strategy.options) === 'take')",
    'if (k.seq >= 0)',
    '1',
  ]),
  ...inFile('reclaim/drain.ts', [
    'what moves is not drained',
    'if (move === null)',
    'if (k.seq >= 0)',
    '1',
  ]),
  ...inFile('reclaim/refuse.ts', [
    'refuses nobody',
    'if (busy === null)',
    'if (busy === null || busy !== null)',
    '1',
  ]),
  ...inFile(
    'reclaim/break-layouts.ts',
    [
      'no kernel looks at a file without a mapping',
      'if (scanNeedsMapping && inode.mappings.length === 0)',
      'if (inode.mappings.length === 0 || scanNeedsMapping === null)',
      '1',
    ],
    [
      'looks at the first page alone',
      'const busy = scan(k, inode, first, last);',
      'const busy = scan(k, inode, first, first);',
      '1',
    ],
    [
      'the classic rule waits for no pin, and not in an eviction alone',
      'if (busy !== null) return',
      "if (busy !== null && options.idleRule !== 'classic') return",
      '1',
    ],
  ),
  ...inFile(
    'reclaim/wait-for-refs.ts',
    [
      'frees under the pin',
      'if (busy === null) return',
      'if (busy === null || k.counts.pins > 1) return',
      '1',
    ],
    ['stops nobody', 'inode.stoppedRefs = pages;', '', 'B1'],
    [
      'lets new references in again after the first wake-up',
      'inode.stoppedRefs = pages;',
      'if ((_task.locals.layout as { scans: number } | undefined)?.scans === 1) inode.stoppedRefs = pages;',
      'B1',
    ],
  ),
  ...inFile(
    'fs/busy-extent.ts',
    [
      'the last put tells nobody',
      'if (pinned) markDelayedFree(k, inode, run.pfn, run.pages);',
      '',
      'A1',
    ],
    [
      'the commit frees under the pin',
      'run.pinned = isPinned(k, run.pfn, run.pages);',
      'run.pinned = false;',
      '1',
    ],
    ['the first put frees the run', 'if (isPinned(k, run.pfn, run.pages)) return;', '', '1'],
    [
      'the worker does not wait for the commit',
      'if (run.transaction) return; // The commit callback decides.',
      '',
      '3',
    ],
  ),
  ...inFile(
    'fs/detached.ts',
    ['the reaper is not told', 'markDelayedFree(k, null, run.pfn, run.pages);', '', '3'],
    ['the reaper frees under the pin', 'if (isPinned(k, run.pfn, run.pages)) return;', '', '1'],
  ),
  ...inFile(
    'fs/recovery.ts',
    [
      'busy blocks are lost with the power',
      "freeRun(k, run.pfn, run.pages, 'busy', run.sinceMs);",
      '',
      '2',
    ],
    ['orphans live on', 'if (inode.nlink === 1) continue;', 'continue;', 'F1'],
  ),
  ...inFile(
    'fs/dax.ts',
    [
      'the zero page stays mapped over a block',
      'dropZeroEntries(k, inode, pgoff, pgoff);\n  }\n  touch',
      '}\n  touch',
      '5',
    ],
    [
      'a new page shows what was there',
      'zeroPage(k, blockPfn(lookupBlock(inode.extents, pgoff)), 0, pageSize);',
      '',
      '9',
    ],
    [
      'a private copy begins empty',
      'if (isWritten(block)) readPage(k, blockPfn(block), 0, pageSize, anonPage(k, copy).bytes, 0);',
      '',
      '9',
    ],
    [
      'a wake-up is not passed on',
      'if (!inode.entryLocks.has(pgoff)) wakeEntry(k, inode.ino, pgoff);',
      '',
      '8',
    ],
    [
      'one pin is not busy',
      'const pfn = nextPinned(k, extent.pfn, extent.pfn + extent.pages);',
      `const end = extent.pfn + extent.pages;
    let pfn = nextPinned(k, extent.pfn, end);
    while (pfn < end && typeof k.holders.get(toPfn(pfn)) === 'number') pfn = nextPinned(k, pfn + 1, end);`,
      '1',
    ],
    [
      'a frame that moved under its pin is taken for gone',
      'if (isOwned(k, pfn)) return null;',
      '',
      'B2',
    ],
    ['the scan by pins stops before the last page', '&& pgoff <= last)', '&& pgoff < last)', 'B2'],
    [
      'the scan by pins finds the last pin',
      'pgoff < busy.pgoff) busy = { pfn, pgoff };',
      'pgoff > busy.pgoff) busy = { pfn, pgoff };',
      'B2',
    ],
  ),
  ...inFile(
    'ops/pin.ts',
    [
      'who pins to read gets the zero page',
      'pinPage(k, pinOf(k, task), pfn),',
      "pinPage(k, pinOf(k, task), task.args.access === 'read' ? (-1 as never) : pfn),",
      '10',
    ],
    [
      'a pin that is undone wakes nobody',
      'if (task.pin !== 0) releasePin(k, pinOf(k, task));',
      'const queues = [...k.pageQueues];\n    k.pageQueues.clear();\n    if (task.pin !== 0) releasePin(k, pinOf(k, task));\n    for (const [bucket, queue] of queues) k.pageQueues.set(bucket, queue);',
      '8',
    ],
  ),
  ...inFile('ops/page-walk.ts', [
    'a fault behind the end is let through',
    'mapping === null || byteOf(at) >= inode.sizeBytes',
    'mapping === null',
    '4',
  ]),
  ...inFile(
    'fs/file-data.ts',
    [
      'a write shows what was there',
      'for (let page = 0; page < extent.pages; page++)\n      zeroPage(k, toPfn(extent.pfn + page), 0, pageSize);',
      '',
      '9',
    ],
    [
      'the zero page stays mapped over data',
      "setState(inode.extents, first, last - first + 1, 'written');\n  dropZeroEntries(k, inode, first, last);",
      "setState(inode.extents, first, last - first + 1, 'written');",
      '5',
    ],
  ),
  ...inFile('mm/pagetable.ts', [
    'a punch takes private copies (S28)',
    'if (isAnon(pte)) return;',
    '',
    '9',
  ]),
  ...inFile(
    'mm/page.ts',
    ['the last put wakes nobody', 'if (isIdle(k, head)) wakeIdle(k, head);', '', '8'],
    ['the last put queues no work', 'k.workqueue.push(toPfn(page));', '', 'A1'],
    [
      'the last put leaves its frame counted as pinned',
      'if (pins === 0) countPinned(k, pfn, -1);',
      '',
      '12',
    ],
    [
      'a chunk counts no frame that was let go',
      'chunk[pinnedAt] = (chunk[pinnedAt] as number) + delta;',
      'chunk[pinnedAt] = (chunk[pinnedAt] as number) + Math.max(0, delta);',
      '12',
    ],
    [
      'a chunk with one pinned frame is passed over',
      'if (chunk === undefined || chunk[pinnedAt] === 0) {',
      'if (chunk === undefined || (chunk[pinnedAt] as number) < 2) {',
      '1',
    ],
    [
      'an unmap wakes nobody under the modern rule',
      'if (folioOf(k, pfn) === undefined) wakeUnmapped(k, pfn);\n  else ',
      'if (folioOf(k, pfn) !== undefined) ',
      '8',
    ],
  ),
  ...inFile(
    'mm/gup.ts',
    ['a second holder is not noted', 'else held.push(pin.id);', '', '12'],
    ['references are not counted back', 'k.counts.pinsReleased += pin.pfns.length;', '', '12'],
  ),
  ...inFile(
    'snapshot.ts',
    [
      'a queue comes back reversed',
      '(k[record[1]] as unknown[]).push(record[2]);',
      '(k[record[1]] as unknown[]).unshift(record[2]);',
      '14',
    ],
    [
      'dirty lines are forgotten',
      'countLines(k, record[2].lines);\n        return;',
      'return;',
      '14',
    ],
  ),
  ...inShell(
    'journal/level-store.ts',
    [
      'answers before the flush',
      'this.#waiting.push({ changes, done });',
      'this.#waiting.push({ changes, done: () => {} });\n    done(null);',
      'acknowledged is durable',
    ],
    [
      'a failed flush is called done',
      'isFull(error) ? await this.#reopen(error) : this.fail(error)',
      'null',
      'acknowledged is durable',
    ],
    [
      'nobody remembers what was acknowledged',
      'this.#demandFiles();\n      this.#head.write(this.#group);',
      'this.#demandFiles();',
      'a lost flush is refused',
    ],
  ),
  ...inShell(
    'engine/lane.ts',
    [
      'does what the journal did not take',
      'else this.#stop(batch, 0, entries[0] as LoggedEntry, error);',
      'else this.#applyBatch(batch, entries);',
      'answered is durable',
    ],
    [
      'an umount does not wait for the journal',
      'const entries = this.#stamp(batch);',
      `const entries = this.#stamp(batch);
    if (batch.some(({ command }) => command?.op === 'umount')) {
      log.append(this.id, entries, { digest: this.#digest, eventSeq: this.kernel.eventSeq }, () => {});
      this.#applyBatch(batch, entries);
      return;
    }`,
      'only what was unmounted goes',
    ],
  ),
  ...inShell('engine/engine.ts', [
    'a start forgets who pays',
    'hosted.account.used.bytes += lane.kernel.geometry.sizeBytes;',
    '',
    'tenants are apart',
  ]),
  ...inShell(
    'durable/replay.ts',
    [
      'of a batch only the first is done again',
      'for (const entry of entries) {',
      'for (const entry of entries.slice(0, 1)) {',
      'acknowledged is there',
    ],
    [
      'an umount that was refused ends a filesystem',
      'this.#unmounted = effects.unmounted;',
      "this.#unmounted = entry[1] === 'umount';",
      'only what was unmounted goes',
    ],
    [
      'goes on behind the end of a filesystem',
      'if (this.#unmounted || this.#ended) break;',
      'if (this.#ended) break;',
      'unmounted stays so',
    ],
  ),
  ...inShell(
    'durable/stored-log.ts',
    [
      'deletes what the older snapshot needs',
      'snapshots.length > 1 ? (snapshots[0]?.seq ?? 0) : 0',
      'snapshots.at(-1)?.seq ?? 0',
      'acknowledged is there',
    ],
    [
      'what was unmounted is born again',
      '[removal(journalKeys.birth), removal(journalKeys.tail), goneChange]',
      '[removal(journalKeys.tail), goneChange]',
      'unmounted stays so',
    ],
  ),
  ...inShell(
    'durable/snapshots.ts',
    [
      'contents that changed again are left out',
      'if (before?.seq !== chunk.seq)\n      await put(journalKeys.chunk',
      'if (before === undefined)\n      await put(journalKeys.chunk',
      'acknowledged is there',
    ],
    [
      'deletes contents that are no strays',
      'journalKeys.chunks)) if (!needed.has(key)) yield key;',
      'journalKeys.chunks)) yield key;',
      'acknowledged is there',
    ],
  ),
];
