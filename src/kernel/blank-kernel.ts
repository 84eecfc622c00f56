// An empty machine. mkfs fills it in, or a snapshot is restored into it.
import { createPmem } from './dev/pmem.ts';
import { createFreeSpace } from './lib/free-space.ts';
import { createRunList } from './lib/run-list.ts';
import { createTimers } from './sched/timers.ts';
import type { Counts, Kernel, KernelHead, Turn } from './state.ts';

export const noCounts = (): Counts => ({
  files: 0,
  mappings: 0,
  pins: 0,
  pinnedPages: 0,
  pinsAcquired: 0,
  pinsReleased: 0,
  sleepers: 0,
  blocksUsed: 0,
  delayedFrees: 0,
  wakeups: 0,
  spuriousWakeups: 0,
  bucketCollisions: 0,
  tableBytes: 0,
  extents: 0,
  frameChunks: 0,
  dataBytes: 0,
});

const blankTurn = (): Turn => ({
  blocksMax: Number.POSITIVE_INFINITY,
  stepsLeft: 0,
  current: 0,
  op: null,
  events: [],
  replies: [],
  pending: { advanceToMs: 0, step: null, unmounted: false, endAll: null },
});

/** Blanks a turn that has ended. A new one for each command would be a quarter of its garbage. */
export function clearTurn(turn: Turn): void {
  turn.blocksMax = Number.POSITIVE_INFINITY;
  turn.stepsLeft = 0;
  turn.current = 0;
  turn.op = null;
  turn.events = [];
  turn.replies = [];
  const { pending } = turn;
  pending.advanceToMs = 0;
  pending.step = null;
  pending.unmounted = false;
  pending.endAll = null;
}

/**
 * `space` has no blocks yet: mkfs makes it, or a snapshot restores it. The fields of the head are
 * named, because a spread puts them outside of the object and makes each machine five times slower
 * to build, and slower to read.
 */
export function blankKernel(head: KernelHead): Kernel {
  return {
    geometry: head.geometry,
    limits: head.limits,
    strategy: head.strategy,
    strategySeq: head.strategySeq,
    idleRule: head.idleRule,
    nowMs: head.nowMs,
    seq: head.seq,
    eventSeq: head.eventSeq,
    nextIno: head.nextIno,
    nextMapping: head.nextMapping,
    nextPin: head.nextPin,
    nextTask: head.nextTask,
    nextAnon: head.nextAnon,
    nextGeneration: head.nextGeneration,
    busyGeneration: head.busyGeneration,
    advanceToMs: head.advanceToMs,
    counts: head.counts,
    pmem: createPmem(),
    frames: [],
    folios: new Map(),
    anonPages: new Map(),
    space: createFreeSpace(0),
    busy: createRunList(),
    busyByAge: new Set(),
    detached: createRunList(),
    inodes: new Map(),
    names: new Map(),
    mappings: new Map(),
    pins: new Map(),
    holders: new Map(),
    tasks: new Map(),
    sleepers: new Set(),
    sleepersOf: new Map(),
    pinsOf: new Map(),
    runnable: [],
    spinning: [],
    ended: new Map(),
    pageQueues: new Map(),
    pageWaiters: new Map(),
    entryQueues: new Map(),
    workqueue: [],
    timers: createTimers(),
    turn: blankTurn(),
  };
}
