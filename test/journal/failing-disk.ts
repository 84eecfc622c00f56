// A LevelDB in which some flushes fail.
import { ClassicLevel } from 'classic-level';
import type { Level } from '../../src/journal/sealed.ts';

export interface Flush {
  /** From 1, over all times that it is opened. */
  number: number;
  deleted: readonly string[];
}

/** The flushes of which `fails` says so fail with `message`, having written or not. */
export function failingDisk(fails: (flush: Flush) => boolean, message: string, written: boolean) {
  let number = 0;
  return async (location: string): Promise<Level> => {
    const level: Level = new ClassicLevel(location, { keyEncoding: 'utf8', valueEncoding: 'view' });
    await level.open();
    const batch = level.batch.bind(level) as () => ReturnType<Level['batch']>;
    Object.assign(level, {
      batch() {
        const chained = batch();
        const deleted: string[] = [];
        const del = chained.del.bind(chained) as (key: string) => typeof chained;
        chained.del = ((key: string) => {
          deleted.push(key);
          return del(key);
        }) as typeof chained.del;
        const write = chained.write.bind(chained);
        chained.write = (async (options: { sync: boolean }) => {
          number += 1;
          if (!fails({ number, deleted })) return write(options);
          if (written) await write(options);
          else await chained.close();
          throw new Error(message);
        }) as typeof chained.write;
        return chained;
      },
    });
    return level;
  };
}
