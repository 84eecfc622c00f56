// Sizes and times as a person types them: 64M, 4K, 16p (pages); 500ms, 10s, 2m.
import { InvalidArgumentError } from 'commander';
import { pageSize } from '../../kernel/units.ts';

const KiB = 1024;
const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: KiB,
  m: KiB ** 2,
  g: KiB ** 3,
  t: KiB ** 4,
  p: pageSize,
};

/** Bytes. `p` counts pages of 4 KiB; the other units are powers of 1024. */
export function bytesOf(text: string): number {
  const [, digits = '', unit = ''] = /^(0x[0-9a-f]+|\d+)([kmgt]?)(?:i?b)?$/i.exec(text) ??
    /^(\d+)(p)$/i.exec(text) ?? ['', ''];
  const bytes = Number(digits) * (byteUnits[unit.toLowerCase()] ?? 1);
  if (digits === '' || !Number.isSafeInteger(bytes))
    throw new InvalidArgumentError(
      `${text} is not a size. Write bytes, or a number with K, M, G, T or p (pages of 4 KiB), ` +
        'such as 64M or 16p.',
    );
  return bytes;
}

const timeUnits: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds. A number without a unit is milliseconds, as in the API. */
export function msOf(text: string): number {
  const [, digits = '', unit = ''] = /^\+?(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Math.round(Number(digits) * (timeUnits[unit] ?? 1));
  if (digits === '' || !Number.isSafeInteger(ms))
    throw new InvalidArgumentError(
      `${text} is not a time. Write a number with ms, s, m or h, such as 500ms or 10s.`,
    );
  return ms;
}

export function wholeOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError(`${text} is not a whole number.`);
  return Number(text);
}

/** For tables: 64M, 4K, 513. Only whole units, so that no digit is lost. */
export function sizeText(bytes: number): string {
  for (const unit of ['t', 'g', 'm', 'k']) {
    const size = byteUnits[unit] as number;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit.toUpperCase()}`;
  }
  return String(bytes);
}

/** For sentences: 64K, 513 bytes. */
export const sizeWords = (bytes: number): string =>
  bytes > 0 && bytes % KiB === 0 ? sizeText(bytes) : `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;

/** For tables: 250 ms, 12 s, 3 min, 2 h. */
export function timeText(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`;
}
