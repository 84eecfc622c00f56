// pinhole repair: inspects a journal that no server uses. It changes the journal only when an
// option asks for it.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { bulkPrefixes } from '../durable/keys.ts';
import {
  acceptLoss,
  cutBefore,
  removeFilesystem,
  report,
  resetClock,
  skipEntry,
  snapshotAll,
} from '../durable/repair.ts';
import { JournalError } from '../journal/journal-error.ts';
import { LevelStore } from '../journal/level-store.ts';
import { Ended } from './lib/exit.ts';
import { example } from './lib/help.ts';
import { journalEnd } from './lib/journal-end.ts';

export interface RepairOrders {
  dataDir: string;
  acceptLoss?: true;
  snapshot?: true;
  resetClock?: true;
  filesystem?: string;
  skip?: number;
  cutBefore?: number;
  remove?: true;
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`${text} is not a whole number.`);
  return Number(text);
};

/** `act` is called with the orders. */
export function repairCommand(
  act: (orders: RepairOrders) => void | Promise<void> = runRepair,
): Command {
  const command = new Command('repair')
    .description(
      'Inspects the journal of a server that is not running. Without --snapshot, ' +
        '--accept-loss, --reset-clock, --skip, --cut-before or --remove it changes nothing.',
    )
    .addOption(
      new Option('--data-dir <directory>', 'the --data-dir of the server')
        .env('PINHOLE_DATA_DIR')
        .default('./pinhole-data'),
    )
    .option(
      '--snapshot',
      'write a snapshot of every filesystem, so that a release whose simulated machine ' +
        'behaves differently can start from it',
    )
    .option(
      '--accept-loss',
      'accept that acknowledged changes are lost, so that the server starts without them',
    )
    .option(
      '--reset-clock',
      'delete the recorded time; for use after the clock of this host was set far ahead ' +
        'by mistake',
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
    .action((orders: RepairOrders) => act(orders));
  return example(command, 'pinhole repair --data-dir ./pinhole-data');
}

/** Ends the command with the code of the result. */
async function runRepair(orders: RepairOrders): Promise<void> {
  let code: number;
  try {
    code = await repair(orders);
  } catch (error) {
    throw journalEnd(error);
  }
  if (code !== 0) throw new Ended(code);
}

/** Throws if the options make no sense together. */
function demandClear({ filesystem, skip, cutBefore: cut, remove }: RepairOrders): void {
  const about = [skip, cut, remove].filter((order) => order !== undefined).length;
  if (about > 1) throw new Error('--skip, --cut-before and --remove cannot be combined');
  if ((about === 1) !== (filesystem !== undefined))
    throw new Error(
      '--filesystem must be given together with exactly one of --skip, --cut-before or --remove',
    );
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

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/**
 * Returns the exit code: 0 if a server would start and serve every filesystem, else 3. Throws a
 * JournalError, or an Error if the options make no sense.
 */
export async function repair(orders: RepairOrders): Promise<number> {
  demandClear(orders);
  const directory = join(resolve(orders.dataDir), 'journal');
  demandJournal(directory);
  const store = await LevelStore.open({
    directory,
    reserveBytes: 0,
    bulk: bulkPrefixes,
    despiteLoss: true,
    onFailed() {},
  });
  try {
    await obey(store, orders);
    const losses = orders.acceptLoss === true ? null : store.losses;
    return (await report(store, { losses, nowMs: Date.now() }, say)) ? 0 : 3;
  } finally {
    await store.close();
  }
}

async function obey(store: LevelStore, orders: RepairOrders): Promise<void> {
  const { filesystem, skip, cutBefore: cut, remove } = orders;
  if (orders.acceptLoss === true) say(await acceptLoss(store));
  else if (store.losses !== null && (filesystem ?? orders.snapshot ?? orders.resetClock))
    throw new JournalError('damaged', `${store.losses}; run --accept-loss first`);
  if (orders.resetClock === true) say(await resetClock(store));
  if (filesystem !== undefined) {
    if (skip !== undefined) say(await skipEntry(store, filesystem, skip));
    if (cut !== undefined) say(await cutBefore(store, filesystem, cut));
    if (remove === true) say(await removeFilesystem(store, filesystem));
  }
  if (orders.snapshot === true) await snapshotAll(store, say);
}
