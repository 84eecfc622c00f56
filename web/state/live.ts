// Answers of the server that follow from the state: the wait graph, the map of the device. They are
// read when a view opens, and again after events that can change them. Never by a timer alone.
import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { PinholeEvent } from 'pinhole/client';
import { useEffect, useRef } from 'preact/hooks';
import { type ShownProblem, shownOf } from '../api/problem.ts';
import { onEvents, snapshots } from './watched.ts';

export interface Live<T> {
  /** The last answer; it stays while a newer one is read. */
  data: T | null;
  problem: ShownProblem | null;
}

/** Between the starts of two reads of one view: many events cost one read. */
const restMs = 250;

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

/** Reads on request into `live`, one read at a time and at most one in `restMs`. */
export function reader<T>(live: Signal<Live<T>>, read: (signal: AbortSignal) => Promise<T>) {
  const abort = new AbortController();
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    again = false;
    const rest = new Promise((resolve) => setTimeout(resolve, restMs));
    try {
      const data = await read(abort.signal);
      if (!abort.signal.aborted) live.value = { data, problem: null };
    } catch (error) {
      if (!abort.signal.aborted) live.value = { data: live.peek().data, problem: shownOf(error) };
    }
    await rest;
    busy = false;
    if (again && !abort.signal.aborted) void run();
  };
  const ask = () => {
    if (busy) again = true;
    else void run();
  };
  return { ask, stop: () => abort.abort() };
}
