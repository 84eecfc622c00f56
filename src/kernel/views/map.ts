// A map of the device: its frames as runs that are equal in everything that a picture shows.
import { z } from 'zod';
import { sectorsPerPage } from '../dev/badblocks.ts';
import { failure } from '../errno.ts';
import { type OwnedRun, ownersIn } from '../fs/owners.ts';
import { nextFreeRun } from '../lib/free-space.ts';
import { nextRun, type Run, type RunList } from '../lib/run-list.ts';
import { folioOf, framesPerChunk, isDelayedFree, mapcountOf, pinsOf } from '../mm/page.ts';
import { pmdOf } from '../mm/pmd.ts';
import type { Inode, Kernel } from '../state.ts';
import { type Ino, pageSize, toPfn, toPgOff, zBytes, zCount } from '../units.ts';
import { inodeAskedFor, zByFile } from './by-file.ts';
import { defineView, found } from './define.ts';

/** The most runs of one answer, each at most some 150 bytes and the name of a file. */
const runsMax = 2000;
/**
 * The most pages that one answer looks at one by one. Only frames that were ever faulted in or
 * pinned need that: 1 GiB of them.
 */
const pagesMax = 262_144;
/**
 * The most extents that are searched for owners. A file counts as 30 more, because its records lie
 * apart in memory. The search then takes some 8 ms, and nothing else runs meanwhile.
 */
const searchMax = 400_000;
const searchOfFile = 30;

/** In the order of their bits. */
const flags = [
  'written',
  'unwritten',
  'mapped',
  'huge',
  'folio',
  'dirty',
  'poisoned',
  'delayed-free',
  'stop-new-refs',
  'waited-for',
] as const;
type Flag = (typeof flags)[number];
const bit = Object.fromEntries(flags.map((flag, i) => [flag, 1 << i])) as Record<Flag, number>;

const states = ['free', 'metadata', 'used', 'busy', 'detached'] as const;
type State = (typeof states)[number];

const zRun = z.object({
  pfn: zCount,
  pages: zCount,
  state: z.enum(states),
  ino: zCount
    .optional()
    .describe('The inode that owns the blocks, or that busy and detached blocks left.'),
  file: z.string().optional().describe('The name of that inode, if it has one.'),
  pgoff: zCount.optional().describe('The page of the file that the first frame holds.'),
  pins: zCount.optional().describe('References of pins on each of these pages. Absent: none.'),
  flags: z
    .array(z.enum(flags))
    .optional()
    .describe(
      'written and unwritten: the state of the extent. mapped: it is in a page table. huge: a ' +
        '2 MiB entry maps it. folio: it is pinned and released with its whole folio. dirty: a ' +
        'CPU cache holds lines of it. poisoned: sectors of it cannot be read. delayed-free: its ' +
        'last put frees it. stop-new-refs: wait-for-refs refuses new references. waited-for: an ' +
        'operation sleeps on it.',
    ),
});

/** Frames that have the same state and owner. `pgoff` is 0 where `owns` is false. */
interface Piece {
  pfn: number;
  end: number;
  state: State;
  inode: { ino: Ino; name: string; nlink: 0 | 1 } | null;
  owns: boolean;
  pgoff: number;
  mask: number;
  pins: number;
}

export const map = defineView({
  name: 'map',
  etag: true,
  summary: 'A map of the page frames of the device',
  doc:
    'Runs of frames that are equal in state, owner, pins and flags, in ascending order of pfn, ' +
    'without a gap. offset and length are bytes of the device; the pages that they touch are ' +
    `shown. An answer has at most ${runsMax} runs, and looks at ${pagesMax} frames one by one. ` +
    'If more is left, nextOffset says where to go on, and Link has the URL; the next answer has ' +
    'a cursor of its own. The owners of used runs are searched in all files, or with file=NAME or ' +
    `ino=N in that file alone. If that would be more than ${searchMax} extents (a file counts as ` +
    `${searchOfFile} more), used runs have no owner, and ownersOmitted is true.`,
  on: 'filesystem',
  path: 'map',
  query: z.strictObject({
    offset: zBytes.default(0),
    length: zBytes.min(1).optional().describe('To the end of the device if it is absent.'),
    ...zByFile,
  }),
  result: z.object({
    sizeBytes: zCount.describe('Of the device.'),
    offset: zCount.describe('The first byte that the runs cover.'),
    length: zCount.describe('The bytes that the runs cover.'),
    runs: z.array(zRun).describe('Ascending by pfn, without a gap.'),
    nextOffset: zCount.optional().describe('The first byte that was asked for and is left off.'),
    ownersOmitted: z
      .literal(true)
      .optional()
      .describe('There are too many extents to search their owners.'),
  }),
  errors: ['EINVAL', 'ENOENT'],
  read(k, _target, query) {
    const { offset, length } = query;
    const asked = inodeAskedFor(k, query);
    if (!asked.ok) return asked;
    const { sizeBytes, blocks } = k.geometry;
    if (offset >= blocks * pageSize)
      return {
        ok: false as const,
        failure: failure('EINVAL', 'PO5', `offset ${offset} is outside the device`),
      };
    const from = Math.floor(offset / pageSize);
    const last = length === undefined ? blocks : Math.ceil((offset + length) / pageSize);
    const end = Math.min(blocks, last);
    const files = searched(k, asked.ino);
    const extents = asked.ino === null ? k.counts.extents : (files?.[0]?.extents.extents ?? 0);
    const { owned, until } =
      files === null
        ? { owned: [], until: end }
        : ownersIn(files, { from, end, max: runsMax, extents });
    const runs = new Runs(k, from, until);
    for (const piece of piecesOf(k, from, until, owned)) if (!runs.add(piece)) break;
    const covered = runs.covered;
    return found({
      sizeBytes,
      offset: from * pageSize,
      length: (covered - from) * pageSize,
      runs: runs.pieces.map(runRecord),
      ...(covered < end ? { nextOffset: covered * pageSize } : {}),
      ...(files === null ? { ownersOmitted: true as const } : {}),
    });
  },
});

/** The files that are searched for owners; null if they have too many extents. */
function searched(k: Kernel, ino: Ino | null): readonly Inode[] | null {
  if (ino === null) {
    const cost = k.counts.extents + searchOfFile * k.inodes.size;
    return cost > searchMax ? null : [...k.inodes.values()];
  }
  const inode = k.inodes.get(ino);
  if (inode === undefined) return [];
  return inode.extents.extents > searchMax ? null : [inode];
}

/** The frames of [from, end) by state and owner, before their pins and flags are looked at. */
function* piecesOf(
  k: Kernel,
  from: number,
  end: number,
  owned: readonly OwnedRun[],
): Generator<Piece> {
  const { blocksMetadata } = k.geometry;
  if (from < blocksMetadata) yield pieceOf(from, Math.min(end, blocksMetadata), 'metadata', null);
  let next = 0;
  // The first run at or after `at`: it stays the same until it is passed.
  let free = nextFreeRun(k.space, toPfn(from));
  for (let at = Math.max(from, blocksMetadata); at < end; ) {
    if (free !== null && free.pfn < at) free = nextFreeRun(k.space, toPfn(at));
    while (next < owned.length && (owned[next] as OwnedRun).end <= at) next += 1;
    const owner = owned[next];
    const piece =
      free?.pfn === at
        ? pieceOf(at, Math.min(end, at + free.pages), 'free', null)
        : owner !== undefined && owner.pfn <= at
          ? ownedPiece(at, owner)
          : unownedPiece(k, at, Math.min(end, free?.pfn ?? end, owner?.pfn ?? end));
    yield piece;
    at = piece.end;
  }
}

const pieceOf = (pfn: number, end: number, state: State, inode: Piece['inode']): Piece => ({
  pfn,
  end,
  state,
  inode,
  owns: false,
  pgoff: 0,
  mask: 0,
  pins: 0,
});

/** A run that left its file; or a used one whose owner was not searched. */
function unownedPiece(k: Kernel, at: number, end: number): Piece {
  const left: [State, RunList<Run & { ino?: Ino }>][] = [
    ['busy', k.busy],
    ['detached', k.detached],
  ];
  let stop = end;
  for (const [state, list] of left) {
    const run = nextRun(list, toPfn(at));
    if (run === null) continue;
    if (run.pfn > at) {
      stop = Math.min(stop, run.pfn);
      continue;
    }
    // The inode of a run can be evicted by now; its number is still known.
    const ino = run.ino ?? 0;
    const inode = ino === 0 ? null : (k.inodes.get(ino) ?? { ino, name: '', nlink: 0 as const });
    return pieceOf(at, Math.min(end, run.pfn + run.pages), state, inode);
  }
  return pieceOf(at, stop, 'used', null);
}

function ownedPiece(at: number, owner: OwnedRun): Piece {
  const { inode, written } = owner;
  const pgoff = owner.pgoff + (at - owner.pfn);
  const [pages, stopped] = sideOfStop(inode, pgoff, owner.end - at);
  const mask = (written ? bit.written : bit.unwritten) | (stopped ? bit['stop-new-refs'] : 0);
  return { pfn: at, end: at + pages, state: 'used', inode, owns: true, pgoff, mask, pins: 0 };
}

/**
 * How many of the pages from `pgoff` on are on the same side of the range to which wait-for-refs
 * allows no new references, and whether they are in it.
 */
function sideOfStop(inode: Inode, pgoff: number, pages: number): [pages: number, within: boolean] {
  const { stoppedRefs } = inode;
  if (stoppedRefs === null || pgoff > stoppedRefs.last) return [pages, false];
  if (pgoff < stoppedRefs.first) return [Math.min(pages, stoppedRefs.first - pgoff), false];
  return [Math.min(pages, stoppedRefs.last + 1 - pgoff), true];
}

/** Cuts pieces where pins and flags differ, and joins neighbours that are equal. */
class Runs {
  readonly pieces: Piece[] = [];
  /** The end of the last frame that the pieces cover. */
  covered: number;
  readonly #k: Kernel;
  readonly #poisoned = new Set<number>();
  /** 1 for each chunk of frames that has a dirty or a poisoned page. */
  readonly #marked: Uint8Array;
  #pagesLeft = pagesMax;

  constructor(k: Kernel, from: number, end: number) {
    this.#k = k;
    this.covered = from;
    this.#marked = new Uint8Array(Math.ceil(end / framesPerChunk));
    for (const sector of k.pmem.badSectors) {
      const pfn = Math.floor(sector / sectorsPerPage);
      if (pfn < from || pfn >= end) continue;
      this.#poisoned.add(pfn);
      this.#marked[Math.floor(pfn / framesPerChunk)] = 1;
    }
    for (const pfn of k.pmem.dirty.keys())
      if (pfn >= from && pfn < end) this.#marked[Math.floor(pfn / framesPerChunk)] = 1;
  }

  /** False if the answer is full; `covered` says how far it came. */
  add(piece: Piece): boolean {
    for (let at = piece.pfn; at < piece.end; ) {
      const plain = this.#nextToLookAt(at, piece.end);
      if (plain > at && !this.#put(partOf(piece, at, plain))) return false;
      at = plain;
      const end = Math.min(piece.end, at + framesPerChunk - (at % framesPerChunk));
      if (at < end && !this.#addChunk(piece, at, end)) return false;
      at = end;
    }
    return true;
  }

  /** The first frame of [from, end) in a chunk that was touched or marked, or `end`. */
  #nextToLookAt(from: number, end: number): number {
    const { frames } = this.#k;
    let at = from;
    while (at < end) {
      const chunk = Math.floor(at / framesPerChunk);
      if (frames[chunk] !== undefined || this.#marked[chunk] === 1) return at;
      at = (chunk + 1) * framesPerChunk;
    }
    return end;
  }

  /** Frames of one chunk, which were touched, so each has to be looked at. */
  #addChunk(piece: Piece, from: number, end: number): boolean {
    if (this.#pagesLeft <= 0) return false;
    this.#pagesLeft -= end - from;
    const common = piece.mask | this.#maskOfChunk(piece, from);
    const marked = this.#marked[Math.floor(from / framesPerChunk)] === 1;
    for (let at = from; at < end; ) {
      const pins = pinsOf(this.#k, toPfn(at));
      const mask = this.#maskOf(at, marked);
      let stop = at + 1;
      while (
        stop < end &&
        pinsOf(this.#k, toPfn(stop)) === pins &&
        this.#maskOf(stop, marked) === mask
      )
        stop++;
      const part = partOf(piece, at, stop);
      part.mask = common | mask;
      part.pins = pins;
      if (!this.#put(part)) return false;
      at = stop;
    }
    return true;
  }

  /** A 2 MiB entry and a folio cover a whole chunk of frames. */
  #maskOfChunk({ inode, owns, pgoff, pfn }: Piece, at: number): number {
    const folio = folioOf(this.#k, toPfn(at)) === undefined ? 0 : bit.folio;
    const pmds = owns && inode !== null ? (this.#k.inodes.get(inode.ino)?.pmds ?? null) : null;
    const page = toPgOff(pgoff + (at - pfn));
    return folio | (pmds?.has(pmdOf(page)) === true ? bit.huge : 0);
  }

  #maskOf(at: number, marked: boolean): number {
    const k = this.#k;
    const pfn = toPfn(at);
    let mask = mapcountOf(k, pfn) > 0 ? bit.mapped : 0;
    if (isDelayedFree(k, pfn)) mask |= bit['delayed-free'];
    if (k.pageWaiters.size > 0 && k.pageWaiters.has(pfn)) mask |= bit['waited-for'];
    if (!marked) return mask;
    if (k.pmem.dirty.has(pfn)) mask |= bit.dirty;
    return this.#poisoned.has(at) ? mask | bit.poisoned : mask;
  }

  #put(piece: Piece): boolean {
    const before = this.pieces[this.pieces.length - 1];
    if (before !== undefined && continues(before, piece)) before.end = piece.end;
    else if (this.pieces.length === runsMax) return false;
    else this.pieces.push(piece);
    this.covered = piece.end;
    return true;
  }
}

function partOf(piece: Piece, from: number, end: number): Piece {
  if (from === piece.pfn && end === piece.end) return piece;
  const { state, inode, owns, mask, pins } = piece;
  const pgoff = owns ? piece.pgoff + (from - piece.pfn) : 0;
  return { pfn: from, end, state, inode, owns, pgoff, mask, pins };
}

const continues = (before: Piece, piece: Piece): boolean =>
  before.state === piece.state &&
  before.pins === piece.pins &&
  before.mask === piece.mask &&
  before.inode?.ino === piece.inode?.ino &&
  before.owns === piece.owns &&
  (!piece.owns || before.pgoff + (piece.pfn - before.pfn) === piece.pgoff);

function runRecord({ pfn, end, state, inode, owns, pgoff, mask, pins }: Piece) {
  const record: z.infer<typeof zRun> = { pfn, pages: end - pfn, state };
  if (inode !== null) record.ino = inode.ino;
  if (inode?.nlink === 1) record.file = inode.name;
  if (owns) record.pgoff = pgoff;
  if (pins > 0) record.pins = pins;
  if (mask > 0) record.flags = flagsOf(mask);
  return record;
}

/** Most runs of a map have one of a few combinations. */
const combinations = new Map<number, Flag[]>();

function flagsOf(mask: number): Flag[] {
  let combination = combinations.get(mask);
  if (combination === undefined) {
    combination = flags.filter((flag) => (mask & bit[flag]) !== 0);
    combinations.set(mask, combination);
  }
  return combination;
}
