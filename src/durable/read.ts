// Reads everything that a store holds into a World: first the records of the server, then one
// filesystem after the other. It writes nothing. Where records contradict each other, the world has
// the corrected value, and `corrections` has the changes to write after the world is accepted.
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Store } from '../journal/store.ts';
import { journalKeys, journalKinds, ownerAndKey, recordKeys } from './keys.ts';
import { newId, newTokenKey } from './random.ts';
import {
  type AnswerRecord,
  answerRecord,
  type BirthRecord,
  birthRecord,
  clockRecord,
  type LabHistory,
  type LabRecord,
  labHistoryRecord,
  labRecord,
  type Meta,
  metaRecord,
  type PastEvents,
  pastEventsRecord,
  removal,
  storeFormat,
  type TenantRecord,
  type TokenRecord,
  tenantRecord,
  tokenRecord,
} from './records.ts';
import { birthOf, type RecoveryOptions, recover } from './replay.ts';
import {
  emptyWorld,
  type RecoveredFilesystem,
  tailOfBirth,
  type UnrecoveredFilesystem,
  type World,
} from './world.ts';

export interface ReadOptions extends RecoveryOptions {
  /** The time of creation that a new store records. */
  nowMs: number;
}

/**
 * Replays every filesystem. A filesystem that is damaged, or whose entries break a law, is put in
 * `unrecovered` and does not prevent the start. Rejects with a JournalError if the store as a whole
 * is damaged, or if another release wrote it.
 */
export async function readWorld(store: Store, options: ReadOptions): Promise<World> {
  const records = await readServerRecords(store);
  const corrections: Change[] = [];
  const meta = records.meta ?? newMeta(store, options.nowMs, corrections);
  const read = await readFilesystems(store, options);
  const tenants = withoutMissing(records.tenants, read.unrecovered, corrections);
  const world = { ...worldOf(records, meta, corrections), tenants };
  const byName = new Set(tenants.map(({ name }) => name));
  for (const { id, birth } of [...read.filesystems, ...read.unrecovered])
    if (!byName.has(birth.tenant)) throw ownerlessError(id, birth.args.name, birth.tenant);
  const lastMs = lastTimeOf(world.lastMs, read.filesystems);
  return { ...world, ...read, lastMs };
}

/**
 * The world of a node of a cluster when it starts: the records, and no filesystem. It looks for
 * each answer when it needs it, because other nodes write answers, too.
 */
export async function readRecords(store: Store, nowMs: number): Promise<World> {
  const records = await readServerRecords(store, [
    recordKeys.meta,
    recordKeys.clock,
    recordKeys.tenants,
    recordKeys.tokens,
  ]);
  const corrections: Change[] = [];
  const meta = records.meta ?? newMeta(store, nowMs, corrections);
  return worldOf(records, meta, corrections);
}

/** Without filesystems. Adds the changes that delete what belongs to nobody. */
function worldOf(records: ServerRecords, { tokenKey }: Meta, corrections: Change[]): World {
  const { tenants, pastEvents } = records;
  const byName = new Set(tenants.map(({ name }) => name));
  // A token may have been issued while its tenant was removed. It must not be valid for a later
  // tenant of the same name.
  const tokens = records.tokens.filter((token) => {
    const known = token.tenant !== null && byName.has(token.tenant);
    if (!known) corrections.push(removal(recordKeys.token(token.id)));
    return known;
  });
  const owners = new Set(['operator', ...tenants.map(({ id }) => id)]);
  const answers = new Map<string, AnswerRecord>();
  for (const [key, answer] of records.answers) {
    if (owners.has(ownerAndKey(key).owner)) answers.set(key, answer);
    else corrections.push(removal(key));
  }
  const labs = records.labs.filter((lab) => {
    if (!owners.has(lab.owner))
      corrections.push(
        removal(recordKeys.lab(lab.owner, lab.number)),
        removal(recordKeys.labTable(lab.owner, lab.number)),
      );
    return owners.has(lab.owner);
  });
  const labHistories = new Map<string, LabHistory>();
  for (const [owner, history] of records.labHistories) {
    if (owners.has(owner)) labHistories.set(owner, history);
    else corrections.push(removal(recordKeys.labHistory(owner)));
  }
  const lastMs = Math.max(records.clockMs, ...tokens.map(({ createdMs }) => createdMs));
  return {
    ...emptyWorld(tokenKey),
    lastMs,
    tenants,
    tokens,
    answers,
    pastEvents,
    labs,
    labHistories,
    corrections,
  };
}

/** The records of the server as they are stored, without corrections. */
export interface ServerRecords {
  /** Null if the record that identifies the store is missing. */
  meta: Meta | null;
  clockMs: number;
  tenants: TenantRecord[];
  tokens: TokenRecord[];
  answers: Map<string, AnswerRecord>;
  pastEvents: Map<string, PastEvents>;
  labs: LabRecord[];
  labHistories: Map<string, LabHistory>;
}

export const noServerRecords = (): ServerRecords => ({
  meta: null,
  clockMs: 0,
  tenants: [],
  tokens: [],
  answers: new Map(),
  pastEvents: new Map(),
  labs: [],
  labHistories: new Map(),
});

/**
 * Rejects with `damaged` if a record cannot be read, and with `version` if the store has the format
 * of another release.
 */
export async function readServerRecords(
  store: Store,
  parts: readonly string[] = everyRecord,
): Promise<ServerRecords> {
  const { meta, clock, tenants, tokens, answers, labs, labHistories, pastEvents } = recordKeys;
  const read = noServerRecords();
  for await (const [key, body] of store.records.all(parts)) {
    if (body instanceof JournalError) throw body;
    if (key === meta) read.meta = metaOf(store, body);
    else if (key === clock) read.clockMs = clockRecord.decode(body, key);
    else if (key.startsWith(tenants)) read.tenants.push(tenantRecord.decode(body, key));
    else if (key.startsWith(tokens)) read.tokens.push(tokenRecord.decode(body, key));
    else if (key.startsWith(answers)) read.answers.set(key, answerRecord.decode(body, key));
    else if (key.startsWith(labs)) read.labs.push(labRecord.decode(body, key));
    else if (key.startsWith(labHistories))
      read.labHistories.set(key.slice(labHistories.length), labHistoryRecord.decode(body, key));
    else read.pastEvents.set(key.slice(pastEvents.length), pastEventsRecord.decode(body, key));
  }
  return read;
}

const everyRecord = [
  recordKeys.meta,
  recordKeys.clock,
  recordKeys.tenants,
  recordKeys.tokens,
  recordKeys.answers,
  recordKeys.pastEvents,
  recordKeys.labs,
  recordKeys.labHistories,
];

function metaOf(store: Store, body: Uint8Array): Meta {
  const meta = metaRecord.decode(body, recordKeys.meta);
  if (meta.format !== storeFormat)
    throw new JournalError(
      'version',
      `${store.name} has format ${meta.format}; this release reads only format ${storeFormat}`,
    );
  return meta;
}

/**
 * The record that identifies a new store. A store that has flushes but no such record is damaged.
 */
function newMeta(store: Store, nowMs: number, corrections: Change[]): Meta {
  if (store.next.group > 1)
    throw new JournalError('damaged', `the record that identifies ${store.name} is missing`);
  const meta = { format: storeFormat, createdMs: nowMs, tokenKey: newTokenKey() };
  corrections.push({ ...metaRecord.change(recordKeys.meta, meta), isNew: true });
  return meta;
}

type Filesystems = Pick<World, 'filesystems' | 'unrecovered' | 'gone'>;

/** Rejects with a JournalError if the error concerns more than one filesystem. */
export async function readFilesystems(
  store: Store,
  options: RecoveryOptions,
): Promise<Filesystems> {
  const { born, gone } = await journalsOf(store);
  const filesystems: RecoveredFilesystem[] = [];
  const unrecovered: UnrecoveredFilesystem[] = [];
  for (const id of born) {
    const read = await readFilesystem(store, id, options);
    if ('error' in read) unrecovered.push(read);
    else filesystems.push(read);
  }
  return { filesystems, unrecovered, gone };
}

/** Rejects with a JournalError if the error concerns more than this filesystem. */
export async function readFilesystem(
  store: Store,
  id: string,
  options: RecoveryOptions,
): Promise<RecoveredFilesystem | UnrecoveredFilesystem> {
  try {
    return await recover(store, id, options);
  } catch (error) {
    if (!(error instanceof JournalError) || !['damaged', 'poison'].includes(error.kind))
      throw error;
    // Without a readable birth record, tenant and name are unknown.
    const record = await birthRecordOf(store, id);
    const birth = birthOf(record);
    return { id, birth, error, tail: tailOfBirth(birth, record) };
  }
}

/**
 * Filesystems that exist, and unmounted ones whose keys may not all be deleted yet. Rejects if a
 * filesystem has keys but no birth record, and was not unmounted.
 */
export async function journalsOf(store: Store): Promise<{ born: string[]; gone: string[] }> {
  const { birth, gone: goneKey } = journalKeys;
  const born: string[] = [];
  const gone: string[] = [];
  for (const [id, kinds] of await store.journals(journalKinds)) {
    if (kinds.has(birth)) born.push(id);
    if (kinds.has(goneKey)) gone.push(id);
    if (!kinds.has(birth) && !kinds.has(goneKey))
      throw new JournalError(
        'damaged',
        `the birth record of filesystem ${id} is missing, but it has keys of ` +
          [...kinds].join(', '),
      );
  }
  return { born: born.sort(), gone };
}

/** Rejects with `damaged` if the record cannot be read. */
export async function birthRecordOf(store: Store, id: string): Promise<BirthRecord> {
  const body = await store.journal(id).get(journalKeys.birth);
  if (body === null) throw new Error(`there is no filesystem ${id}`);
  return birthRecord.decode(body, `${journalKeys.birth} of ${id}`);
}

/**
 * The stream of a tenant merges the events of its filesystems. If one of them was not restored, or
 * is restored again later, the numbers of the merged events change. Each time the stream gets a new
 * epoch, so that old cursors are rejected instead of pointing at other events.
 */
function withoutMissing(
  tenants: readonly TenantRecord[],
  unrecovered: readonly UnrecoveredFilesystem[],
  corrections: Change[],
): TenantRecord[] {
  return tenants.map((tenant) => {
    const missing = unrecovered
      .filter(({ birth }) => birth.tenant === tenant.name)
      .map(({ id }) => id);
    if ((tenant.missing ?? []).join() === missing.join()) return tenant;
    const changed = { ...tenant, missing, epoch: newId() };
    corrections.push(tenantRecord.change(recordKeys.tenant(tenant.name), changed));
    return changed;
  });
}

const ownerlessError = (id: string, name: string, tenant: string): JournalError =>
  new JournalError(
    'damaged',
    `the record of tenant ${tenant}, which owns filesystem ${id} (${name}), is missing`,
  );

/**
 * The latest time that is recorded anywhere; logical time continues from it. So expired tokens stay
 * expired, and ages and timers continue while a wall clock that was set back is behind.
 */
function lastTimeOf(recordedMs: number, filesystems: readonly RecoveredFilesystem[]): number {
  let lastMs = recordedMs;
  for (const { kernel, birth } of filesystems) {
    if (kernel.geometry.clock !== 'realtime') continue;
    // The clock of a filesystem from a bundle may be years ahead of that of the server.
    lastMs = Math.max(lastMs, kernel.nowMs + (birth.behindMs ?? 0));
  }
  return lastMs;
}
