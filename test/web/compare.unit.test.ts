import { describe, expect, test } from 'vitest';
import {
  differences,
  figureRows,
  mainDifference,
  operationRows,
  type Played,
  type Strategy,
} from '../../web/compare/table.ts';

const truncate: Played = {
  id: 'op_6',
  op: 'truncate',
  owner: 'T',
  file: 'a',
  outcome: 'done',
  sleptMs: 0,
  blockedBy: [],
};

const strategy = (name: string, more: Partial<Strategy> = {}): Strategy => ({
  strategy: name,
  options: {},
  operations: [truncate],
  deadlocks: 0,
  hangs: 0,
  blocksHeldBack: { peak: 0, blockMs: 0 },
  freedUnderPin: 0,
  dmaLost: 0,
  dmaForeign: 0,
  ...more,
});

const waiting: Played = {
  ...truncate,
  sleptMs: 1105,
  blockedBy: [{ owner: 'P', pin: 'pin_1', kind: 'rdma', ms: 1100 }],
};

describe('a cell says how an operation ended', () => {
  const textsOf = (played: Partial<Played>) =>
    operationRows([strategy('x', { operations: [{ ...truncate, ...played }] })])[0]?.cells[0];

  test.each([
    [{ outcome: 'done' }, '✓ done'],
    [{ outcome: 'failed', errno: 'EBUSY' }, '✗ EBUSY'],
    [{ outcome: 'cancelled', errno: 'EINTR' }, '∅ EINTR'],
    [{ outcome: 'sleeping' }, '… still sleeps'],
    [{ outcome: 'sleeping', stuck: 'hangs' }, '⊘ hangs'],
    [{ outcome: 'sleeping', stuck: 'deadlock' }, '∞ deadlock'],
  ] as const)('%o', (played, text) => {
    expect(textsOf(played)?.text).toBe(text);
  });

  test('who blocked it, and for how long', () => {
    expect(textsOf(waiting)?.details).toEqual(['slept 1.1 s', 'waited for pin_1 of P, 1.1 s']);
    const blockedBy = [{ owner: 'G', operation: 'op_8', lock: 'invalidate_lock', ms: 0 }];
    expect(textsOf({ blockedBy })?.details).toEqual([
      'waited for invalidate_lock, held by op_8 of G',
    ]);
  });

  test('a call that a thread did not get to, and a strategy that is not possible', () => {
    const refused = { errno: 'EOPNOTSUPP', rule: 'ST2', detail: 'no' };
    const rows = operationRows([
      strategy('a'),
      strategy('b', { operations: [] }),
      strategy('c', { operations: [], refused }),
    ]);
    expect(rows[0]?.label).toBe('truncate of a by T');
    expect(rows[0]?.cells.map(({ text }) => text)).toEqual(['✓ done', 'not called', '–']);
  });
});

describe('what differs', () => {
  const cells = (...texts: string[]) =>
    texts.map((text) => ({ text, details: [], tone: 'plain' as const }));

  test('from the strategy in force', () => {
    expect(differences(cells('a', 'b', 'a'), 1)).toEqual([true, false, true]);
  });

  test('from most, where none is in force', () => {
    expect(differences(cells('a', 'b', 'b'), -1)).toEqual([true, false, false]);
  });
});

describe('the main difference', () => {
  test('names the strategies, worst first, in at most three sentences', () => {
    const holding = { blocksHeldBack: { peak: 3, blockMs: 0 } };
    const all = [
      strategy('break-layouts', { operations: [waiting] }),
      strategy('busy-extents', holding),
      strategy('detach-and-wait', holding),
      strategy('wait-for-refs', { deadlocks: 1 }),
      strategy('none', { freedUnderPin: 1 }),
    ];
    expect(mainDifference(all)).toBe(
      'Under wait-for-refs it ends in a deadlock. Under none, 1 block left the file under a pin. ' +
        'Under break-layouts an operation waits for a pin.',
    );
    expect(mainDifference(all.slice(0, 3))).toBe(
      'Under break-layouts an operation waits for a pin. ' +
        'Under busy-extents and detach-and-wait only the space waits.',
    );
  });

  test('says that there is none', () => {
    expect(mainDifference([strategy('a'), strategy('b')])).toBe('All strategies do the same.');
    const slower = strategy('b', { operations: [{ ...truncate, sleptMs: 5 }] });
    expect(mainDifference([strategy('a'), slower])).toBe(
      'The strategies differ in how long operations sleep.',
    );
  });
});

test('figures are of each strategy', () => {
  const rows = figureRows([strategy('a', { operations: [waiting] }), strategy('b', { hangs: 2 })]);
  const row = (label: string) =>
    rows.find((one) => one.label === label)?.cells.map(({ text }) => text);
  expect(row('Slept, all together')).toEqual(['1.1 s', '0 ms']);
  expect(row('Hangs')).toEqual(['0', '2']);
  expect(rows.every(({ isFigure }) => isFigure)).toBe(true);
});
