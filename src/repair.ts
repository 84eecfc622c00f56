// pinhole repair: looks at a journal that a server refuses to start on, and does what it is explicitly told to. Without an order it changes
// nothing. Whatever takes something back that was told begins new histories: no cursor of before is taken for one of them.
import { join, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { bulkPrefixes } from './durable.ts';
import { type AnswerRecord, batchKey, DurableLog, type TailRecord, tailKey } from './engine/durable-log.ts';
import { birthsOf, goneOf, Poison, recover, skipChange } from './engine/recovery.ts';
import { manifestsOf, seqKey, stateHash } from './engine/snapshots.ts';
import { answerPrefix } from './http/answers.ts';
import { decode, encode } from './journal/codec.ts';
import { JournalError } from './journal/journal-error.ts';
import { type Change, Store } from './journal/store.ts';
import { newId } from './tenants/new-id.ts';
import { recordsOf } from './tenants/records.ts';
import type { TenantRecord } from './tenants/tenants.ts';
import type { TokenRecord } from './tenants/tokens.ts';

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
  if (!/^\d{1,15}$/.test(text)) throw new CommanderError(1, 'pinhole.number', `${text} is not a whole number`);
  return Number(text);
};

function ordersOf(argv: readonly string[]): Orders {
  const orders = new Command('pinhole repair')
    .description('Looks at the journal of a server that is not running. Without an order nothing is changed.')
    .option('--data-dir <directory>', 'what the server was started with', './pinhole-data')
    .option('--snapshot', 'keep the state of every filesystem as it is now, which a release with another machine can go on from')
    .option('--accept-loss', 'go on without the changes that were acknowledged and are gone')
    .option('--filesystem <id>', 'the filesystem that the next three are about')
    .option('--skip <entry>', 'leave the entry that breaks a law out, now and in every replay to come', wholeNumber)
    .option('--cut-before <entry>', 'forget this entry, which begins a batch, and all that follow', wholeNumber)
    .option('--remove', 'forget the whole filesystem')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv, { from: 'user' })
    .opts<Orders>();
  const { filesystem, skip, cutBefore, remove } = orders;
  const about = [skip, cutBefore, remove].filter((order) => order !== undefined).length;
  if (about > 1) throw new Error('--skip, --cut-before and --remove are one order each');
  if ((about === 1) !== (filesystem !== undefined)) throw new Error('--filesystem goes with --skip, --cut-before or --remove');
  return orders;
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** The exit code: 0 where a server would start, 3 where not. Throws a JournalError, or what is wrong with the order. */
export async function repair(argv: readonly string[]): Promise<number> {
  const orders = ordersOf(argv);
  const directory = join(resolve(orders.dataDir), 'journal');
  const store = await Store.open({ directory, reserveBytes: 0, bulk: bulkPrefixes, onFailed() {} }, orders.acceptLoss === true);
  try {
    if (orders.acceptLoss === true) {
      await store.put([...(await newHistory(store)), ...(await newHistoriesOfFilesystems(store))]);
      say('what is gone is gone: the next start will not mention it');
    }
    if (orders.filesystem !== undefined) await obey(store, orders.filesystem, orders);
    if (orders.snapshot === true) await snapshotAll(store);
    return await report(store);
  } finally {
    await store.close();
  }
}

async function obey(store: Store, id: string, { skip, cutBefore, remove }: Orders): Promise<void> {
  if (!(await birthsOf(store)).has(id)) throw new Error(`there is no filesystem ${id}`);
  if (skip !== undefined) await skipEntry(store, id, skip);
  if (cutBefore !== undefined) await cut(store, id, cutBefore);
  if (remove === true) await removeAll(store, id);
}

async function skipEntry(store: Store, id: string, seq: number): Promise<void> {
  const poison = await replayOf(store, id).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(poison instanceof Poison) || poison.seq !== seq)
    throw new Error(`entry ${seq} of filesystem ${id} is not the one that breaks a law`);
  await store.put([skipChange(id, seq)]);
  say(`${id}: entry ${seq} is left out from now on`);
}

async function cut(store: Store, id: string, seq: number): Promise<void> {
  const changes: Change[] = [];
  for await (const key of store.keys(`j/${id}/`, batchKey(id, seq))) changes.push({ key, value: null });
  if (changes[0]?.key !== batchKey(id, seq)) throw new Error(`no batch of filesystem ${id} begins with entry ${seq}`);
  // What was to be left out behind the cut would leave out what comes in its place.
  for await (const key of store.keys(`x/${id}/`)) if (key >= `x/${id}/${seqKey(seq)}`) changes.push({ key, value: null });
  const manifests = await manifestsOf(store, id);
  const later = manifests.filter((manifest) => manifest.seq >= seq);
  if (later.length > 0 && later.length === manifests.length && manifests.length > 1) {
    throw new Error(`the journal of filesystem ${id} begins behind entry ${seq}: there is nothing to go back to`);
  }
  for (const manifest of later) changes.push({ key: `s/${id}/${seqKey(manifest.seq)}/m`, value: null });
  changes.push(
    { key: tailKey(id), value: encode([seq - 1, 0] satisfies TailRecord) },
    ...(await newHistory(store, { id, from: seq })),
  );
  changes.push(...(await newHistoriesOfFilesystems(store, id)));
  await store.put(changes);
  say(`${id}: ends before entry ${seq}`);
}

async function removeAll(store: Store, id: string): Promise<void> {
  const changes: Change[] = [
    { key: `fs/${id}`, value: null },
    { key: tailKey(id), value: null },
  ];
  for (const kind of ['c', 'j', 's', 'x'])
    for await (const key of store.keys(`${kind}/${id}/`)) changes.push({ key, value: null });
  await store.put([...changes, ...(await newHistory(store, { id, from: 0 }))]);
  say(`${id}: is gone`);
}

/**
 * New epochs for the streams of the tenants, of all or of the one with the filesystem; and nobody knows any more what became of the requests
 * whose entries are gone.
 */
async function newHistory(store: Store, gone?: { id: string; from: number }): Promise<Change[]> {
  const tenant = gone === undefined ? undefined : (await birthsOf(store)).get(gone.id)?.tenant;
  const changes: Change[] = [];
  for (const record of await recordsOf<TenantRecord>(store, 'tenant/')) {
    if (gone !== undefined && record.name !== tenant) continue;
    changes.push({ key: `tenant/${record.name}`, value: encode({ ...record, epoch: newId() } satisfies TenantRecord) });
  }
  for await (const [key, body] of store.entries(answerPrefix)) {
    const record = decode(body) as AnswerRecord;
    const { became } = record;
    if (became === null || 'tenant' in became || became.id !== gone?.id || became.seq < gone.from) continue;
    changes.push({ key, value: encode({ ...record, became: null } satisfies AnswerRecord) });
  }
  return changes;
}

/** New epochs for the streams of all filesystems, or of one. */
async function newHistoriesOfFilesystems(store: Store, only?: string): Promise<Change[]> {
  const births = [...(await birthsOf(store))].filter(([id]) => only === undefined || id === only);
  return births.map(([id, birth]) => ({ key: `fs/${id}`, value: encode({ ...birth, epoch: newId() }) }));
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
    if (unmounted || tail.entries === 0) continue;
    log.resume(id, tail);
    await log.snapshotNow(id, kernel, tail.digest);
    await tail.swept;
    say(`${id}: a snapshot at entry ${kernel.seq}`);
  }
}

async function report(store: Store): Promise<number> {
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
    if ((await store.get('meta')) === null) throw new JournalError('damaged', 'it does not say what it is');
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
      if (!tenants.has(birth.tenant)) throw new JournalError('damaged', 'nothing is known of its tenant');
      const { kernel } = await recover(store, id, birth, { eventsMax: 1 });
      return `good, up to entry ${kernel.seq}, state ${await stateHash(kernel, new Map())}`;
    });
  }
  return bad === 0 ? 0 : 3;
}
