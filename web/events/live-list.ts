// The list of events of the open filesystem: live, paused or read from the past.
import { type Signal, useSignal } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { attempt } from '../parts/notices.tsx';
import { param } from '../state/location.ts';
import { onEvents, watched } from '../state/watched.ts';
import { type EventFilter, EventRows, type Hole, seqOf } from './event-rows.ts';
import { pastMax, readPast } from './read-past.ts';

/** Nobody reads 60 different screens a second, and each costs as much as the one before. */
const showMs = 200;

export interface LiveList {
  list: EventRows;
  /** Changes when the list has changed. */
  version: Signal<number>;
  paused: Signal<boolean>;
  /** Events that have arrived since the pause. */
  waiting: Signal<number>;
  /** How many rows were dropped at the beginning since the last version. */
  dropped: { rows: number };
  /** How long after it happened the last event arrived; null for a manual clock. */
  lagMs: Signal<number | null>;
  resume(): void;
  /** Reads the last events of the hole. */
  fill(hole: Hole): Promise<unknown>;
  /** Reads the oldest events that the server still has. */
  readOldest(): Promise<unknown>;
  /** Reads the events around the one with this number, if they are missing. */
  reach(seq: number): Promise<unknown>;
}

export const filterInUrl = (): EventFilter => ({
  type: param('type'),
  file: param('file'),
  op: param('op'),
  text: param('q'),
});

export function useLiveList(fs: string): LiveList {
  const version = useSignal(0);
  const paused = useSignal(false);
  const waiting = useSignal(0);
  const lagMs = useSignal<number | null>(null);
  const list = useMemo(() => new EventRows(filterInUrl()), [fs]);
  const dropped = useRef({ rows: 0 }).current;
  const taken = useRef(0);
  const gaps = useRef(0);

  const take = () => {
    const { log, picture } = watched.peek() ?? {};
    if (log === undefined) return;
    if (picture != null && taken.current === 0 && log.received === 0)
      list.beginAfter(picture.cursor);
    for (const { cursor, oldest } of log.gaps.slice(gaps.current))
      loseBetween(list, cursor, oldest);
    gaps.current = log.gaps.length;
    dropped.rows += list.append(log.since(taken.current));
    taken.current = log.received;
    waiting.value = 0;
    version.value += 1;
  };

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const show = () => {
      timer = null;
      const log = watched.peek()?.log;
      if (paused.peek()) waiting.value = (log?.received ?? 0) - taken.current;
      else take();
    };
    const forget = onEvents((events) => {
      lagMs.value = lagOf(events.at(-1)) ?? lagMs.peek();
      timer ??= setTimeout(show, showMs);
    });
    show();
    return () => {
      forget();
      if (timer !== null) clearTimeout(timer);
    };
  }, [fs]);

  const past = readerOf(fs, list, version);
  return {
    list,
    version,
    paused,
    waiting,
    dropped,
    lagMs,
    resume() {
      paused.value = false;
      take();
    },
    ...past,
  };
}

function readerOf(fs: string, list: EventRows, version: Signal<number>) {
  const read = async (epoch: string, after: number, upTo: number) => {
    const { events, oldest } = await readPast(fs, `${epoch}.${after}`, upTo);
    if (oldest !== null) list.lose(epoch, after + 1, Math.min(upTo, seqOf(oldest)));
    list.insert(events);
    version.value += 1;
  };
  const holeWith = (seq: number): Hole | undefined =>
    list.rows.find((row): row is Hole => 'hole' in row && row.from <= seq && seq <= row.to);
  return {
    fill: ({ epoch, from, to }: Hole) =>
      attempt(() => read(epoch, Math.max(from - 1, to - pastMax), to)),
    readOldest: () =>
      attempt(async () => {
        const { events } = await readPast(fs, 'oldest', Number.POSITIVE_INFINITY);
        const [first] = events;
        if (first !== undefined) list.lose(first.epoch, 1, first.seq - 1);
        list.insert(events);
        version.value += 1;
      }),
    reach: async (seq: number) => {
      const hole = holeWith(seq);
      if (hole === undefined || hole.lost) return;
      const after = Math.max(hole.from - 1, seq - pastMax / 2);
      await attempt(() => read(hole.epoch, after, hole.to));
    },
  };
}

/** Nothing is known about how many are gone if the server began another history. */
function loseBetween(list: EventRows, cursor: string, oldest: string): void {
  const [epoch = '', other] = [cursor, oldest].map((text) => text.split('.', 1)[0]);
  if (epoch === other) list.lose(epoch, seqOf(cursor) + 1, seqOf(oldest));
}

/** Only the time of a realtime clock says when the event happened. */
function lagOf(event: PinholeEvent | undefined): number | null {
  if (event === undefined || watched.peek()?.picture?.filesystem?.clock !== 'realtime') return null;
  return Math.max(0, (watched.peek()?.arrivedMs ?? 0) - Date.parse(event.time));
}
