// A stepped scheduler that takes steps in the order of the run queue ends like an automatic one.
import { describe, expect, test } from 'vitest';
import { letters, type Machine, machine, page } from '../machine.ts';
import { columns, contentOf, everyColumn, space } from '../scenarios/story.ts';
import { extentsOf } from './ops/replay.ts';

const G = { owner: 'G' };
const T = { owner: 'T' };

type Tale = (m: Machine, rest: () => void) => void;

/** Each rests between its commands; the machine decides what that takes. */
const tales: Record<string, Tale> = {
  'a pin inside the range': (m, rest) => {
    m.pin(1, 0, 2 * page, G, { holdMs: 5 });
    rest();
    m.truncate('a', page, T);
    rest();
    m.advance(5);
  },
  'victims behind a truncate': (m, rest) => {
    m.pin(1, 0, page, G);
    rest();
    m.truncate('a', 0, T);
    rest();
    for (const offset of [0, page, 5 * page]) m.write('a', letters('w'), offset);
    m.read('a');
    m.truncate('a', 3 * page);
    rest();
    m.unpin(1);
  },
  'a deadlock, and a signal to the waiter': (m, rest) => {
    m.pin(1, 0, page, G);
    rest();
    const { task } = m.truncate('a', 0, T);
    rest();
    m.read('a', 0, page, G);
    rest();
    if (m.opState(task).startsWith('S')) m.cancel(task);
    rest();
    m.unpin(1);
  },
  'pins let go one by one': (m, rest) => {
    for (const pgoff of [0, 3, 5]) {
      m.pin(1, pgoff * page, page, G);
      rest();
    }
    m.punch('a', 0, 4 * page, T);
    rest();
    for (const pin of [2, 3, 1]) {
      m.unpin(pin);
      rest();
    }
  },
  'the last reference of an unlinked file': (m, rest) => {
    m.pin(1, 0, page, G);
    rest();
    m.unlink('a', T);
    rest();
    m.munmap(1);
    rest();
    m.unpin(1);
  },
};

/** What counts at the end, without the numbers of tasks. */
function endOf(m: Machine): unknown {
  const ended = m
    .seen('operation.done')
    .concat(m.seen('operation.failed') as never, m.seen('operation.cancelled') as never);
  const told = ended.map(
    ({ data, file }) =>
      `${data.op} ${file} ${'errno' in data ? data.errno : 'done'} ${data.sleptMs}`,
  );
  const files = [...m.k.names.keys()].map((name) => [
    name,
    m.file(name).sizeBytes,
    contentOf(m, name),
    extentsOf(m.file(name)),
  ]);
  return {
    told: told.sort(),
    files,
    space: space(m),
    pins: m.k.pins.size,
    waiting: m.k.sleepers.size,
  };
}

const cases = everyColumn.flatMap((column) =>
  Object.keys(tales).map((tale) => [tale, column] as const),
);

describe('SC3 auto and stepped come to the same end', () => {
  test.each(cases)('SC3 %s under %s', (tale, column) => {
    const [auto, stepped] = (['auto', 'stepped'] as const).map((scheduler) => {
      const m = machine({ strategy: columns[column], scheduler, forgiving: true });
      const rest = (): void => void m.settle();
      m.create('a');
      m.write('a', letters('ABCDEFGH'), 0);
      rest();
      m.map('a', 8);
      (tales[tale] as Tale)(m, rest);
      rest();
      return endOf(m);
    });
    expect(stepped).toEqual(auto);
  });

  test('SC1 SC2 a step of an unknown task, of a sleeping task, and on an automatic scheduler', () => {
    const m = machine({ scheduler: 'stepped' });
    expect(m.step().outcome).toMatchObject({
      ok: true,
      result: { task: null, op: null, step: null },
    });
    expect(m.step(99).outcome).toMatchObject({ failure: { errno: 'EINVAL', rule: 'SC2' } });
    expect(machine().step().outcome).toMatchObject({
      failure: { errno: 'EOPNOTSUPP', rule: 'SC1' },
    });
    m.create('a', page);
    m.truncate('a', 0);
    expect(m.step().outcome).toMatchObject({ result: { op: 'truncate', step: 'lock' } });
  });

  test('SC4 the next timer of a manual clock fires as a step', () => {
    const m = machine({ scheduler: 'stepped' });
    const fire = () => m.call('scheduler-step', {}, { task: 'timer' }).outcome;
    expect(fire()).toMatchObject({ failure: { errno: 'EINVAL', rule: 'SC4' } });
    m.create('a', page);
    const mapping = m.map('a', 1);
    m.pin(mapping, 0, 1, {}, { holdMs: 30 });
    m.pin(mapping, 0, 1, {}, { holdMs: 20 });
    m.settle();
    expect(m.k.pins.size).toBe(2);
    expect(fire()).toMatchObject({ result: { task: 'timer', op: 'timer', step: 'fire' } });
    expect([m.k.pins.size, m.k.nowMs]).toEqual([1, 20]);
    fire();
    expect([m.k.pins.size, m.k.nowMs]).toEqual([0, 30]);
  });
});
