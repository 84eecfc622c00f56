// Restores one filesystem by replaying its journal. The replay begins at the older of the two
// snapshots, because then it also recreates the events since that snapshot, and can check the newer
// snapshot when it reaches it. It compares everything that was recorded: the chain of batches, the
// digest of results, the hash of the state. If one of them differs, the filesystem is not restored.
import { crc32 } from 'node:zlib';
import { JournalError } from '../journal/journal-error.ts';
import { isAfter, type Store } from '../journal/store.ts';
import { apply, createKernel } from '../kernel/kernel.ts';
import { kernelVersion, snapshotFormat } from '../kernel/snapshot.ts';
import type { Effects, Entry, Kernel } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { digestOf } from './digest.ts';
import { entryOf } from './entry-record.ts';
import { JournalReading, type Start } from './journal-reading.ts';
import { KeptReads } from './kept-reads.ts';
import type { LoggedEntry, Visitor } from './log.ts';
import { type EventLimits, PastEvents } from './past-events.ts';
import {
  type BatchRecord,
  type Birth,
  type BirthRecord,
  batchRecord,
  type Manifest,
} from './records.ts';
import { recoverySliceMs, Slice } from './slice.ts';
import { knownOf, stateHash } from './snapshots.ts';
import { type CommandResult, type RecoveredFilesystem, type Tail, tailOfBirth } from './world.ts';

export interface RecoveryOptions {
  events: EventLimits;
  /** Maximum bytes of ended reads that are stored for one filesystem; none by default. */
  readBytesMax?: number;
  /** How long the recovery occupies the event loop before other callbacks run, in milliseconds. */
  sliceMs?: number;
  onSkipped?(skipped: { filesystem: string; seq: number; op: string }): void;
}

/** For callers that need the state but not the events. */
export const withoutEvents: RecoveryOptions = {
  events: {
    eventsMax: 1,
    bytesMax: Number.POSITIVE_INFINITY,
    budget: { used: 0, max: () => Number.POSITIVE_INFINITY },
  },
};

/** An entry that breaks a law. It is the only entry that `repair --skip` can skip. */
export class Poison extends JournalError {
  readonly seq: number;

  constructor(seq: number, message: string, cause: unknown) {
    super('poison', message, cause);
    this.seq = seq;
  }
}

/**
 * The clock is read once in so many entries, because reading it costs a noticeable part of what a
 * small entry costs.
 */
const entriesPerLook = 4;

/**
 * Rejects with a JournalError: `damaged` or `poison` if this filesystem cannot be restored,
 * `version` if a release with another machine wrote its journal.
 */
export async function recover(
  store: Store,
  id: string,
  options: RecoveryOptions,
): Promise<RecoveredFilesystem> {
  const slice = new Slice(options.sliceMs ?? recoverySliceMs);
  for (let skipped = 0; ; skipped += 1) {
    const reading = await JournalReading.begin(store.journal(id), id);
    try {
      const start = reading.starts()[skipped];
      if (start === undefined) throw versionError(reading.where);
      const replay = await Replay.from(start, reading, options, slice);
      if (replay !== 'version' && (await replay.toTheEnd()) !== 'version')
        return replay.recovered(id);
    } finally {
      await reading.close();
    }
  }
}

export class Replay {
  readonly #reading: JournalReading;
  readonly #options: RecoveryOptions;
  readonly #slice: Slice;
  readonly #start: Start;
  readonly #kernel: Kernel;
  readonly #tail: Tail;
  readonly #past: PastEvents;
  readonly #reads: KeptReads;
  readonly #results = new Map<string, CommandResult>();
  readonly #running = new Map<TaskId, CommandResult>();
  #unmounted = false;
  #visitor: Visitor | null = null;
  /** The visitor has ended the replay. */
  #ended = false;

  /** `version` if the snapshot or the birth is of a release with another machine. */
  static async from(
    start: Start,
    reading: JournalReading,
    options: RecoveryOptions,
    slice: Slice,
  ): Promise<Replay | 'version'> {
    const { birth } = reading;
    if (start !== 'birth') {
      // Only the format must match: a snapshot that another machine wrote is a valid state, and
      // this machine can continue from it.
      if (start.format !== snapshotFormat) return 'version';
      return new Replay(start, reading, options, slice, await reading.snapshot(start));
    }
    const made = createKernel(birth.args, birth.limits, birth.timeMs);
    if (birth.kernelVersion !== kernelVersion || !made.ok) return 'version';
    const replay = new Replay(start, reading, options, slice, made.kernel);
    replay.#past.add(birth, made.events, made.kernel.eventSeq);
    return replay;
  }

  private constructor(
    start: Start,
    reading: JournalReading,
    options: RecoveryOptions,
    slice: Slice,
    kernel: Kernel,
  ) {
    const { birth, manifests, last } = reading;
    this.#start = start;
    this.#reading = reading;
    this.#options = options;
    this.#slice = slice;
    this.#kernel = kernel;
    this.#tail = { ...tailOfBirth(birthOf(birth), birth), snapshots: manifests.slice(-2) };
    if (start !== 'birth') {
      const { group, position, chain, digest } = start;
      Object.assign(this.#tail, { group, position, chain, digest });
    }
    const names = { tenant: birth.tenant, filesystem: birth.args.name };
    this.#past = new PastEvents(names, options.events, last?.[1] ?? 0);
    this.#reads = new KeptReads(options.readBytesMax ?? 0);
  }

  /** `version` if a release with another machine wrote some of the batches. */
  async toTheEnd(): Promise<'version' | 'done'> {
    try {
      const end = await this.#applyBatches();
      if (end === 'version') this.#past.release();
      return end;
    } catch (error) {
      this.#past.release();
      throw error;
    }
  }

  recovered(id: string): RecoveredFilesystem {
    const start = this.#start;
    const { group, position } = start === 'birth' ? this.#tail : start;
    return {
      id,
      birth: this.#tail.birth,
      kernel: this.#kernel,
      tail: this.#tail,
      batches: this.#past.batches,
      since: this.#past.since ?? (start === 'birth' ? null : { group, position }),
      reads: this.#reads,
      results: this.#results,
      unmounted: this.#unmounted,
    };
  }

  /** Applies entries until the visitor ends it, or there are no more. */
  async show(visitor: Visitor): Promise<'version' | 'done'> {
    if (visitor.begin(this.#kernel, this.#tail.digest)) return 'done';
    this.#visitor = visitor;
    return this.toTheEnd();
  }

  async #applyBatches(): Promise<'version' | 'done'> {
    const kernel = this.#kernel;
    const { where, last, manifests } = this.#reading;
    const marks = new Map(manifests.map((manifest) => [manifest.seq, manifest]));
    // Reads all batches, also those before the start, although they are not needed: a batch from
    // after the start can stand among them if its key is damaged.
    for await (const { seq, body } of this.#reading.batches()) {
      if (seq <= kernel.seq) continue;
      if (this.#unmounted || seq !== kernel.seq + 1)
        throw new JournalError(
          'damaged',
          `${where}: entry ${kernel.seq + 1} is missing before ${seq}`,
        );
      const record = batchRecord.decode(body, `${where}, entry ${seq}`);
      if (record[0] !== kernelVersion) return 'version';
      this.#demandContinuation(record, seq);
      await this.#applyBatch(record, body);
      if (this.#ended) return 'done';
      const mark = this.#visitor === null ? marks.get(kernel.seq) : undefined;
      if (mark?.format === snapshotFormat && !this.#unmounted) {
        await this.#compare(mark, seq);
        this.#tail.entries = 0;
        this.#tail.bytes = 0;
      }
    }
    // While the filesystem is in use, the end may be read before the last batches.
    if (this.#visitor !== null) return 'done';
    if (!this.#unmounted && last !== null && last[0] !== kernel.seq)
      throw new JournalError(
        'damaged',
        `${where} ends with entry ${kernel.seq}, but ${last[0]} was acknowledged`,
      );
    return 'done';
  }

  /** Throws if the batch was written after other batches or other results than the replay has. */
  #demandContinuation([, , , chain, digest]: BatchRecord, seq: number): void {
    const at = `${this.#reading.where}, entry ${seq}`;
    if (chain !== this.#tail.chain)
      throw new JournalError('damaged', `${at}: the batch does not follow the one before it`);
    if (digest !== this.#tail.digest)
      throw new JournalError(
        'damaged',
        `${at}: the replay of the entries before it gives digest ${this.#tail.digest}, but ` +
          `${digest} is recorded`,
      );
  }

  async #applyBatch(record: BatchRecord, body: Uint8Array): Promise<void> {
    const [, group, position, , , entries] = record;
    const tail = this.#tail;
    tail.chain = crc32(body, tail.chain);
    // The first batches of a filesystem from a bundle were written before its creation, but the
    // streams got their events at its creation, which is the position of its first snapshot.
    if (isAfter({ group, position }, tail)) {
      tail.group = group;
      tail.position = position;
    }
    tail.entries += entries.length;
    tail.bytes += body.length;
    for (const entry of entries) {
      if (this.#kernel.seq % entriesPerLook === 0 && this.#slice.isOver) await this.#slice.rest();
      const logged = entryOf(this.#kernel.seq + 1, entry);
      const effects = this.#applyEntry(logged);
      this.#past.add(tail, effects.events, this.#kernel.eventSeq);
      this.#unmounted = effects.unmounted;
      this.#ended = this.#visitor?.after(logged, effects, this.#kernel, tail.digest) === true;
      if (this.#unmounted || this.#ended) break;
    }
  }

  #applyEntry(entry: LoggedEntry): Effects {
    const kernel = this.#kernel;
    const skip = this.#reading.skips.has(entry.seq);
    if (skip)
      this.#options.onSkipped?.({
        filesystem: this.#reading.birth.args.name,
        seq: entry.seq,
        op: entry.command?.op ?? 'tick',
      });
    const effects = applyOr(
      kernel,
      skip ? { ...entry, command: null } : entry,
      this.#reading.where,
    );
    this.#tail.digest = digestOf(this.#tail.digest, kernel, effects);
    this.#reads.keep(kernel, effects.replies);
    for (const { task, outcome } of effects.replies) {
      const result = this.#running.get(task);
      if (result !== undefined) result.outcome = outcome;
    }
    if (!skip && entry.key !== undefined) this.#noteResult(entry.key.record, effects);
    return effects;
  }

  #noteResult(record: string, { task, replies }: Effects): void {
    const outcome = replies.find((reply) => reply.task === task)?.outcome ?? null;
    const result = { task, outcome };
    this.#results.set(record, result);
    if (outcome === null && task !== 0) this.#running.set(task, result);
  }

  async #compare(mark: Manifest, seq: number): Promise<void> {
    const known = knownOf(this.#start === 'birth' ? undefined : this.#start);
    if ((await stateHash(this.#kernel, known)) === mark.hash) return;
    if (await this.#differsInSentencesOnly(mark)) return;
    throw new JournalError(
      'damaged',
      `${this.#reading.where}, entry ${seq}: the state after it differs from the snapshot at ` +
        `entry ${mark.seq} (hashes differ)`,
    );
  }

  /**
   * The record of an ended operation has the sentence of its failure, and a release may word that
   * differently although its machine is the same.
   */
  async #differsInSentencesOnly(mark: Manifest): Promise<boolean> {
    const stored = await this.#reading.snapshot(mark);
    const none = knownOf(undefined);
    if ((await stateHash(stored, none)) !== mark.hash) return false;
    const form = { sentences: false };
    return (await stateHash(stored, none, form)) === (await stateHash(this.#kernel, none, form));
  }
}

export function birthOf(record: BirthRecord): Birth {
  const { kernelVersion: _, group: __, position: ___, ...birth } = record;
  return birth;
}

function applyOr(kernel: Kernel, entry: Entry, where: string): Effects {
  try {
    return apply(kernel, entry);
  } catch (error) {
    const op = entry.command?.op ?? 'tick';
    const what = `${where}, entry ${entry.seq} (${op}) breaks a law of the machine`;
    throw new Poison(
      entry.seq,
      `${what}: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
}

const versionError = (where: string): JournalError =>
  new JournalError(
    'version',
    `${where} was written by a release whose machine behaves differently; run ` +
      '"pinhole repair --snapshot" of that release first',
  );
