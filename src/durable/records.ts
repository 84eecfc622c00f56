// Every record that is stored: its fields, and its form in bytes. keys.ts says under which key each
// is stored. A release that changes a record must still read the older form.
import { z } from 'zod';
import { decode, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change } from '../journal/store.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Command, KernelLimits } from '../kernel/state.ts';
import { journalKeys } from './keys.ts';
import { type LabEvent, labEventTypes } from './lab-events.ts';

interface RecordType<T> {
  encode(value: T): Uint8Array;
  /**
   * Throws `damaged` if the bytes are not such a record. `where` names the record in the message.
   */
  decode(body: Uint8Array, where: string): T;
  /** The change that stores the value under the key. */
  change(key: string, value: T): Change;
}

export const removal = (key: string): Change => ({ key, value: null });

function recordType<T>(what: string, schema: z.ZodType<T>): RecordType<T> {
  return {
    encode,
    decode(body, where) {
      try {
        return schema.parse(decode(body));
      } catch (error) {
        const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
        throw new JournalError('damaged', `${where} is not ${what}: ${why}`, error);
      }
    },
    change: (key, value) => ({ key, value: encode(value) }),
  };
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const zCount = z.int().nonnegative();
const zBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/**
 * The version of all keys and records. A release that changes them must read the older ones, too.
 */
export const storeFormat = 1;

const zMeta = z.object({
  format: z.int(),
  createdMs: z.number(),
  /** The key with which tokens are hashed. */
  tokenKey: zBytes,
});
export const metaRecord = recordType('what a store says of itself', zMeta);
export type Meta = z.infer<typeof zMeta>;

/** The last recorded time, in milliseconds since the epoch. */
export const clockRecord = recordType('a time', z.number());

const zBirth = z.object({
  tenant: z.string(),
  /**
   * The arguments of createKernel. They are not checked again, because a replay must use exactly
   * these.
   */
  args: z.custom<MkfsArgs>((args) => isObject(args) && typeof (args as MkfsArgs).name === 'string'),
  limits: z.custom<KernelLimits>(isObject),
  timeMs: z.number(),
  /** Ascends in the order of creation. */
  number: zCount,
  /** The epoch of its event stream. */
  epoch: z.string(),
  /** It began with the state of a snapshot: that of another filesystem, or that of a bundle. */
  forkOf: z.string().optional(),
  /** How far its clock is behind that of the server, in milliseconds; 0 by default. */
  behindMs: z.number().optional(),
  kernelVersion: z.int(),
  group: zCount,
  position: zCount,
});
/**
 * How a filesystem was created, and the position of that commit in the order of the whole server.
 */
export const birthRecord = recordType('the birth of a filesystem', zBirth);
export type BirthRecord = z.infer<typeof zBirth>;
/** A birth record without the fields that only the journal uses. */
export type Birth = Omit<BirthRecord, 'kernelVersion' | 'group' | 'position'>;

/**
 * The Idempotency-Key of a request: the key of its answer record, and the fingerprint that shows
 * whether a later request with the same key is the same request.
 */
export interface RequestKey {
  record: string;
  fingerprint: string;
  sinceMs: number;
}

/** The optional fields of a command, and the Idempotency-Key of its request. */
type Rest = Omit<Command, 'op' | 'on' | 'args'> & { key?: RequestKey };
export type EntryRecord =
  | [timeMs: number]
  | [
      timeMs: number,
      op: string,
      on: Command['on'],
      args: unknown,
      rest?: Rest | null,
      blocksMax?: number,
    ]
  | [timeMs: number, op: null, on: null, args: null, rest: null, blocksMax: number];

/**
 * Checked without zod, because a replay reads millions of entries. apply() checks the command
 * itself.
 */
const isEntry = (entry: unknown): boolean =>
  Array.isArray(entry) &&
  typeof entry[0] === 'number' &&
  (entry.length === 1 || entry[1] === null || (typeof entry[1] === 'string' && isObject(entry[2])));

const zBatch = z.tuple([
  /** kernelVersion */
  z.int(),
  /** group */
  zCount,
  /** position */
  zCount,
  /** The chained checksum of all earlier batches. */
  z.number(),
  /** The digest of the results of all earlier entries. */
  z.number(),
  z.custom<EntryRecord[]>((entries) => Array.isArray(entries) && entries.every(isEntry)),
]);
/** The entries that a lane appended together. */
export const batchRecord = recordType('a batch of entries', zBatch);
export type BatchRecord = z.infer<typeof zBatch>;

const zTail = z.tuple([/** seq */ zCount, /** At least so many events. */ zCount]);
/** The number of the last entry, and the number of events before its batch. */
export const tailRecord = recordType('the end of a journal', zTail);

const zManifest = z.object({
  format: z.int(),
  kernelVersion: z.int(),
  /** The last entry that the snapshot contains. */
  seq: zCount,
  eventSeq: zCount,
  /**
   * The state of the journal at the snapshot: the position of the last batch, its chained checksum,
   * and the digest of all results.
   */
  group: zCount,
  position: zCount,
  chain: z.number(),
  digest: z.number(),
  /** The checksum of each piece. */
  pieces: z.array(z.number()),
  /** For each chunk of contents: index, the entry that changed it last, and checksum. */
  content: z.array(z.tuple([zCount, zCount, z.number()])),
  /** The hash of the whole state. */
  hash: z.string(),
  /** The size of all pieces together. */
  bytes: zCount,
});
/** The parts of a snapshot. */
export const manifestRecord = recordType('the manifest of a snapshot', zManifest);
export type Manifest = z.infer<typeof zManifest>;

/** The filesystem is unmounted, and its other keys may be deleted. The value means nothing. */
export const goneChange: Change = { key: journalKeys.gone, value: encode(null) };

/** Every replay skips the entry from now on. The value means nothing. */
export const skipChange = (seq: number): Change => ({
  key: journalKeys.skip(seq),
  value: new Uint8Array(0),
});

const zTenant = z.object({
  name: z.string(),
  /** Ascends in the order of creation. */
  number: zCount,
  createdMs: z.number(),
  /** Never used again, so that a later tenant of the same name does not get its answers. */
  id: z.string(),
  /** The epoch of its event stream. */
  epoch: z.string(),
  /**
   * Filesystems that the last start could not restore. When this list changes, the epoch changes.
   */
  missing: z.array(z.string()).readonly().optional(),
  /** It is being deleted with all that it has. Nobody can use it, and each start continues this. */
  leaving: z.boolean().optional(),
  quotas: z.record(z.string(), z.number()),
});
export const tenantRecord = recordType('a tenant', zTenant);
export type TenantRecord = z.infer<typeof zTenant>;

/** What a token allows. */
export const scopes = ['read', 'write', 'operator'] as const;

const zToken = z.object({
  id: z.string(),
  /** Null for the operator, who is not a tenant. */
  tenant: z.string().nullable(),
  scopes: z.array(z.enum(scopes)).readonly(),
  createdMs: z.number(),
  /** Null means that it never expires. */
  expiresMs: z.number().nullable(),
  mac: zBytes,
});
export const tokenRecord = recordType('a token', zToken);
export type TokenRecord = z.infer<typeof zToken>;

const zAnswer = z.object({
  fingerprint: z.string(),
  sinceMs: z.number(),
  /**
   * What the request became: an entry of a filesystem (0 for its creation), a tenant, or the number
   * of a lab. Null if it became nothing.
   */
  became: z
    .union([
      z.object({ id: z.string(), seq: zCount }),
      z.object({ tenant: z.string() }),
      z.object({ lab: zCount }),
    ])
    .nullable(),
  /** Null until the request is answered. */
  answer: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      payload: z.string(),
    })
    .nullable(),
});
/** A request with an Idempotency-Key, stored from the moment its command is in the journal. */
export const answerRecord = recordType('an answer', zAnswer);
export type AnswerRecord = z.infer<typeof zAnswer>;
export type Answer = NonNullable<AnswerRecord['answer']>;

/** Stores what a request became, until its answer is stored. */
export const begunChange = (
  { record, fingerprint, sinceMs }: RequestKey,
  became: AnswerRecord['became'],
): Change => answerRecord.change(record, { fingerprint, sinceMs, became, answer: null });

const zPastEvents = z.object({
  epoch: z.string(),
  events: zCount,
  /** The flush that recorded the last removal. */
  group: zCount,
});
/** The number of events of the tenant's unmounted filesystems. */
export const pastEventsRecord = recordType('a number of past events', zPastEvents);
export type PastEvents = z.infer<typeof zPastEvents>;

/** Why a lab has no result. */
export const labFailures = ['events', 'memory', 'time', 'law', 'stuck', 'crash', 'size'] as const;
export const labStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

const zLab = z.object({
  /** The id of its tenant. */
  owner: z.string(),
  /** Ascends in the order of creation. */
  number: zCount,
  createdMs: z.number(),
  startedMs: z.number().optional(),
  endedMs: z.number().optional(),
  state: z.enum(labStates),
  name: z.string(),
  preset: z.string().optional(),
  strategies: z.array(z.string()),
  /** The seeds; the document and the bounds are the rest of the request. */
  seeds: z.array(zCount),
  runs: zCount,
  done: zCount,
  /** The document and the bounds as JSON, until the lab has ended. */
  request: zBytes.optional(),
  failure: z.object({ reason: z.enum(labFailures), detail: z.string() }).optional(),
  digest: z.string().optional(),
  /** The size of its result. */
  bytes: zCount.optional(),
});
export const labRecord = recordType('a lab', zLab);
export type LabRecord = z.infer<typeof zLab>;

const zLabHistory = z.object({
  /** The number of the last lab; no lab gets a number again. */
  last: zCount,
  /** How many events the labs of the tenant had. */
  events: zCount,
  /** The newest events with the position of their commits. */
  newest: z.array(
    z.tuple([
      zCount,
      zCount,
      z.number(),
      z.enum(labEventTypes),
      z.custom<LabEvent['data']>(isObject),
    ]),
  ),
  /** The position of the last event that is not among them. */
  since: z.tuple([zCount, zCount]).nullable(),
});
/** What the stream of a tenant needs of its labs, also of those that are removed. */
export const labHistoryRecord = recordType('the history of labs', zLabHistory);
export type LabHistory = z.infer<typeof zLabHistory>;

/** The store of tenants, tokens and answers. */
export interface Records {
  /** Stores all changes or none. Resolves when they are durable; rejects with a JournalError. */
  put(changes: readonly Change[]): Promise<void>;
}

/** Stores nothing. */
export const noRecords: Records = { put: () => Promise.resolve() };
