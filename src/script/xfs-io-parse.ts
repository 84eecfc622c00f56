// The command lines of xfs_io(8): `xfs_io -f -c "pwrite -S 0x61 0 64k" -c "fiemap -v" FILE`.
import { parse as shellWords } from 'shell-quote';
import { ScriptError } from './script-error.ts';

/** One command behind -c: its name, its flags with their values, and its numbers. */
export interface XfsIoCommand {
  name: string;
  flags: ReadonlyMap<string, string>;
  numbers: readonly number[];
}

export interface XfsIoCall {
  file: string;
  /** -f: creates the file. */
  create: boolean;
  /** -t: opens it with O_TRUNC. */
  truncate: boolean;
  commands: readonly XfsIoCommand[];
  line: number;
}

/** The flags of each command that take a value. Other flags take none. */
const valued: Readonly<Record<string, string>> = { pwrite: 'Sb', mwrite: 'S', pread: 'b' };

/** The flags of each command that are understood. */
const known: Readonly<Record<string, string>> = {
  pwrite: 'Sbqdw',
  pwritev: '',
  pread: 'vqb',
  falloc: 'k',
  fpunch: '',
  fzero: 'k',
  fcollapse: '',
  finsert: '',
  truncate: '',
  fiemap: 'v',
  seek: 'adhrs',
  mmap: 'rwxS',
  mread: 'vfr',
  mwrite: 'S',
  munmap: '',
  msync: 'asi',
  fsync: '',
  fdatasync: '',
  sync: '',
};

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 4096,
  s: 512,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/** `64k`, `0x1000`; null if it is no size, or too large to be exact. */
export function sizeOf(text: string): number | null {
  const [, digits, unit = ''] = /^(0x[0-9a-f]+|\d+)([bskmgtp]?)$/i.exec(text) ?? [];
  if (digits === undefined) return null;
  const bytes = Number(digits) * (units[unit.toLowerCase()] as number);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Reads lines of xfs_io. Empty lines and comments are skipped. */
export function parseXfsIo(text: string): XfsIoCall[] {
  return text.split('\n').flatMap((raw, index) => {
    const trimmed = raw.trim().replace(/^\$ /, '');
    return trimmed === '' || trimmed.startsWith('#') ? [] : [callOf(trimmed, index + 1)];
  });
}

function callOf(text: string, line: number): XfsIoCall {
  const words = wordsOf(text, line);
  if (words.shift() !== 'xfs_io') throw new ScriptError(`line ${line}`, 'begins with xfs_io');
  const commands: XfsIoCommand[] = [];
  const flags = new Set<string>();
  let file: string | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === '-c' || word === '-C') {
      at += 1;
      commands.push(commandOf(words[at] ?? '', line));
    } else if (/^-[a-zA-Z]+$/.test(word)) for (const flag of word.slice(1)) flags.add(flag);
    else if (file !== null) throw new ScriptError(`line ${line}`, 'takes one file');
    else file = word;
  }
  if (file === null) throw new ScriptError(`line ${line}`, 'the file is missing');
  return { file, create: flags.has('f'), truncate: flags.has('t'), commands, line };
}

function wordsOf(text: string, line: number): string[] {
  return shellWords(text).map((word) => {
    if (typeof word === 'string') return word;
    throw new ScriptError(`line ${line}`, 'redirections, patterns and pipes are not understood');
  });
}

function commandOf(text: string, line: number): XfsIoCommand {
  const where = `line ${line}`;
  const [name = '', ...words] = wordsOf(text, line);
  const allowed = known[name];
  if (allowed === undefined) throw new ScriptError(where, `the command "${name}" is not known`);
  const flags = new Map<string, string>();
  const numbers: number[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (!word.startsWith('-')) {
      const size = sizeOf(word);
      if (size === null) throw new ScriptError(where, `${name}: "${word}" is no size`);
      numbers.push(size);
      continue;
    }
    for (const flag of word.slice(1)) {
      if (!allowed.includes(flag))
        throw new ScriptError(where, `${name} has no flag -${flag} here`);
      const takes = (valued[name] ?? '').includes(flag);
      if (takes) at += 1;
      flags.set(flag, takes ? (words[at] ?? '') : '');
    }
  }
  return { name, flags, numbers };
}
