// Opens LevelDB even if the disk is full: first with the space of the reserves, and if that does
// not suffice, as soon as the disk has space.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { causeOf, isFull, Reserve } from './disk-room.ts';
import { JournalError } from './journal-error.ts';

import type { Level } from './sealed.ts';
import type { Untouched } from './untouched.ts';

export interface LevelStoreOptions {
  directory: string;
  /** Size of the reserves together, in bytes; 0 for none. */
  reserveBytes: number;
  /**
   * Ascending prefixes of the kinds that have many keys. A replay notices if one of those is
   * missing; the census of the store counts all others.
   */
  bulk: readonly string[];
  /**
   * Called with the first failed flush. There is no second one, because the store then accepts
   * nothing more.
   */
  onFailed(error: JournalError): void;
  /**
   * Called if an earlier start was killed before it had accepted the store. Its changes are undone.
   */
  onPutBack?(): void;
  /** Called when the disk becomes full, and when it has space again. */
  onFull?(full: boolean): void;
  /** Interval between two checks of the free space, in milliseconds. */
  lookMs?: number;
  /** Open the store even if acknowledged changes are lost, so that an operator can inspect it. */
  despiteLoss?: boolean;
  /** Replaces the disk in a test. */
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

/** Tries first without the reserves, then gives up one, then the other. */
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

/** Whether this is an I/O error, in the form of Node or of LevelDB. */
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
  // An I/O error of the disk says nothing about the contents of the store.
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
        // Another process with a release that did not use `lock/` has the store open.
        if (causeOf(error).code === 'LEVEL_LOCKED') untouched.forget();
        throw error;
      }
    });
  } catch (error) {
    throw refusalOf(error, directory);
  }
}

/**
 * Prevents two processes from using the directory, even before the store is read. The lock is that
 * of an empty LevelDB. If that database is damaged, its files are deleted; LOCK shows that no other
 * process uses it.
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

/** Waits while there is too little space to open the store, and while `wanted` returns true. */
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
