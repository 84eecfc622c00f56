// Converts a machine to a sequence of small records, and back. Each record is plain data of bounded
// size, so that the writer can yield between two of them. src/durable/ encodes and stores them. The
// contents of the device are separate, because they are large and change in few places: each chunk
// has the number of the entry that changed it last.
//
// The order of Maps and Sets is part of the state, so it is restored too.
import { blankKernel } from './blank-kernel.ts';
import { chunkOf, setChunk } from './dev/pmem.ts';
import type { ExtentLeaf } from './lib/extent-map.ts';
import type { XLeaf } from './lib/xarray.ts';
import { assert } from './panic.ts';
import { eachTimer, setTimer } from './sched/timers.ts';
import type { BusyRun, DetachedRun, Inode, Kernel, KernelHead, Mapping, Timer } from './state.ts';

/**
 * The version of the records below. A release that changes them must increase it, because a start
 * refuses snapshots of another format.
 */
export const snapshotFormat = 3;

/**
 * Increase it when the same entries no longer give the same state and events. An older journal then
 * needs a snapshot that the older release wrote.
 */
export const kernelVersion = 6;

/**
 * How each field of the machine is written: `head` in the first record; `map`, `set` and `list` as
 * one record for each element; `own` in code below; `none` not at all, because it is used only
 * inside `apply`.
 */
const plan = {
  geometry: 'head',
  limits: 'head',
  strategy: 'head',
  strategySeq: 'head',
  idleRule: 'head',
  nowMs: 'head',
  seq: 'head',
  eventSeq: 'head',
  nextIno: 'head',
  nextMapping: 'head',
  nextPin: 'head',
  nextTask: 'head',
  nextAnon: 'head',
  nextGeneration: 'head',
  busyGeneration: 'head',
  advanceToMs: 'head',
  counts: 'head',
  pmem: 'own',
  frames: 'own',
  space: 'own',
  busy: 'own',
  detached: 'own',
  inodes: 'own',
  mappings: 'own',
  folios: 'map',
  anonPages: 'map',
  names: 'map',
  pins: 'map',
  holders: 'map',
  tasks: 'map',
  sleepersOf: 'map',
  pinsOf: 'map',
  ended: 'map',
  pageQueues: 'map',
  pageWaiters: 'map',
  entryQueues: 'map',
  busyByAge: 'set',
  sleepers: 'set',
  runnable: 'list',
  spinning: 'list',
  workqueue: 'list',
  timers: 'own',
  turn: 'none',
} as const satisfies Record<keyof Kernel, 'head' | 'own' | 'map' | 'set' | 'list' | 'none'>;

type Field = keyof typeof plan;
type FieldOf<How> = { [F in Field]: (typeof plan)[F] extends How ? F : never }[Field];

const fieldsOf = <How extends (typeof plan)[Field]>(how: How): FieldOf<How>[] =>
  (Object.keys(plan) as Field[]).filter((field) => plan[field] === how) as FieldOf<How>[];
const headFields = fieldsOf('head');
const mapFields = fieldsOf('map');
const setFields = fieldsOf('set');
const listFields = fieldsOf('list');

export type SnapshotRecord =
  | ['head', KernelHead]
  | ['map', FieldOf<'map'>, unknown, unknown]
  | ['set', FieldOf<'set'>, unknown]
  | ['list', FieldOf<'list'>, unknown]
  /** A file or a mapping without its trees. Their leaves follow as records. */
  | ['inode', Inode]
  | ['extents', ExtentLeaf]
  | ['entries', XLeaf]
  | ['mapping', Mapping]
  | ['ptes', XLeaf]
  | ['frames', number, Int32Array]
  | ['space', { blocks: number; free: number; bits: number; summary: Int32Array; top: Int32Array }]
  | ['bits', number, Int32Array]
  | ['busy', BusyRun[]]
  | ['detached', DetachedRun[]]
  | ['dirty', number, { medium: Uint8Array; lines: [number, number] }]
  | ['badSectors', number[]]
  | ['timers', Timer[]];

/** A chunk of the device's contents, and the number of the entry that changed it last. */
export interface ContentChunk {
  index: number;
  seq: number;
  bytes: Uint8Array;
}

const bitsPerRecord = 4096;
const sectorsPerRecord = 1024;
const timersPerRecord = 1024;

/**
 * All records of a machine, without the contents of its device. The machine must not change before
 * the last record is read, because records are not copies.
 */
export function* snapshotRecords(k: Kernel): Generator<SnapshotRecord> {
  yield [
    'head',
    Object.fromEntries(headFields.map((field) => [field, k[field]])) as unknown as KernelHead,
  ];
  for (const inode of k.inodes.values()) {
    const { extents, entries } = inode;
    yield [
      'inode',
      { ...inode, extents: { ...extents, leaves: [] }, entries: { ...entries, leaves: [] } },
    ];
    for (const leaf of extents.leaves) yield ['extents', leaf];
    for (const leaf of entries.leaves) yield ['entries', leaf];
  }
  for (const mapping of k.mappings.values()) {
    yield ['mapping', { ...mapping, ptes: { ...mapping.ptes, leaves: [] } }];
    for (const leaf of mapping.ptes.leaves) yield ['ptes', leaf];
  }
  for (const field of mapFields)
    for (const [key, value] of k[field]) yield ['map', field, key, value];
  for (const field of setFields) for (const value of k[field]) yield ['set', field, value];
  for (const field of listFields) for (const value of k[field]) yield ['list', field, value];
  for (const [index, frames] of k.frames.entries())
    if (frames !== undefined) yield ['frames', index, frames];
  const { bits, ...space } = k.space;
  yield ['space', { ...space, bits: bits.length }];
  for (let at = 0; at < bits.length; at += bitsPerRecord)
    yield ['bits', at, bits.subarray(at, at + bitsPerRecord)];
  for (const leaf of k.busy.leaves) yield ['busy', leaf];
  for (const leaf of k.detached.leaves) yield ['detached', leaf];
  for (const [pfn, page] of k.pmem.dirty) yield ['dirty', pfn, page];
  const sectors = [...k.pmem.badSectors];
  for (let at = 0; at < sectors.length; at += sectorsPerRecord)
    yield ['badSectors', sectors.slice(at, at + sectorsPerRecord)];
  const timers = eachTimer(k.timers);
  for (let at = 0; at < timers.length; at += timersPerRecord)
    yield ['timers', timers.slice(at, at + timersPerRecord)];
}

/** The chunks of the device that were ever changed. `bytes` makes its copy only when it is read. */
export function* contentChunks(k: Kernel): Generator<ContentChunk> {
  for (const [index, seq] of k.pmem.chunkSeqs.entries()) {
    if (seq === undefined) continue;
    yield {
      index,
      seq,
      get bytes() {
        return chunkOf(k.pmem, index);
      },
    };
  }
}

/**
 * Rebuilds a machine from its records and chunks. Records are not copied: they become part of it.
 */
export class Restore {
  #kernel: Kernel | null = null;
  #inode: Inode | null = null;
  #mapping: Mapping | null = null;

  add(record: SnapshotRecord): void {
    if (record[0] === 'head') {
      assert(this.#kernel === null, 'a snapshot has one head');
      this.#kernel = blankKernel(record[1]);
      return;
    }
    const k = this.kernel;
    switch (record[0]) {
      case 'map':
        (k[record[1]] as Map<unknown, unknown>).set(record[2], record[3]);
        return;
      case 'set':
        (k[record[1]] as Set<unknown>).add(record[2]);
        return;
      case 'list':
        (k[record[1]] as unknown[]).push(record[2]);
        return;
      case 'inode':
        this.#inode = record[1];
        k.inodes.set(record[1].ino, record[1]);
        return;
      case 'extents':
        this.#inode?.extents.leaves.push(record[1]);
        return;
      case 'entries':
        this.#inode?.entries.leaves.push(record[1]);
        return;
      case 'mapping':
        this.#mapping = record[1];
        k.mappings.set(record[1].id, record[1]);
        return;
      case 'ptes':
        this.#mapping?.ptes.leaves.push(record[1]);
        return;
      case 'frames':
        k.frames[record[1]] = record[2];
        return;
      case 'space':
        k.space = { ...record[1], bits: new Int32Array(record[1].bits) };
        return;
      case 'bits':
        k.space.bits.set(record[2], record[1]);
        return;
      case 'busy':
        addRuns(k.busy, record[1]);
        return;
      case 'detached':
        addRuns(k.detached, record[1]);
        return;
      case 'dirty':
        k.pmem.dirty.set(record[1] as never, record[2]);
        countLines(k, record[2].lines);
        return;
      case 'timers':
        for (const timer of record[1]) setTimer(k.timers, timer);
        return;
      default:
        for (const sector of record[1]) k.pmem.badSectors.add(sector);
    }
  }

  addContent({ index, seq, bytes }: ContentChunk): void {
    setChunk(this.kernel.pmem, index, seq, bytes);
  }

  get kernel(): Kernel {
    assert(this.#kernel !== null, 'the head of a snapshot comes first');
    return this.#kernel;
  }
}

function addRuns<R extends { pages: number }>(
  list: { leaves: R[][]; runs: number; pages: number },
  leaf: R[],
): void {
  list.leaves.push(leaf);
  list.runs += leaf.length;
  for (const { pages } of leaf) list.pages += pages;
}

function countLines(k: Kernel, lines: readonly number[]): void {
  for (const word of lines)
    for (let bits = word; bits !== 0; bits &= bits - 1) k.pmem.dirtyLines += 1;
}
