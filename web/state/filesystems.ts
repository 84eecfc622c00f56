// The filesystems of the tenant: the list once, then the event stream of the tenant. An event says
// only that something happened in a filesystem, so its record is read again; a record read twice
// does no harm, so events that the list shows already do none either.
import { computed, signal } from '@preact/signals';
import { events, type PinholeEvent, StreamGap, StreamRefused } from 'pinhole/client';
import { mayPass, ProblemError, type ShownProblem, shownOf } from '../api/problem.ts';
import type { Filesystem, Schemas } from '../api/schemas.ts';
import {
  askForToken,
  body,
  capabilities,
  origin,
  readCapabilities,
  rest,
  token,
} from '../api/session.ts';
import { wallMs } from './clock.ts';
import type { Connection } from './watched.ts';

export type StoppedFilesystem = Schemas['Filesystems']['stopped'][number];

export interface Listed extends Filesystem {
  /** The wall clock when the record was read, to let realtime clocks run on. */
  readMs: number;
}

export interface Filesystems {
  /** By name, in the order of creation. */
  all: ReadonlyMap<string, Listed>;
  stopped: ReadonlyMap<string, StoppedFilesystem>;
}

/** null until the list was read. */
export const filesystems = signal<Filesystems | null>(null);
export const listConnection = signal<Connection>({ state: 'reading' });
/** The names on the screen: their records are read first. */
export const onScreen = signal<ReadonlySet<string>>(new Set());

/** For how long the oldest operation of the filesystem has waited, in its time; null: nobody. */
export function oldestWaitMs(of: Listed): number | null {
  const { oldestSinceMs } = of.waits;
  if (oldestSinceMs === null) return null;
  const known = listConnection.value;
  // Nobody knows how the time goes on while the server is gone.
  const untilMs = known.state === 'lost' ? known.sinceMs : wallMs.value;
  const runs = of.clock === 'realtime';
  return of.nowMs - oldestSinceMs + (runs ? Math.max(0, untilMs - of.readMs) : 0);
}

/** Those in which somebody waits: deadlocks first, then the longest wait. */
export const stuck = computed(() =>
  [...(filesystems.value?.all.values() ?? [])]
    .filter(({ counts }) => counts.sleepers > 0)
    .sort(
      (a, b) =>
        Number(b.waits.deadlocked) - Number(a.waits.deadlocked) ||
        (oldestWaitMs(b) ?? 0) - (oldestWaitMs(a) ?? 0),
    ),
);

/** 100 records are about 5 ms of the server; 1,000 at once would hold up everybody else. */
const pageSize = 100;

/** Reads all pages. The cursor is that of the first, from which no event is missed. */
async function readList(abort: AbortSignal): Promise<Filesystems & { cursor: string }> {
  const all = new Map<string, Listed>();
  const stopped = new Map<string, StoppedFilesystem>();
  let cursor: string | null = null;
  let pageToken: string | undefined;
  do {
    const query = pageToken === undefined ? { pageSize } : { pageSize, pageToken };
    const page = await body(
      rest.value.GET('/v1/filesystems', { params: { query }, signal: abort }),
    );
    cursor ??= page.cursor;
    const readMs = Date.now();
    for (const record of page.items) all.set(record.name, { ...record, readMs });
    for (const record of page.stopped) stopped.set(record.name, record);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return { all, stopped, cursor };
}

/** Events that change nothing of what a list shows; a stepped filesystem has many of them. */
const irrelevant = new Set<PinholeEvent['type']>([
  'pinhole.task.step',
  'pinhole.lock.acquired',
  'pinhole.lock.released',
  'pinhole.waitqueue.wakeup',
  'pinhole.page.idle',
]);

const nameIn = ({ source }: PinholeEvent): string => source.slice(source.lastIndexOf('/') + 1);

/** Between the starts of two rounds of reads, and the most reads of one round. */
const restMs = 300;
const readsMax = 16;
/** Quotas are read again at most this often. */
const quotasRestMs = 2000;

/** Reads the records of the filesystems in which something happened. */
class Rereader {
  readonly #abort: AbortSignal;
  readonly #changed = new Set<string>();
  #busy = false;
  #quotasMs = Date.now();

  constructor(abort: AbortSignal) {
    this.#abort = abort;
  }

  note(name: string): void {
    this.#changed.add(name);
    if (!this.#busy) void this.#run();
  }

  forget(name: string): void {
    this.#changed.delete(name);
    this.#keep(name, null);
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#changed.size > 0 && !this.#abort.aborted) {
      const seen = [...this.#changed].filter((name) => onScreen.peek().has(name));
      const names = [...new Set([...seen, ...this.#changed])].slice(0, readsMax);
      const rest = new Promise((resolve) => setTimeout(resolve, restMs));
      for (const name of names) this.#changed.delete(name);
      await Promise.all(names.map((name) => this.#read(name)));
      await this.#readQuotas();
      await rest;
    }
    this.#busy = false;
  }

  async #read(fs: string): Promise<void> {
    try {
      const record = await body(
        rest.value.GET('/v1/filesystems/{fs}', { params: { path: { fs } }, signal: this.#abort }),
      );
      this.#keep(fs, { ...record, readMs: Date.now() });
    } catch (error) {
      if (!(error instanceof ProblemError) || this.#abort.aborted) return;
      const { status, detail, type } = error.problem;
      if (status === 404) this.#keep(fs, null);
      else if (type?.endsWith('filesystem-stopped') === true) this.#stop(fs, detail);
    }
  }

  #keep(name: string, record: Listed | null): void {
    const now = filesystems.peek();
    if (now === null || this.#abort.aborted) return;
    const all = new Map(now.all);
    const stopped = new Map(now.stopped);
    stopped.delete(name);
    if (record === null) all.delete(name);
    else all.set(name, record);
    filesystems.value = { all, stopped };
  }

  #stop(name: string, detail: string): void {
    const now = filesystems.peek();
    if (now === null) return;
    const { kind = '', sizeBytes = 0 } = now.all.get(name) ?? now.stopped.get(name) ?? {};
    const all = new Map(now.all);
    all.delete(name);
    const stopped = new Map(now.stopped).set(name, { name, kind, sizeBytes, detail });
    filesystems.value = { all, stopped };
  }

  async #readQuotas(): Promise<void> {
    if (Date.now() - this.#quotasMs < quotasRestMs) return;
    this.#quotasMs = Date.now();
    await readCapabilities().catch(() => {
      // The stream says whether the server is gone.
    });
  }
}

async function follow(abort: AbortSignal, given: string | null): Promise<void> {
  const { cursor, ...list } = await readList(abort);
  if (abort.aborted) return;
  filesystems.value = list;
  const reader = new Rereader(abort);
  const options = {
    url: `${origin}/v1/events`,
    from: cursor,
    signal: abort,
    delayMs: { min: 100, max: 2000 },
    onStopped: (name: string) => reader.note(name),
    onConnected(connected: boolean) {
      if (abort.aborted) return;
      if (connected) listConnection.value = { state: 'live' };
      else lose();
    },
    ...(given === null ? {} : { token: given }),
  };
  for await (const event of events(options)) {
    if (event.type === 'pinhole.filesystem.unmounted') reader.forget(nameIn(event));
    else if (!irrelevant.has(event.type)) reader.note(nameIn(event));
  }
}

function lose(): void {
  if (listConnection.peek().state !== 'lost')
    listConnection.value = { state: 'lost', sinceMs: Date.now() };
}

/** null for what may pass: the server does not answer, or has too much to do. */
function refusalOf(error: unknown): ShownProblem | null {
  if (error instanceof StreamRefused)
    return { status: error.code, title: 'refused', detail: error.message };
  return mayPass(error) ? null : shownOf(error);
}

/** A server that does not answer is asked again; after a gap the list is read again. */
async function open(abort: AbortSignal, given: string | null): Promise<void> {
  for (let tries = 0; !abort.aborted; tries += 1) {
    try {
      return await follow(abort, given);
    } catch (error) {
      if (abort.aborted) return;
      if (error instanceof StreamGap) continue;
      const problem = refusalOf(error);
      if (problem !== null) {
        if (problem.status === 401 || problem.status === 4401) askForToken();
        listConnection.value = { state: 'refused', problem };
        return;
      }
      lose();
      await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 200 * 2 ** tries)));
    }
  }
}

/** null until we know; the operator has no tenant and no filesystems. */
const tenant = computed(() =>
  capabilities.value === null ? null : (capabilities.value.tenant?.name ?? ''),
);

/** Follows the list with the token of the session; for an effect, so it returns how to stop. */
export function followFilesystems(): (() => void) | undefined {
  const given = token.value;
  filesystems.value = null;
  listConnection.value = { state: 'reading' };
  if (tenant.value === null || tenant.value === '') return undefined;
  const abort = new AbortController();
  void open(abort.signal, given);
  return () => abort.abort();
}
