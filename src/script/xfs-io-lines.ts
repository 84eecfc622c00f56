// Commands as lines for xfs_io(8). What it cannot do, such as a pin, is a comment.
import type { Command } from '../kernel/state.ts';
import { byteOf } from '../kernel/units.ts';
import { runsOf } from './bytes-text.ts';
import { commandText } from './golden.ts';
import type { Told } from './told.ts';

interface Range {
  offset: number;
  length: number;
}

/** By operation on a file: what stands behind -c. Null where these arguments have no command. */
const ofFile: Readonly<Record<string, (command: Command) => string | null>> = {
  read: ({ args }) => {
    const { offset, length } = args as Partial<Range>;
    return `pread ${offset ?? 0} ${length ?? '16e'}`;
  },
  write: ({ args, data }) => {
    const { offset } = args as { offset?: number };
    const seed = seedOf(data);
    return seed === null || offset === undefined
      ? null
      : `pwrite -S ${seed} ${offset} ${data?.length ?? 0}`;
  },
  truncate: ({ args }) => `truncate ${(args as { sizeBytes: number }).sizeBytes}`,
  'punch-hole': ranged('fpunch'),
  allocate: ranged('falloc'),
  'zero-range': ranged('fzero'),
  'collapse-range': ranged('fcollapse'),
  'insert-range': ranged('finsert'),
  fiemap: () => 'fiemap -v',
  seek: ({ args }) => {
    const { whence, offset } = args as { whence: string; offset: number };
    return `seek ${whence === 'data' ? '-d' : '-h'} ${offset}`;
  },
};

function ranged(name: string): (command: Command) => string | null {
  return ({ args }) => {
    const { offset, length, keepSize, unshare } = args as Range & {
      keepSize?: boolean;
      unshare?: boolean;
    };
    if (unshare === true) return null;
    return `${name} ${keepSize === true ? '-k ' : ''}${offset} ${length}`;
  };
}

/** The byte of which the data consist. */
function seedOf(data: Uint8Array | undefined): string | null {
  const runs = runsOf(data ?? new Uint8Array(0), 2);
  const [run] = runs ?? [];
  return run === undefined || runs?.length !== 1
    ? null
    : `0x${run.byte.toString(16).padStart(2, '0')}`;
}

/** A process has its own mappings, so each line that needs one makes it first. */
function ofMapping({ command, mapping }: Told): string[] | null {
  if (mapping === null) return null;
  const { first, pages, access } = mapping.mapping;
  const { offset = 0, length } = command.args as Partial<Range>;
  const map = `mmap ${access === 'read' ? '-r' : '-rw'} ${byteOf(first)} ${byteOf(pages)}`;
  const at = byteOf(first) + offset;
  if (command.op === 'load') return [map, `mread ${at} ${length ?? byteOf(pages) - offset}`];
  const seed = seedOf(command.data);
  if (command.op === 'store' && seed !== null)
    return [map, `mwrite -S ${seed} ${at} ${command.data?.length ?? 0}`];
  if (command.op === 'flush' && (command.args as { how: string }).how === 'msync')
    return [map, `msync -s ${at} ${length ?? byteOf(pages) - offset}`];
  return null;
}

export function xfsIoLine(told: Told): string {
  const { command } = told;
  const { file } = command.on;
  if (command.op === 'create') {
    const { name, sizeBytes } = command.args as { name: string; sizeBytes: number };
    return lineOf([`truncate ${sizeBytes}`], name, '-f ');
  }
  if (file !== undefined) {
    const does = ofFile[command.op]?.(command) ?? null;
    if (does !== null) return lineOf([does], file);
    if (command.op === 'unlink') return `rm ${file}`;
    if (command.op === 'rename') return `mv ${file} ${(command.args as { name: string }).name}`;
  }
  const mapped = ofMapping(told);
  if (mapped !== null) return lineOf(mapped, told.mapping?.file ?? '');
  return `# ${commandText(command)}`;
}

const lineOf = (does: readonly string[], file: string, flags = ''): string =>
  `xfs_io ${flags}${does.map((one) => `-c "${one}" `).join('')}${file}`;
