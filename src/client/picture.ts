// What a client that watches a filesystem knows about it: a snapshot (GET …/state), kept up to date
// by the events after its cursor. The functions use no API of Node, so a page can use them too.
import type { PinholeEvent } from './stream.ts';

// biome-ignore lint/plugin: for an import statement the linter infers 13,000 lines and gives up.
type Schemas = import('../../openapi/api.d.ts').components['schemas'];
export type State = Schemas['State'];
export type FilesystemRecord = Schemas['Filesystem'];
type OperationRecord = NonNullable<State['operations']>[number];
type Parts = 'files' | 'mappings' | 'pins' | 'operations' | 'busyExtents' | 'detachedExtents';

export interface FilePicture {
  ino: number;
  /** The last name if it is unlinked. */
  name: string;
  sizeBytes: number;
  unlinked: boolean;
}

export interface MappingPicture {
  id: string;
  ino: number;
  offset: number;
  length: number;
  access: 'read' | 'read-write';
}

export interface PinPicture {
  id: string;
  ino: number;
  owner: string | null;
  kind: string;
  access: 'read' | 'write';
  /** The byte of the file at which its first page begins. */
  offset: number;
  pages: number;
  /** get_user_pages has not returned yet: it holds these pages, and it may want more. */
  collecting: boolean;
  /** Its frames, in the order of the pages of the file. null: pages that have no block. */
  runs: { pfn: number | null; pages: number }[];
  /** False if it has more frames than the snapshot or the event listed. */
  allRuns: boolean;
  /**
   * Time of the filesystem at which its first event came, or at which get_user_pages began if the
   * snapshot had it already.
   */
  sinceMs: number;
}

export interface SleepPicture {
  on: 'page' | 'lock' | 'entry';
  ino: number | null;
  /** S and D are those of Linux. R: the operation spins on the page. */
  state: 'R' | 'S' | 'D';
  pfn?: number;
  pgoff?: number;
  lock?: string;
  /** Time of the filesystem at which it fell asleep. */
  sinceMs: number;
}

export interface OperationPicture {
  id: string;
  op: string;
  owner: string | null;
  state: 'running' | 'sleeping' | 'done' | 'failed' | 'cancelled';
  sleepingOn: SleepPicture | null;
}

export interface Picture {
  /** The position in the event stream at which the picture is true. */
  cursor: string;
  /** The time of the filesystem at that position. */
  nowMs: number;
  /** The filesystem when the snapshot was read. Only its geometry does not change. */
  filesystem: FilesystemRecord | null;
  strategy: string;
  blocks: number;
  blocksMetadata: number;
  blocksFree: number;
  files: Map<number, FilePicture>;
  mappings: Map<string, MappingPicture>;
  pins: Map<string, PinPicture>;
  /** Those that run or sleep, and at most `endedMax` that have ended. */
  operations: Map<string, OperationPicture>;
  /** Runs of blocks by their first pfn. */
  busy: Map<number, number>;
  detached: Map<number, number>;
  /** Parts of which the snapshot does not have everything; only detached runs beyond 1,000. */
  incomplete: string[];
  /**
   * Where a part was read in several pages: up to which key, ascending, and at which event. Later
   * pages already show some of the events that follow the cursor.
   */
  pages: Partial<Record<Parts, { upTo: number; seq: number }[]>>;
}

/** How many ended operations a picture keeps. */
const endedMax = 1000;

/** A page of a list that continues a part of a snapshot that was cut. */
export interface Page {
  part: Parts;
  cursor: string;
  items: readonly unknown[];
}

const seqOf = (cursor: string): number => Number(cursor.slice(cursor.indexOf('.') + 1));
const numberOf = (id: string): number => Number(id.slice(id.indexOf('_') + 1));

/** `later` has the pages that complete the parts that `state.truncated` names, in their order. */
export function pictureOf(state: State, later: readonly Page[] = []): Picture {
  const { filesystem } = state;
  const picture: Picture = {
    cursor: state.cursor,
    nowMs: filesystem?.nowMs ?? 0,
    filesystem: filesystem ?? null,
    strategy: filesystem?.strategy.name ?? '',
    blocks: filesystem?.space.blocks ?? 0,
    blocksMetadata: filesystem?.space.blocksMetadata ?? 0,
    blocksFree: filesystem?.space.blocksFree ?? 0,
    files: new Map(),
    mappings: new Map(),
    pins: new Map(),
    operations: new Map(),
    busy: new Map(),
    detached: new Map(),
    incomplete: (state.truncated ?? [])
      .map(({ part }) => part)
      .filter((part) => later.every((page) => page.part !== part)),
    pages: {},
  };
  const parts = Object.keys(readers) as Parts[];
  for (const part of parts) {
    const first = { part, cursor: state.cursor, items: state[part] ?? [] };
    const rest = later.filter((page) => page.part === part);
    // The list of operations begins again, because a snapshot does not show the oldest ones first.
    const pages = part === 'operations' && rest.length > 0 ? rest : [first, ...rest];
    for (const page of pages) {
      const keys = page.items.map((item) => readers[part](picture, item as never));
      const upTo = page === pages.at(-1) ? Number.POSITIVE_INFINITY : Math.max(0, ...keys);
      picture.pages[part] = [...(picture.pages[part] ?? []), { upTo, seq: seqOf(page.cursor) }];
    }
  }
  return picture;
}

/** Each adds a record to the picture, and returns the key by which its list ascends. */
const readers: { [P in Parts]: (to: Picture, record: NonNullable<State[P]>[number]) => number } = {
  files(to, { ino, name, sizeBytes, nlink }) {
    to.files.set(ino, { ino, name, sizeBytes, unlinked: nlink === 0 });
    return ino;
  },
  mappings(to, { id, ino, offset, length, access }) {
    to.mappings.set(id, { id, ino, offset, length, access });
    return numberOf(id);
  },
  pins(to, { id, ino, owner, kind, access, offset, ...pin }) {
    const { pages, pagesOmitted = 0, collecting, createdMs } = pin;
    const count = pages.length + pagesOmitted;
    // A get_user_pages that has no page yet holds nothing, and no event tells of it.
    if (count > 0) {
      const runs = runsOf(pages.map(({ pfn }) => pfn));
      const shown = { id, ino, owner, kind, access, offset: offset - (offset % 4096) };
      const held = { pages: count, collecting: collecting === true, sinceMs: createdMs };
      to.pins.set(id, { ...shown, ...held, runs, allRuns: pagesOmitted === 0 });
    }
    return numberOf(id);
  },
  operations(to, { id, op, owner, state, sleepingOn }) {
    to.operations.set(id, { id, op, owner, state, sleepingOn: sleepOf(sleepingOn) });
    return numberOf(id);
  },
  busyExtents(to, { pfn, pages }) {
    to.busy.set(pfn, pages);
    return pfn;
  },
  detachedExtents(to, { pfn, pages }) {
    to.detached.set(pfn, pages);
    return pfn;
  },
};

function runsOf(pfns: readonly (number | null)[]): PinPicture['runs'] {
  const runs: PinPicture['runs'] = [];
  for (const pfn of pfns) {
    const last = runs.at(-1);
    const next = last === undefined || last.pfn === null ? null : last.pfn + last.pages;
    if (last !== undefined && pfn === next && (pfn === null) === (last.pfn === null))
      last.pages += 1;
    else runs.push({ pfn, pages: 1 });
  }
  return runs;
}

function sleepOf(sleepingOn: OperationRecord['sleepingOn']): SleepPicture | null {
  if (sleepingOn === null) return null;
  const { state, page, lock, entry, sinceMs } = sleepingOn;
  if (page !== undefined)
    return { on: 'page', ino: page.ino, state, pfn: page.pfn, pgoff: page.pgoff, sinceMs };
  if (lock !== undefined) return { on: 'lock', ino: lock.ino, state, lock: lock.name, sinceMs };
  return { on: 'entry', ino: entry?.ino ?? null, state, pgoff: entry?.pgoff ?? 0, sinceMs };
}

/** The blocks of files, which follow from the others. */
export function blocksUsed(picture: Picture): number {
  const held = [...picture.busy.values(), ...picture.detached.values()];
  const others = held.reduce((sum, pages) => sum + pages, 0);
  return picture.blocks - picture.blocksMetadata - picture.blocksFree - others;
}

/**
 * Changes the picture as the event says. An event that the picture shows already does nothing, so a
 * reader may hear events twice. False if the event does not follow: its stream is another one, or
 * the filesystem is gone. Then read a new snapshot.
 */
export function applyEvent(picture: Picture, event: PinholeEvent): boolean {
  if (!picture.cursor.startsWith(`${event.epoch}.`)) return false;
  if (event.seq <= seqOf(picture.cursor)) return true;
  picture.cursor = event.id;
  // The event itself has the time before.
  const isAdvance = event.type === 'pinhole.clock.advanced';
  picture.nowMs = isAdvance ? event.data.toMs : Date.parse(event.time);
  if (event.type === 'pinhole.filesystem.unmounted') return false;
  applyToFile(picture, event);
  applyToPins(picture, event);
  applyToOperation(picture, event);
  applyToBlocks(picture, event);
  return true;
}

/** True if the page of the part that has this key was read before the event happened. */
function isNews({ pages }: Picture, part: Parts, key: number, { seq }: PinholeEvent): boolean {
  const page = pages[part]?.find(({ upTo }) => key <= upTo);
  return page === undefined || seq > page.seq;
}

/** The name in the subject `files/NAME`; names need no escapes there. */
const nameIn = ({ subject = '' }: PinholeEvent): string => subject.replace(/^files\//, '');

function applyToFile(to: Picture, event: PinholeEvent): void {
  const ino = event.data.ino ?? 0;
  if (event.type === 'pinhole.power.restored') {
    for (const { ino, unlinked } of to.files.values()) if (unlinked) to.files.delete(ino);
    return;
  }
  if (!isNews(to, 'files', ino, event)) return;
  const file = to.files.get(ino);
  if (event.type === 'pinhole.file.created') {
    const { sizeBytes } = event.data;
    to.files.set(ino, { ino, name: nameIn(event), sizeBytes, unlinked: false });
  } else if (event.type === 'pinhole.file.evicted') to.files.delete(ino);
  else if (file === undefined) return;
  else if (event.type === 'pinhole.file.renamed') file.name = event.data.to;
  else if (event.type === 'pinhole.file.unlinked') file.unlinked = true;
  else if (event.type === 'pinhole.file.resized') file.sizeBytes = event.data.toBytes;
}

function applyToPins(to: Picture, event: PinholeEvent): void {
  const ino = event.data.ino ?? 0;
  if (event.type === 'pinhole.power.restored') {
    to.mappings.clear();
    to.pins.clear();
  } else if (event.type === 'pinhole.mapping.created' || event.type === 'pinhole.mapping.removed') {
    const { mapping: id } = event.data;
    if (!isNews(to, 'mappings', numberOf(id), event)) return;
    if (event.type === 'pinhole.mapping.removed') to.mappings.delete(id);
    else {
      const { offset, length, access } = event.data;
      to.mappings.set(id, { id, ino, offset, length, access });
    }
  } else if (event.type === 'pinhole.page.unpinned' || event.type === 'pinhole.page.dropped') {
    const { pin: id } = event.data;
    if (isNews(to, 'pins', numberOf(id), event)) to.pins.delete(id);
  } else if (event.type === 'pinhole.page.pinned' || event.type === 'pinhole.page.collected') {
    const { pin: id, owner, kind, access, offset, pages, runs, more } = event.data;
    if (!isNews(to, 'pins', numberOf(id), event)) return;
    const collecting = event.type === 'pinhole.page.collected';
    const sinceMs = to.pins.get(id)?.sinceMs ?? Date.parse(event.time);
    const shown = { id, ino, owner, kind, access, offset, pages, collecting, sinceMs };
    to.pins.set(id, { ...shown, runs, allRuns: !more });
  }
}

const endStates = {
  'pinhole.operation.done': 'done',
  'pinhole.operation.failed': 'failed',
  'pinhole.operation.cancelled': 'cancelled',
} as const;

function applyToOperation(to: Picture, event: PinholeEvent): void {
  if (event.type === 'pinhole.power.restored') {
    // The evictions that the machine has started itself end here without an event.
    for (const { id, op } of to.operations.values()) if (op === 'evict') to.operations.delete(id);
    return;
  }
  const id = event.operation ?? '';
  if (!isNews(to, 'operations', numberOf(id), event)) return;
  const now = sleepAfter(event);
  if (now !== undefined) {
    const { op = '' } = event;
    const owner = to.operations.get(id)?.owner ?? null;
    const state = now === null ? 'running' : 'sleeping';
    to.operations.set(id, { id, op, owner, state, sleepingOn: now });
    if (event.type === 'pinhole.operation.submitted') {
      const { op, owner } = event.data;
      to.operations.set(id, { id, op, owner, state, sleepingOn: null });
    }
    return;
  }
  if (event.type in endStates) {
    const owner = to.operations.get(id)?.owner ?? null;
    const state = endStates[event.type as keyof typeof endStates];
    to.operations.delete(id);
    to.operations.set(id, { id, op: event.op ?? '', owner, state, sleepingOn: null });
    forgetEnded(to);
  }
}

/** What the operation of the event sleeps on after it, null if it runs; else undefined. */
function sleepAfter(event: PinholeEvent): SleepPicture | null | undefined {
  const ino = event.data.ino ?? null;
  if (event.type === 'pinhole.task.blocked') {
    const { on, pfn, pgoff, lock, state } = event.data;
    return {
      on,
      ino,
      state,
      sinceMs: Date.parse(event.time),
      ...(pfn === undefined ? {} : { pfn }),
      ...(pgoff === undefined ? {} : { pgoff }),
      ...(lock === undefined ? {} : { lock }),
    };
  }
  if (event.type === 'pinhole.layout.retried') {
    const { pfn, pgoff } = event.data;
    return { on: 'page', ino, state: 'R', pfn, pgoff, sinceMs: Date.parse(event.time) };
  }
  const runs = event.type === 'pinhole.task.woken' || event.type === 'pinhole.operation.submitted';
  return runs ? null : undefined;
}

/** Drops the operation that ended first, if there are too many. */
function forgetEnded({ operations }: Picture): void {
  let ended = 0;
  let oldest: string | null = null;
  for (const { id, state } of operations.values()) {
    if (state === 'running' || state === 'sleeping') continue;
    oldest ??= id;
    ended += 1;
  }
  if (ended > endedMax && oldest !== null) operations.delete(oldest);
}

function applyToBlocks(to: Picture, event: PinholeEvent): void {
  if (event.type === 'pinhole.strategy.changed') to.strategy = event.data.to;
  else if (event.type === 'pinhole.extent.allocated') to.blocksFree -= event.data.pages;
  else if (event.type === 'pinhole.extent.busy') {
    const { pfn, pages } = event.data;
    if (isNews(to, 'busyExtents', pfn, event)) to.busy.set(pfn, pages);
  } else if (event.type === 'pinhole.extent.detached') {
    const { pfn, pages } = event.data;
    if (isNews(to, 'detachedExtents', pfn, event)) to.detached.set(pfn, pages);
  } else if (event.type === 'pinhole.extent.freed') {
    const { pfn, pages, from } = event.data;
    to.blocksFree += pages;
    if (from === 'busy' && isNews(to, 'busyExtents', pfn, event)) to.busy.delete(pfn);
    if (from === 'detached' && isNews(to, 'detachedExtents', pfn, event))
      freeDetached(to.detached, pfn, pages);
  }
}

/** Frees a part of a detached run; what is left of it on both sides stays. */
function freeDetached(detached: Map<number, number>, pfn: number, pages: number): void {
  for (const [first, length] of detached) {
    if (pfn < first || pfn >= first + length) continue;
    detached.delete(first);
    if (pfn > first) detached.set(first, pfn - first);
    const end = pfn + pages;
    if (first + length > end) detached.set(end, first + length - end);
    return;
  }
}
