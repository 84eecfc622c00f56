// pinhole repair: looks at a journal that a server refuses to start on, and does what it is explicitly told to. Without an order it changes
// nothing.
import { join, resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { bulkPrefixes } from './durable.ts';
import { batchKey, tailKey } from './engine/durable-log.ts';
import { birthsOf, goneOf, recover, skipChange } from './engine/recovery.ts';
import { manifestsOf, seqKey, stateHash } from './engine/snapshots.ts';
import { encode } from './journal/codec.ts';
import { type Change, Store } from './journal/store.ts';

interface Orders {
  dataDir: string;
  acceptLoss?: true;
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
  return new Command('pinhole repair')
    .description('Looks at the journal of a server that is not running. Without an order nothing is changed.')
    .option('--data-dir <directory>', 'what the server was started with', './pinhole-data')
    .option('--accept-loss', 'go on without the changes that were acknowledged and are gone')
    .option('--filesystem <id>', 'the filesystem that the next three are about')
    .option('--skip <entry>', 'leave this entry out, now and in every replay to come', wholeNumber)
    .option('--cut-before <entry>', 'forget this entry, which begins a batch, and all that follow', wholeNumber)
    .option('--remove', 'forget the whole filesystem')
    .allowExcessArguments(false)
    .exitOverride()
    .parse(argv, { from: 'user' })
    .opts<Orders>();
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** The exit code: 0 where a server would start, 3 where not. Throws a JournalError or commander's own error. */
export async function repair(argv: readonly string[]): Promise<number> {
  const orders = ordersOf(argv);
  const directory = join(resolve(orders.dataDir), 'journal');
  const store = await Store.open({ directory, reserveBytes: 0, bulk: bulkPrefixes, onFailed() {} }, orders.acceptLoss === true);
  if (orders.acceptLoss === true) say('what is gone is gone: the next start will not mention it');
  try {
    if (orders.filesystem !== undefined) await obey(store, orders.filesystem, orders);
    return await report(store);
  } finally {
    await store.close();
  }
}

async function obey(store: Store, id: string, { skip, cutBefore, remove }: Orders): Promise<void> {
  if (!(await birthsOf(store)).has(id)) throw new Error(`there is no filesystem ${id}`);
  if (skip !== undefined) {
    await store.put([skipChange(id, skip)]);
    say(`${id}: entry ${skip} is left out from now on`);
  }
  if (cutBefore !== undefined) await cut(store, id, cutBefore);
  if (remove !== true) return;
  const changes: Change[] = [
    { key: `fs/${id}`, value: null },
    { key: tailKey(id), value: null },
  ];
  for (const kind of ['c', 'j', 's', 'x'])
    for await (const key of store.keys(`${kind}/${id}/`)) changes.push({ key, value: null });
  await store.put(changes);
  say(`${id}: is gone`);
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
  changes.push({ key: tailKey(id), value: encode(seq - 1) });
  await store.put(changes);
  say(`${id}: ends before entry ${seq}`);
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
  await look('store', async () => {
    await goneOf(store, births);
    return `${births.size} filesystems`;
  });
  for (const [id, birth] of births) {
    await look(`${id} (${birth.tenant}/${birth.args.name})`, async () => {
      const { kernel } = await recover(store, id, birth, { eventsMax: 1 });
      return `good, up to entry ${kernel.seq}, state ${await stateHash(kernel, new Map())}`;
    });
  }
  return bad === 0 ? 0 : 3;
}
