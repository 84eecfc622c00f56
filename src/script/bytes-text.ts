// Bytes in a script: `{41*4096,00*100}` is each byte in hex and how often it is repeated. Bytes
// that change too often are written in base64, so that no text loses any.

/** After this many runs base64 is easier to read. */
const runsMax = 16;

export interface ByteRun {
  byte: number;
  length: number;
}

/** The runs of equal bytes; null if there are more than `max`. */
export function runsOf(bytes: Uint8Array, max: number): ByteRun[] | null {
  const runs: ByteRun[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (runs.length === max) return null;
    const byte = bytes[at] as number;
    let end = at + 1;
    while (end < bytes.length && bytes[end] === byte) end += 1;
    runs.push({ byte, length: end - at });
    at = end;
  }
  return runs;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

export function bytesText(bytes: Uint8Array): string {
  const runs = runsOf(bytes, runsMax);
  if (runs === null) return `base64:${Buffer.from(bytes).toString('base64')}`;
  return `{${runs.map(({ byte, length }) => `${hex(byte)}*${length}`).join(',')}}`;
}

export const isBytesText = (word: string): boolean => /^(\{|base64:)/.test(word);

const bytesPattern = /^\{(?:[0-9a-f]{2}\*[1-9]\d{0,11}(?:,[0-9a-f]{2}\*[1-9]\d{0,11})*)?\}$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The opposite of `bytesText`. Returns null if the text is not of this form, and the number of
 * bytes instead of the bytes if there are more than `max`: a short text can describe a terabyte.
 */
export function bytesOfText(text: string, max: number): Uint8Array | number | null {
  if (text.startsWith('base64:')) {
    const base64 = text.slice('base64:'.length);
    if (!base64Pattern.test(base64)) return null;
    const bytes = (base64.length / 4) * 3;
    return bytes > max + 2 ? bytes : new Uint8Array(Buffer.from(base64, 'base64'));
  }
  if (!bytesPattern.test(text)) return null;
  const runs = text
    .slice(1, -1)
    .split(',')
    .filter((run) => run !== '')
    .map((run) => ({ byte: Number.parseInt(run.slice(0, 2), 16), length: Number(run.slice(3)) }));
  const total = runs.reduce((sum, { length }) => sum + length, 0);
  if (total > max) return total;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const { byte, length } of runs) {
    bytes.fill(byte, at, at + length);
    at += length;
  }
  return bytes;
}
