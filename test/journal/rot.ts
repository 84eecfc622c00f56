// Damages copies of a journal, one after the other, and prints what becomes of each: `noticed`,
// `harmless`, or what else. A process of its own: the store may fall over what it reads, which is a
// refusal too, if not a polite one.
//
//   node --import tsx test/journal/rot.ts <original> <good> <from>
import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { JournalError } from '../../src/journal/journal-error.ts';
import { dose } from '../dose.ts';
import { comesBack, freshFolder } from './kept.ts';

export interface Damage {
  what: string;
  inflict(folder: string): void;
}

/** Every file that is read; the store's own log of what it did is not. */
function filesOf(original: string): { name: string; size: number }[] {
  return (readdirSync(original, { recursive: true, encoding: 'utf8' }) as string[])
    .sort()
    .map((name) => ({ name, stat: statSync(join(original, name)) }))
    .filter(({ name, stat }) => stat.isFile() && !/(LOCK|LOG|LOG\.old)$/.test(name))
    .map(({ name, stat }) => ({ name, size: stat.size }));
}

const bits = dose(48, 2000);
const cutsOfEach = dose(3, 60);

/**
 * Bits spread over all bytes of all files, and cuts: each byte of a short file, some places of a
 * long one.
 */
export function damagesOf(original: string): Damage[] {
  const files = filesOf(original);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const damages: Damage[] = [];
  for (let i = 0; i < bits; i++) {
    const chance = (Math.imul(i + 1, 2_654_435_761) >>> 0) / 2 ** 32;
    let at = Math.floor(((i + chance) * bytes) / bits);
    const file = files.find(({ size }) => {
      if (at < size) return true;
      at -= size;
      return false;
    });
    if (file === undefined) throw new Error('every place lies in a file');
    const bit = i % 8;
    damages.push({
      what: `bit ${bit} of byte ${at} of ${file.name}`,
      inflict(folder) {
        const path = join(folder, file.name);
        const content = readFileSync(path);
        content[at] = (content[at] ?? 0) ^ (1 << bit);
        writeFileSync(path, content);
      },
    });
  }
  for (const { name, size } of files) {
    const step = Math.max(1, Math.floor(size / cutsOfEach));
    for (let length = 0; length < size; length += step) {
      damages.push({
        what: `${name} cut to ${length} of ${size}`,
        inflict: (folder) => truncateSync(join(folder, name), length),
      });
    }
  }
  return damages;
}

/** Of the journal; nobody reads what is in the lock. */
const contentsOf = (folder: string): string =>
  filesOf(folder)
    .filter(({ name }) => !name.startsWith('lock/'))
    .map(({ name }) => `${name} ${crc32(readFileSync(join(folder, name)))}`)
    .join();

/**
 * What becomes of a damaged folder, also at the second start, when the first one was refused.
 * Nothing is changed by looking.
 */
async function outcomeOf(folder: string, good: string): Promise<string> {
  let refused = false;
  const before = contentsOf(folder);
  for (;;) {
    if (contentsOf(folder) !== before) return 'changed the files';
    try {
      const back = await comesBack(folder);
      if (refused) return 'refused at first, and then not';
      if (contentsOf(folder) !== before) return 'changed the files';
      return back === good ? 'harmless' : 'another state';
    } catch (error) {
      if (!(error instanceof JournalError))
        return `threw ${error instanceof Error ? error.stack : String(error)}`;
      if (refused) return 'noticed';
      refused = true;
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [original = '', good = '', from = '0'] = process.argv.slice(2);
  const expected = readFileSync(good, 'utf8');
  const folder = freshFolder();
  for (const [index, { inflict }] of damagesOf(original).entries()) {
    if (index < Number(from)) continue;
    rmSync(folder, { recursive: true, force: true });
    cpSync(original, folder, { recursive: true });
    inflict(folder);
    process.stdout.write(`${JSON.stringify([index, await outcomeOf(folder, expected)])}\n`);
  }
  rmSync(folder, { recursive: true, force: true });
}
