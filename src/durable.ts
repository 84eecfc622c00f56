// Puts what the journal kept back into the floors: tenants, tokens, filesystems and their streams.
import { type AnswerRecord, DurableLog, type DurableLogLimits } from './engine/durable-log.ts';
import type { Engine } from './engine/engine.ts';
import { birthsOf, goneOf, pastEventsOf, type Recovered, type RecoveryOptions, recover } from './engine/recovery.ts';
import { type Answers, answerPrefix } from './http/answers.ts';
import { decode, encode } from './journal/codec.ts';
import { JournalError } from './journal/journal-error.ts';
import type { Store } from './journal/store.ts';
import { recordsOf } from './tenants/records.ts';
import type { TenantRecord, Tenants } from './tenants/tenants.ts';
import { newTokenKey, type TokenRecord, type Tokens } from './tenants/tokens.ts';

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
  if (store.nextGroup > 1) throw new JournalError('damaged', `the store in ${store.directory} does not say what it is`);
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
      `the store in ${store.directory} has format ${meta.format}; this release reads ${storeFormat}`,
    );
  }
  return meta;
}

/** Keys that come in great numbers; who reads them tells whether one is missing. */
export const bulkPrefixes = ['c/', 'j/', 's/'] as const;

export interface Kept {
  log: DurableLog;
  filesystems: Recovered[];
  /** Of what was unmounted something may be left. */
  gone: readonly string[];
}

/** Replays every filesystem. Rejects with a JournalError where one does not come out as it was recorded. */
export async function recoverFilesystems(store: Store, limits: DurableLogLimits, options: RecoveryOptions): Promise<Kept> {
  const log = new DurableLog(store, limits);
  const births = await birthsOf(store);
  const gone = await goneOf(store, births);
  for (const [tenant, past] of await pastEventsOf(store)) log.resumePast(tenant, past);
  const filesystems: Recovered[] = [];
  for (const [id, birth] of births) {
    const recovered = await recover(store, id, birth, options);
    log.resume(id, recovered.tail);
    filesystems.push(recovered);
  }
  return { log, filesystems, gone };
}

/** When everything was accepted: what nobody needs any more goes. On a full disk it stays until the next start. */
export async function dropNeedless(store: Store, { log, gone }: Kept, keys: readonly string[]): Promise<void> {
  for (const id of gone) void log.purge(id);
  if (keys.length > 0 && !store.full) await store.put(keys.map((key) => ({ key, value: null })));
}

/** Returns the keys of what belongs to nobody. */
export async function restoreTenants(store: Store, tenants: Tenants, tokens: Tokens): Promise<string[]> {
  tenants.restore(await recordsOf<TenantRecord>(store, 'tenant/'));
  // One that was issued while its tenant was removed must not serve the next of that name.
  const known = ({ tenant }: TokenRecord) => tenant !== null && tenants.get(tenant) !== undefined;
  const records = await recordsOf<TokenRecord>(store, 'token/');
  tokens.restore(records.filter(known));
  return records.filter((record) => !known(record)).map(({ id }) => `token/${id}`);
}

/** After the tenants are there. */
export function restoreFilesystems({ log, filesystems }: Kept, engine: Engine, tenants: Tenants): void {
  const byTenant = new Map<string, Recovered[]>();
  for (const recovered of filesystems) {
    const { tenant, args } = recovered.birth;
    if (tenants.get(tenant) === undefined) {
      throw new JournalError(
        'damaged',
        `filesystem ${recovered.id} (${args.name}) belongs to a tenant ${tenant} of which nothing is known`,
      );
    }
    byTenant.set(tenant, [...(byTenant.get(tenant) ?? []), recovered]);
  }
  for (const { name, epoch } of tenants.all()) {
    engine.restore(name, { past: log.pastOf(name, epoch), filesystems: byTenant.get(name) ?? [] });
  }
}

/** After the filesystems are there. Returns the keys of what belongs to nobody. */
export async function restoreAnswers(
  store: Store,
  { filesystems }: Kept,
  engine: Engine,
  tenants: Tenants,
  answers: Answers,
): Promise<string[]> {
  const owners = new Set(['operator', ...[...tenants.all()].map(({ id }) => id)]);
  const records = new Map<string, AnswerRecord>();
  const ownerless: string[] = [];
  for await (const [key, body] of store.entries(answerPrefix)) {
    if (owners.has(key.split('/')[1] ?? '')) records.set(key, decode(body) as AnswerRecord);
    else ownerless.push(key);
  }
  const keyed = new Map(
    filesystems.flatMap(({ id, keyed: ofOne }) => [...ofOne].map(([record, one]) => [`${id} ${record}`, one] as const)),
  );
  answers.restore(records, (record, became) => {
    if (became === null) return { kind: 'forgotten' };
    if ('tenant' in became) {
      const tenant = tenants.get(became.tenant);
      return tenant === undefined ? { kind: 'forgotten' } : { kind: 'tenant', tenant };
    }
    const found = engine.became(became.id, became.seq, keyed.get(`${became.id} ${record}`));
    if (found === null) return { kind: 'forgotten' };
    return became.seq === 0 ? { kind: 'filesystem', fs: found.fs } : { kind: 'operation', ...found };
  });
  return ownerless;
}
