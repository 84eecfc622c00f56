// What the scenarios share: the columns of their tables, a prepared file, and the golden traces.
import { expect, test } from 'vitest';
import type { LawName } from '../../src/kernel/invariants.ts';
import { blockPfn, isWritten, lookupBlock } from '../../src/kernel/lib/extent-map.ts';
import { toPfn, toPgOff } from '../../src/kernel/units.ts';
import {
  type Choice,
  letters,
  type Machine,
  type MachineOptions,
  machine,
  page,
  shown,
} from '../machine.ts';

/** The columns of every table: each strategy, and break-layouts once for each idle rule. */
export const columns = {
  'busy-extents': { name: 'busy-extents' },
  'wait-for-refs': { name: 'wait-for-refs' },
  'detach-and-wait': { name: 'detach-and-wait' },
  'break-layouts.classic': { name: 'break-layouts', idleRule: 'classic' },
  'break-layouts.modern': { name: 'break-layouts', idleRule: 'modern' },
  'break-layouts.fixed': { name: 'break-layouts', idleRule: 'fixed' },
  refuse: { name: 'refuse' },
  none: { name: 'none' },
} as const satisfies Record<string, Choice>;

export type Column = keyof typeof columns;

export const everyColumn = Object.keys(columns) as Column[];
/** Those that never free a block under a pin. */
export const safeColumns = everyColumn.filter((column) => column !== 'none');
/** The waiter holds i_rwsem and drops invalidate_lock. */
export const breaking = everyColumn.filter((column) => column.startsWith('break-layouts'));
/** The file shows the new layout at once. */
export const immediate: Column[] = ['busy-extents', 'detach-and-wait'];

/** Frees under the pin, as law 1 forbids. */
const lawless: LawName[] = ['law 1'];

/** A machine with a file `a` of 8 pages, A to H, all of them mapped as map_1. */
export function story(column: Column, options: MachineOptions = {}): Machine & { mapping: number } {
  const m = machine({
    strategy: columns[column],
    except: column === 'none' ? lawless : [],
    ...options,
  });
  m.create('a');
  const written = m.write('a', letters('ABCDEFGH'), 0);
  if (options.scheduler === 'stepped') m.settle(written.task);
  return { ...m, mapping: m.map('a', 8) };
}

/** What a file holds, a letter a page, `.` for zeroes. Reads past every lock. */
export function contentOf(m: Machine, name: string): string {
  const inode = m.file(name);
  let text = '';
  for (let pgoff = 0; pgoff * page < inode.sizeBytes; pgoff++) {
    const block = lookupBlock(inode.extents, toPgOff(pgoff));
    if (block < 0) text += '.';
    else if (!isWritten(block)) text += '_';
    else text += shown(bytesAt(m, blockPfn(block)));
  }
  return text;
}

function bytesAt(m: Machine, pfn: number): Uint8Array {
  return m.k.pmem.pages.get(toPfn(pfn)) ?? new Uint8Array(page);
}

/** The block of a page of a file; -1 for a hole. */
export function blockOf(m: Machine, name: string, pgoff: number): number {
  const block = lookupBlock(m.file(name).extents, toPgOff(pgoff));
  return block < 0 ? -1 : blockPfn(block);
}

/** Blocks by place. */
export function space({ k }: Machine): {
  used: number;
  free: number;
  busy: number;
  detached: number;
} {
  return {
    used: k.counts.blocksUsed,
    free: k.space.free,
    busy: k.busy.pages,
    detached: k.detached.pages,
  };
}

/** Compares the trace with the golden one. */
export async function golden(m: Machine, name: string): Promise<void> {
  await expect(m.trace()).toMatchFileSnapshot(`../traces/${name}.trace`);
}

export type Story = ReturnType<typeof story>;

/** Tells a story once a column, and compares its trace. */
export function tell(
  title: string,
  names: readonly Column[],
  body: (m: Story, column: Column) => void,
  options: (column: Column) => MachineOptions = () => ({}),
): void {
  const [id] = title.split(' ');
  test.each(names)(`${title}: %s`, async (column) => {
    const m = story(column, options(column));
    body(m, column);
    await golden(m, `${id}.${column}`);
  });
}

/** One word a column, in the order of `columns`. */
export function perColumn<T>(
  a: T,
  b: T,
  c: T,
  d1: T,
  d2: T,
  fixed: T,
  refuse: T,
  none: T,
): Record<Column, T> {
  return {
    'busy-extents': a,
    'wait-for-refs': b,
    'detach-and-wait': c,
    'break-layouts.classic': d1,
    'break-layouts.modern': d2,
    'break-layouts.fixed': fixed,
    refuse,
    none,
  };
}
