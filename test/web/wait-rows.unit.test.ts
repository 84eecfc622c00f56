import { describe, expect, test } from 'vitest';
import type { OperationPicture, Picture, SleepPicture } from '../../src/client/picture.ts';
import { sentenceText } from '../../web/parts/sentence-part.ts';
import {
  endingSentence,
  firstRelease,
  otherText,
  stuckSentence,
} from '../../web/waits/stuck-sentence.ts';
import { waitRows } from '../../web/waits/wait-rows.ts';

type Graph = NonNullable<Parameters<typeof waitRows>[1]>;

const sleeper = (id: string, op: string, owner: string, sleepingOn: SleepPicture) =>
  [id, { id, op, owner, state: 'sleeping', sleepingOn }] as [string, OperationPicture];

/** op_10 waits for page 2, pinned by nic; op_11 and op_12 queue behind it. */
const picture = {
  strategy: 'break-layouts',
  files: new Map([[2, { ino: 2, name: 'a', sizeBytes: 0, unlinked: false }]]),
  mappings: new Map(),
  pins: new Map([
    [
      'pin_1',
      {
        id: 'pin_1',
        ino: 2,
        owner: 'nic',
        kind: 'rdma',
        offset: 0,
        pages: 1,
        runs: [{ pfn: 2, pages: 1 }],
        sinceMs: 5000,
      },
    ],
  ]),
  operations: new Map([
    sleeper('op_12', 'read', 'B', {
      on: 'lock',
      ino: 2,
      state: 'D',
      lock: 'i_rwsem',
      sinceMs: 19_000,
    }),
    sleeper('op_10', 'punch-hole', 'T', {
      on: 'page',
      ino: 2,
      state: 'S',
      pfn: 2,
      pgoff: 0,
      sinceMs: 8000,
    }),
    sleeper('op_11', 'write', 'A', {
      on: 'lock',
      ino: 2,
      state: 'D',
      lock: 'i_rwsem',
      sinceMs: 9000,
    }),
    ['op_13', { id: 'op_13', op: 'read', owner: null, state: 'running', sleepingOn: null }],
  ]),
} as unknown as Picture;

const graph = {
  nodes: [],
  cycles: [],
  omitted: 0,
  cursor: 'e.1',
  edges: [
    { from: 'op_10', to: 'page:2', because: 'sleeps on it' },
    { from: 'page:2', to: 'pin_1', because: 'is pinned by nic' },
    { from: 'op_11', to: 'lock:a:i_rwsem', because: 'sleeps on it' },
    { from: 'lock:a:i_rwsem', to: 'op_10', because: 'holds it exclusive' },
    { from: 'op_12', to: 'lock:a:i_rwsem', because: 'sleeps on it' },
    { from: 'lock:a:i_rwsem', to: 'op_11', because: 'is queued before it' },
  ],
} as Graph;

const nowMs = 20_000;
const { rows, total } = waitRows(picture, graph, { nowMs, max: 50 });

describe('the rows of Waits', () => {
  test('the longest sleeper is first, with who holds it and how many wait behind', () => {
    expect(total).toBe(3);
    const shown = rows.map(({ operation, on, forMs, holders, behind }) => [
      operation.id,
      on,
      forMs,
      holders.map(({ id }) => id),
      behind,
    ]);
    expect(shown).toEqual([
      ['op_10', 'page:2', 12_000, ['pin_1'], 2],
      ['op_11', 'lock:a:i_rwsem', 11_000, ['op_10'], 1],
      ['op_12', 'lock:a:i_rwsem', 1000, ['op_10'], 0],
    ]);
  });

  test('they are bounded, and the others are counted', () => {
    const few = waitRows(picture, graph, { nowMs, max: 1 });
    expect([few.rows.length, few.total]).toEqual([1, 3]);
  });

  test('a task in state D for more than two minutes hangs; in state S it does not', () => {
    const late = waitRows(picture, graph, { nowMs: 8000 + 121_500, max: 50 });
    expect(late.rows.map(({ hung }) => hung)).toEqual([false, true, false]);
  });

  test('without the graph the pins are known from the picture', () => {
    const [first] = waitRows(picture, null, { nowMs, max: 50 }).rows;
    expect(first?.holders.map(({ id }) => id)).toEqual(['pin_1']);
    expect(first?.behind).toBeNull();
  });
});

describe('the sentences of Waits', () => {
  const told = (at: number) => sentenceText(stuckSentence(picture, graph, rows[at]!, nowMs));

  test('who waits, since when, on what, and who holds it', () => {
    expect(told(0)).toBe(
      'op_10 (punch-hole by T) has waited 12 s for page 2 of a, which nic has held by pin_1 for 15 s.',
    );
  });

  test('while a clock stands still, nothing is said about how long', () => {
    const { rows: now } = waitRows(picture, graph, { nowMs: 5000, max: 1 });
    expect(sentenceText(stuckSentence(picture, graph, now[0]!, 5000))).toBe(
      'op_10 (punch-hole by T) waits for page 2 of a, which nic holds by pin_1.',
    );
  });

  test('a chain is told to its end', () => {
    expect(told(1)).toBe(
      'op_11 (write by A) has waited 11 s for i_rwsem of a, which op_10 (punch-hole by T) holds ' +
        'exclusive. op_10 waits for page 2 of a, which nic has held by pin_1 for 15 s.',
    );
  });

  test('a circle is called a deadlock', () => {
    const edge = {
      from: 'page:2',
      to: 'op_11',
      because: 'belongs to A, who holds it by pin_1 (rdma)',
    };
    const circle = { ...graph, edges: [...graph.edges, edge] };
    const [first] = waitRows(picture, circle, { nowMs, max: 50 }).rows;
    expect(sentenceText(stuckSentence(picture, circle, first!, nowMs))).toBe(
      'op_10 (punch-hole by T) has waited 12 s for page 2 of a, which nic has held by pin_1 for 15 s. ' +
        'pin_1 belongs to op_11 (write by A), which waits for i_rwsem of a, which op_10 (punch-hole ' +
        'by T) holds exclusive. This is a deadlock.',
    );
  });

  test('what would end it', () => {
    const release = (order: [string, string][], enough = true) => {
      const steps = order.map(([what, id]) => ({ do: what, id }));
      return { pins: [], mappings: [], signals: [], order: steps, enough } as never;
    };
    const ending = (...[released, notRun = null]: [never, (string | null)?]) =>
      sentenceText(endingSentence(released, notRun));
    expect(ending(release([['unpin', 'pin_1']]))).toBe('Unpinning pin_1 ends it.');
    expect(ending(release([['cancel', 'op_6']]))).toBe('A signal to op_6 ends it.');
    expect(ending(release([['unpin', 'pin_1']], false))).toBe(
      'Unpinning pin_1 is not enough: then it waits for something else.',
    );
    expect(
      ending(
        release([
          ['unpin', 'pin_1'],
          ['unpin', 'pin_2'],
          ['munmap', 'map_1'],
          ['cancel', 'op_2'],
        ]),
      ),
    ).toBe('4 releases in this order end it: pin_1, pin_2, map_1 and 1 more.');
    expect(ending(release([]))).toBe('Nothing that can be released is in its way.');
    expect(ending(null as never, 'there are more than 500 pins')).toBe(
      'The server did not work out what would end it, because there are more than 500 pins.',
    );
    const first = firstRelease(['op_3', 'pin_1', 'map_1']);
    expect(sentenceText(endingSentence(null, 'there are more than 500 pins', first))).toBe(
      'The server did not work out what would end it, because there are more than 500 pins. ' +
        'Unpinning pin_1 is a first step.',
    );
    expect(firstRelease(['op_3'])).toBeNull();
  });

  test('what another strategy would do', () => {
    const other = (given: object) =>
      otherText(picture, {
        blocksBusy: 0,
        blocksDetached: 0,
        deadlocks: 0,
        warnings: 0,
        ...given,
      } as never);
    expect(other({ outcome: 'failed', errno: 'EBUSY' })).toBe('fail with EBUSY');
    expect(other({ outcome: 'sleeping', sleepingOn: { page: { pfn: 2 } } })).toBe(
      'sleep on page 2 of a',
    );
    expect(other({ outcome: 'done', warnings: 1 })).toBe(
      'be done, and free the page under the pin',
    );
  });
});
