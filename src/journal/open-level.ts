// Opens LevelDB, also where the disk is full: from the reserves, and where those do not do, as soon
// as there is room.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { causeOf, isFull, Reserve } from './disk-room.ts';
import { JournalError } from './journal-error.ts';

import type { Level } from './sealed.ts';
import type { Untouched } from './untouched.ts';

export interface LevelStoreOptions {
  directory: string;
  /** Size of the files that are given up when the disk is full; 0 is none. */
  reserveBytes: number;
  /**
   * Ascending prefixes of keys that come in great numbers. Whoever reads those can tell whether one
   * is missing; of the others the census of the store tells.
   */
  bulk: readonly string[];
  /** The first failed flush, which is also the last one. */
  onFailed(error: JournalError): void;
  /**
   * A start before was killed before it had looked: the files are again as they were before that.
   */
  onPutBack?(): void;
  /** The disk became full, or is no longer. */
  onFull?(full: boolean): void;
  /** How often to look whether there is room on the disk. */
  lookMs?: number;
  /** Opens also where acknowledged changes are gone, so that somebody can look and decide. */
  despiteLoss?: boolean;
  /** A disk of a test's own. */
  openLevel?(location: string): Promise<Level>;
}

const retryMs = 500;

async function openAt(location: string): Promise<Level> {
  const level: Level = new ClassicLevel(location, { keyEncoding: 'utf8', valueEncoding: 'view' });
  await level.open();
  return level;
}

export const reserveOf = ({ directory, reserveBytes }: LevelStoreOptions) =>
  new Reserve(directory, 'reserve', Math.floor(reserveBytes / 2));
export const openReserveOf = ({ directory, reserveBytes }: LevelStoreOptions) =>
  new Reserve(directory, 'reserve-open', Math.floor(reserveBytes / 2));

/** Tries without the reserves first. */
async function fromReserves(
  options: LevelStoreOptions,
  open: () => Promise<Level>,
): Promise<Level> {
  const openGivingUp = (reserve: Reserve, error: unknown): Promise<Level> => {
    if (!isFull(error)) throw error;
    reserve.giveUp();
    return open();
  };
  return await open()
    .catch((error: unknown) => openGivingUp(reserveOf(options), error))
    .catch((error: unknown) => openGivingUp(openReserveOf(options), error));
}

/** In the words of Node or of LevelDB. */
const isFailing = ({ code, message }: ReturnType<typeof causeOf>): boolean =>
  code === 'EIO' || /Input\/output error/.test(message);

function refusalOf(error: unknown, directory: string): JournalError {
  const cause = causeOf(error);
  if (isFull(error))
    return new JournalError(
      'full',
      `the disk is too full to open the store in ${directory}`,
      error,
    );
  if (cause.code === 'LEVEL_LOCKED')
    return new JournalError('locked', `another process uses the journal in ${directory}`, error);
  // What the disk says is not what the store says of its contents.
  const kind = isFailing(cause) ? 'failed' : 'damaged';
  return new JournalError(
    kind,
    `the store in ${directory} cannot be opened: ${cause.message}`,
    error,
  );
}

async function openLevel(options: LevelStoreOptions, untouched: Untouched): Promise<Level> {
  const { directory, openLevel: open = openAt } = options;
  try {
    return await fromReserves(options, async () => {
      if (untouched.keep()) options.onPutBack?.();
      try {
        return await open(join(directory, 'store'));
      } catch (error) {
        // By a release that did not take the lock beside it.
        if (causeOf(error).code === 'LEVEL_LOCKED') untouched.forget();
        throw error;
      }
    });
  } catch (error) {
    throw refusalOf(error, directory);
  }
}

/**
 * What keeps other processes away, from before the store is looked at: LevelDB's own lock, of a
 * store with nothing in it. Whatever else is wrong with that one, nobody has it.
 */
async function openLock(options: LevelStoreOptions): Promise<Level> {
  const location = join(options.directory, 'lock');
  const open = () => fromReserves(options, () => openAt(location));
  try {
    return await open().catch((error: unknown) => {
      const cause = causeOf(error);
      if (isFull(error) || isFailing(cause) || cause.code === 'LEVEL_LOCKED') throw error;
      for (const name of readdirSync(location))
        if (name !== 'LOCK') rmSync(join(location, name), { recursive: true });
      return open();
    });
  } catch (error) {
    throw refusalOf(error, options.directory);
  }
}

/** Waits for as long as there is not even room to open it, and it is wanted. */
async function whenThereIsRoom(
  options: LevelStoreOptions,
  open: () => Promise<Level>,
  wanted = () => true,
): Promise<Level> {
  for (let told = false; ; told = true) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof JournalError) || error.kind !== 'full' || !wanted()) throw error;
      if (!told) options.onFull?.(true);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

export const lockWhenThereIsRoom = (options: LevelStoreOptions): Promise<Level> =>
  whenThereIsRoom(options, () => openLock(options));
export const openWhenThereIsRoom = (
  options: LevelStoreOptions,
  untouched: Untouched,
  wanted?: () => boolean,
): Promise<Level> => whenThereIsRoom(options, () => openLevel(options, untouched), wanted);
