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

export interface Transfer {
  done: number;
  asked: number;
  offset: number;
  /** Bytes of one call: the product of -b and -V. */
  perCall: number;
  /** -C: one line with commas. */
  condensed: boolean;
}

/**
 * `wrote 65536/65536 bytes at offset 0`, and its rate. A simulated call takes no time, so the rate
 * is infinite, and the line is the same in every run.
 */
export function transferred(
  did: 'wrote' | 'read',
  { done, asked, offset, perCall, condensed }: Transfer,
): string[] {
  const ops = Math.ceil(done / perCall);
  const rate = (unit: string, none: string): string => (done === 0 ? none : `inf${unit}`);
  if (condensed) return [`${done},${ops},0:00:00.00,${rate('', '0.000')},${rate('', '0.000')}`];
  const rates = `${rate(' EiB', '0.000000 bytes')}/sec and ${rate('', '0.0000')} ops/sec`;
  return [
    `${did} ${done}/${asked} bytes at offset ${offset}`,
    `${amount(done)}, ${ops} ops; 0.0000 sec (${rates})`,
  ];
}

/** xfs_io rounds to whole units as printf does, and prints three digits from 2 GiB on. */
function amount(bytes: number): string {
  for (const [name, unit] of [
    ['EiB', 2 ** 60],
    ['PiB', 2 ** 50],
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes < unit) continue;
    return `${bytes < 2 ** 31 ? halfToEven(bytes / unit) : (bytes / unit).toFixed(3)} ${name}`;
  }
  return `${bytes.toFixed(6)} bytes`;
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
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

/**
 * Extents and the holes between `from` and `to`, in blocks of 512 bytes. A hole is cut to the range,
 * an extent is not. Where there is no extent at all, no hole is listed either.
 */
function rowsOf(extents: readonly PrintedExtent[], { from, to }: FiemapRange): Row[] {
  const rows: Row[] = [];
  let at = from;
  const hole = (end: number): void => {
    if (end <= at) return;
    const total = String(sectors(end) - sectors(at));
    rows.push({ range: rangeOf(at, end), blocks: 'hole', total, flags: '' });
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
  if (extents.length > 0) hole(to);
  return rows;
}

const rangeOf = (from: number, to: number): string => `[${sectors(from)}..${sectors(to) - 1}]:`;

export interface FiemapRange {
  from: number;
  /** The end of the file, if the range reaches beyond it. */
  to: number;
}

export interface FiemapForm {
  /** -v: a table. */
  verbose: boolean;
  /** -l: the length too. */
  lengths: boolean;
  /** -n: at most so many lines. */
  most: number;
}

export function fiemapTable(
  file: string,
  extents: readonly PrintedExtent[],
  { verbose, lengths, most, ...range }: FiemapForm & FiemapRange,
): string[] {
  const rows = rowsOf(extents, range).slice(0, most);
  if (!verbose) {
    const length = ({ total }: Row): string => (lengths ? ` ${total} blocks` : '');
    return [
      `${file}:`,
      ...rows.map((row, i) => `\t${i}: ${row.range} ${row.blocks}${length(row)}`),
    ];
  }
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
