// Answers of the server that follow from the state: the wait graph, the map of the device. They are
// read when a view opens, and again after events that can change them.
import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useEffect, useRef } from 'preact/hooks';
import { mayPass, type ShownProblem, shownOf } from '../api/problem.ts';
import { onEvents, snapshots } from './watched.ts';

export interface Live<T> {
  /** The last answer; it stays while a newer one is read. */
  data: T | null;
  problem: ShownProblem | null;
}

/** Between the starts of two reads of one view: many events cost one read. */
const restMs = 250;
/** An answer that takes long to work out is asked for less often, so that it cannot fill a core. */
const restPerAnswer = 8;
const restMaxMs = 2000;
/** After a problem that may pass; it doubles up to the second figure. */
const retryMs = { first: 500, most: 8000 };

/**
 * `read` gets what the view shows; `concerns` says whether an event can change it. Reads again when
 * `key` changes, which names the filesystem and what is asked of it.
 */
export function useLive<T>(
  key: string,
  read: (signal: AbortSignal) => Promise<T>,
  concerns: (event: PinholeEvent) => boolean = () => true,
): Signal<Live<T>> {
  const live = useSignal<Live<T>>({ data: null, problem: null });
  const latest = useRef({ read, concerns });
  latest.current = { read, concerns };
  const ask = useRef<() => void>(() => {});
  useEffect(() => {
    live.value = { data: null, problem: null };
    const reading = reader(live, (signal) => latest.current.read(signal));
    reading.ask();
    ask.current = reading.ask;
    const forget = onEvents((events) => {
      if (events.some((event) => latest.current.concerns(event))) reading.ask();
    });
    return () => {
      forget();
      reading.stop();
    };
  }, [key]);
  // A new snapshot: the events since the last answer may never have arrived.
  const seen = useRef(snapshots.peek());
  useSignalEffect(() => {
    if (snapshots.value === seen.current) return;
    seen.current = snapshots.value;
    ask.current();
  });
  return live;
}

/**
 * Reads on request into `live`, one read at a time, with a rest after each. A read that failed for
 * a reason that may pass is made again, because no event may follow.
 */
export function reader<T>(live: Signal<Live<T>>, read: (signal: AbortSignal) => Promise<T>) {
  const abort = new AbortController();
  let busy = false;
  let again = false;
  let failures = 0;
  const run = async () => {
    busy = true;
    again = false;
    const begunMs = performance.now();
    let pauseMs = restMs;
    try {
      const data = await read(abort.signal);
      if (!abort.signal.aborted) live.value = { data, problem: null };
      failures = 0;
      const tookMs = performance.now() - begunMs;
      pauseMs = Math.max(restMs - tookMs, Math.min(restMaxMs, tookMs * restPerAnswer));
    } catch (error) {
      if (!abort.signal.aborted) live.value = { data: live.peek().data, problem: shownOf(error) };
      if (mayPass(error)) {
        again = true;
        pauseMs = Math.min(retryMs.most, retryMs.first * 2 ** failures);
        failures += 1;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    busy = false;
    if (again && !abort.signal.aborted) void run();
  };
  const ask = () => {
    if (busy) again = true;
    else void run();
  };
  return { ask, stop: () => abort.abort() };
}
