// Bytes as rows of 16, of one side or of two beside each other.

const perRow = 16;

export interface HexByte {
  hex: string;
  /** The two sides have different bytes here. */
  differs: boolean;
}

export interface HexRow {
  /** The byte of the file with which the row begins. */
  offset: number;
  file: HexByte[];
  pin: HexByte[];
  fileText: string;
  pinText: string;
  differs: boolean;
  /** How many rows with the same bytes follow and are left out. */
  repeats: number;
}

/** `pin` begins `skipped` bytes after `file`, because a pin may begin inside of a page. */
export function hexRows(
  offset: number,
  file: Uint8Array,
  pin: Uint8Array | null,
  skipped = 0,
): HexRow[] {
  const rows: HexRow[] = [];
  const end = Math.max(file.length, pin === null ? 0 : skipped + pin.length);
  for (let at = 0; at < end; at += perRow) {
    const row = rowAt(offset, at, file, pin, skipped);
    const last = rows.at(-1);
    if (last !== undefined && isSame(last, row)) last.repeats += 1;
    else rows.push(row);
  }
  return rows;
}

function rowAt(
  offset: number,
  at: number,
  file: Uint8Array,
  pin: Uint8Array | null,
  skipped: number,
): HexRow {
  const row: HexRow = {
    offset: offset + at,
    file: [],
    pin: [],
    fileText: '',
    pinText: '',
    differs: false,
    repeats: 0,
  };
  for (let i = at; i < at + perRow; i += 1) {
    const [one, other] = [file[i], pin?.[i - skipped]];
    const differs = one !== undefined && other !== undefined && one !== other;
    row.differs ||= differs;
    if (i < file.length) {
      row.file.push({ hex: hexOf(one), differs });
      row.fileText += signOf(one);
    }
    if (pin !== null && i < skipped + pin.length) {
      row.pin.push({ hex: hexOf(other), differs });
      row.pinText += signOf(other);
    }
  }
  return row;
}

const hexOf = (byte: number | undefined): string =>
  byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');

const signOf = (byte: number | undefined): string => {
  if (byte === undefined) return ' ';
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
};

const bytesOf = (bytes: readonly HexByte[]): string => bytes.map(({ hex }) => hex).join(' ');

const isSame = (one: HexRow, other: HexRow): boolean =>
  bytesOf(one.file) === bytesOf(other.file) && bytesOf(one.pin) === bytesOf(other.pin);

/** How many bytes differ in all. */
export const differences = (rows: readonly HexRow[]): number =>
  rows.reduce(
    (sum, { file, repeats }) => sum + file.filter(({ differs }) => differs).length * (1 + repeats),
    0,
  );
