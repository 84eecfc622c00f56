// The commands of xfs_io(8) that a machine can run: how many words each takes, its options, and the
// line that `help` prints. xfs_io counts the words of the options too.

export interface Vocable {
  name: string;
  alias?: string;
  /** How many words may follow. No `most`: any number. */
  least: number;
  most?: number;
  /** As for getopt: a letter for each option, with a colon if it takes a value. */
  options: string;
  /** The words after the name, and what the command does. */
  usage: string;
  about: string;
  /** It concerns the process, so -c runs it once and not for every open file. */
  once?: true;
}

const range = { least: 2, most: 2, options: '', usage: 'off len' };
const none = { least: 0, most: 0, options: '', usage: '' };
const transfer = 'Cqb:FV:';

export const vocabulary: readonly Vocable[] = [
  { name: 'bmap', least: 0, options: 'lpn:', usage: '[-lp] [-n nx]', about: 'prints the extents' },
  { name: 'close', ...none, once: true, about: 'closes the current file' },
  {
    name: 'dedupe',
    least: 4,
    options: 'Cq',
    usage: 'infile src_off dst_off len',
    about: 'shares equal blocks, which no simulated filesystem can',
  },
  {
    name: 'falloc',
    least: 2,
    options: 'ckpu',
    usage: '[-c] [-k] [-p] [-u] off len',
    about: 'allocates space, or with -c collapses, with -p punches, with -u unshares',
  },
  { name: 'fcollapse', ...range, about: 'removes a range and moves what follows down' },
  { name: 'fdatasync', ...none, about: 'flushes the data of the file' },
  {
    name: 'fiemap',
    least: 0,
    options: 'alvn:',
    usage: '[-alv] [-n nx] [offset [len]]',
    about: 'prints the extents and the holes',
  },
  {
    name: 'file',
    least: 0,
    most: 1,
    options: '',
    usage: '[N]',
    once: true,
    about: 'lists the open files, or makes one of them current',
  },
  { name: 'finsert', ...range, about: 'inserts a hole and moves what follows up' },
  { name: 'fpunch', ...range, about: 'punches a hole' },
  { name: 'fsync', alias: 's', ...none, about: 'flushes the file' },
  { name: 'funshare', ...range, about: 'gives the range blocks of its own' },
  {
    name: 'fzero',
    least: 2,
    most: 3,
    options: 'k',
    usage: '[-k] off len',
    about: 'turns a range into zeroes by preallocating it',
  },
  {
    name: 'help',
    alias: '?',
    least: 0,
    most: 1,
    options: '',
    usage: '[command]',
    once: true,
    about: 'explains one command, or lists all',
  },
  {
    name: 'mmap',
    alias: 'mm',
    least: 0,
    options: 'rwxS',
    usage: '[N] | [-rwxS] [off len]',
    once: true,
    about: 'maps a range of the current file, or lists the mappings',
  },
  {
    name: 'mread',
    alias: 'mr',
    least: 0,
    options: 'fvr',
    usage: '[-f | -v] [-r] [off len]',
    once: true,
    about: 'loads from the current mapping',
  },
  {
    name: 'msync',
    alias: 'ms',
    least: 0,
    options: 'ais',
    usage: '[-ais] [off len]',
    once: true,
    about: 'flushes a range of the current mapping',
  },
  { name: 'munmap', alias: 'mu', ...none, once: true, about: 'removes the current mapping' },
  {
    name: 'mwrite',
    alias: 'mw',
    least: 0,
    options: 'rS:',
    usage: '[-r] [-S seed] [off len]',
    once: true,
    about: 'stores into the current mapping',
  },
  {
    name: 'open',
    alias: 'o',
    least: 0,
    options: 'dfrst',
    usage: '[-dfrst] [path]',
    once: true,
    about: 'opens a file, or shows the statistics of the current one',
  },
  {
    name: 'pread',
    alias: 'r',
    least: 2,
    options: `${transfer}v`,
    usage: '[-b bs] [-Cqv] [-F] [-V N] off len',
    about: 'reads a range',
  },
  { name: 'print', alias: 'p', ...none, once: true, about: 'lists open files and mappings' },
  {
    name: 'pwrite',
    alias: 'w',
    least: 2,
    options: `${transfer}wWDS:`,
    usage: '[-b bs] [-S seed] [-CqwWD] [-F] [-V N] off len',
    about: 'writes a range, filled with one byte',
  },
  { name: 'quit', alias: 'q', ...none, once: true, about: 'ends the process' },
  {
    name: 'reflink',
    least: 1,
    options: 'Cq',
    usage: 'infile [src_off dst_off len]',
    about: 'shares blocks, which no simulated filesystem can',
  },
  {
    name: 'seek',
    least: 2,
    most: 5,
    options: 'adhrs',
    usage: '-a | -d | -h [-r] [-s] off',
    about: 'finds the next data, or the next hole',
  },
  { name: 'stat', ...none, about: 'prints the statistics of the file' },
  { name: 'statfs', ...none, about: 'prints the statistics of the filesystem' },
  {
    name: 'swapext',
    least: 1,
    most: 1,
    options: '',
    usage: 'donorfile',
    about: 'exchanges the extents of two files of the same size',
  },
  { name: 'sync', ...none, once: true, about: 'flushes the whole device' },
  { name: 'syncfs', ...none, once: true, about: 'flushes the whole filesystem' },
  { name: 'truncate', least: 1, most: 1, options: '', usage: 'off', about: 'sets the size' },
  {
    name: 'unlink',
    ...none,
    about: 'removes the name of the file (a command of Pinhole; xfs_io has none)',
  },
];

const byName = new Map(
  vocabulary.flatMap((one) => [
    [one.name, one] as const,
    ...(one.alias === undefined ? [] : [[one.alias, one] as const]),
  ]),
);

export const vocableOf = (name: string): Vocable | undefined => byName.get(name);

export const usageOf = ({ name, alias, usage, about }: Vocable): string =>
  `${[name, ...(alias === undefined ? [] : [`(${alias})`]), usage].join(' ').trimEnd()} -- ${about}`;

/** Why the number of words is wrong, as xfs_io words it; null if it is right. */
export function miscount({ name, least, most }: Vocable, given: number): string | null {
  if (given >= least && given <= (most ?? Number.POSITIVE_INFINITY)) return null;
  const expected =
    most === undefined
      ? `at least ${least} arguments`
      : most === least
        ? `${least} arguments`
        : `between ${least} and ${most} arguments`;
  return `bad argument count ${given} to ${name}, expected ${expected}`;
}
