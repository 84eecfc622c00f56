// What a story is: a filesystem, the calls that prepare it, and the calls of a few threads, whose
// order decides how it ends.
import type { Call, Thread } from '../kernel/interleave.ts';
import type { MkfsArgs } from '../kernel/ops/mkfs.ts';

/** The strategies under which each story is explored; break-layouts once for each idle rule. */
export const columns = {
  'busy-extents': { name: 'busy-extents' },
  'wait-for-refs': { name: 'wait-for-refs' },
  'detach-and-wait': { name: 'detach-and-wait' },
  'break-layouts classic': { name: 'break-layouts', idleRule: 'classic' },
  'break-layouts modern': { name: 'break-layouts', idleRule: 'modern' },
  'break-layouts fixed': { name: 'break-layouts', idleRule: 'fixed' },
  refuse: { name: 'refuse' },
  none: { name: 'none' },
} as const satisfies Record<string, NonNullable<MkfsArgs['strategy']>>;
export type Column = keyof typeof columns;
export const everyColumn = Object.keys(columns) as Column[];

/** The strategy that a column names, such as `break-layouts modern`; else undefined. */
export const strategyOfColumn = (name: string) =>
  Object.hasOwn(columns, name) ? { ...columns[name as Column] } : undefined;

export interface Story {
  id: string;
  title: string;
  /** What happens, for somebody who sees it for the first time. */
  text: string;
  /** To ask before the answer is shown. */
  questions: readonly string[];
  /** What differs from a device of 64 KiB. */
  filesystem: Partial<Record<keyof MkfsArgs, unknown>>;
  /** Made before the story begins, one after another, each to its end. */
  setup: readonly PreparedCall[];
  /** The end of the first one is in question. */
  threads: readonly Thread[];
}

export interface PreparedCall extends Call {
  owner?: string;
}

export const page = 4096;

/** Pages filled with one letter each. */
function letters(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * page);
  for (let i = 0; i < text.length; i++) bytes.fill(text.charCodeAt(i), i * page, (i + 1) * page);
  return bytes;
}

export const thread = (owner: string, ...calls: Call[]): Thread => ({ owner, calls, loops: false });
export const loop = (owner: string, ...calls: Call[]): Thread => ({ owner, calls, loops: true });
export const by = (owner: string, call: Call): PreparedCall => ({ ...call, owner });

const mapped = (mapping: number) => ({ mapping });
const range = (first: number, pages: number) => ({ offset: first * page, length: pages * page });

export const create = (name: string): Call => ({ op: 'create', on: {}, args: { name } });
export const write = (file: string, text: string): Call => ({
  op: 'write',
  on: { file },
  args: { offset: 0 },
  data: letters(text),
});
export const map = (file: string, pages: number, more: object = {}): Call => ({
  op: 'mmap',
  on: { file },
  args: { ...range(0, pages), access: 'read-write', ...more },
});
/** The file `a` with pages A, B and C, mapped as map_1. */
export const threePages: readonly PreparedCall[] = [create('a'), write('a', 'ABC'), map('a', 3)];

export const pin = (first: number, pages = 1, more: object = {}, mapping = 1): Call => ({
  op: 'pin',
  on: mapped(mapping),
  args: { ...range(first, pages), access: 'write', ...more },
});
/** Releases the pin that the thread has taken. */
export const unpin: Call = { op: 'unpin', on: {}, args: {}, pin: true };
/** Releases a pin that was there before the story. */
export const release = (id: number): Call => ({ op: 'unpin', on: { pin: id }, args: {} });
export const touch = (pgoff: number, access = 'read', mapping = 1): Call => ({
  op: 'fault',
  on: mapped(mapping),
  args: { offset: pgoff * page, access },
});
export const load = (pgoff: number, mapping = 1): Call => ({
  op: 'load',
  on: mapped(mapping),
  args: { offset: pgoff * page, length: 1 },
});
export const store = (pgoff: number, letter: string, mapping = 1): Call => ({
  op: 'store',
  on: mapped(mapping),
  args: { offset: pgoff * page },
  data: letters(letter).slice(0, 8),
});
export const munmap: Call = { op: 'munmap', on: mapped(1), args: {} };
export const unlink: Call = { op: 'unlink', on: { file: 'a' }, args: {} };
export const read: Call = { op: 'read', on: { file: 'a' }, args: { offset: 0, length: page } };
export const truncate = (sizeBytes: number, file = 'a'): Call => ({
  op: 'truncate',
  on: { file },
  args: { sizeBytes },
});
const ranged =
  (op: string) =>
  (first: number, pages: number, file = 'a'): Call => ({
    op,
    on: { file },
    args: range(first, pages),
  });
export const punch = ranged('punch-hole');
export const allocate = ranged('allocate');
export const collapse = ranged('collapse-range');
