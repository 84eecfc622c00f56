// The outputs of xfs_io in its own shapes, which people compare with expected outputs.
const bytesPerLine = 16;

/** `00001000:  cd cd 00  ...` */
export function dump(bytes: Uint8Array, offset: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const part = [...bytes.subarray(at, at + bytesPerLine)];
    const address = (offset + at).toString(16).padStart(8, '0');
    const hex = part.map((byte) => `${byte.toString(16).padStart(2, '0')} `).join('');
    const text = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.'));
    lines.push(`${address}:  ${hex} ${text.join('')}`);
  }
  return lines;
}

/** `wrote 65536/65536 bytes at offset 0`, and its rate: a simulated call takes no time. */
export function transferred(
  did: 'wrote' | 'read',
  { done, asked, offset }: { done: number; asked: number; offset: number },
): string[] {
  const ops = Math.ceil(done / 4096);
  return [
    `${did} ${done}/${asked} bytes at offset ${offset}`,
    `${amount(done)}, ${ops} ops; 0.0000 sec (inf EiB/sec and inf ops/sec)`,
  ];
}

function amount(bytes: number): string {
  for (const [name, unit] of [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes < unit) continue;
    const count = bytes / unit;
    return `${Number.isInteger(count) ? count : count.toFixed(3)} ${name}`;
  }
  return `${bytes} bytes`;
}

export interface PrintedExtent {
  logical: number;
  physical: number;
  length: number;
  flags: number;
}

interface Row {
  range: string;
  blocks: string;
  total: string;
  flags: string;
}

const sectors = (bytes: number): number => Math.ceil(bytes / 512);

/** Extents and the holes before them, in blocks of 512 bytes. */
function rowsOf(extents: readonly PrintedExtent[], sizeBytes: number): Row[] {
  const rows: Row[] = [];
  let at = 0;
  const hole = (to: number): void => {
    if (to <= at) return;
    const total = String(sectors(to) - sectors(at));
    rows.push({ range: rangeOf(at, to), blocks: 'hole', total, flags: '' });
  };
  for (const { logical, physical, length, flags } of extents) {
    hole(logical);
    const first = sectors(physical);
    rows.push({
      range: rangeOf(logical, logical + length),
      blocks: `${first}..${first + sectors(length) - 1}`,
      total: String(sectors(length)),
      flags: `0x${flags.toString(16)}`,
    });
    at = logical + length;
  }
  if (extents.length > 0) hole(sizeBytes);
  return rows;
}

const rangeOf = (from: number, to: number): string => `[${sectors(from)}..${sectors(to) - 1}]:`;

export function fiemapTable(
  file: string,
  extents: readonly PrintedExtent[],
  { sizeBytes, verbose }: { sizeBytes: number; verbose: boolean },
): string[] {
  const rows = rowsOf(extents, sizeBytes);
  if (!verbose)
    return [`${file}:`, ...rows.map(({ range, blocks }, i) => `\t${i}: ${range} ${blocks}`)];
  const width = (least: number, pick: (row: Row) => string): number =>
    Math.max(least, ...rows.map((row) => pick(row).length));
  const rangeWidth = width(16, ({ range }) => range);
  const blocksWidth = width(16, ({ blocks }) => blocks);
  const totalWidth = width(5, ({ total }) => total);
  const flagsWidth = width(5, ({ flags }) => flags);
  const line = (first: string, { range, blocks, total, flags }: Row): string =>
    ` ${first}: ${range.padEnd(rangeWidth)} ${blocks.padEnd(blocksWidth)} ` +
    `${total.padStart(totalWidth)} ${flags === '' ? '' : flags.padStart(flagsWidth)}`.trimEnd();
  const head = { range: 'FILE-OFFSET', blocks: 'BLOCK-RANGE', total: 'TOTAL', flags: 'FLAGS' };
  return [
    `${file}:`,
    ...(rows.length === 0 ? [] : [line('EXT', head)]),
    ...rows.map((row, i) => line(String(i).padStart(3), row)),
  ];
}

const messages: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  EBUSY: 'Device or resource busy',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFAULT: 'Bad address',
  EFBIG: 'File too large',
  EINTR: 'Interrupted system call',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  ENXIO: 'No such device or address',
  EOPNOTSUPP: 'Operation not supported',
};

/** strerror(). */
export const messageOf = (errno: string): string => messages[errno] ?? errno;
