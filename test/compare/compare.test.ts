// Comparisons agree with what the explorer found and with the scenario tests.
import { describe, expect, test } from 'vitest';
import { type Choice, compare } from '../../src/compare/compare.ts';
import { type Move, moveOf, TooLarge } from '../../src/compare/play.ts';
import { courseOfStory, movesOfStory } from '../../src/compare/story-course.ts';
import { type Played, type StrategyRow, zStrategyRow } from '../../src/compare/table.ts';
import { verdicts, type Way } from '../../src/kernel/explore.ts';
import type { Command, Kernel } from '../../src/kernel/state.ts';
import { opId } from '../../src/kernel/units.ts';
import { parseScript } from '../../src/script/golden.ts';
import { beginningOf } from '../../src/stories/beginning.ts';
import { stories } from '../../src/stories/index.ts';
import { type Column, columns, everyColumn, type Story } from '../../src/stories/story.ts';
import { columnTold, toldOf, verdictsTold, wayTold } from '../../src/stories/told.ts';
import { letters, type Machine, machine, page } from '../machine.ts';

const limits = { commandsMax: 1000, bytesMax: 2 ** 20 };

function tableOf(kernel: Kernel, moves: readonly Move[], choices: readonly Choice[]) {
  const rows: StrategyRow[] = [];
  compare({ kernel, moves }, choices, {
    limits: { entriesMax: 10_000, bytesMax: 2 ** 26 },
    done: (row) => void rows.push(zStrategyRow.strict().parse(row)),
  });
  return rows;
}

/** A file `a` of eight pages, A to H, mapped as map_1. */
function prepared(strategy: Choice = { name: 'break-layouts' }): Machine {
  const m = machine({ strategy });
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  m.map('a', 8);
  return m;
}

/** A script; `> clock-advance` is time that passes. */
function movesOf(text: string): Move[] {
  const moves: Move[] = [];
  let afterMs = 0;
  for (const { command } of parseScript(text, limits).commands) {
    if (command.op === 'clock-advance') {
      afterMs += (command.args as { ms: number }).ms;
      continue;
    }
    moves.push({ afterMs, command });
    afterMs = 0;
  }
  return [...moves, { afterMs, command: null }];
}

const each = Object.values(columns);
const byColumn = (rows: readonly StrategyRow[]): Record<Column, StrategyRow> =>
  Object.fromEntries(everyColumn.map((column, i) => [column, rows[i]])) as Record<
    Column,
    StrategyRow
  >;
const wordOf = ({ outcome, errno, stuck }: Played): string => stuck ?? errno ?? outcome;
const wordsOf = ({ operations }: StrategyRow): string[] => operations.map(wordOf);

describe('a manual clock', () => {
  const m = prepared();
  const first = m.k.nextTask;
  const held = {
    op: 'pin',
    on: { mapping: 1 },
    args: { offset: 0, length: page, access: 'write' },
  };
  const advance = { op: 'clock-advance', on: {}, args: { ms: 5 } };
  const truncate = { op: 'truncate', on: { file: 'a' }, args: { sizeBytes: 0 }, owner: 'T' };
  const played = (...commands: Command[]) => {
    const [row] = tableOf(m.k, commands.map(moveOf), [{ name: 'break-layouts' }]);
    return row?.operations.map((one) => [one.id, wordOf(one), one.sleptMs]);
  };

  test('[CM8] an advance takes the number of an operation, as it did in the past', () => {
    const cancel = { op: 'cancel', on: { operation: first + 3 }, args: { restart: false } };
    expect(played(held, advance, advance, truncate, advance, cancel)).toEqual([
      [opId(first), 'done', 0],
      [opId(first + 3), 'EINTR', 5],
      [opId(first + 5), 'done', 0],
    ]);
  });

  test('[CM8] a step of the timer is the time up to it', () => {
    const short = { ...held, args: { ...held.args, holdMs: 100 } };
    const fire = { op: 'scheduler-step', on: {}, args: { task: 'timer' } };
    expect(played(short, advance, truncate, fire, fire)).toEqual([
      [opId(first), 'done', 0],
      [opId(first + 2), 'done', 95],
    ]);
  });
});

describe('S01, get_user_pages against a punch of both pages', () => {
  const rows = byColumn(
    tableOf(
      prepared().k,
      movesOf(`
        > pin map_1 0 4096 write as G
        > clock-advance 10
        > punch-hole a 0 8192 as T
        > clock-advance 100
        > pin map_1 4096 4096 write as G
        > clock-advance 1000
        > dma-write pin_1 {78*4096}
        > unpin pin_1
        > clock-advance 5
        > unpin pin_2`),
      each,
    ),
  );

  test('is a deadlock under wait-for-refs only', () => {
    for (const column of everyColumn)
      expect([column, rows[column].deadlocks]).toEqual([
        column,
        Number(column === 'wait-for-refs'),
      ]);
    // The thread that would unpin is asleep in the fault, but here each command is given anyway.
    expect(wordsOf(rows['wait-for-refs'])).toEqual([
      'done',
      'done',
      'done',
      'done',
      'done',
      'done',
    ]);
  });

  test('says who blocked whom, and for how long', () => {
    const punch = (column: Column): Played => rows[column].operations[1] as Played;
    expect(punch('break-layouts fixed')).toMatchObject({
      op: 'punch-hole',
      owner: 'T',
      file: 'a',
      sleptMs: 1105,
      blockedBy: [
        { pin: 'pin_1', owner: 'G', kind: 'direct-io', ms: 1100 },
        { pin: 'pin_2', owner: 'G', kind: 'direct-io', ms: 5 },
      ],
    });
    expect(rows['wait-for-refs'].operations[2]).toMatchObject({
      op: 'pin',
      sleptMs: 1000,
      blockedBy: [{ operation: punch('wait-for-refs').id, lock: 'invalidate_lock', ms: 1000 }],
    });
    expect(punch('busy-extents')).toMatchObject({ sleptMs: 0, blockedBy: [] });
    expect(punch('refuse')).toMatchObject({ outcome: 'failed', errno: 'EBUSY' });
  });

  test('shows what a strategy pays for not waiting', () => {
    const { 'busy-extents': busy, none, 'detach-and-wait': detach } = rows;
    expect(busy.blocksHeldBack).toEqual({ peak: 1, blockMs: 1100 });
    // It detaches the whole range before it waits.
    expect(detach.blocksHeldBack.peak).toBe(2);
    expect(rows['break-layouts fixed'].blocksHeldBack).toEqual({ peak: 0, blockMs: 0 });
    expect([busy.freedUnderPin, none.freedUnderPin]).toEqual([0, 1]);
    // Under busy-extents no file owns the block. Under none the fault of page 1 got it.
    expect([busy.dmaLost, busy.dmaForeign]).toEqual([1, 0]);
    expect([none.dmaLost, none.dmaForeign]).toEqual([0, 1]);
  });

  test('a command has the same id under every strategy', () => {
    const ids = everyColumn.map((column) => rows[column].operations.map(({ id }) => id));
    for (const some of ids) expect(some).toEqual(ids[0]);
  });
});

test('a thread that waits for its own pin is a deadlock by itself', () => {
  const rows = byColumn(
    tableOf(prepared().k, movesOf('> pin map_1 0 4096 write as T\n> truncate a 0 as T'), each),
  );
  const words = everyColumn.map((column) => wordsOf(rows[column])[1]);
  expect(words).toEqual([
    'done',
    'deadlock',
    'deadlock',
    'deadlock',
    'deadlock',
    'deadlock',
    'EBUSY',
    'done',
  ]);
});

test('S06: a page that was faulted back in is waited for without end', () => {
  const rows = byColumn(
    tableOf(
      prepared().k,
      movesOf(`
        > pin map_1 0 4096 write as P
        > truncate a 0 as T
        > fault map_1 0 read as F
        > unpin pin_1
        > read a 0 as R
        > clock-advance 50`),
      each,
    ),
  );
  const hung = everyColumn.filter((column) => rows[column].hangs > 0);
  expect(hung).toEqual(['break-layouts modern']);
  const [, truncate, , , read] = rows['break-layouts modern'].operations;
  expect(truncate).toMatchObject({ outcome: 'sleeping', stuck: 'hangs', sleptMs: 50 });
  expect(truncate?.blockedBy).toContainEqual({ mapping: 'map_1', owner: null, ms: 50 });
  // What queues behind it is asleep, but not the one that hangs.
  expect(read).toMatchObject({ outcome: 'sleeping', blockedBy: [{ operation: truncate?.id }] });
  expect(read?.stuck).toBeUndefined();
});

describe('a command acts on what the same command made', () => {
  test('where a pin fails, the next pin is not released in its place', () => {
    const rows = tableOf(
      prepared({ name: 'wait-for-refs', newRefs: 'fail' }).k,
      movesOf(`
        > pin map_1 0 4096 write as G
        > truncate a 0 as T
        > pin map_1 4096 4096 write as G
        > pin map_1 16384 4096 write as H
        > unpin pin_1`),
      [{ name: 'wait-for-refs', newRefs: 'fail' }],
    );
    expect(wordsOf(rows[0] as StrategyRow)).toEqual(['done', 'done', 'EAGAIN', 'EAGAIN', 'done']);
    const longterm = tableOf(
      prepared({ name: 'busy-extents', longterm: 'allow' }).k,
      movesOf(`
        > pin map_1 0 4096 write longterm as G
        > pin map_1 4096 4096 write as H
        > truncate a 0 as T
        > unpin pin_1
        > unpin pin_2`),
      [{ name: 'break-layouts', longterm: 'allow' }, { name: 'break-layouts' }],
    );
    expect(longterm.map(wordsOf)).toEqual([
      ['done', 'done', 'done', 'done', 'done'],
      ['EOPNOTSUPP', 'done', 'done', 'ENOENT', 'done'],
    ]);
    expect(longterm[1]?.operations[2]?.blockedBy).toMatchObject([{ pin: 'pin_2', owner: 'H' }]);
  });

  test('a signal reaches the operation that its command began', () => {
    const rows = tableOf(
      prepared().k,
      movesOf(`
        > pin map_1 0 4096 write as G
        > unlink a
        > munmap map_1
        > create b 0
        > mmap b 0 4096 read
        > truncate b 4096 as T
        > pin map_2 0 1 read as H
        > truncate b 0 as U (op_11)
        > cancel op_11`),
      each,
    );
    for (const row of rows.slice(1, 6)) {
      const last = row.operations.at(-1) as Played;
      expect(['done', 'failed']).toContain(last.outcome);
      expect(last.id).toBe(rows[0]?.operations.at(-1)?.id);
    }
  });
});

test('a strategy that the kind cannot have is a row that says why', () => {
  const m = machine({ kind: 'ext2', kernel: '7.3', strategy: { name: 'break-layouts' } });
  m.create('a');
  const [refused, played] = tableOf(m.k, movesOf('> truncate a 0'), [
    { name: 'busy-extents' },
    { name: 'break-layouts' },
  ]);
  expect(refused).toMatchObject({
    strategy: 'busy-extents',
    refused: { errno: 'EOPNOTSUPP', rule: 'ST2' },
    operations: [],
  });
  expect(wordsOf(played as StrategyRow)).toEqual(['done']);
});

test('a machine in the middle of a wait is compared from there', () => {
  const m = prepared({ name: 'break-layouts', idleRule: 'fixed' });
  const pin = m.pinned(1, 0, page, { owner: 'G' });
  const truncate = m.truncate('a', 0, { owner: 'T' });
  const before = structuredClone(m.k);
  const rows = byColumn(tableOf(m.k, movesOf(`> clock-advance 7\n> unpin pin_${pin}`), each));
  for (const column of everyColumn) {
    const [first] = rows[column].operations;
    expect(first).toMatchObject({ id: `op_${truncate.task}`, op: 'truncate', owner: 'T' });
    expect(first?.outcome).toBe(column === 'refuse' ? 'failed' : 'done');
  }
  expect(rows['break-layouts fixed'].operations[0]).toMatchObject({
    sleptMs: 7,
    blockedBy: [{ pin: `pin_${pin}`, owner: 'G', ms: 7 }],
  });
  // A comparison plays on copies.
  expect(m.k).toEqual(before);
});

test('a run has limits', () => {
  const run = (entriesMax: number, bytesMax: number) => () =>
    compare({ kernel: prepared().k, moves: movesOf('> sync\n> sync\n> sync') }, each, {
      limits: { entriesMax, bytesMax },
      done: () => {},
    });
  expect(run(2, 2 ** 26)).toThrow(TooLarge);
  expect(run(2, 2 ** 26)).toThrow('under one strategy the commands take more than 2 entries');
  expect(run(100, 50_000)).toThrow('the machine takes more than 50000 bytes of memory');
});

describe('what the explorer found', () => {
  const cells = [...stories.values()].flatMap((story) =>
    everyColumn.flatMap((column) =>
      verdicts.flatMap((verdict) => {
        const way = wayTold(story.id, column, verdict);
        // A circle that threads go round for ever is no script.
        return way === null || way.round !== undefined
          ? []
          : [[story.id, column, verdict, story, way] as const];
      }),
    ),
  );

  test('has every verdict', () => {
    expect(cells.length).toBeGreaterThan(250);
  });

  test.each(cells)('%s %s: %s', (_id, column, verdict, story, way) => {
    const { kernel, moves } = courseOf(story, column, way);
    const [row] = tableOf(kernel, moves, [columns[column]]);
    if (row === undefined) throw new Error('a row for each strategy');
    const stuck = row.operations.map((played) => played.stuck).filter((word) => word !== undefined);
    if (verdict === 'deadlock') {
      expect(row.deadlocks).toBeGreaterThan(0);
      expect(stuck).toContain('deadlock');
    } else if (verdict === 'hangs') {
      expect(row.deadlocks).toBe(0);
      expect(row.hangs).toBe(1);
      expect(stuck).toContain('hangs');
    } else if (verdict === 'frees under the pin') expect(row.freedUnderPin).toBeGreaterThan(0);
    else if (verdict === 'completes') {
      expect(row.deadlocks).toBe(0);
      expect(row.hangs).toBe(0);
      expect(row.operations.every(({ outcome }) => outcome !== 'sleeping')).toBe(true);
    }
  });
});

/** The commands and steps of a way through a story. */
function courseOf(story: Story, column: Column, way: Way): { kernel: Kernel; moves: Move[] } {
  const begin = beginningOf(story, columns[column]);
  if ('errno' in begin) throw new Error(begin.why);
  const kernel = structuredClone(begin.kernel);
  const moves = movesOfStory(begin.kernel, story, way);
  return { kernel, moves };
}

test.each([...stories.values()])(
  '$id is a table in which the strategies differ as told',
  (story) => {
    const { kernel, moves } = courseOfStory(story);
    const rows = byColumn(tableOf(kernel, moves, each));
    const column = columnTold(story.id);
    const told = toldOf(story.id, column);
    const row = rows[column];
    if (told === 'deadlock') expect(row.deadlocks).toBeGreaterThan(0);
    // Threads that are not at their end release what the others wait for.
    if (told === 'hangs')
      expect(
        row.operations.some(
          ({ sleptMs, outcome, blockedBy }) =>
            sleptMs > 0 || outcome === 'sleeping' || blockedBy.length > 0,
        ),
      ).toBe(true);
    if (told === 'waits')
      expect(row.operations.some(({ blockedBy }) => blockedBy.length > 0)).toBe(true);
    for (const other of everyColumn) {
      const verdictsOf = verdictsTold(story.id, other);
      // What the explorer never found in any order does not happen in this one.
      if (!verdictsOf.includes('deadlock'))
        expect([other, rows[other].deadlocks]).toEqual([other, 0]);
      if (!verdictsOf.includes('hangs')) expect([other, rows[other].hangs]).toEqual([other, 0]);
      if (!verdictsOf.includes('frees under the pin'))
        expect([other, rows[other].freedUnderPin]).toEqual([other, 0]);
    }
  },
);
