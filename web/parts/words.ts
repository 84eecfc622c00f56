// Sizes, times and counts as a person would say them.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 4096 is "4 KiB", 6442450944 is "6 GiB", 5000 is "4.9 KiB". */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0);
  return `${shown} ${units[unit]}`;
}

/** 4 KiB pages. */
export const pagesText = (pages: number): string =>
  `${countText(pages)} ${pages === 1 ? 'page' : 'pages'}`;

/** 12345 is "12,345". */
export const countText = (count: number): string => count.toLocaleString('en');

/** "850 ms", "12.3 s", "4 min 10 s", "3 h 5 min". */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const seconds = Math.floor(ms / 1000);
  if (ms < 3_600_000) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A time of a filesystem: a manual clock counts from 0, a realtime clock from 1970. */
export const timeText = (ms: number, clock: 'realtime' | 'manual'): string =>
  clock === 'manual' ? `${(ms / 1000).toFixed(3)} s` : new Date(ms).toISOString();

/** The same without the day of a realtime clock: "14:51:05". */
export const clockText = (ms: number, clock: 'realtime' | 'manual'): string =>
  clock === 'manual' ? timeText(ms, clock) : `${new Date(ms).toISOString().slice(11, 19)} UTC`;

/** "2 files", "1 file". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${countText(count)} ${count === 1 ? one : many}`;

/** A range that a call gives with the largest offset of a file reaches to its end. */
const endOfFile = 2 ** 52;

/** "4 KiB at 8 KiB", "everything from 8 KiB on". */
export const bytesText = ({ offset, length }: { offset: number; length: number }): string =>
  offset + length >= endOfFile
    ? `everything from ${sizeText(offset)} on`
    : `${sizeText(length)} at ${sizeText(offset)}`;
