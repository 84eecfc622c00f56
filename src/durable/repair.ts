// pinhole repair: looks at a journal that a server refuses to start on, and does what it is
// explicitly told to. Without an order it changes nothing. Whatever takes something back that was
// told begins new histories: no cursor of before is taken for one of them.
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
      'Looks at the journal of a server that is not running. Without an order nothing is changed.',
    )
    .addOption(
      new Option('--data-dir <directory>', 'what the server was started with')
        .env('PINHOLE_DATA_DIR')
        .default('./pinhole-data'),
    )
    .option(
      '--snapshot',
      'keep the state of every filesystem as it is now, which a release with another machine can go on from',
    )
    .option('--accept-loss', 'go on without the changes that were acknowledged and are gone')
    .option('--filesystem <id>', 'the filesystem that the next three are about')
    .option(
      '--skip <entry>',
      'leave the entry that breaks a law out, now and in every replay to come',
      wholeNumber,
    )
    .option(
      '--cut-before <entry>',
      'forget this entry, which begins a batch, and all that follow',
      wholeNumber,
    )
    .option('--remove', 'forget the whole filesystem')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv, { from: 'user' })
    .opts<Orders>();
  const { filesystem, skip, cutBefore, remove } = orders;
  const about = [skip, cutBefore, remove].filter((order) => order !== undefined).length;
  if (about > 1) throw new Error('--skip, --cut-before and --remove are one order each');
  if ((about === 1) !== (filesystem !== undefined))
    throw new Error('--filesystem goes with --skip, --cut-before or --remove');
  return orders;
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * The exit code: 0 where a server would start, 3 where not. Throws a JournalError, or what is wrong
 * with the order.
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
      throw new JournalError('damaged', `${store.losses}; --accept-loss comes first`);
    if (orders.filesystem !== undefined) await obey(store, orders.filesystem, orders);
    if (orders.snapshot === true) await snapshotAll(store);
    return await report(store, orders.acceptLoss === true ? null : store.losses);
  } finally {
    await store.close();
  }
}

/** Throws where there is none, or none that may be read. */
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

/** Nobody knows which events are gone: every stream begins anew. */
async function forgetLoss(store: Store): Promise<void> {
  if (store.losses === null)
    throw new Error('nothing is missing of what was acknowledged: there is no loss to accept');
  const changes = await newTenantEpochs(store, () => true);
  for (const [id, birth] of await birthsOf(store)) changes.push(newEpoch(id, birth));
  await store.put(changes);
  say('what is gone is gone: the next start will not mention it');
}

async function skipEntry(store: Store, id: string, seq: number, tenant: string): Promise<void> {
  const poison = await replayOf(store, id).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(poison instanceof Poison) || poison.seq !== seq)
    throw new Error(`entry ${seq} of filesystem ${id} is not the one that breaks a law`);
  // It was not done: who asked for it may ask again. What came behind it in its batch happens now,
  // and was told to nobody.
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
  say(`${id}: entry ${seq} is left out from now on`);
}

async function cut(store: Store, id: string, seq: number, birth: StoredBirth): Promise<void> {
  const manifests: number[] = [];
  for await (const key of store.keys(`s/${id}/`))
    if (key.endsWith('/m')) manifests.push(Number(key.split('/')[2]));
  // Of an older one parts may be deleted already.
  const kept = manifests.slice(-2).filter((at) => at < seq);
  await demandWay(store, id, seq, kept);
  const changes: Change[] = [];
  for await (const key of store.keys(`j/${id}/`, batchKey(id, seq)))
    changes.push({ key, value: null });
  // What was to be left out behind the cut would leave out what comes in its place.
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
  say(`${id}: ends before entry ${seq}`);
}

/**
 * Throws where no start comes to the state before entry `seq`, which must be where a batch begins
 * or one is missing.
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
      throw new Error(`filesystem ${id}: entry ${next} is missing; nothing behind it can be kept`);
    const [, , , , , entries] = decode((await store.get(key)) ?? new Uint8Array(0)) as BatchRecord;
    next = begin + entries.length;
  }
  if (next !== 0 && next !== seq)
    throw new Error(`no batch of filesystem ${id} begins with entry ${seq}`);
  if (first !== 1 && !manifests.some((at) => at + 1 >= first))
    throw new Error(
      `the journal of filesystem ${id} begins with entry ${first}: there is nothing to go back to`,
    );
}

/** Also of one of which nothing but the rest is there. */
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
  say(`${id}: is gone`);
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
 * An answer may tell of what is gone: of what came with a key it is only said that it may have been
 * done.
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

/** As a server would bring it back. */
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
    say(`${id}: a snapshot at entry ${kernel.seq}`);
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
      throw new JournalError('damaged', `${losses}; --accept-loss goes on without what is gone`);
    if ((await knownMeta(store)) === null)
      throw new JournalError('damaged', 'it does not say what it is');
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
        throw new JournalError('damaged', 'nothing is known of its tenant');
      const { kernel } = await recover(store, id, birth, { eventsMax: 1 });
      return `good, up to entry ${kernel.seq}, state ${await stateHash(kernel, new Map())}`;
    });
  }
  return bad === 0 ? 0 : 3;
}
