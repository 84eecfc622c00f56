// What happened, as lanes: from events to the spans of operations and pins, and who woke whom.
// Positions are indexes into the list of events; scale.ts turns them into pixels.
import type { Picture, PinholeEvent } from 'pinhole/client';

export type SpanKind = 'R' | 'S' | 'D' | 'pin' | 'collecting';

export interface Span {
  kind: SpanKind;
  /** The event that begins it; -1 if it began before the first event. */
  from: number;
  /** The event that ends it; null if it lasts. */
  to: number | null;
  /** What it sleeps on, or the pages of a pin. */
  on: string;
}

export interface Hold {
  lock: string;
  mode: string;
  from: number;
  to: number | null;
}

export interface Lane {
  /** op_9 or pin_1. */
  id: string;
  /** punch-hole, or the owner of the pin. */
  is: string;
  spans: Span[];
  holds: Hold[];
  /** The events of the lane, in their order. */
  marks: number[];
  /** How it ended; null while it lasts. */
  end: { at: number; sign: '✓' | '✗' | '∅' | '' } | null;
}

/** From who woke somebody to who was woken. */
export interface Wake {
  at: number;
  /** null: the release worker, the clock, or a lane that is not shown. */
  from: string | null;
  to: string;
}

export interface Lanes {
  /** In the order in which they began. */
  lanes: Lane[];
  wakes: Wake[];
}

interface Building {
  lanes: Map<string, Lane>;
  wakes: Wake[];
  /** The pin that an operation released, to draw an arrow from the pin. */
  unpinnedBy: Map<string, string>;
}

export function lanesOf(events: readonly PinholeEvent[]): Lanes {
  const to: Building = { lanes: new Map(), wakes: [], unpinnedBy: new Map() };
  for (const [at, event] of events.entries()) {
    addToOperation(to, at, event);
    addToPins(to, at, event);
  }
  return { lanes: [...to.lanes.values()], wakes: to.wakes };
}

function laneOf({ lanes }: Building, id: string, is: string): Lane {
  const found = lanes.get(id);
  if (found !== undefined) return found;
  const lane: Lane = { id, is, spans: [], holds: [], marks: [], end: null };
  lanes.set(id, lane);
  return lane;
}

/** Ends the last span and begins the next one. */
function turn(lane: Lane, at: number, next: Pick<Span, 'kind' | 'on'> | null): void {
  const last = lane.spans.at(-1);
  if (last !== undefined && last.to === null) last.to = at;
  if (next !== null) lane.spans.push({ ...next, from: at, to: null });
}

const signs = {
  'pinhole.operation.done': '✓',
  'pinhole.operation.failed': '✗',
  'pinhole.operation.cancelled': '∅',
} as const;

/** An operation of one step has no lane: it neither begins nor sleeps. */
function addToOperation(to: Building, at: number, event: PinholeEvent): void {
  const { operation: id, op = '' } = event;
  if (id === undefined) return;
  const begins =
    event.type === 'pinhole.operation.submitted' ||
    event.type === 'pinhole.task.blocked' ||
    event.type === 'pinhole.task.woken';
  if (!begins && !to.lanes.has(id)) return;
  const isNew = !to.lanes.has(id);
  const lane = laneOf(to, id, op);
  lane.marks.push(at);
  switch (event.type) {
    case 'pinhole.operation.submitted':
      turn(lane, at, { kind: 'R', on: '' });
      break;
    case 'pinhole.task.blocked': {
      if (isNew) lane.spans.push({ kind: 'R', on: '', from: -1, to: null });
      turn(lane, at, { kind: event.data.state, on: sleptOn(event.data) });
      break;
    }
    case 'pinhole.layout.retried':
      turn(lane, at, { kind: 'R', on: `spins on page ${event.data.pfn}` });
      break;
    case 'pinhole.task.woken': {
      if (isNew) lane.spans.push({ kind: 'S', on: '', from: -1, to: null });
      turn(lane, at, { kind: 'R', on: '' });
      const { by } = event.data;
      to.wakes.push({ at, from: by === null ? null : wakerOf(to, by), to: id });
      break;
    }
    case 'pinhole.lock.acquired':
      lane.holds.push({ lock: event.data.lock, mode: event.data.mode, from: at, to: null });
      break;
    case 'pinhole.lock.released': {
      const { lock } = event.data;
      const held = lane.holds.find((hold) => hold.lock === lock && hold.to === null);
      if (held === undefined) lane.holds.push({ lock, mode: event.data.mode, from: -1, to: at });
      else held.to = at;
      break;
    }
    case 'pinhole.operation.done':
    case 'pinhole.operation.failed':
    case 'pinhole.operation.cancelled':
      turn(lane, at, null);
      for (const hold of lane.holds) hold.to ??= at;
      lane.end = { at, sign: signs[event.type] };
      break;
    default:
  }
}

interface Sleep {
  on: 'page' | 'lock' | 'entry';
  pfn?: number | undefined;
  pgoff?: number | undefined;
  lock?: string | undefined;
}

function sleptOn(sleep: Sleep): string {
  if (sleep.on === 'page') return `page ${sleep.pfn}`;
  return sleep.on === 'lock' ? `${sleep.lock}` : `entry ${sleep.pgoff}`;
}

const pagesIn = (pages: number): string => `${pages} ${pages === 1 ? 'page' : 'pages'}`;

/** An unpin is over at once and has no lane; then the lane of the pin tells who woke. */
const wakerOf = ({ lanes, unpinnedBy }: Building, by: string): string | null =>
  unpinnedBy.get(by) ?? (lanes.has(by) ? by : null);

function addToPins(to: Building, at: number, event: PinholeEvent): void {
  switch (event.type) {
    case 'pinhole.page.collected':
    case 'pinhole.page.pinned': {
      const { pin, owner, kind, pages } = event.data;
      const lane = laneOf(to, pin, owner ?? kind);
      lane.marks.push(at);
      const is = event.type === 'pinhole.page.pinned' ? 'pin' : 'collecting';
      turn(lane, at, { kind: is, on: pagesIn(pages) });
      break;
    }
    case 'pinhole.page.unpinned':
    case 'pinhole.page.dropped': {
      const { pin, pages } = event.data;
      const isNew = !to.lanes.has(pin);
      const lane = laneOf(to, pin, '');
      if (isNew) lane.spans.push({ kind: 'pin', on: pagesIn(pages), from: -1, to: null });
      lane.marks.push(at);
      turn(lane, at, null);
      lane.end = { at, sign: '' };
      if (event.operation !== undefined) to.unpinnedBy.set(event.operation, pin);
      break;
    }
    case 'pinhole.power.restored':
      for (const lane of to.lanes.values())
        if (lane.end === null) {
          turn(lane, at, null);
          lane.end = { at, sign: '' };
        }
      break;
    default:
  }
}

/**
 * Adds those that began before the first event and last: with many events a second, who sleeps for
 * ten seconds has no event in the list.
 */
export function withOlder(lanes: Lanes, picture: Picture, firstMs: number): Lanes {
  const known = new Set(lanes.lanes.map(({ id }) => id));
  const older: Lane[] = [];
  const add = (id: string, is: string, span: Pick<Span, 'kind' | 'on'>) => {
    const spans = [{ ...span, from: -1, to: null }];
    if (!known.has(id)) older.push({ id, is, spans, holds: [], marks: [], end: null });
  };
  for (const { id, owner, kind, pages, collecting, sinceMs } of picture.pins.values())
    if (sinceMs < firstMs)
      add(id, owner ?? kind, { kind: collecting ? 'collecting' : 'pin', on: pagesIn(pages) });
  for (const { id, op, sleepingOn: sleep } of picture.operations.values())
    if (sleep !== null && sleep.sinceMs < firstMs)
      add(id, op, { kind: sleep.state, on: sleptOn(sleep) });
  return older.length === 0 ? lanes : { ...lanes, lanes: [...older, ...lanes.lanes] };
}

/** Sleepers first, the oldest at the top; then who runs, pins that are held, and what has ended. */
export function openFirst(lanes: readonly Lane[]): Lane[] {
  const ranks: Record<SpanKind, number> = { S: 0, D: 0, R: 1, pin: 2, collecting: 2 };
  const rankOf = ({ end, spans }: Lane) => (end === null ? ranks[spans.at(-1)?.kind ?? 'R'] : 3);
  const ranked = lanes.map((lane, at) => {
    const rank = rankOf(lane);
    return { lane, rank, at: rank === 0 ? at : -at };
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.at - b.at).map(({ lane }) => lane);
}
