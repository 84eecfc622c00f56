// Times out of traces. The two traces are our own: their times are drawn, not measured.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseWorkload } from '../../src/lab/document.ts';
import {
  distributionOf,
  importTrace,
  quantile,
  summaryOf,
  workloadText,
} from '../../src/lab/trace-import.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/lab/${name}`, import.meta.url), 'utf8');

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('a trace', () => {
  test('of block requests: the device and the sector say which end belongs to which begin', () => {
    const text = fixture('fio.trace-cmd.txt');
    const imported = importTrace(text);
    expect(imported).toMatchObject({
      events: { begin: 'block_rq_issue', end: 'block_rq_complete' },
      threads: 4,
      unpaired: { begins: 1, ends: 0 },
    });
    expect(imported.holds.length).toBe(text.match(/block_rq_complete/g)?.length);
    expect(imported.holds[0]).toBeGreaterThan(0);
  });

  test('of named events that share a field, which another thread ends', () => {
    const imported = importTrace(fixture('rdma.ftrace.txt'), {
      begin: 'reg_mr',
      end: 'dereg_mr',
      key: 'umem',
    });
    expect(imported).toMatchObject({ threads: 2, unpaired: { begins: 0, ends: 1 } });
    expect(imported.holds.length).toBe(80);
    // The thread that began the hold thinks, not the one that ended it.
    expect(imported.thinks.length).toBe(78);
    expect(summaryOf(imported)).toContain('80 holds from reg_mr to dereg_mr of 2 threads');
  });

  const line = (pid: number, at: string, event: string, rest = '') =>
    `  nic-${pid} [000] ..... ${at}: ${event}: ${rest}`;

  test.each([
    ['a flag word', '  nic-7 [000] d..1. 10.000001: on: '],
    ['no flag word', '  nic-7 [000] 10.000001: on: '],
    ['the group of threads', '  nic-7 (     7) [000] d.h2. 10.000001: on: '],
    ['a subsystem', '  nic-7 [000] ..... 10.000001: mm:on: '],
    ['a name with dashes and spaces', '  rdma - cm-7-7 [000] ..... 10.000001: on: '],
  ])('with %s', (_, begin) => {
    const { holds } = importTrace([begin, line(7, '10.000251', 'off')].join('\n'), {
      begin: 'on',
      end: 'off',
    });
    expect(holds).toEqual([0.25]);
  });

  test('one thread that holds several at once does not think meanwhile', () => {
    const text = [
      line(7, '1.000', 'on'),
      line(7, '1.001', 'on'),
      line(7, '1.004', 'off'),
      line(7, '1.005', 'off'),
      line(7, '1.007', 'on'),
      line(7, '1.008', 'off'),
    ].join('\n');
    const { holds, thinks } = importTrace(text, { begin: 'on', end: 'off' });
    expect(holds).toEqual([1, 4, 4]);
    expect(thinks).toEqual([2]);
  });

  test('says what is missing', () => {
    const text = fixture('rdma.ftrace.txt');
    expect(messageOf(() => importTrace(text))).toContain('Most frequent here: dereg_mr, reg_mr');
    expect(messageOf(() => importTrace(text, { begin: 'reg_mr' }))).toContain('belong together');
    expect(messageOf(() => importTrace(text, { begin: 'reg_nr', end: 'dereg_mr' }))).toContain(
      'did you mean "reg_mr"',
    );
    // kworker ends what others began.
    expect(messageOf(() => importTrace(text, { begin: 'reg_mr', end: 'dereg_mr' }))).toContain(
      '--key',
    );
  });
});

describe('two columns of times', () => {
  test('in seconds, with a header, comments, and a thread', () => {
    const text = 'begin,end,thread\n# warm\n1,1.5,a\n2,2.25,b\n4,4.1,a\n';
    expect(importTrace(text)).toEqual({
      events: null,
      holds: [100, 250, 500],
      thinks: [2500],
      threads: 2,
      unpaired: { begins: 0, ends: 0 },
    });
  });

  test('in other units', () => {
    expect(importTrace('10 30\n', { unit: 'ms' }).holds).toEqual([20]);
    expect(importTrace('10 30\n', { unit: 'us' }).holds).toEqual([0.02]);
  });

  test.each([
    ['1 2\n3\n', 'line 2, column 1'],
    ['1 2\nx y\n', 'line 2, column 1'],
    ['2 1\n', 'ends before it begins'],
    ['', 'no times'],
    ['begin end\n', 'no times'],
  ])('%j is refused', (text, why) => {
    expect(messageOf(() => importTrace(text))).toContain(why);
  });

  test('have no events to name', () => {
    expect(messageOf(() => importTrace('1 2\n', { key: 'umem' }))).toContain('mean nothing');
  });
});

test('quantiles have straight lines between the values', () => {
  expect([0, 0.25, 0.5, 1].map((p) => quantile([1, 2, 4], p))).toEqual([1, 1.5, 2, 4]);
  expect(distributionOf([3])).toEqual({ fixed: 3 });
  expect(distributionOf([1, 2, 4])).toEqual({ empirical: [1, 2, 4] });
  const many = Array.from({ length: 1001 }, (_, at) => at);
  expect(distributionOf(many)).toMatchObject({
    empirical: expect.arrayContaining([
      [0, 0],
      [0.99, 990],
      [1, 1000],
    ]),
  });
});

test.each([
  ['fio.trace-cmd.txt', {}],
  ['rdma.ftrace.txt', { begin: 'reg_mr', end: 'dereg_mr', key: 'umem' }],
])('the workload of %s is one that the lab takes', (file, options) => {
  const imported = importTrace(fixture(file), options);
  const { workload } = parseWorkload(workloadText(imported, 'measured'));
  expect(workload.actors.device?.count).toBe(imported.threads);
  expect(workload.about).toContain(summaryOf(imported));
});
