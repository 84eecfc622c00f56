// Everything that is kept, as records: what each holds, and how it becomes bytes and comes back.
// keys.ts says where each stands. A release that changes one reads the older form too.
import { z } from 'zod';
import { decode, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Change } from '../journal/store.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Command, KernelLimits } from '../kernel/state.ts';
import { journalKeys } from './keys.ts';

interface RecordType<T> {
  encode(value: T): Uint8Array;
  /** Throws `damaged` where the bytes are something else. `where` names them in the message. */
  decode(body: Uint8Array, where: string): T;
  /** Keeps a value under a key. */
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

/** Of the keys and values; a release that changes them reads the older ones too. */
export const storeFormat = 1;

const zMeta = z.object({
  format: z.int(),
  createdMs: z.number(),
  /** Tokens are hashed with it. */
  tokenKey: zBytes,
});
export const metaRecord = recordType('what a store says of itself', zMeta);
export type Meta = z.infer<typeof zMeta>;

/** The time that was shown last, in milliseconds since the epoch. */
export const clockRecord = recordType('a time', z.number());

const zBirth = z.object({
  tenant: z.string(),
  /**
   * createKernel was called with these; they are taken as they are, since a replay must not differ.
   */
  args: z.custom<MkfsArgs>((args) => isObject(args) && typeof (args as MkfsArgs).name === 'string'),
  limits: z.custom<KernelLimits>(isObject),
  timeMs: z.number(),
  /** Ascends in the order of creation. */
  number: zCount,
  /** Of its events. */
  epoch: z.string(),
  kernelVersion: z.int(),
  group: zCount,
  position: zCount,
});
/** How a filesystem was made, and where that stands in the order of the whole server. */
export const birthRecord = recordType('the birth of a filesystem', zBirth);
export type BirthRecord = z.infer<typeof zBirth>;
/** The same without what only the journal is interested in. */
export type Birth = Omit<BirthRecord, 'kernelVersion' | 'group' | 'position'>;

/**
 * The Idempotency-Key of a request: the record that its answer is kept under, and the fingerprint
 * that tells another request with the same key.
 */
export interface RequestKey {
  record: string;
  fingerprint: string;
  sinceMs: number;
}

/** What a command has beside its operation, target and arguments, and the key of its request. */
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

/** By hand, because a replay reads a million of them. apply() checks the command itself. */
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
  /** The chained checksum of all batches before. */
  z.number(),
  /** The digest of the results of all entries before. */
  z.number(),
  z.custom<EntryRecord[]>((entries) => Array.isArray(entries) && entries.every(isEntry)),
]);
/** What a lane logged at once. */
export const batchRecord = recordType('a batch of entries', zBatch);
export type BatchRecord = z.infer<typeof zBatch>;

const zTail = z.tuple([/** seq */ zCount, /** At least so many events. */ zCount]);
/** The last entry, and how many events there were before its batch. */
export const tailRecord = recordType('the end of a journal', zTail);

const zManifest = z.object({
  format: z.int(),
  kernelVersion: z.int(),
  /** The last entry that is in it. */
  seq: zCount,
  eventSeq: zCount,
  /**
   * Where the journal stood: the order of the last batch, its chained checksum and the digest of
   * all results.
   */
  group: zCount,
  position: zCount,
  chain: z.number(),
  digest: z.number(),
  /** The checksum of each piece. */
  pieces: z.array(z.number()),
  /** Index, entry that changed it last, and checksum. */
  content: z.array(z.tuple([zCount, zCount, z.number()])),
  /** Of everything. */
  hash: z.string(),
  /** Of the pieces. */
  bytes: zCount,
});
/** What a snapshot consists of. */
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
  /** Never used again. */
  id: z.string(),
  /** Of its event stream. */
  epoch: z.string(),
  /** Filesystems that did not come back at the start before: the epoch changes with them. */
  missing: z.array(z.string()).readonly().optional(),
  quotas: z.record(z.string(), z.number()),
});
export const tenantRecord = recordType('a tenant', zTenant);
export type TenantRecord = z.infer<typeof zTenant>;

/** What a token allows. */
export const scopes = ['read', 'write', 'operator'] as const;

const zToken = z.object({
  id: z.string(),
  /** Null is the operator, who is no tenant. */
  tenant: z.string().nullable(),
  scopes: z.array(z.enum(scopes)).readonly(),
  createdMs: z.number(),
  /** Null never expires. */
  expiresMs: z.number().nullable(),
  mac: zBytes,
});
export const tokenRecord = recordType('a token', zToken);
export type TokenRecord = z.infer<typeof zToken>;

const zAnswer = z.object({
  fingerprint: z.string(),
  sinceMs: z.number(),
  /**
   * What the request became: an entry of a filesystem, 0 for its birth, or a tenant. Null where it
   * became nothing.
   */
  became: z
    .union([z.object({ id: z.string(), seq: zCount }), z.object({ tenant: z.string() })])
    .nullable(),
  /** Null until there is one. */
  answer: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      payload: z.string(),
    })
    .nullable(),
});
/** A request with an Idempotency-Key, kept from the moment that its command is in the journal. */
export const answerRecord = recordType('an answer', zAnswer);
export type AnswerRecord = z.infer<typeof zAnswer>;
export type Answer = NonNullable<AnswerRecord['answer']>;

/** Keeps what a request became, until it has an answer. */
export const begunChange = (
  { record, fingerprint, sinceMs }: RequestKey,
  became: AnswerRecord['became'],
): Change => answerRecord.change(record, { fingerprint, sinceMs, became, answer: null });

const zPastEvents = z.object({
  epoch: z.string(),
  events: zCount,
  /** The flush with which the last of them went. */
  group: zCount,
});
/** How many events the unmounted filesystems of a tenant had. */
export const pastEventsRecord = recordType('a number of past events', zPastEvents);
export type PastEvents = z.infer<typeof zPastEvents>;

/** Where tenants, tokens and answers are kept. */
export interface Records {
  /** All or none. Fulfilled when it is durable, rejected with a JournalError. */
  put(changes: readonly Change[]): Promise<void>;
}

/** Nothing outlives the process. */
export const noRecords: Records = { put: () => Promise.resolve() };
