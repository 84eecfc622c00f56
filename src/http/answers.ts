// The answers to requests with an Idempotency-Key, in memory and in the records of the store. Their
// number, their bytes and their age are bounded. They belong to the id of a tenant, not to its
// name: a new tenant of the same name sees none of them.

import { ownerAndKey, recordKeys } from '../durable/keys.ts';
import {
  type Answer,
  type AnswerRecord,
  answerRecord,
  type Records,
  type RequestKey,
  removal,
} from '../durable/records.ts';
import type { World } from '../durable/world.ts';
import type { HostedFilesystem } from '../engine/engine.ts';
import type { Submission } from '../engine/watches.ts';
import type { Change } from '../journal/store.ts';
import type { Lab } from '../labs/lab.ts';
import type { Tenant } from '../tenants/tenants.ts';

/** The outcome of a request of an earlier process, which ended before it stored an answer. */
export type Became =
  | { kind: 'filesystem'; fs: HostedFilesystem }
  | { kind: 'operation'; fs: HostedFilesystem; submission: Submission }
  | { kind: 'tenant'; tenant: Tenant }
  | { kind: 'lab'; lab: Lab }
  /** It was executed, and its outcome is no longer stored. */
  | { kind: 'forgotten' };

interface StoredAnswer {
  fingerprint: string;
  sinceMs: number;
  /** Null while the first request runs, or if an earlier process ended before it answered. */
  answer: Answer | null;
  became: Became | null;
  /** The bytes of the answer that count against the limit. */
  bytes: number;
}

/** The answers of one owner, oldest first. */
interface Table {
  keys: Map<string, StoredAnswer>;
  bytes: number;
}

/** A request that is the first with its key. */
export interface Begun {
  readonly owner: string;
  readonly key: string;
  readonly requestKey: RequestKey;
  /** The outcome that an earlier process left, if there is one. */
  readonly became: Became | null;
}

export interface AnswerLimits {
  idempotencyKeysMax: number;
  idempotencyMs: number;
  idempotencyBytesMax: number;
}

/** Where the answers of other nodes of a cluster are. */
export interface AnswersElsewhere {
  get(record: string): Promise<AnswerRecord | null>;
  becameOf(record: string, became: AnswerRecord['became']): Became;
}

export class Answers {
  /** Set in a cluster. */
  elsewhere: AnswersElsewhere | null = null;
  readonly #tables = new Map<string, Table>();
  readonly #limits: AnswerLimits;
  readonly #records: Records;
  readonly #onBytes: (delta: number) => void;

  /** `onBytes` is called with each change of the memory that answers use. */
  constructor(limits: AnswerLimits, records: Records, onBytes: (delta: number) => void = () => {}) {
    this.#limits = limits;
    this.#records = records;
    this.#onBytes = onBytes;
  }

  #count(table: Table, bytes: number): void {
    table.bytes += bytes;
    this.#onBytes(bytes);
  }

  /** `becameOf` finds the outcome of a request that has no answer. */
  adopt({ answers }: Pick<World, 'answers'>, becameOf: AnswersElsewhere['becameOf']): void {
    const bySince = [...answers].sort(([, a], [, b]) => a.sinceMs - b.sinceMs);
    for (const [record, stored] of bySince) this.#adopt(record, stored, becameOf);
  }

  #adopt(
    record: string,
    { fingerprint, sinceMs, became, answer }: AnswerRecord,
    becameOf: AnswersElsewhere['becameOf'],
  ): void {
    const { owner, key } = ownerAndKey(record);
    const table = this.#tableOf(owner);
    const kept: StoredAnswer = { fingerprint, sinceMs, answer, became: null, bytes: 0 };
    if (answer === null) kept.became = becameOf(record, became);
    else kept.bytes = Buffer.byteLength(answer.payload);
    this.#count(table, kept.bytes);
    table.keys.set(key, kept);
  }

  /** Reads the answer that another node may have stored. Call it before begin(), in a cluster. */
  async look(owner: string, key: string): Promise<void> {
    const { elsewhere } = this;
    const { keys } = this.#tableOf(owner);
    if (elsewhere === null || keys.has(key)) return;
    const record = recordKeys.answer(owner, key);
    const stored = await elsewhere.get(record);
    if (stored !== null && !keys.has(key))
      this.#adopt(record, stored, (...args) => elsewhere.becameOf(...args));
  }

  /**
   * Returns the stored answer; or `reused` if the key was used with a different request, `running`
   * if the first request has not ended, `full` if the tenant has too many keys; or else a Begun:
   * the caller executes the request.
   */
  begin(
    owner: string,
    key: string,
    fingerprint: string,
    nowMs: number,
  ): Answer | Begun | 'reused' | 'running' | 'full' {
    const { idempotencyKeysMax: max, idempotencyMs } = this.#limits;
    const table = this.#tableOf(owner);
    this.#forget(owner, table, nowMs - idempotencyMs, max - 1, Number.POSITIVE_INFINITY);
    const { keys } = table;
    const kept = keys.get(key);
    const requestKey = {
      record: recordKeys.answer(owner, key),
      fingerprint,
      sinceMs: kept?.sinceMs ?? nowMs,
    };
    if (kept === undefined) {
      if (keys.size >= max) return 'full';
      keys.set(key, { fingerprint, sinceMs: nowMs, answer: null, became: null, bytes: 0 });
      return { owner, key, requestKey, became: null };
    }
    if (kept.fingerprint !== fingerprint) return 'reused';
    if (kept.answer !== null) return kept.answer;
    if (kept.became === null) return 'running';
    const { became } = kept;
    kept.became = null;
    return { owner, key, requestKey, became };
  }

  /**
   * The record is not awaited. Until it is durable, the journal itself shows the outcome of the
   * request.
   */
  keep({ owner, key }: Begun, answer: Answer): void {
    const table = this.#tableOf(owner);
    const kept = table.keys.get(key);
    if (kept === undefined) return;
    kept.answer = answer;
    kept.bytes = Buffer.byteLength(answer.payload);
    this.#count(table, kept.bytes);
    const { fingerprint, sinceMs } = kept;
    const record = { fingerprint, sinceMs, became: null, answer };
    this.#put([answerRecord.change(recordKeys.answer(owner, key), record)]);
    this.#forget(
      owner,
      table,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      this.#limits.idempotencyBytesMax,
    );
  }

  /**
   * The request was refused only for the moment. The client may repeat it, and it then counts as
   * the first. If nothing was stored for it, `stored` is false: the record may be that of another
   * node.
   */
  drop({ owner, key, became }: Begun, { stored }: { stored: boolean }): void {
    const { keys } = this.#tableOf(owner);
    const kept = keys.get(key);
    if (kept === undefined) return;
    if (became !== null) {
      kept.became = became;
      return;
    }
    keys.delete(key);
    if (stored) this.#put([removal(recordKeys.answer(owner, key))]);
  }

  /** The changes that delete the stored answers of an owner. */
  removalOf(owner: string): Change[] {
    return [...this.#tableOf(owner).keys.keys()].map((key) =>
      removal(recordKeys.answer(owner, key)),
    );
  }

  /** Drops the answers of a removed tenant from memory. */
  forgetOwner(owner: string): void {
    this.#onBytes(-(this.#tables.get(owner)?.bytes ?? 0));
    this.#tables.delete(owner);
  }

  #tableOf(owner: string): Table {
    let table = this.#tables.get(owner);
    if (table === undefined) {
      table = { keys: new Map(), bytes: 0 };
      this.#tables.set(owner, table);
    }
    return table;
  }

  /** Deletes the oldest answers that are too old or too many. Keys of running requests stay. */
  #forget(owner: string, table: Table, beforeMs: number, keysMax: number, bytesMax: number): void {
    const gone: Change[] = [];
    for (const [key, { sinceMs, answer, became, bytes }] of table.keys) {
      const tooMany = sinceMs <= beforeMs || table.keys.size > keysMax;
      if (!tooMany && table.bytes <= bytesMax) break;
      if (answer === null && (became === null || !tooMany)) continue;
      table.keys.delete(key);
      this.#count(table, -bytes);
      gone.push(removal(recordKeys.answer(owner, key)));
    }
    if (gone.length > 0) this.#put(gone);
  }

  #put(changes: readonly Change[]): void {
    // A failed journal ends the process by itself. On a full disk, the entry in the journal still
    // shows the outcome of the request.
    this.#records.put(changes).catch(() => {});
  }
}
