// Replays an operation log of real kernels, and reports for each line what our kernel did, in the
// format of the recording.
import { eachExtent } from '../../../src/kernel/lib/extent-map.ts';
import type { Inode, Kind, LinuxVersion } from '../../../src/kernel/state.ts';
import { lastPage, toPgOff } from '../../../src/kernel/units.ts';
import { contentHash } from '../../fidelity/content-hash.ts';
import { bytesOf, type Machine, machine, page, type Ran } from '../../machine.ts';

const errnos: Record<string, number> = { EINVAL: 22, EFBIG: 27, ENOSPC: 28, EOPNOTSUPP: 95 };
/** Line n of the log writes this byte at a file offset. */
export function pattern(line: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const o = offset + i;
    bytes[i] = line * 31 + o * 7 + (o >> 12) * 13;
  }
  return bytes;
}

/** `4-5u 6-9w`: blocks, end exclusive, neighbours of one state merged. */
export function extentsOf(inode: Inode): string {
  const runs: { first: number; end: number; written: boolean }[] = [];
  eachExtent(inode.extents, toPgOff(0), lastPage, ({ pgoff, pages, written }) => {
    const last = runs.at(-1);
    if (last !== undefined && last.end === pgoff && last.written === written) last.end += pages;
    else runs.push({ first: pgoff, end: pgoff + pages, written });
  });
  return runs.map(({ first, end, written }) => `${first}-${end}${written ? 'w' : 'u'}`).join(' ');
}

/** One line: `e0 s4000 <hash> 3-4w`. */
export function* replay(kind: Kind, kernel: LinuxVersion, ops: string): Generator<string> {
  const m = machine({ kind, kernel, blocks: 1024, checkEvery: 10 });
  m.create('a');
  let mapping = 0;
  const hashOf = contentHash();
  let hash = '';
  let hashed = -1;
  for (const [index, line] of ops.trim().split('\n').entries()) {
    const [name = '', ...numbers] = line.split(' ');
    const [offset = 0, length = 0] = numbers.slice(0, 2).map(Number);
    const ran = runOne(m, name, offset, length, index + 1, line.endsWith('keep_size'), () => {
      mapping ||= m.map('a', 1024);
      return mapping;
    });
    const inode = m.file('a');
    if (hashed !== inode.version) hash = hashOf(bytesOf(m.read('a')));
    hashed = inode.version;
    const errno =
      ran?.outcome?.ok === false
        ? (errnos[ran.outcome.failure.errno] ?? ran.outcome.failure.errno)
        : 0;
    yield `e${errno} s${inode.sizeBytes.toString(16)} ${hash} ${extentsOf(inode)}`.trim();
  }
}

function runOne(
  m: Machine,
  name: string,
  offset: number,
  length: number,
  line: number,
  keepSize: boolean,
  mapping: () => number,
): Ran | null {
  switch (name) {
    case 'write':
      return m.write('a', pattern(line, offset, length), offset);
    case 'read':
      return m.read('a', offset, length);
    case 'truncate':
      return m.truncate('a', length);
    case 'punch_hole':
      return m.punch('a', offset, length);
    case 'zero_range':
      return m.zero('a', offset, length, keepSize);
    case 'collapse_range':
      return m.collapse('a', offset, length);
    case 'insert_range':
      return m.insert('a', offset, length);
    case 'fallocate':
      return m.allocate('a', offset, length, keepSize);
    case 'mapwrite': {
      if (offset + length > m.file('a').sizeBytes) m.truncate('a', offset + length);
      return length === 0 ? null : m.store(mapping(), offset, pattern(line, offset, length));
    }
    case 'mapread': {
      const end = Math.min(offset + length, Math.ceil(m.file('a').sizeBytes / page) * page);
      return end <= offset ? null : m.load(mapping(), offset, end - offset);
    }
    default:
      throw new Error(`line ${line}: ${name}?`);
  }
}
