// The open filesystem: one snapshot, then its event stream. Views read `watched` and nothing polls.
import { effect, signal } from '@preact/signals';
import {
  type Picture,
  type PinholeEvent,
  SnapshotRefused,
  StreamRefused,
  watch,
} from 'pinhole/client';
import type { ShownProblem } from '../api/problem.ts';
import { askForToken, origin, token } from '../api/session.ts';
import { openFilesystem } from './location.ts';
import { EventLog } from './log.ts';

export type Connection =
  | { state: 'reading' }
  | { state: 'live' }
  /** The picture is the last that is known. `sinceMs`: wall clock. */
  | { state: 'lost'; sinceMs: number }
  | { state: 'refused'; problem: ShownProblem }
  | { state: 'unmounted' };

export interface Watched {
  fs: string;
  /** Changed in place by each event. */
  picture: Picture | null;
  log: EventLog;
  /** The wall clock when the last event arrived, to let realtime clocks run on. */
  arrivedMs: number;
}

/** A new object, with the same contents, once for each frame in which something happened. */
export const watched = signal<Watched | null>(null);
export const connection = signal<Connection>({ state: 'reading' });
/** Counts snapshots: a view whose answers are older than the picture reads them again. */
export const snapshots = signal(0);

type Listener = (events: readonly PinholeEvent[]) => void;
const listeners = new Set<Listener>();

/** Calls back once a frame with the events since the last call. Returns how to stop. */
export function onEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let told = 0;
/** What the next frame shows. A frame that was asked for another filesystem shows this one too. */
let next: Watched | null = null;
let frame: number | null = null;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Shows what has happened, at most once a frame. A hidden page has no frames. */
function show(latest: Watched): void {
  next = latest;
  if (frame !== null || timer !== null) return;
  const run = () => {
    frame = null;
    timer = null;
    const now = next;
    if (now === null || watched.peek()?.log !== now.log) return;
    const events = now.log.since(told);
    told = now.log.received;
    watched.value = { ...now, picture: now.picture };
    for (const listener of listeners) listener(events);
  };
  if (document.hidden) timer = setTimeout(run, 250);
  else frame = requestAnimationFrame(run);
}

async function follow(fs: string, signal: AbortSignal, given: string | null): Promise<void> {
  const now: Watched = { fs, picture: null, log: new EventLog(), arrivedMs: Date.now() };
  told = 0;
  watched.value = now;
  connection.value = { state: 'reading' };
  const options = {
    baseUrl: origin,
    filesystem: encodeURIComponent(fs),
    signal,
    delayMs: { min: 100, max: 2000 },
    onConnected(connected: boolean) {
      if (signal.aborted) return;
      if (connected) connection.value = { state: 'live' };
      else if (connection.peek().state !== 'lost')
        connection.value = { state: 'lost', sinceMs: Date.now() };
    },
    ...(given === null ? {} : { token: given }),
  };
  for await (const { picture, event, gap } of watch(options)) {
    if (signal.aborted) return;
    now.picture = picture;
    now.arrivedMs = Date.now();
    if (event === null) {
      snapshots.value += 1;
      if (gap !== undefined) now.log.addGap(gap);
    } else now.log.push(event);
    show(now);
  }
  if (!signal.aborted) connection.value = { state: 'unmounted' };
}

/** A server that is gone when the page opens is asked again; what it refuses is shown. */
async function open(fs: string, signal: AbortSignal, given: string | null): Promise<void> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      return await follow(fs, signal, given);
    } catch (error) {
      if (signal.aborted) return;
      const refusal = refusalOf(error);
      if (refusal !== null) {
        if (refusal.status === 401 || refusal.status === 4401) askForToken();
        connection.value = { state: 'refused', problem: refusal };
        return;
      }
      if (connection.peek().state !== 'lost')
        connection.value = { state: 'lost', sinceMs: Date.now() };
      await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 200 * 2 ** tries)));
    }
  }
}

/** null for an error that may pass: the server does not answer, or is overloaded. */
function refusalOf(error: unknown): ShownProblem | null {
  if (error instanceof TypeError) return null;
  if (error instanceof SnapshotRefused && (error.status >= 500 || error.status === 429))
    return null;
  if (error instanceof SnapshotRefused)
    return { status: error.status, title: 'refused', detail: error.detail };
  if (error instanceof StreamRefused) {
    // The close code of a stream is 4000 and the status.
    const status = error.code % 4000;
    return { status, title: 'refused', detail: error.detail };
  }
  return { status: 0, title: 'error of the page', detail: String(error) };
}

const openings = signal(0);
/** Opens the filesystem of the URL once more: one that was gone exists again. */
export const openAgain = (): void => {
  openings.value += 1;
};

/** Watches the filesystem of the URL, with the token of the session. Called once. */
export function watchOpenFilesystem(): void {
  effect(() => {
    void openings.value;
    const fs = openFilesystem.value;
    const given = token.value;
    const abort = new AbortController();
    if (fs === null) watched.value = null;
    else void open(fs, abort.signal, given);
    return () => abort.abort();
  });
}
