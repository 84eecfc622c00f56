// Opens LevelDB, also where the disk is full: from the reserves, and where those do not do, as soon as there is room.
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { causeOf, isFull, Reserve } from './disk-room.ts';
import { JournalError } from './journal-error.ts';
import type { Level } from './sealed.ts';
import type { StoreOptions } from './store.ts';

const retryMs = 500;

async function openAt(location: string): Promise<Level> {
  const level: Level = new ClassicLevel(location, { keyEncoding: 'utf8', valueEncoding: 'view' });
  await level.open();
  return level;
}

export const reserveOf = ({ directory, reserveBytes }: StoreOptions) =>
  new Reserve(directory, 'reserve', Math.floor(reserveBytes / 2));
export const openReserveOf = ({ directory, reserveBytes }: StoreOptions) =>
  new Reserve(directory, 'reserve-open', Math.floor(reserveBytes / 2));

async function openLevel(options: StoreOptions): Promise<Level> {
  const { directory, openLevel: open = openAt } = options;
  const location = join(directory, 'store');
  const openGivingUp = (reserve: Reserve, error: unknown): Promise<Level> => {
    if (!isFull(error)) throw error;
    reserve.giveUp();
    return open(location);
  };
  try {
    return await open(location)
      .catch((error: unknown) => openGivingUp(reserveOf(options), error))
      .catch((error: unknown) => openGivingUp(openReserveOf(options), error));
  } catch (error) {
    const cause = causeOf(error);
    if (isFull(error)) throw new JournalError('full', `the disk is too full to open the store in ${location}`, error);
    if (cause.code === 'LEVEL_LOCKED') throw new JournalError('locked', `another process has the journal in ${directory}`, error);
    // What the disk says is not what the store says of its contents.
    const kind = /Input\/output error/.test(cause.message) ? 'failed' : 'damaged';
    throw new JournalError(kind, `the store in ${location} does not open: ${cause.message}`, error);
  }
}

/** Waits for as long as there is not even room to open it, and it is wanted. */
export async function openWhenThereIsRoom(options: StoreOptions, wanted = () => true): Promise<Level> {
  for (let told = false; ; told = true) {
    try {
      return await openLevel(options);
    } catch (error) {
      if (!(error instanceof JournalError) || error.kind !== 'full' || !wanted()) throw error;
      if (!told) options.onFull?.(true);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
