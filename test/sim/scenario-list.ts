// S01 to S12 of docs/scenarios.md as two or three tasks on a file `a` of three pages, mapped as
// map_1, with the expected verdict of each strategy.
import type { Verdict } from '../../src/kernel/explore.ts';
import type { Call, Thread } from '../../src/kernel/interleave.ts';
import type { Choice } from '../machine.ts';

const page = 4096;

export const columns = {
  'busy-extents': { name: 'busy-extents' },
  'wait-for-refs': { name: 'wait-for-refs' },
  'detach-and-wait': { name: 'detach-and-wait' },
  'break-layouts classic': { name: 'break-layouts', idleRule: 'classic' },
  'break-layouts modern': { name: 'break-layouts', idleRule: 'modern' },
  'break-layouts fixed': { name: 'break-layouts', idleRule: 'fixed' },
  refuse: { name: 'refuse' },
  none: { name: 'none' },
} as const satisfies Record<string, Choice>;
export type Column = keyof typeof columns;
export const everyColumn = Object.keys(columns) as Column[];

export interface Scenario {
  id: string;
  tells: string;
  /** The first is the one whose end is in question. */
  threads: Thread[];
  /** What differs from `completes`. */
  but: Partial<Record<Column, Verdict[]>>;
}

const file = { file: 'a' };
const mapped = { mapping: 1 };
const pin = (pgoff: number, pages = 1): Call => ({
  op: 'pin',
  on: mapped,
  args: { offset: pgoff * page, length: pages * page, access: 'write' },
});
const unpin: Call = { op: 'unpin', on: {}, args: {}, pin: true };
const truncate = (sizeBytes: number): Call => ({ op: 'truncate', on: file, args: { sizeBytes } });
const punch = (first: number, pages: number): Call => ({
  op: 'punch-hole',
  on: file,
  args: { offset: first * page, length: pages * page },
});
const read: Call = { op: 'read', on: file, args: { offset: 0, length: page } };
const touch = (pgoff: number): Call => ({
  op: 'fault',
  on: mapped,
  args: { offset: pgoff * page, access: 'read' },
});
const munmap: Call = { op: 'munmap', on: mapped, args: {} };
const unlink: Call = { op: 'unlink', on: file, args: {} };
const thread = (owner: string, ...calls: Call[]): Thread => ({ owner, calls, loops: false });
const loop = (owner: string, ...calls: Call[]): Thread => ({ owner, calls, loops: true });

const freed: Partial<Record<Column, Verdict[]>> = { none: ['completes', 'frees under the pin'] };

export const scenarios: Scenario[] = [
  {
    id: 'S01',
    tells: 'get_user_pages of two pages against a punch of both',
    threads: [thread('T', punch(0, 2)), thread('G', pin(0, 2), unpin)],
    but: { ...freed, 'wait-for-refs': ['completes', 'deadlock'] },
  },
  {
    id: 'S02',
    tells: 'no pins',
    threads: [thread('T', punch(0, 1), truncate(0)), thread('U', punch(1, 1))],
    but: {},
  },
  {
    id: 'S03',
    tells: 'a pin inside the range',
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin)],
    but: freed,
  },
  {
    id: 'S04',
    tells: 'a pin outside the range',
    threads: [thread('T', punch(2, 1)), thread('P', pin(0), unpin)],
    but: {},
  },
  {
    id: 'S05',
    tells: 'a fault of another page during the wait',
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin), thread('F', touch(1))],
    but: freed,
  },
  {
    id: 'S06',
    tells: 'the pinned page is faulted back in during the wait',
    threads: [thread('T', truncate(0)), thread('P', pin(0), unpin), thread('F', touch(0))],
    but: { ...freed, 'break-layouts modern': ['completes', 'hangs'] },
  },
  {
    id: 'S07',
    tells: 'two owners pin in turn, without end',
    threads: [thread('T', punch(0, 2)), loop('P', pin(0), unpin), loop('Q', pin(1), unpin)],
    but: {
      ...freed,
      'break-layouts classic': ['completes', 'starves'],
      'break-layouts modern': ['completes', 'hangs', 'starves'],
      'break-layouts fixed': ['completes', 'starves'],
    },
  },
  {
    id: 'S07, ended',
    tells: 'two owners pin in turn, and stop',
    threads: [thread('T', punch(0, 2)), thread('P', pin(0), unpin, pin(0), unpin)],
    but: { ...freed, 'break-layouts modern': ['completes', 'hangs'] },
  },
  {
    id: 'S08',
    tells: 'a read and another truncate behind a truncate',
    threads: [
      thread('T', truncate(0)),
      thread('P', pin(0), unpin),
      thread('R', read, truncate(page)),
    ],
    but: freed,
  },
  {
    id: 'S09',
    tells: 'the holder of the pin reads the file',
    threads: [thread('T', truncate(0)), thread('P', pin(0), read, unpin)],
    but: {
      ...freed,
      'wait-for-refs': ['completes', 'deadlock'],
      'break-layouts classic': ['completes', 'deadlock'],
      'break-layouts modern': ['completes', 'deadlock'],
      'break-layouts fixed': ['completes', 'deadlock'],
    },
  },
  {
    id: 'S10',
    tells: 'a signal to the waiter',
    threads: [
      thread('T', truncate(0)),
      thread('P', pin(0), unpin),
      thread('C', { op: 'cancel', on: {}, args: {}, cancels: 0 }),
    ],
    but: freed,
  },
  {
    id: 'S11',
    tells: 'unlink and last munmap with a pin',
    threads: [thread('T', munmap, unlink), thread('P', pin(0), unpin)],
    but: { ...freed, 'break-layouts classic': ['completes', 'frees under the pin'] },
  },
  {
    id: 'S12',
    tells: 'only the waiting process could unpin',
    threads: [thread('P', pin(0), munmap, unlink, unpin)],
    but: {
      ...freed,
      'break-layouts classic': ['completes', 'frees under the pin'],
      'wait-for-refs': ['deadlock'],
      'break-layouts modern': ['deadlock'],
      'break-layouts fixed': ['deadlock'],
    },
  },
];

export const expected = ({ but }: Scenario, column: Column): Verdict[] =>
  but[column] ?? ['completes'];
