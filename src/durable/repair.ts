// What an operator can do to a store that no server uses. A repair that undoes acknowledged work
// starts new epochs, so old cursors are rejected instead of silently missing events.
import { JournalError } from '../journal/journal-error.ts';
import type { Change, Journal, Store } from '../journal/store.ts';
import { isManifest, journalKeys, journalKinds, recordKeys, seqOf } from './keys.ts';
import { newId } from './random.ts';
import { birthRecordOf, journalsOf, noServerRecords, readServerRecords } from './read.ts';
import {
  answerRecord,
  type BirthRecord,
  batchRecord,
  birthRecord,
  removal,
  skipChange,
  tailRecord,
  tenantRecord,
} from './records.ts';
import { Poison, recover, withoutEvents } from './replay.ts';
import { stateHash } from './snapshots.ts';
import { StoredLog } from './stored-log.ts';

/** Every stream gets a new epoch, because it is unknown which events are lost. */
export async function acceptLoss(store: Store): Promise<string> {
  if (store.losses === null)
    throw new Error('no acknowledged change is missing: there is no loss to accept');
  const tenants = await newTenantEpochs(store, () => true);
  const births = new Map<string, Change>();
  for (const id of (await journalsIn(store)).born)
    births.set(id, newEpoch(await birthRecordOf(store, id)));
  // All in the same flush: the flush that writes them also hides the loss from the next start.
  await Promise.all([
    store.records.put(tenants),
    ...[...births].map(([id, birth]) => store.journal(id).put([birth])),
  ]);
  return 'the loss is accepted: the next start continues without the lost changes';
}

/** Every replay skips the entry, which must be the one that breaks a law. */
export async function skipEntry(store: Store, id: string, seq: number): Promise<string> {
  const { tenant } = await birthRecordOf(store, id);
  const poison = await recover(store, id, withoutEvents).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(poison instanceof Poison) || poison.seq !== seq)
    throw new Error(
      `entry ${seq} of filesystem ${id} does not break a law; only the entry that does can be ` +
        'skipped',
    );
  // The skipped entry was not executed, so its Idempotency-Key is free again. The entries after it
  // in its batch are executed by the next replay, and no event of theirs was ever sent.
  const records = await newTenantEpochs(store, (name) => name === tenant);
  for await (const [key, body] of store.records.entries(recordKeys.answers)) {
    const { became } = answerRecord.decode(body, key);
    if (became !== null && 'seq' in became && became.id === id && became.seq === seq)
      records.push(removal(key));
  }
  await put(store, id, [skipChange(seq)], records);
  return `${id}: entry ${seq} is skipped from now on`;
}

/** Deletes an entry, which must be the first of a batch, and all later entries. */
export async function cutBefore(store: Store, id: string, seq: number): Promise<string> {
  const birth = await birthRecordOf(store, id);
  const journal = store.journal(id);
  const snapshots: number[] = [];
  for await (const key of journal.keys(journalKeys.snapshots))
    if (isManifest(key)) snapshots.push(seqOf(key));
  // Only the newest two, because parts of an older snapshot may be deleted already.
  const kept = snapshots.slice(-2).filter((at) => at < seq);
  await demandWay(journal, id, seq, kept);
  const changes: Change[] = [];
  for await (const key of journal.keys(journalKeys.batches, { from: journalKeys.batch(seq) }))
    changes.push(removal(key));
  // A skip after the cut must go too, because a new entry will get that number.
  for await (const key of journal.keys(journalKeys.skips, { from: journalKeys.skip(seq) }))
    changes.push(removal(key));
  for (const at of snapshots)
    if (!kept.includes(at)) changes.push(removal(journalKeys.manifest(at)));
  changes.push(tailRecord.change(journalKeys.tail, [seq - 1, 0]), newEpoch(birth));
  await put(store, id, changes, await newHistory(store, birth.tenant));
  return `${id}: now ends before entry ${seq}`;
}

/**
 * Throws if no replay can reach the state before entry `seq`. That entry must be the first of a
 * batch, or be missing. `snapshots` are those that stay after the cut.
 */
async function demandWay(
  journal: Journal,
  id: string,
  seq: number,
  snapshots: readonly number[],
): Promise<void> {
  let first = seq;
  let next = 0;
  for await (const key of journal.keys(journalKeys.batches)) {
    const begin = seqOf(key);
    if (begin >= seq) break;
    if (next === 0) first = begin;
    else if (begin !== next)
      throw new Error(
        `filesystem ${id}: entry ${next} is missing, so no later entry can stay; cut before ` +
          `entry ${next}`,
      );
    const body = (await journal.get(key)) ?? new Uint8Array(0);
    const [, , , , , entries] = batchRecord.decode(body, `${key} of ${id}`);
    next = begin + entries.length;
  }
  if (next !== 0 && next !== seq)
    throw new Error(`entry ${seq} of filesystem ${id} is not the first of a batch`);
  if (first !== 1 && !snapshots.some((at) => at + 1 >= first))
    throw new Error(
      `the journal of filesystem ${id} begins with entry ${first}, and no snapshot has the ` +
        'state before it',
    );
}

/** Also removes a filesystem whose birth record is lost and of which only other records remain. */
export async function removeFilesystem(store: Store, id: string): Promise<string> {
  const kinds = (await store.journals(journalKinds)).get(id);
  if (kinds === undefined) throw new Error(`there is no filesystem ${id}`);
  const tenant = kinds.has(journalKeys.birth) ? (await birthRecordOf(store, id)).tenant : null;
  const journal = store.journal(id);
  const changes = [removal(journalKeys.birth), removal(journalKeys.tail)];
  for (const kind of ['chunks', 'batches', 'snapshots', 'skips'] as const)
    for await (const key of journal.keys(journalKeys[kind])) changes.push(removal(key));
  await put(store, id, changes, tenant === null ? [] : await newHistory(store, tenant));
  return `${id}: deleted`;
}

/**
 * Deletes the last recorded time, so that the next start follows the clock of this host again. The
 * next start still begins no earlier than the newest entry of a filesystem with a real-time clock
 * and the newest token.
 */
export async function resetClock(store: Store): Promise<string> {
  await store.records.put([removal(recordKeys.clock)]);
  return 'clock: the recorded time is deleted';
}

/** Writes a snapshot of every filesystem, so that another release can start from it. */
export async function snapshotAll(store: Store, say: (line: string) => void): Promise<void> {
  const log = new StoredLog(store, { snapshotEntries: 0, snapshotBytes: 0 });
  for (const id of (await journalsIn(store)).born) {
    const recovered = await recover(store, id, withoutEvents);
    const { kernel, tail, unmounted } = recovered;
    if (unmounted || (tail.entries === 0 && tail.snapshots.length > 0)) continue;
    log.adopt({ filesystems: [recovered], unrecovered: [], pastEvents: new Map() });
    await log.snapshotNow(id, kernel, tail.digest);
    await tail.swept;
    say(`${id}: wrote a snapshot at entry ${kernel.seq}`);
  }
}

/**
 * Prints the state of the store. Returns true if a server would start and serve every filesystem.
 */
export async function report(
  store: Store,
  options: { losses: string | null; nowMs: number },
  say: (line: string) => void,
): Promise<boolean> {
  const { born, unknown } = await journalsIn(store);
  let good = true;
  const look = async (what: string, at: () => Promise<string>) => {
    try {
      say(`${what}: ${await at()}`);
    } catch (error) {
      good = false;
      say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const read = await readServerRecords(store).catch(journalErrorOf);
  const records = read instanceof JournalError ? noServerRecords() : read;
  await look('store', async () => {
    if (options.losses !== null)
      throw new JournalError(
        'damaged',
        `${options.losses}; to start without the lost changes, run --accept-loss`,
      );
    if (read instanceof JournalError) throw read;
    if (read.meta === null)
      throw new JournalError(
        'damaged',
        'the record that identifies it as a Pinhole store is missing',
      );
    if (unknown !== null) throw unknown;
    return `${born.length} filesystems`;
  });
  await look('tenants', async () => {
    const { tenants, tokens, answers, labs } = records;
    return (
      `${tenants.length}, with ${tokens.length} tokens, ${answers.size} answers and ` +
      `${labs.length} labs`
    );
  });
  const aheadMs = records.clockMs - options.nowMs;
  if (aheadMs > clockToleranceMs)
    say(
      `clock: ${new Date(records.clockMs).toISOString()} was recorded, ` +
        `${Math.round(aheadMs / 1000)} s ahead of this host; --reset-clock deletes that record`,
    );
  const known = new Set(records.tenants.map(({ name }) => name));
  for (const id of born) {
    const { tenant, args } = await birthRecordOf(store, id);
    await look(`${id} (${tenant}/${args.name})`, async () => {
      if (!known.has(tenant))
        throw new JournalError('damaged', 'the record of its tenant is missing');
      const { kernel } = await recover(store, id, withoutEvents);
      return `good, up to entry ${kernel.seq}, state ${await stateHash(kernel, new Map())}`;
    });
  }
  return good;
}

/** The clock may be behind by this much before the report mentions it. */
const clockToleranceMs = 60_000;

/** Returns the error if it is a JournalError, else throws it. */
function journalErrorOf(error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  throw error;
}

/**
 * All filesystems of the store; `unknown` has the errors of those whose birth record is missing.
 */
async function journalsIn(
  store: Store,
): Promise<{ born: readonly string[]; unknown: JournalError | null }> {
  const found = await journalsOf(store).catch(journalErrorOf);
  if (!(found instanceof JournalError)) return { born: found.born, unknown: null };
  const kinds = await store.journals([journalKeys.birth]);
  return { born: [...kinds.keys()].sort(), unknown: found };
}

const put = (
  store: Store,
  id: string,
  changes: readonly Change[],
  records: readonly Change[],
): Promise<void> =>
  new Promise((resolve, reject) =>
    store
      .journal(id)
      .commit(changes, (error) => (error === null ? resolve() : reject(error)), records),
  );

const newEpoch = (birth: BirthRecord): Change =>
  birthRecord.change(journalKeys.birth, { ...birth, epoch: newId() });

async function newTenantEpochs(store: Store, whose: (name: string) => boolean): Promise<Change[]> {
  const { tenants } = await readServerRecords(store);
  return tenants
    .filter(({ name }) => whose(name))
    .map((tenant) =>
      tenantRecord.change(recordKeys.tenant(tenant.name), { ...tenant, epoch: newId() }),
    );
}

/**
 * A new epoch of the tenant's stream. Stored answers of the tenant are dropped, because they may
 * describe work that is now undone. A repeated request gets `answer-not-kept`.
 */
async function newHistory(store: Store, tenant: string): Promise<Change[]> {
  const changes = await newTenantEpochs(store, (name) => name === tenant);
  const { tenants } = await readServerRecords(store);
  const owner = tenants.find(({ name }) => name === tenant)?.id;
  if (owner === undefined) return changes;
  for await (const [key, body] of store.records.entries(recordKeys.answersOf(owner))) {
    const record = answerRecord.decode(body, key);
    changes.push(answerRecord.change(key, { ...record, became: null, answer: null }));
  }
  return changes;
}
