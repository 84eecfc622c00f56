// Comparisons in their threads: the limits, and what ends them.
import { afterAll, describe, expect, test } from 'vitest';
import type { Course } from '../../src/compare/compare.ts';
import { type Comparison, ComparisonError, Comparisons } from '../../src/compare/comparisons.ts';
import { zComparison } from '../../src/compare/table.ts';
import type { CommandSource, CompareAnswer } from '../../src/compare/worker.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import { letters, limitsOfTests, machine } from '../machine.ts';

const limits = {
  comparisonsMax: 3,
  comparisonsPerTenantMax: 2,
  compareMs: 60_000,
  compareHeapBytes: 2 ** 28,
};
const plays = { entriesMax: 1e9, bytesMax: 2 ** 30 };
const opened: Comparisons[] = [];
const threads = (more: Partial<typeof limits> = {}): Comparisons => {
  const made = new Comparisons({ ...limits, ...more });
  opened.push(made);
  return made;
};
afterAll(() => Promise.all(opened.map((one) => one.close())));

const source = (...commands: unknown[]): CommandSource => ({
  mkfs: mkfsArgs.parse({ name: 'x', sizeBytes: 2 ** 20, clock: 'manual' }),
  limits: limitsOfTests,
  commands,
});
const create = { op: 'create', args: { name: 'a' } };
const comparison = (of: CommandSource | Course, tenant = 'default'): Comparison => ({
  tenant,
  source: async () => of,
  choices: [{ name: 'busy-extents' }, { name: 'refuse' }],
  limits: plays,
});
/** A comparison that takes minutes. */
const endless = (tenant?: string) =>
  comparison(
    { ...source(), commands: Array.from({ length: 300_000 }, () => ({ op: 'sync' })) },
    tenant,
  );
const ever = new AbortController().signal;
const tableOf = (answer: CompareAnswer) => {
  if (answer.kind !== 'table') throw new Error(JSON.stringify(answer));
  return zComparison.parse(JSON.parse(Buffer.from(answer.json).toString()));
};
const kindOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => 'done',
    (error: unknown) => (error instanceof ComparisonError ? error.kind : error),
  );

test('commands of a client', async () => {
  const answer = await threads().run(comparison(source(create, { op: 'sync' })), ever);
  const { strategies } = tableOf(answer);
  expect(strategies.map(({ strategy }) => strategy)).toEqual(['busy-extents', 'refuse']);
  expect(strategies[0]?.operations).toMatchObject([
    { id: 'op_1', op: 'create', outcome: 'done' },
    { id: 'op_2', op: 'sync', outcome: 'done' },
  ]);
});

test('a machine in the middle of its life, with contents', async () => {
  const m = machine();
  m.create('a');
  m.write('a', letters('ABCDEFGH'), 0);
  m.map('a', 8);
  m.pinned(1, 0, 4096, { owner: 'G' });
  m.truncate('a', 0, { owner: 'T' });
  const moves = [{ afterMs: 5, command: { op: 'unpin', on: { pin: 1 }, args: {} } }];
  const answer = await threads().run(comparison({ kernel: m.k, moves }), ever);
  expect(tableOf(answer).strategies.map(({ operations }) => operations)).toMatchObject([
    [
      { op: 'truncate', outcome: 'done' },
      { op: 'unpin', outcome: 'done' },
    ],
    [
      { op: 'truncate', outcome: 'failed', errno: 'EBUSY' },
      { op: 'unpin', outcome: 'done' },
    ],
  ]);
});

test('wrong commands and a wrong mkfs are told, not thrown', async () => {
  const own = threads();
  const invalid = await own.run(comparison(source(create, { op: 'trunkate' })), ever);
  expect(invalid).toMatchObject({ kind: 'invalid', issues: [{ path: ['commands', 1, 'op'] }] });
  const mkfs = mkfsArgs.parse({ name: 'x', sizeBytes: 2 ** 20, extentMaxZerooutKb: 32 });
  const refused = await own.run(comparison({ ...source(), mkfs }), ever);
  expect(refused).toMatchObject({ kind: 'refused', failure: { errno: 'EINVAL', rule: 'ZO1' } });
});

describe('a comparison ends', () => {
  test('when it takes too long', async () => {
    const own = threads({ compareMs: 1 });
    expect(await kindOf(own.run(endless(), ever))).toBe('timeout');
    // The thread is gone, and the next comparison gets a new one.
    const again = new Comparisons(limits);
    opened.push(again);
    expect(await kindOf(again.run(comparison(source(create)), ever))).toBe('done');
  });

  test('when its client goes away', async () => {
    const own = threads();
    const client = new AbortController();
    const run = own.run(endless(), client.signal);
    const gone = new Error('gone');
    setTimeout(() => client.abort(gone), 50);
    expect(await kindOf(run)).toBe(gone);
    expect(await kindOf(own.run(comparison(source(create)), ever))).toBe('done');
  });

  test('when the server stops', async () => {
    const own = threads();
    const run = kindOf(own.run(endless(), ever));
    await own.close();
    expect(await run).toBe('stopping');
    expect(await kindOf(own.run(comparison(source(create)), ever))).toBe('stopping');
  });

  test('when it needs too much memory', async () => {
    const own = threads({ compareHeapBytes: 2 ** 24 });
    const many = Array.from({ length: 200_000 }, (_, i) => ({
      op: 'create',
      args: { name: `f${i}` },
    }));
    expect(await kindOf(own.run(comparison({ ...source(), commands: many }), ever))).toBe(
      'too-large',
    );
    const bounded = { ...comparison(source(create)), limits: { ...plays, bytesMax: 1000 } };
    expect(await threads().run(bounded, ever)).toMatchObject({ kind: 'too-large', limit: 1000 });
  });
});

test('a tenant, and the server, have so many at a time', async () => {
  const own = threads();
  const client = new AbortController();
  const runs = ['a', 'a', 'b'].map((tenant) => kindOf(own.run(endless(tenant), client.signal)));
  expect(await kindOf(own.run(comparison(source(create), 'a'), ever))).toBe('busy');
  expect(await kindOf(own.run(comparison(source(create), 'c'), ever))).toBe('busy');
  client.abort('enough');
  expect(await Promise.all(runs)).toEqual(['enough', 'enough', 'enough']);
  expect(await kindOf(own.run(comparison(source(create), 'c'), ever))).toBe('done');
});
