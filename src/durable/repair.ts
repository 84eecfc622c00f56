// pinhole repair: inspects a journal that a server does not start on. It changes the journal only
// when an option asks for it. An option that undoes acknowledged work starts new epochs, because a
// client with an older cursor must be rejected instead of silently missing events.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { answerPrefix } from '../http/answers.ts';
import { decode, encode } from '../journal/codec.ts';
import { JournalError } from '../journal/journal-error.ts';
import { type Change, Store } from '../journal/level-store.ts';
import type { TenantRecord } from '../tenants/tenants.ts';
import type { TokenRecord } from '../tenants/tokens.ts';
import { newId } from './new-id.ts';
import { bulkPrefixes, knownMeta } from './read.ts';
import { recordsOf } from './records.ts';
import { birthsOf, goneOf, Poison, recover, type StoredBirth, skipChange } from './replay.ts';
import { seqKey, stateHash } from './snapshots.ts';
import {
  type AnswerRecord,
  type BatchRecord,
  batchKey,
  DurableLog,
  type TailRecord,
  tailKey,
} from './stored-log.ts';

interface Orders {
  dataDir: string;
  acceptLoss?: true;
  snapshot?: true;
  filesystem?: string;
  skip?: number;
  cutBefore?: number;
  remove?: true;
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text))
    throw new CommanderError(1, 'pinhole.number', `${text} is not a whole number`);
  return Number(text);
};

function ordersOf(argv: readonly string[]): Orders {
  const orders = new Command('pinhole repair')
    .description(
      'Inspects the journal of a server that is not running. Without --snapshot, ' +
        '--accept-loss, --skip, --cut-before or --remove it changes nothing.',
    )
    .addOption(
      new Option('--data-dir <directory>', 'the --data-dir of the server')
        .env('PINHOLE_DATA_DIR')
        .default('./pinhole-data'),
    )
    .option(
      '--snapshot',
      'write a snapshot of every filesystem, so that a release whose machine behaves ' +
        'differently can continue from it',
    )
    .option(
      '--accept-loss',
      'accept that acknowledged changes are lost, so that the server starts without them',
    )
    .option('--filesystem <id>', 'the filesystem for --skip, --cut-before or --remove')
    .option(
      '--skip <entry>',
      'skip this entry, which breaks a law of the machine, in every replay from now on',
      wholeNumber,
    )
    .option(
      '--cut-before <entry>',
      'delete this entry, which must be the first of a batch, and all later entries',
      wholeNumber,
    )
    .option('--remove', 'delete the whole filesystem')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv, { from: 'user' })
    .opts<Orders>();
  const { filesystem, skip, cutBefore, remove } = orders;
  const about = [skip, cutBefore, remove].filter((order) => order !== undefined).length;
  if (about > 1) throw new Error('--skip, --cut-before and --remove cannot be combined');
  if ((about === 1) !== (filesystem !== undefined))
    throw new Error(
      '--filesystem must be given together with exactly one of --skip, --cut-before or --remove',
    );
  return orders;
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * Returns the exit code: 0 if a server would start and serve every filesystem, else 3. Throws a
 * JournalError, or an Error if the options make no sense.
 */
export async function repair(argv: readonly string[]): Promise<number> {
  const orders = ordersOf(argv);
  const directory = join(resolve(orders.dataDir), 'journal');
  demandJournal(directory);
  const store = await Store.open(
    { directory, reserveBytes: 0, bulk: bulkPrefixes, onFailed() {} },
    true,
  );
  try {
    if (orders.acceptLoss === true) await forgetLoss(store);
    else if (store.losses !== null && (orders.filesystem ?? orders.snapshot) !== undefined)
      throw new JournalError('damaged', `${store.losses}; run --accept-loss first`);
    if (orders.filesystem !== undefined) await obey(store, orders.filesystem, orders);
    if (orders.snapshot === true) await snapshotAll(store);
    return await report(store, orders.acceptLoss === true ? null : store.losses);
  } finally {
    await store.close();
  }
}

/** Throws if the directory has no journal, or cannot be read. */
function demandJournal(directory: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (!names.includes('store') && !names.includes('untouched'))
    throw new Error(`there is no journal in ${directory}`);
}

async function obey(store: Store, id: string, { skip, cutBefore, remove }: Orders): Promise<void> {
  if (remove === true) return removeAll(store, id);
  const birth = (await birthsOf(store)).get(id);
  if (birth === undefined) throw new Error(`there is no filesystem ${id}`);
  if (skip !== undefined) await skipEntry(store, id, skip, birth.tenant);
  if (cutBefore !== undefined) await cut(store, id, cutBefore, birth);
}

/** Every stream gets a new epoch, because it is unknown which events are lost. */
async function forgetLoss(store: Store): Promise<void> {
  if (store.losses === null)
    throw new Error('no acknowledged change is missing: there is no loss to accept');
  const changes = await newTenantEpochs(store, () => true);
  for (const [id, birth] of await birthsOf(store)) changes.push(newEpoch(id, birth));
  await store.put(changes);
  say('the loss is accepted: the next start goes on without the lost changes');
}

async function skipEntry(store: Store, id: string, seq: number, tenant: string): Promise<void> {
  const poison = await replayOf(store, id).then(
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
  const changes = [
    skipChange(id, seq),
    ...(await newTenantEpochs(store, (name) => name === tenant)),
  ];
  for await (const [key, body] of store.entries(answerPrefix)) {
    const { became } = decode(body) as AnswerRecord;
    if (became !== null && 'seq' in became && became.id === id && became.seq === seq)
      changes.push({ key, value: null });
  }
  await store.put(changes);
  say(`${id}: entry ${seq} is skipped from now on`);
}

async function cut(store: Store, id: string, seq: number, birth: StoredBirth): Promise<void> {
  const manifests: number[] = [];
  for await (const key of store.keys(`s/${id}/`))
    if (key.endsWith('/m')) manifests.push(Number(key.split('/')[2]));
  // Only the newest two, because parts of an older snapshot may be deleted already.
  const kept = manifests.slice(-2).filter((at) => at < seq);
  await demandWay(store, id, seq, kept);
  const changes: Change[] = [];
  for await (const key of store.keys(`j/${id}/`, batchKey(id, seq)))
    changes.push({ key, value: null });
  // A skip after the cut must go too, because a new entry will get that number.
  for await (const key of store.keys(`x/${id}/`))
    if (key >= `x/${id}/${seqKey(seq)}`) changes.push({ key, value: null });
  for (const at of manifests)
    if (!kept.includes(at)) changes.push({ key: `s/${id}/${seqKey(at)}/m`, value: null });
  changes.push(
    { key: tailKey(id), value: encode([seq - 1, 0] satisfies TailRecord) },
    newEpoch(id, birth),
  );
  changes.push(
    ...(await newTenantEpochs(store, (name) => name === birth.tenant)),
    ...(await noAnswers(store, birth.tenant)),
  );
  await store.put(changes);
  say(`${id}: now ends before entry ${seq}`);
}

/**
 * Throws if no replay can reach the state before entry `seq`. That entry must begin a batch, or be
 * missing.
 */
async function demandWay(
  store: Store,
  id: string,
  seq: number,
  manifests: readonly number[],
): Promise<void> {
  let first = seq;
  let next = 0;
  for await (const key of store.keys(`j/${id}/`)) {
    const begin = Number(key.slice(key.lastIndexOf('/') + 1));
    if (begin >= seq) break;
    if (next === 0) first = begin;
    else if (begin !== next)
      throw new Error(
        `filesystem ${id}: entry ${next} is missing, so no later entry can stay; cut before ` +
          `entry ${next}`,
      );
    const [, , , , , entries] = decode((await store.get(key)) ?? new Uint8Array(0)) as BatchRecord;
    next = begin + entries.length;
  }
  if (next !== 0 && next !== seq)
    throw new Error(`entry ${seq} of filesystem ${id} is not the first of a batch`);
  if (first !== 1 && !manifests.some((at) => at + 1 >= first))
    throw new Error(
      `the journal of filesystem ${id} begins with entry ${first}, and no snapshot has the ` +
        'state before it',
    );
}

/** Also removes a filesystem whose birth record is lost and of which only other records remain. */
async function removeAll(store: Store, id: string): Promise<void> {
  const tenant = (await birthsOf(store)).get(id)?.tenant;
  const changes: Change[] = [
    { key: `fs/${id}`, value: null },
    { key: tailKey(id), value: null },
  ];
  const { length } = changes;
  for (const kind of ['c', 'j', 's', 'x'])
    for await (const key of store.keys(`${kind}/${id}/`)) changes.push({ key, value: null });
  if (tenant === undefined && changes.length === length)
    throw new Error(`there is no filesystem ${id}`);
  if (tenant !== undefined)
    changes.push(
      ...(await newTenantEpochs(store, (name) => name === tenant)),
      ...(await noAnswers(store, tenant)),
    );
  await store.put(changes);
  say(`${id}: deleted`);
}

const newEpoch = (id: string, birth: StoredBirth): Change => ({
  key: `fs/${id}`,
  value: encode({ ...birth, epoch: newId() }),
});

async function newTenantEpochs(store: Store, whose: (name: string) => boolean): Promise<Change[]> {
  const tenants = await recordsOf<TenantRecord>(store, 'tenant/');
  return tenants
    .filter(({ name }) => whose(name))
    .map((record) => ({
      key: `tenant/${record.name}`,
      value: encode({ ...record, epoch: newId() } satisfies TenantRecord),
    }));
}

/**
 * Stored answers of the tenant are dropped, because they may describe work that is now undone. A
 * repeated request gets `answer-not-kept`.
 */
async function noAnswers(store: Store, tenant: string): Promise<Change[]> {
  const owner = (await recordsOf<TenantRecord>(store, 'tenant/')).find(
    ({ name }) => name === tenant,
  )?.id;
  const changes: Change[] = [];
  if (owner === undefined) return changes;
  for await (const [key, body] of store.entries(`${answerPrefix}${owner}/`)) {
    const record = decode(body) as AnswerRecord;
    changes.push({
      key,
      value: encode({ ...record, became: null, answer: null } satisfies AnswerRecord),
    });
  }
  return changes;
}

/** Replays a filesystem exactly as a starting server does. */
async function replayOf(store: Store, id: string) {
  const birth = (await birthsOf(store)).get(id);
  if (birth === undefined) throw new Error(`there is no filesystem ${id}`);
  return recover(store, id, birth, { eventsMax: 1 });
}

async function snapshotAll(store: Store): Promise<void> {
  const log = new DurableLog(store, { snapshotEntries: 0, snapshotBytes: 0 });
  for (const id of (await birthsOf(store)).keys()) {
    const { kernel, tail, unmounted } = await replayOf(store, id);
    if (unmounted || (tail.entries === 0 && tail.snapshots.length > 0)) continue;
    log.resume(id, tail);
    await log.snapshotNow(id, kernel, tail.digest);
    await tail.swept;
    say(`${id}: wrote a snapshot at entry ${kernel.seq}`);
  }
}

async function report(store: Store, losses: string | null): Promise<number> {
  const births = await birthsOf(store);
  let bad = 0;
  const look = async (what: string, at: () => Promise<string>) => {
    try {
      say(`${what}: ${await at()}`);
    } catch (error) {
      bad += 1;
      say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const tenants = new Set<string>();
  await look('store', async () => {
    if (losses !== null)
      throw new JournalError(
        'damaged',
        `${losses}; to start without the lost changes, run --accept-loss`,
      );
    if ((await knownMeta(store)) === null)
      throw new JournalError(
        'damaged',
        'the record that identifies it as a Pinhole store is missing',
      );
    await goneOf(store, births);
    return `${births.size} filesystems`;
  });
  await look('tenants', async () => {
    for (const { name } of await recordsOf<TenantRecord>(store, 'tenant/')) tenants.add(name);
    const tokens = await recordsOf<TokenRecord>(store, 'token/');
    const answers = await recordsOf<AnswerRecord>(store, answerPrefix);
    return `${tenants.size}, with ${tokens.length} tokens and ${answers.length} answers`;
  });
  for (const [id, birth] of births) {
    await look(`${id} (${birth.tenant}/${birth.args.name})`, async () => {
      if (!tenants.has(birth.tenant))
        throw new JournalError('damaged', 'the record of its tenant is missing');
      const { kernel } = await recover(store, id, birth, { eventsMax: 1 });
      return `good, up to entry ${kernel.seq}, state ${await stateHash(kernel, new Map())}`;
    });
  }
  return bad === 0 ? 0 : 3;
}
