// The commands of xfs_io(8) on open files.
import type { CommandJson } from './command-json.ts';
import { messageOf } from './errno-words.ts';
import { dump, fiemapTable, type PrintedExtent, transferred } from './xfs-io-print.ts';
import {
  type Does,
  demandSmall,
  Failed,
  Misused,
  numberOf,
  type OpenFile,
  rangeOf,
  type XfsIoProcess,
} from './xfs-io-process.ts';
import { seedOf, sizeOf, type Words } from './xfs-io-words.ts';

/** The bytes of one call of the machine. xfs_io calls for each block, with the same results. */
const bytesPerCall = 2 ** 20;

function demandWritable({ readOnly }: OpenFile, call: string): void {
  if (readOnly) throw new Failed('refused', `${call}: ${messageOf('EBADF')}`);
}

function amountOf({ options }: Words, option: string, what: string): number | undefined {
  const text = options.get(option);
  if (text === undefined) return undefined;
  const size = sizeOf(text);
  if (size === null || size === 0) throw new Failed('usage', `non-numeric ${what} -- ${text}`);
  return size;
}

/** -b and -V: the bytes of one call of xfs_io, which prints how many it made. */
const perCallOf = (words: Words): number =>
  (amountOf(words, 'b', 'bsize') ?? 4096) * (amountOf(words, 'V', 'vector count') ?? 1);

export function fillOf({ options }: Words, usual: number): number {
  const text = options.get('S');
  const byte = text === undefined ? usual : seedOf(text);
  if (byte === null) throw new Failed('usage', `non-numeric seed -- ${text}`);
  return byte;
}

const pwrite: Does = async (process, words) => {
  const { output, file } = process;
  const { options, rest } = words;
  const perCall = perCallOf(words);
  const fill = fillOf(words, 0xcd);
  if (rest.length !== 2) throw new Misused();
  const [offset, asked] = rangeOf(rest);
  demandWritable(file, 'pwrite');
  if (asked > 0) demandSmall('pwrite', offset);
  let done = 0;
  while (done < asked) {
    const at = offset + done;
    const data = new Uint8Array(Math.min(bytesPerCall, asked - done)).fill(fill);
    demandSmall('pwrite', at, data.length);
    const write = { op: 'write', on: { file: file.path }, args: { offset: at } };
    const { bytesWritten } = await process.must('pwrite', write, data);
    done += bytesWritten as number;
  }
  if (file.sync || ['w', 'W', 'D'].some((option) => options.has(option)))
    await process.must('fdatasync', { op: 'sync' });
  if (options.has('q')) return;
  const condensed = options.has('C');
  for (const line of transferred('wrote', { done, asked, offset, perCall, condensed }))
    output.out(line);
};

const pread: Does = async (process, words) => {
  const { output, file } = process;
  const { options, rest } = words;
  const perCall = perCallOf(words);
  if (rest.length !== 2) throw new Misused();
  const [offset, asked] = rangeOf(rest);
  const most = Math.max(0, (await process.sizeBytes(file.path)) - offset);
  // Whole blocks, so that the lines of -v are those of the blocks.
  const step = Math.max(perCall, perCall * Math.floor(bytesPerCall / perCall));
  let done = 0;
  while (done < Math.min(asked, most)) {
    const length = Math.min(step, Math.min(asked, most) - done);
    const args = { offset: offset + done, length };
    const read = { op: 'read', on: { file: file.path }, args };
    const data = (await process.must('pread', read)).data as Uint8Array;
    if (data.length === 0) break;
    if (options.has('v'))
      for (let at = 0; at < data.length; at += perCall)
        for (const line of dump(data.subarray(at, at + perCall), offset + done + at))
          output.out(line);
    done += data.length;
  }
  if (options.has('q')) return;
  const condensed = options.has('C');
  for (const line of transferred('read', { done, asked, offset, perCall, condensed }))
    output.out(line);
};

const truncate: Does = async (process, { rest: [text] }) => {
  const sizeBytes = numberOf(text, 'truncate');
  const { file } = process;
  // ftruncate(2): EINVAL where other calls say EBADF.
  if (file.readOnly) throw new Failed('refused', `ftruncate: ${messageOf('EINVAL')}`);
  demandSmall('ftruncate', sizeBytes);
  const args = { sizeBytes };
  await process.must('ftruncate', { op: 'truncate', on: { file: file.path }, args });
};

/** One of the modes of fallocate(2). */
const fallocate =
  (modeOf: (words: Words) => { op: string; args?: object }): Does =>
  async (process, words) => {
    if (words.rest.length !== 2) throw new Misused();
    const [offset, length] = rangeOf(words.rest);
    const { op, args } = modeOf(words);
    const { file } = process;
    demandWritable(file, 'fallocate');
    demandSmall('fallocate', offset, length);
    const command = { op, on: { file: file.path }, args: { offset, length, ...args } };
    await process.must('fallocate', command);
  };

const keepSize = ({ options }: Words) => (options.has('k') ? { keepSize: true } : {});

/** -p, -c and -u choose another mode than to allocate. */
function fallocMode(words: Words): { op: string; args?: object } {
  const { options } = words;
  if (options.has('p')) return { op: 'punch-hole' };
  if (options.has('c')) return { op: 'collapse-range' };
  const unshare = options.has('u') ? { unshare: true } : {};
  return { op: 'allocate', args: { ...keepSize(words), ...unshare } };
}

const flush =
  (call: string): Does =>
  async (process) => {
    await process.must(call, { op: 'sync' });
  };

async function extentsOf(process: XfsIoProcess, args: object): Promise<PrintedExtent[]> {
  const fiemap: CommandJson = { op: 'fiemap', on: { file: process.file.path }, args: { ...args } };
  const { extents } = await process.must('fiemap', fiemap);
  return (extents as Record<string, number>[]).map(
    ({ fe_logical = 0, fe_physical = 0, fe_length = 0, fe_flags = 0 }) => ({
      logical: fe_logical,
      physical: fe_physical,
      length: fe_length,
      flags: fe_flags,
    }),
  );
}

const most = (words: Words): number =>
  amountOf(words, 'n', 'extent count') ?? Number.POSITIVE_INFINITY;

const fiemap: Does = async (process, words) => {
  const { options, rest } = words;
  if (rest.length > 2) throw new Misused();
  const [first, second] = rest;
  const from = first === undefined ? 0 : numberOf(first, 'offset');
  const length = second === undefined ? null : numberOf(second, 'len');
  const { file, output } = process;
  const form = { verbose: options.has('v'), lengths: options.has('l'), most: most(words) };
  const sizeBytes = await process.sizeBytes(file.path);
  const to = Math.min(length === null ? sizeBytes : from + length, sizeBytes);
  demandSmall('fiemap', from);
  const args = { offset: from, ...(length === null ? {} : { length: Math.min(length, 2 ** 52) }) };
  // -a: the attribute fork, and no simulated inode has one.
  const extents = options.has('a') ? [] : await extentsOf(process, args);
  for (const line of fiemapTable(file.path, extents, { ...form, from, to })) output.out(line);
};

/** Lists the records of the extent list, as Linux does since 4.14: the unwritten ones too. */
const bmap: Does = async (process, words) => {
  const { file, output, machine } = process;
  demandXfs(machine.kind, 'bmap');
  const extents = await extentsOf(process, {});
  if (extents.length === 0) {
    output.out(`${file.path}: no extents`);
    return;
  }
  const to = await process.sizeBytes(file.path);
  const lengths = words.options.has('l');
  const form = { verbose: false, lengths, most: most(words), from: 0, to };
  for (const line of fiemapTable(file.path, extents, form)) output.out(line);
};

function demandXfs(kind: string, name: string): void {
  if (kind === 'xfs') return;
  const why = `foreign file active, ${name} command is for XFS filesystems only`;
  throw new Failed('refused', why);
}

type Whence = 'data' | 'hole';

async function find(process: XfsIoProcess, whence: Whence, offset: number): Promise<number | null> {
  if (offset > Number.MAX_SAFE_INTEGER) return null;
  const { path } = process.file;
  const outcome = await process.machine.run({
    op: 'seek',
    on: { file: path },
    args: { whence, offset },
  });
  if (outcome.ok) return outcome.result.offset as number;
  if (outcome.errno === 'ENXIO') return null;
  throw new Failed('refused', `lseek: ${messageOf(outcome.errno)}`, outcome);
}

/** The next data, the next hole, or both in the order of the file; -r: all of them. */
const seek: Does = async (process, { options, rest }) => {
  const shows = { data: options.has('d'), hole: options.has('h') };
  if (options.has('a')) Object.assign(shows, { data: true, hole: true });
  if (rest.length !== 1 || !(shows.data || shows.hole)) throw new Misused();
  const start = numberOf(rest[0], 'offset');
  const { output } = process;
  const withStart = options.has('s');
  const line = (whence: Whence, from: number, found: number | null): void => {
    const words = [whence.toUpperCase(), ...(withStart ? [from] : []), found ?? 'EOF'];
    output.out(words.join('\t'));
  };
  output.out(withStart ? 'Whence\tStart\tResult' : 'Whence\tResult');
  const left = { ...shows };
  let from = start;
  let whence: Whence = 'data';
  if (!shows.data || (shows.hole && (await find(process, 'hole', start)) === start))
    whence = 'hole';
  for (let first = true; left.data || left.hole; first = false) {
    const found = await find(process, whence, from);
    if (found === null) {
      if (first) line(whence, from, null);
      return;
    }
    if (left[whence]) {
      line(whence, from, found);
      left[whence] = options.has('r');
    }
    from = found;
    whence = whence === 'data' ? 'hole' : 'data';
  }
};

const flagsOf = ({ sync, direct, readOnly }: OpenFile): string =>
  [
    sync ? 'sync' : 'non-sync',
    direct ? 'direct' : 'non-direct',
    readOnly ? 'read-only' : 'read-write',
  ].join(',');

const stat: Does = async (process) => {
  const { file, output, machine } = process;
  const found = await machine.stat(file.path);
  if (found === null) throw new Failed('refused', `fstat: ${messageOf('ENOENT')}`);
  output.out(`fd.path = "${file.path}"`);
  output.out(`fd.flags = ${flagsOf(file)}`);
  output.out(`stat.ino = ${found.ino}`);
  output.out('stat.type = regular file');
  output.out(`stat.size = ${found.sizeBytes}`);
  output.out(`stat.blocks = ${found.blocks512}`);
};

const statfs: Does = async ({ file, output, machine }) => {
  const { blocks, blocksFree } = await machine.statfs();
  output.out(`fd.path = "${file.path}"`);
  output.out('statfs.f_bsize = 4096');
  output.out(`statfs.f_blocks = ${blocks}`);
  output.out(`statfs.f_bavail = ${blocksFree}`);
};

export function listFiles({ files, current, output, machine }: XfsIoProcess): void {
  for (const [index, file] of files.entries()) {
    const number = String(index).padStart(3, '0');
    const mark = index === current ? `[${number}]` : ` ${number} `;
    const foreign = machine.kind === 'xfs' ? '' : 'foreign,';
    output.out(`${mark} ${file.path.padEnd(14)} (${foreign}${flagsOf(file)})`);
  }
}

export interface OpenWith {
  create?: boolean;
  truncate?: boolean;
  readOnly?: boolean;
  sync?: boolean;
  direct?: boolean;
}

/** open(2). The file becomes the current one. */
export async function openFile(
  process: XfsIoProcess,
  path: string,
  {
    create = false,
    truncate: cut = false,
    readOnly = false,
    sync = false,
    direct = false,
  }: OpenWith,
): Promise<void> {
  const { machine, files } = process;
  if ((await machine.stat(path)) === null) {
    if (!create) throw new Failed('refused', `${path}: ${messageOf('ENOENT')}`);
    await process.must(path, { op: 'create', args: { name: path } });
  } else if (cut)
    await process.must(path, { op: 'truncate', on: { file: path }, args: { sizeBytes: 0 } });
  process.current = files.push({ path, readOnly, sync, direct }) - 1;
}

const open: Does = async (process, words) => {
  const { options, rest } = words;
  const [path] = rest;
  if (path === undefined) return stat(process, words);
  if (rest.length > 1) throw new Misused();
  await openFile(process, path, {
    create: options.has('f'),
    truncate: options.has('t'),
    readOnly: options.has('r'),
    sync: options.has('s'),
    direct: options.has('d'),
  });
};

/** The next file becomes the current one; the last file that is open stays it. */
const close: Does = (process) => {
  process.files.splice(process.files.indexOf(process.file), 1);
  process.current = Math.max(0, Math.min(process.current, process.files.length - 1));
  listFiles(process);
};

const file: Does = (process, { rest: [text] }) => {
  if (text !== undefined) {
    const index = sizeOf(text) ?? 0;
    const last = process.files.length - 1;
    if (index > last) throw new Failed('usage', `value ${index} is out of range (0-${last})`);
    process.current = index;
  }
  listFiles(process);
};

/** A reflink, which every simulated filesystem refuses as one without the feature does. */
const share =
  (callOf: (words: Words) => string): Does =>
  async (process, words) => {
    const [from] = words.rest;
    if (from === undefined) throw new Misused();
    const call = callOf(words);
    if ((await process.machine.stat(from)) === null)
      throw new Failed('refused', `${from}: ${messageOf('ENOENT')}`);
    throw new Failed('refused', `${call}: ${messageOf('EOPNOTSUPP')}`);
  };

/** XFS_IOC_SWAPEXT: the whole of two files of the same size. */
const swapext: Does = async (process, { rest }) => {
  const [donor = ''] = rest;
  const { machine, file } = process;
  demandXfs(machine.kind, 'swapext');
  const found = await machine.stat(donor);
  if (found === null) throw new Failed('refused', `${donor}: ${messageOf('ENOENT')}`);
  const length = await process.sizeBytes(file.path);
  if (found.sizeBytes !== length) throw new Failed('refused', `swapext: ${messageOf('EFAULT')}`);
  const args = { with: donor, offset: 0, withOffset: 0, length };
  await process.must('swapext', { op: 'exchange-range', on: { file: file.path }, args });
};

const unlink: Does = async (process) => {
  await process.must('unlink', { op: 'unlink', on: { file: process.file.path } });
};

export const fileCommands: Readonly<Record<string, Does>> = {
  bmap,
  close,
  dedupe: share(() => 'XFS_IOC_FILE_EXTENT_SAME'),
  falloc: fallocate(fallocMode),
  fcollapse: fallocate(() => ({ op: 'collapse-range' })),
  fdatasync: flush('fdatasync'),
  fiemap,
  file,
  finsert: fallocate(() => ({ op: 'insert-range' })),
  fpunch: fallocate(() => ({ op: 'punch-hole' })),
  fsync: flush('fsync'),
  funshare: fallocate(() => ({ op: 'allocate', args: { unshare: true } })),
  fzero: fallocate((words) => ({ op: 'zero-range', args: keepSize(words) })),
  open,
  pread,
  pwrite,
  reflink: share(({ rest }) => (rest.length === 1 ? 'XFS_IOC_CLONE' : 'XFS_IOC_CLONE_RANGE')),
  seek,
  stat,
  statfs,
  swapext,
  sync: flush('sync'),
  syncfs: flush('syncfs'),
  truncate,
  unlink,
};
