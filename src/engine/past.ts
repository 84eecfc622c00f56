// Moments and spans of the past of a filesystem, by replays of what is kept of it.
import type { LoggedEntry, Since, Visitor } from '../durable/log.ts';
import { Poison } from '../durable/replay.ts';
import { type Failure, failure } from '../kernel/errno.ts';
import type { Effects, Kernel } from '../kernel/state.ts';
import type { Engine, HostedFilesystem } from './engine.ts';

/** A machine as it was, and the entry that led there. Nobody else uses the machine. */
export interface Past {
  kernel: Kernel;
  /** The number of its events. */
  events: number;
  begin: LoggedEntry | null;
}

export type Found = Past | { ok: false; failure: Failure };

/** Rejects with `past-not-kept`, which names the oldest moment that is kept. */
export async function refusePast(engine: Engine, origin: HostedFilesystem): Promise<never> {
  await engine.replay(origin, { events: -1 }, { begin: () => true, after: () => true });
  throw new Error('a past without events has a moment before it');
}

/** Replays until `isThere` is true; null if it never is. */
export async function replayUntil(
  engine: Engine,
  origin: HostedFilesystem,
  since: Since,
  isThere: (kernel: Kernel, entry: LoggedEntry | null, effects: Effects | null) => boolean,
): Promise<Past | null> {
  let past: Past | null = null;
  const visitor: Visitor = {
    begin(kernel) {
      past = isThere(kernel, null, null) ? { kernel, events: kernel.eventSeq, begin: null } : null;
      return past !== null;
    },
    after(entry, effects, kernel) {
      if (!isThere(kernel, entry, effects)) return false;
      past = { kernel, events: kernel.eventSeq, begin: entry };
      return true;
    },
  };
  try {
    await engine.replay(origin, since, visitor);
  } catch (error) {
    // A filesystem that stopped over a law has a past up to the entry before.
    if (!(error instanceof Poison)) throw error;
  }
  return past;
}

export async function pastAtEntry(
  engine: Engine,
  origin: HostedFilesystem,
  seq: number,
): Promise<Past> {
  const past = await replayUntil(engine, origin, { seq }, (kernel) => kernel.seq >= seq);
  if (past === null) throw new Error(`the journal of ${origin.id} ends before entry ${seq}`);
  return { ...past, begin: null };
}

/** Right after the command that caused the event. */
export async function pastAtEvent(
  engine: Engine,
  origin: HostedFilesystem,
  event: number,
): Promise<Found> {
  const { ring } = origin;
  const past =
    ring.unreadable || event < ring.nextSeq
      ? await replayUntil(engine, origin, { events: event }, (kernel) => kernel.eventSeq >= event)
      : null;
  if (past !== null) return { ...past, begin: null };
  const why =
    `the cursor ${ring.cursorAt(event)} is in the future; the newest event is ` +
    ring.cursorAt(ring.nextSeq - 1);
  return { ok: false, failure: failure('EINVAL', 'FK1', why) };
}

/** A span of the past: the machine where it begins, and the entries up to its end. */
export interface Span {
  kernel: Kernel;
  entries: LoggedEntry[];
  /** The number of events at the beginning. */
  events: number;
}

export interface SpanRequest {
  /** The cursor where it begins; null is the oldest moment that is kept. */
  from: number | null;
  /** The cursor where it ends; null is now. */
  to: number | null;
  entriesMax: number;
}

/**
 * A failure if a cursor is in the future, if `to` is before `from`, or if there are more than
 * `entriesMax` entries. Rejects with `past-not-kept` as replay() does.
 */
export async function spanOf(
  engine: Engine,
  fs: HostedFilesystem,
  { from, to, entriesMax }: SpanRequest,
): Promise<Span | { ok: false; failure: Failure }> {
  const lastSeq = lastSeqOf(fs);
  const begin =
    from === null
      ? ((await replayUntil(engine, fs, 'oldest', () => true)) as Past)
      : await pastAtEvent(engine, fs, from);
  if (!('kernel' in begin)) return begin;
  const { kernel, events } = begin;
  const { unreadable, nextSeq } = fs.ring;
  // A command is never split, so it may have more events than `from` says.
  const first = from ?? events;
  if (to !== null && (to < first || (!unreadable && to >= nextSeq))) {
    const why =
      `the span must end between ${fs.ring.cursorAt(first)}, where it begins, and ` +
      fs.ring.cursorAt(nextSeq - 1);
    return { ok: false, failure: failure('EINVAL', 'FK1', why) };
  }
  const firstSeq = kernel.seq;
  const entries: LoggedEntry[] = [];
  const isEnd = (at: Kernel): boolean =>
    to === null ? at.seq >= lastSeq : at.eventSeq >= to && at.seq >= firstSeq;
  await replayUntil(engine, fs, { seq: firstSeq }, (at, entry) => {
    if (entry !== null && entry.seq > firstSeq) entries.push(entry);
    return isEnd(at) || entries.length > entriesMax;
  });
  if (entries.length > entriesMax) {
    const why = `the span has more than ${entriesMax} commands; choose a later beginning`;
    return { ok: false, failure: failure('EFBIG', 'FK4', why) };
  }
  return { kernel, entries, events };
}

/** The last entry of the past. One that was not restored ends where its replay does. */
function lastSeqOf({ kernel, stopped }: HostedFilesystem): number {
  if (stopped === null) return kernel.seq;
  return stopped.why === 'journal' ? Number.POSITIVE_INFINITY : stopped.seq - 1;
}
