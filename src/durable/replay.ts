// Brings every filesystem back from the journal: from the older of its two snapshots, so that the
// events since then are there again and the newer one is proven on the way. What was recorded is
// compared as it is done again: the chain of batches, the digest of the results, the hash of the
// state. Where one differs, nothing is guessed: the server does not start.
import { crc32 } from 'node:zlib';
import {
  type Batch,
  bytesOf,
  leastBytes,
  type RingBytes,
  unlimited,
} from '../engine/event-ring.ts';
import type { Submission } from '../engine/watches.ts';
import { decode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Store } from '../journal/level-store.ts';
import type { KernelEvent } from '../kernel/events.ts';
import { apply, createKernel } from '../kernel/kernel.ts';
import { kernelVersion, snapshotFormat } from '../kernel/snapshot.ts';
import type { Effects, Entry, Kernel } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { digestOf } from './digest.ts';
import { KeptReads } from './kept-reads.ts';
import type { Birth, LoggedEntry } from './log.ts';
import {
  knownOf,
  type Manifest,
  manifestsOf,
  readSnapshot,
  seqKey,
  stateHash,
} from './snapshots.ts';
import {
  type BatchRecord,
  type EntryRecord,
  type PastEvents,
  type Tail,
  type TailRecord,
  tailKey,
  tailOfBirth,
} from './stored-log.ts';

/** The events of one command, and where in the order of the whole server it was applied. */
export interface PastBatch {
  group: number;
  position: number;
  batch: Batch;
}

/** A filesystem as it was. */
export interface Recovered {
  id: string;
  birth: Birth;
  kernel: Kernel;
  tail: Tail;
  /** What happened since the place `since`, in order; since the birth where that is null. */
  batches: PastBatch[];
  since: { group: number; position: number } | null;
  reads: KeptReads;
  /** What became of the commands that came with an Idempotency-Key, by its record. */
  keyed: Map<string, Submission>;
  /** It was unmounted, and the process ended before that was finished. */
  unmounted: boolean;
}

/**
 * A filesystem that did not come back as it was recorded. What the journal has of it stays as it
 * is.
 */
export interface Unrecovered {
  id: string;
  birth: Birth;
  error: JournalError;
}

export interface RecoveryOptions {
  /** Events that are worth keeping, of one filesystem. */
  eventsMax: number;
  /**
   * Bytes that those events may take, of one filesystem and of all together; without a bound by
   * default.
   */
  bytes?: RingBytes;
  /** The same of the bytes of ended reads; none by default. */
  readBytesMax?: number;
  onSkipped?(skipped: { filesystem: string; seq: number; op: string }): void;
}

export type StoredBirth = Birth & { kernelVersion: number; group: number; position: number };

export async function pastEventsOf(store: Store): Promise<Map<string, PastEvents>> {
  const past = new Map<string, PastEvents>();
  for await (const [key, body] of store.entries('events/'))
    past.set(key.slice('events/'.length), decode(body) as PastEvents);
  return past;
}

/** The filesystems in the store. */
export async function birthsOf(store: Store): Promise<Map<string, StoredBirth>> {
  const births = new Map<string, StoredBirth>();
  for await (const [key, body] of store.entries('fs/'))
    births.set(key.slice('fs/'.length), decode(body) as StoredBirth);
  return births;
}

/**
 * Filesystems that are gone and of which something may be left. Rejects where something is left of
 * one that is not known at all.
 */
export async function goneOf(
  store: Store,
  births: ReadonlyMap<string, unknown>,
): Promise<string[]> {
  const gone: string[] = [];
  for await (const key of store.keys('gone/')) gone.push(key.slice('gone/'.length));
  const known = new Set([...births.keys(), ...gone]);
  for (const kind of ['c', 'j', 's', 'x']) {
    // From filesystem to filesystem, without looking at what lies between.
    for (let from = `${kind}/`; ; ) {
      const next = await firstKey(store, `${kind}/`, from);
      const id = next?.split('/')[1];
      if (id === undefined) break;
      if (!known.has(id))
        throw new JournalError(
          'damaged',
          `${next} belongs to a filesystem whose birth record is missing`,
        );
      from = `${kind}/${id}0`;
    }
  }
  return gone;
}

async function firstKey(store: Store, prefix: string, from: string): Promise<string | null> {
  for await (const key of store.keys(prefix, from)) return key;
  return null;
}

export async function recover(
  store: Store,
  id: string,
  birth: StoredBirth,
  options: RecoveryOptions,
): Promise<Recovered> {
  const manifests = await manifestsOf(store, id);
  for (let skipped = 0; ; skipped += 1) {
    const starts = startsOf(id, manifests, await firstSeq(store, id));
    const start = starts[skipped];
    if (start === undefined) throw versionError(id, birth);
    const recovered = await replay(store, id, birth, start, manifests, options);
    if (recovered !== 'version') return recovered;
  }
}

/**
 * Where a replay may begin, the earliest first: the birth while the whole journal is there, and
 * each snapshot.
 */
function startsOf(
  id: string,
  manifests: readonly Manifest[],
  first: number | null,
): (Manifest | 'birth')[] {
  const [oldest] = manifests;
  if (oldest === undefined && first !== null && first !== 1) {
    throw new JournalError(
      'damaged',
      `the journal of filesystem ${id} begins with entry ${first}, and no snapshot has the ` +
        'state before it',
    );
  }
  const newest = manifests.slice(-2);
  const whole = oldest === undefined || (first === 1 && manifests.length < 2);
  return whole ? ['birth', ...newest] : newest;
}

async function firstSeq(store: Store, id: string): Promise<number | null> {
  const key = await firstKey(store, `j/${id}/`, `j/${id}/`);
  return key === null ? null : seqOf(key);
}

const seqOf = (key: string): number => Number(key.slice(key.lastIndexOf('/') + 1));

/** From `start` to the end of the journal; `version` where another kernel wrote a part of it. */
async function replay(
  store: Store,
  id: string,
  birth: StoredBirth,
  start: Manifest | 'birth',
  manifests: readonly Manifest[],
  options: RecoveryOptions,
): Promise<Recovered | 'version'> {
  const { kernelVersion: bornUnder, group, position, ...named } = birth;
  let kernel: Kernel;
  const tailRecord = await store.get(tailKey(id));
  const last = tailRecord === null ? null : (decode(tailRecord) as TailRecord);
  const past = new Past(
    birth.tenant,
    birth.args.name,
    options.eventsMax,
    last?.[1] ?? 0,
    options.bytes ?? unlimited,
  );
  const tail: Tail = { ...tailOfBirth(named, group, position), snapshots: manifests.slice(-2) };
  if (start === 'birth') {
    const made = createKernel(birth.args, birth.limits, birth.timeMs);
    if (bornUnder !== kernelVersion || !made.ok) return 'version';
    kernel = made.kernel;
    past.add(group, position, made.events, kernel.eventSeq);
  } else {
    // Another machine may have made it: the state is the same, only what it does next is not.
    if (start.format !== snapshotFormat) return 'version';
    kernel = await readSnapshot(store, id, start);
    Object.assign(tail, {
      group: start.group,
      position: start.position,
      chain: start.chain,
      digest: start.digest,
    });
  }
  const skips = await skipsOf(store, id);
  const marks = new Map(manifests.map((manifest) => [manifest.seq, manifest]));
  const keyed = new Map<string, Submission>();
  const running = new Map<TaskId, Submission>();
  const reads = new KeptReads(options.readBytesMax ?? 0);
  let unmounted = false;
  const prefix = `j/${id}/`;
  // From the beginning, though what lies before the start is not needed: a batch whose key was
  // damaged may stand there.
  for await (const [key, body] of store.entries(prefix)) {
    const seq = seqOf(key);
    if (seq <= kernel.seq) continue;
    if (unmounted || seq !== kernel.seq + 1) {
      throw new JournalError(
        'damaged',
        `filesystem ${id} (${birth.args.name}): entry ${kernel.seq + 1} is missing before ${seq}`,
      );
    }
    const [version, recordGroup, recordPosition, chain, digest, entries] = decode(
      body,
    ) as BatchRecord;
    if (version !== kernelVersion) return 'version';
    const where = `filesystem ${id} (${birth.args.name}), entry ${seq}`;
    if (chain !== tail.chain)
      throw new JournalError('damaged', `${where}: the batch does not follow the one before it`);
    if (digest !== tail.digest) {
      throw new JournalError(
        'damaged',
        `${where}: the replay of the entries before it gives digest ${tail.digest}, but ` +
          `${digest} is recorded`,
      );
    }
    tail.chain = crc32(body, tail.chain);
    tail.group = recordGroup;
    tail.position = recordPosition;
    tail.entries += entries.length;
    tail.bytes += body.length;
    for (const record of entries) {
      const entry = entryOf(kernel.seq + 1, record);
      const skip = skips.has(entry.seq);
      if (skip)
        options.onSkipped?.({
          filesystem: birth.args.name,
          seq: entry.seq,
          op: entry.command?.op ?? 'tick',
        });
      const effects = applyOr(kernel, skip ? { ...entry, command: null } : entry, where);
      tail.digest = digestOf(tail.digest, kernel, effects);
      reads.keep(kernel, effects.replies);
      for (const { task, outcome } of effects.replies) {
        const submission = running.get(task);
        if (submission !== undefined) submission.outcome = outcome;
      }
      if (!skip && entry.key !== undefined) {
        const outcome = effects.replies.find(({ task }) => task === effects.task)?.outcome ?? null;
        const submission = { task: effects.task, outcome };
        keyed.set(entry.key.record, submission);
        if (outcome === null && effects.task !== 0) running.set(effects.task, submission);
      }
      past.add(recordGroup, recordPosition, effects.events, kernel.eventSeq);
      unmounted = effects.unmounted;
      if (unmounted) break;
    }
    const mark = marks.get(kernel.seq);
    if (mark?.format === snapshotFormat && !unmounted) {
      await compare(kernel, mark, start === 'birth' ? undefined : start, where);
      tail.entries = 0;
      tail.bytes = 0;
    }
  }
  if (!unmounted && last !== null && last[0] !== kernel.seq) {
    throw new JournalError(
      'damaged',
      `filesystem ${id} (${birth.args.name}) ends with entry ${kernel.seq}, but ${last[0]} ` +
        'was acknowledged',
    );
  }
  const since =
    past.since ?? (start === 'birth' ? null : { group: start.group, position: start.position });
  return { id, birth: named, kernel, tail, batches: past.batches, since, reads, keyed, unmounted };
}

/** The newest events, at least as many as are worth keeping. */
class Past {
  batches: PastBatch[] = [];
  /** The place of the last batch that was forgotten. */
  since: { group: number; position: number } | null = null;
  readonly #tenant: string;
  readonly #filesystem: string;
  readonly #eventsMax: number;
  /** The first that may be worth keeping: what was told is not even held for a while. */
  readonly #from: number;
  readonly #limit: RingBytes;
  #events = 0;
  #bytes = 0;

  constructor(
    tenant: string,
    filesystem: string,
    eventsMax: number,
    eventsAtLeast: number,
    limit: RingBytes,
  ) {
    this.#tenant = tenant;
    this.#filesystem = filesystem;
    this.#eventsMax = eventsMax;
    this.#from = eventsAtLeast - eventsMax;
    this.#limit = limit;
  }

  /** `eventSeq` is the number of the last of them. */
  add(group: number, position: number, events: readonly KernelEvent[], eventSeq: number): void {
    if (events.length === 0) return;
    if (eventSeq < this.#from) {
      this.since = { group, position };
      return;
    }
    const batch: Batch = { tenant: this.#tenant, filesystem: this.#filesystem, events, json: null };
    this.batches.push({ group, position, batch });
    this.#events += events.length;
    this.#count(bytesOf(batch));
    const { max, budget } = this.#limit;
    // Now and then, so that each batch is moved a few times at most.
    if (this.#events >= 3 * this.#eventsMax || this.#bytes > 2 * max) this.#forget(max);
    else if (budget.used > budget.max() && this.#bytes > leastBytes) this.#forget(this.#bytes / 2);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#limit.budget.used += bytes;
  }

  #forget(bytesMax: number): void {
    let count = 0;
    for (const { group, position, batch } of this.batches) {
      const { length } = batch.events;
      if (this.#events - length < this.#eventsMax && this.#bytes <= bytesMax) break;
      this.#events -= length;
      this.#count(-bytesOf(batch));
      this.since = { group, position };
      count += 1;
    }
    this.batches = this.batches.slice(count);
  }
}

async function compare(
  kernel: Kernel,
  mark: Manifest,
  start: Manifest | undefined,
  where: string,
): Promise<void> {
  const hash = await stateHash(kernel, knownOf(start));
  if (hash !== mark.hash) {
    throw new JournalError(
      'damaged',
      `${where}: the state after it differs from the snapshot at entry ${mark.seq} (hashes differ)`,
    );
  }
}

/** The one entry that may be left out. */
export class Poison extends JournalError {
  readonly seq: number;

  constructor(seq: number, message: string, cause: unknown) {
    super('poison', message, cause);
    this.seq = seq;
  }
}

function applyOr(kernel: Kernel, entry: Entry, where: string): Effects {
  try {
    return apply(kernel, entry);
  } catch (error) {
    const what =
      `${where}: entry ${entry.seq} (${entry.command?.op ?? 'tick'}) breaks a law of the ` +
      'machine';
    throw new Poison(
      entry.seq,
      `${what}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

function entryOf(seq: number, [timeMs, op, on, args, rest, blocksMax]: EntryRecord): LoggedEntry {
  const bound = blocksMax === undefined ? {} : { blocksMax };
  if (op === undefined || op === null || on === undefined || on === null)
    return { seq, timeMs, command: null, ...bound };
  const { key, ...others } = rest ?? {};
  const command = { op, on, args, ...others };
  return { seq, timeMs, command, ...bound, ...(key === undefined ? {} : { key }) };
}

async function skipsOf(store: Store, id: string): Promise<Set<number>> {
  const skips = new Set<number>();
  for await (const key of store.keys(`x/${id}/`)) skips.add(seqOf(key));
  return skips;
}

/** Leaves an entry out of every replay from now on. */
export const skipChange = (id: string, seq: number): { key: string; value: Uint8Array } => ({
  key: `x/${id}/${seqKey(seq)}`,
  value: new Uint8Array(0),
});

function versionError(id: string, { args }: Birth): JournalError {
  return new JournalError(
    'version',
    `filesystem ${id} (${args.name}) was written by a release whose machine behaves ` +
      'differently; run "pinhole repair --snapshot" of that release first',
  );
}
