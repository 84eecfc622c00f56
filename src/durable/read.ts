// Puts what the journal kept back into the floors: tenants, tokens, filesystems and their streams.

import type { Engine } from '../engine/engine.ts';
import { type Answers, answerPrefix } from '../http/answers.ts';
import { decode, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Store } from '../journal/level-store.ts';
import type { TenantRecord, Tenants } from '../tenants/tenants.ts';
import { newTokenKey, type TokenRecord, type Tokens } from '../tenants/tokens.ts';
import { newId } from './new-id.ts';
import { recordsOf } from './records.ts';
import {
  birthsOf,
  goneOf,
  pastEventsOf,
  type Recovered,
  type RecoveryOptions,
  recover,
  type Unrecovered,
} from './replay.ts';
import { type AnswerRecord, DurableLog, type DurableLogLimits, tailOfBirth } from './stored-log.ts';

/** Of the keys and values in the store; a release that changes them reads the older ones too. */
const storeFormat = 1;

interface Meta {
  format: number;
  createdMs: number;
  /** Under which tokens are hashed. */
  tokenKey: Uint8Array;
}

/** What the store says of itself; written into a new one. */
export async function metaOf(store: Store, nowMs: number): Promise<Meta> {
  const known = await knownMeta(store);
  if (known !== null) return known;
  if (store.nextGroup > 1)
    throw new JournalError(
      'damaged',
      `the record that identifies ${store.directory} as a Pinhole store is missing`,
    );
  const meta = { format: storeFormat, createdMs: nowMs, tokenKey: newTokenKey() };
  await store.put([{ key: 'meta', value: encode(meta) }]);
  return meta;
}

/** Null where there is none. Rejects with `version` for that of another release. */
export async function knownMeta(store: Store): Promise<Meta | null> {
  const body = await store.get('meta');
  if (body === null) return null;
  const meta = decode(body) as Meta;
  if (meta.format !== storeFormat) {
    throw new JournalError(
      'version',
      `the store in ${store.directory} has format ${meta.format}; this release reads only ` +
        `format ${storeFormat}`,
    );
  }
  return meta;
}

const clockKey = 'clock';

/**
 * The latest time that an earlier process can have told, as far as it was kept. Time goes on from
 * there: what expired stays expired, and no age or timer stands still until a wall clock that was
 * set back has caught up.
 */
export async function lastTimeOf(store: Store, { filesystems }: Kept): Promise<number> {
  const body = await store.get(clockKey);
  let last = body === null ? 0 : (decode(body) as number);
  for (const { kernel } of filesystems)
    if (kernel.geometry.clock === 'realtime') last = Math.max(last, kernel.nowMs);
  return last;
}

/** Rejects with a JournalError. */
export const keepTime = (store: Store, nowMs: number): Promise<void> =>
  store.put([{ key: clockKey, value: encode(Math.floor(nowMs)) }]);

/** Keys that come in great numbers; who reads them tells whether one is missing. */
export const bulkPrefixes = ['c/', 'j/', 's/'] as const;

export interface Kept {
  log: DurableLog;
  filesystems: Recovered[];
  /** Those that stop alone: their neighbours are served. */
  unrecovered: Unrecovered[];
  /** Of what was unmounted something may be left. */
  gone: readonly string[];
}

/**
 * Replays every filesystem. One that is damaged, or whose entries break a law, is told apart and
 * keeps nobody else from coming back. Rejects with a JournalError where the store itself is
 * damaged, or another release wrote what is in it.
 */
export async function recoverFilesystems(
  store: Store,
  limits: DurableLogLimits,
  options: RecoveryOptions,
): Promise<Kept> {
  const log = new DurableLog(store, limits);
  const births = await birthsOf(store);
  const gone = await goneOf(store, births);
  for (const [tenant, past] of await pastEventsOf(store)) log.resumePast(tenant, past);
  const filesystems: Recovered[] = [];
  const unrecovered: Unrecovered[] = [];
  for (const [id, stored] of births) {
    try {
      const recovered = await recover(store, id, stored, options);
      log.resume(id, recovered.tail);
      filesystems.push(recovered);
    } catch (error) {
      if (!(error instanceof JournalError) || (error.kind !== 'damaged' && error.kind !== 'poison'))
        throw error;
      const { kernelVersion: _, group, position, ...birth } = stored;
      // So that it can be removed.
      log.resume(id, tailOfBirth(birth, group, position));
      unrecovered.push({ id, birth, error });
    }
  }
  return { log, filesystems, unrecovered, gone };
}

/**
 * When everything was accepted: what nobody needs any more goes. On a full disk it stays until the
 * next start.
 */
export async function settle(store: Store, { log, gone }: Kept, changes: Changes): Promise<void> {
  for (const id of gone) void log.purge(id);
  const entries = Object.entries(changes);
  if (entries.length === 0 || store.full) return;
  await store.put(
    entries.map(([key, value]) => ({ key, value: value === null ? null : encode(value) })),
  );
}

/** What the store has to learn of a start, once it is accepted. */
type Changes = Record<string, unknown>;

/**
 * Returns what belongs to nobody, and the tenants whose stream begins a new history: it cannot be
 * told with the events of a filesystem that did not come back, nor go on with them once that does.
 */
export async function restoreTenants(
  store: Store,
  { unrecovered }: Kept,
  tenants: Tenants,
  tokens: Tokens,
): Promise<Changes> {
  const changes: Changes = {};
  const kept = await recordsOf<TenantRecord>(store, 'tenant/');
  tenants.restore(
    kept.map((record) => {
      const missing = unrecovered
        .filter(({ birth }) => birth.tenant === record.name)
        .map(({ id }) => id);
      if ((record.missing ?? []).join() === missing.join()) return record;
      const changed = { ...record, missing, epoch: newId() };
      changes[`tenant/${record.name}`] = changed;
      return changed;
    }),
  );
  // One that was issued while its tenant was removed must not serve the next of that name.
  const known = ({ tenant }: TokenRecord) => tenant !== null && tenants.get(tenant) !== undefined;
  const records = await recordsOf<TokenRecord>(store, 'token/');
  tokens.restore(records.filter(known));
  for (const record of records) if (!known(record)) changes[`token/${record.id}`] = null;
  return changes;
}

function byTenant<T extends { birth: { tenant: string } }>(all: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(one.birth.tenant);
    if (group === undefined) groups.set(one.birth.tenant, [one]);
    else group.push(one);
  }
  return groups;
}

/** After the tenants are there. */
export function restoreFilesystems(
  { log, filesystems, unrecovered }: Kept,
  engine: Engine,
  tenants: Tenants,
): void {
  for (const { id, birth } of [...filesystems, ...unrecovered]) {
    if (tenants.get(birth.tenant) !== undefined) continue;
    const what =
      `the record of tenant ${birth.tenant}, which owns filesystem ${id} (${birth.args.name}), ` +
      'is missing';
    throw new JournalError('damaged', what);
  }
  const recoveredOf = byTenant(filesystems);
  const unrecoveredOf = byTenant(unrecovered);
  for (const { name, epoch } of tenants.all()) {
    engine.restore(name, {
      past: log.pastOf(name, epoch),
      filesystems: recoveredOf.get(name) ?? [],
      unrecovered: unrecoveredOf.get(name) ?? [],
    });
  }
}

/** After the filesystems are there. Returns what belongs to nobody. */
export async function restoreAnswers(
  store: Store,
  { filesystems, unrecovered }: Kept,
  engine: Engine,
  tenants: Tenants,
  answers: Answers,
): Promise<Changes> {
  const owners = new Set(['operator', ...[...tenants.all()].map(({ id }) => id)]);
  const records = new Map<string, AnswerRecord>();
  const ownerless: Changes = {};
  for await (const [key, body] of store.entries(answerPrefix)) {
    if (owners.has(key.split('/')[1] ?? '')) records.set(key, decode(body) as AnswerRecord);
    else ownerless[key] = null;
  }
  const keyed = new Map(
    filesystems.flatMap(({ id, keyed: ofOne }) =>
      [...ofOne].map(([record, one]) => [`${id} ${record}`, one] as const),
    ),
  );
  const stopped = new Set(unrecovered.map(({ id }) => id));
  answers.restore(records, (record, became) => {
    if (became === null) return { kind: 'forgotten' };
    if ('id' in became && stopped.has(became.id)) {
      // Whoever asks is told that the filesystem stopped.
      const fs = engine.findById(became.id);
      if (fs !== undefined)
        return { kind: 'operation', fs, submission: { task: 0, outcome: null } };
    }
    if ('tenant' in became) {
      const tenant = tenants.get(became.tenant);
      return tenant === undefined ? { kind: 'forgotten' } : { kind: 'tenant', tenant };
    }
    const found = engine.became(became.id, became.seq, keyed.get(`${became.id} ${record}`));
    if (found === null) return { kind: 'forgotten' };
    return became.seq === 0
      ? { kind: 'filesystem', fs: found.fs }
      : { kind: 'operation', ...found };
  });
  return ownerless;
}
