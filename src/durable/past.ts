// Any kept moment of a filesystem again: the newest snapshot before it, and the entries after that
// snapshot, applied to a machine of their own. The filesystem itself is not touched and goes on.
import type { Store } from '../journal/store.ts';
import { JournalReading, type Start } from './journal-reading.ts';
import type { Since, Visitor } from './log.ts';
import { NotKept } from './not-kept.ts';
import { Replay, withoutEvents } from './replay.ts';
import { Slice, servingSliceMs } from './slice.ts';

const eventsOf = (start: Start): number => (start === 'birth' ? 0 : start.eventSeq);
const seqOfStart = (start: Start): number => (start === 'birth' ? 0 : start.seq);

/** The starts to try, in order. */
function startsFor(starts: readonly Start[], since: Since): Start[] {
  if (since === 'oldest') return [...starts];
  if ('seq' in since) return starts.filter((start) => seqOfStart(start) <= since.seq).slice(-1);
  const before = starts.filter((start) => eventsOf(start) < since.events);
  if (before.length > 0) return before.slice(-1);
  // Commands without an event may lie between the event and such a snapshot, so it is the last
  // choice.
  return starts.filter((start) => eventsOf(start) === since.events).slice(0, 1);
}

/**
 * Shows the past to `visitor`, in slices. Rejects with NotKept if the past does not go back so far,
 * and with a JournalError if it is damaged, or if an entry of it breaks a law (`Poison`).
 */
export async function replayPast(
  store: Store,
  id: string,
  since: Since,
  visitor: Visitor,
): Promise<void> {
  const slice = new Slice(servingSliceMs);
  let oldest: number | null = null;
  let count = 1;
  for (let skipped = 0; skipped < count; skipped += 1) {
    const reading = await JournalReading.begin(store.journal(id), id);
    try {
      if (reading.isCut) throw new NotKept(null);
      const starts = reading.starts();
      const wanted = startsFor(starts, since);
      count = wanted.length;
      const start = wanted[skipped];
      if (start === undefined) throw new NotKept(oldest ?? eventsOf(starts[0] ?? 'birth'));
      const replay = await Replay.from(start, reading, withoutEvents, slice);
      if (replay !== 'version' && (await replay.show(visitor)) !== 'version') return;
      // A release with another machine wrote it, so only later snapshots can be used.
      const later = starts[starts.indexOf(start) + 1];
      oldest = later === undefined ? null : eventsOf(later);
    } finally {
      await reading.close();
    }
  }
  throw new NotKept(oldest);
}
