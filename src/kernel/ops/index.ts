// The registry of operations. Each has one file, and one line here.
import { allocate } from './allocate.ts';
import { cancel } from './cancel.ts';
import { clockAdvance } from './clock-advance.ts';
import { collapseRange } from './collapse-range.ts';
import { create } from './create.ts';
import type { Operation } from './define.ts';
import { dmaRead } from './dma-read.ts';
import { dmaWrite } from './dma-write.ts';
import { exchangeRange } from './exchange-range.ts';
import { fault } from './fault.ts';
import { fiemap } from './fiemap.ts';
import { flush } from './flush.ts';
import { insertRange } from './insert-range.ts';
import { load } from './load.ts';
import { mmap } from './mmap.ts';
import { munmap } from './munmap.ts';
import { pin } from './pin.ts';
import { poison, unpoison } from './poison.ts';
import { powerCycle } from './power-cycle.ts';
import { punchHole } from './punch-hole.ts';
import { read } from './read.ts';
import { rename } from './rename.ts';
import { schedulerStep } from './scheduler-step.ts';
import { seek } from './seek.ts';
import { setStrategy } from './set-strategy.ts';
import { store } from './store.ts';
import { sync } from './sync.ts';
import { truncate } from './truncate.ts';
import { umount } from './umount.ts';
import { unlink } from './unlink.ts';
import { unpin } from './unpin.ts';
import { write } from './write.ts';
import { zeroRange } from './zero-range.ts';

const all: Operation[] = [
  umount,
  setStrategy,
  clockAdvance,
  schedulerStep,
  sync,
  powerCycle,
  poison,
  unpoison,
  create,
  rename,
  unlink,
  read,
  write,
  truncate,
  punchHole,
  allocate,
  zeroRange,
  collapseRange,
  insertRange,
  exchangeRange,
  seek,
  fiemap,
  mmap,
  munmap,
  fault,
  load,
  store,
  flush,
  pin,
  unpin,
  dmaRead,
  dmaWrite,
  cancel,
];

export const operations: ReadonlyMap<string, Operation> = new Map(all.map((op) => [op.name, op]));
