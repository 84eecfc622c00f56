// The commands of xfs_io(8) on mappings.

import { messageOf } from './errno-words.ts';
import { fillOf, listFiles } from './xfs-io-files.ts';
import { dump } from './xfs-io-print.ts';
import {
  type Does,
  demandSmall,
  Failed,
  Killed,
  Misused,
  type OpenMapping,
  rangeOf,
  type XfsIoProcess,
} from './xfs-io-process.ts';
import { sizeOf, type Words } from './xfs-io-words.ts';

const page = 4096;
/** Mappings lie one below the other from here, as on x86-64 without randomisation. */
const highest = 0x7ffff7fff000;

function current({ mappings, mapping }: XfsIoProcess): OpenMapping {
  const found = mappings[mapping];
  if (found === undefined) throw new Failed('refused', "no mapped regions, try 'help mmap'");
  return found;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

function listMappings({ mappings, mapping, output }: XfsIoProcess, only?: number): void {
  for (const [index, { path, address, offset, length, access }] of mappings.entries()) {
    if (only !== undefined && index !== only) continue;
    const number = String(index).padStart(3, '0');
    const mark = index === mapping ? `[${number}]` : ` ${number} `;
    const span = `${hex(address)} - ${hex(address + length)}`;
    output.out(`${mark} ${span} ${access}  ${path.padStart(14)} (${offset} : ${length})`);
  }
}

const mmap: Does = async (process, { options, rest }) => {
  if (rest.length === 0 && options.size === 0) {
    if (process.mappings.length === 0) current(process);
    return listMappings(process);
  }
  if (rest.length === 1) return choose(process, rest[0] as string);
  if (rest.length !== 2) throw new Misused();
  const [offset, length] = rangeOf(rest);
  const { file } = process;
  demandSmall('mmap', offset, length);
  const isAny = ['r', 'w', 'x'].every((option) => !options.has(option));
  const access = [...'rwx'].map((one) => (isAny || options.has(one) ? one : '-')).join('');
  if (file.readOnly && access.includes('w'))
    throw new Failed('refused', `mmap: ${messageOf('EACCES')}`);
  const { id } = await process.must('mmap', {
    op: 'mmap',
    on: { file: file.path },
    args: {
      offset,
      length,
      access: access.includes('w') ? 'read-write' : 'read',
      ...(options.has('S') ? { sync: true } : {}),
    },
  });
  const lowest = Math.min(highest, ...process.mappings.map(({ address }) => address));
  const address = lowest - Math.ceil(length / page) * page;
  const made = { id: id as string, path: file.path, address, offset, length, access };
  process.mapping = process.mappings.push(made) - 1;
};

function choose(process: XfsIoProcess, text: string): void {
  const count = process.mappings.length;
  const index = sizeOf(text) ?? 0;
  if (count === 0) current(process);
  if (index >= count) throw new Failed('usage', `value ${index} is out of range (0-${count})`);
  process.mapping = index;
  listMappings(process);
}

/** The last mapping that is left becomes the current one. */
const munmap: Does = async (process) => {
  const { id } = current(process);
  await process.must('munmap', { op: 'munmap', on: { mapping: id } });
  process.mappings.splice(process.mapping, 1);
  process.mapping = Math.max(0, process.mappings.length - 1);
  listMappings(process);
};

/** The range of the file; without words, the whole mapping. */
function partOf(process: XfsIoProcess, { rest }: Words): { at: number; bytes: number } {
  const mapping = current(process);
  if (rest.length === 0) return { at: mapping.offset, bytes: mapping.length };
  if (rest.length !== 2) throw new Misused();
  const [at, bytes] = rangeOf(rest);
  const { offset, length } = mapping;
  const within = at - offset;
  // In the last line xfs_io prints the offset twice.
  const wrong =
    within < 0
      ? `offset (${at}) is before start of mapping (${offset})`
      : within > length
        ? `offset (${within}) is beyond end of mapping (${offset})`
        : within + bytes > length
          ? `range (${within}:${within}) is beyond mapping (${offset}:${length})`
          : null;
  if (wrong !== null) throw new Failed('usage', wrong);
  return { at, bytes };
}

const bytesPerCall = 2 ** 20;

/** Lines of -v count from the start of the mapping, those of -f from the start of the file. */
const mread: Does = async (process, words) => {
  const { options } = words;
  const { id, offset } = current(process);
  const { at, bytes } = partOf(process, words);
  const base = options.has('f') ? 0 : offset;
  const all = new Uint8Array(bytes);
  for (let done = 0; done < bytes; done += bytesPerCall) {
    const length = Math.min(bytesPerCall, bytes - done);
    const args = { offset: at - offset + done, length };
    const { data } = await process.must('mread', { op: 'load', on: { mapping: id }, args });
    all.set(data as Uint8Array, done);
  }
  if (!options.has('f') && !options.has('v')) return;
  if (options.has('r')) all.reverse();
  for (const line of dump(all, at - base)) process.output.out(line);
};

const mwrite: Does = async (process, words) => {
  const { id, offset, access } = current(process);
  const fill = fillOf(words, 'X'.charCodeAt(0));
  const { at, bytes } = partOf(process, words);
  if (!access.includes('w')) throw new Killed('Segmentation fault');
  for (let done = 0; done < bytes; done += bytesPerCall) {
    const data = new Uint8Array(Math.min(bytesPerCall, bytes - done)).fill(fill);
    const args = { offset: at - offset + done };
    await process.must('mwrite', { op: 'store', on: { mapping: id }, args }, data);
  }
};

const msync: Does = async (process, words) => {
  const { id, offset } = current(process);
  const { at, bytes } = partOf(process, words);
  const args = { offset: at - offset, length: bytes, how: 'msync' };
  await process.must('msync', { op: 'flush', on: { mapping: id }, args });
};

const print: Does = (process) => {
  listFiles(process);
  listMappings(process);
};

export const mappingCommands: Readonly<Record<string, Does>> = {
  mmap,
  mread,
  msync,
  munmap,
  mwrite,
  print,
};
