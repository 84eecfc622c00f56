import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRunList,
  createRunList,
  eachRun,
  findRun,
  insertRun,
  type Run,
  type RunList,
  removeRun,
} from '../../../src/kernel/lib/run-list.ts';
import { assert, Panic } from '../../../src/kernel/panic.ts';
import { toPfn } from '../../../src/kernel/units.ts';

interface Owned extends Run {
  owner: string;
}

const owned = (pfn: number, pages: number): Owned => ({
  pfn: toPfn(pfn),
  pages,
  owner: `${pfn}+${pages}`,
});

function collect(list: RunList<Owned>): Owned[] {
  const found: Owned[] = [];
  eachRun(list, (run) => found.push(run));
  return found;
}

/** The naive model is a plain array, in any order. */
function compare(list: RunList<Owned>, model: Owned[], probes: number[]): void {
  checkRunList(list);
  const sorted = model.toSorted((a, b) => a.pfn - b.pfn);
  const walked = collect(list);
  assert(
    walked.length === sorted.length && walked.every((run, i) => run === sorted[i]),
    'the walk gives the very records, ascending',
  );
  for (const pfn of probes) {
    const covering = model.find((run) => run.pfn <= pfn && pfn < run.pfn + run.pages) ?? null;
    assert(findRun(list, toPfn(pfn)) === covering, 'findRun gives the record that covers the page');
  }
}

function apply(
  list: RunList<Owned>,
  model: Owned[],
  step: { insert: boolean; at: number; pages: number },
): void {
  const overlaps = (run: Owned): boolean =>
    run.pfn < step.at + step.pages && step.at < run.pfn + run.pages;
  const victim = model.findIndex((run) => run.pfn >= step.at);
  if (step.insert && !model.some(overlaps)) {
    const run = owned(step.at, step.pages);
    insertRun(list, run);
    model.push(run);
  } else if (victim >= 0) {
    removeRun(list, model[victim] as Owned);
    model.splice(victim, 1);
  }
}

const steps = (span: number) =>
  fc.array(
    fc.record({ insert: fc.boolean(), at: fc.nat(span), pages: fc.integer({ min: 1, max: 5 }) }),
    {
      maxLength: 80,
      size: 'max',
    },
  );

describe('run list', () => {
  it('agrees with a plain array', () => {
    fc.assert(
      fc.property(steps(60), fc.array(fc.nat(70), { maxLength: 8 }), (script, probes) => {
        const [list, model] = [createRunList<Owned>(), [] as Owned[]];
        for (const step of script) {
          apply(list, model, step);
          checkRunList(list);
        }
        compare(list, model, probes);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with a plain array over many leaves', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(3000), { minLength: 300, maxLength: 1200, size: 'max' }),
        fc.nat(1200),
        steps(9000),
        (order, drop, script) => {
          const [list, model] = [createRunList<Owned>(), [] as Owned[]];
          for (const at of order) apply(list, model, { insert: true, at: at * 3, pages: 3 });
          compare(list, model, order);
          for (const run of model.splice(0, drop)) removeRun(list, run);
          for (const step of script) apply(list, model, step);
          compare(list, model, order);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lets the visitor remove the visited run and insert others', () => {
    const list = createRunList<Owned>();
    for (let i = 0; i < 1000; i++) insertRun(list, owned(i * 4, 2));
    const visited: number[] = [];
    eachRun(list, (run) => {
      visited.push(run.pfn);
      if (run.pfn % 8 === 0) removeRun(list, run);
      if (run.pfn % 80 === 0) insertRun(list, owned(run.pfn, 1));
    });
    checkRunList(list);
    expect(visited).toEqual(Array.from({ length: 1000 }, (_, i) => i * 4));
    eachRun(list, (run) => removeRun(list, run));
    expect(list).toEqual(createRunList());
  });

  it('survives structuredClone, which shares nothing', () => {
    const list = createRunList<Owned>();
    for (let i = 0; i < 500; i++) insertRun(list, owned(i * 2, 2));
    const copy = structuredClone(list);
    eachRun(copy, (run) => removeRun(copy, run));
    checkRunList(copy);
    checkRunList(list);
    expect([list.pages, copy.pages]).toEqual([1000, 0]);
  });

  it('panics when a law of the caller is broken', () => {
    const list = createRunList<Owned>();
    insertRun(list, owned(10, 10));
    for (const [pfn, pages] of [
      [10, 1],
      [19, 1],
      [5, 6],
      [5, 50],
      [30, 0],
    ] as const) {
      expect(() => insertRun(list, owned(pfn, pages))).toThrow(Panic);
    }
    expect(() => removeRun(list, owned(10, 10))).toThrow(Panic);
    expect(() => removeRun(list, owned(5, 1))).toThrow(Panic);
    checkRunList(list);
  });

  it('sees an overlap with the first run of the next leaf', () => {
    const list = createRunList<Owned>();
    for (let i = 0; i < 129; i++) insertRun(list, owned(i * 10, 5));
    expect(list.leaves.map((leaf) => leaf.length)).toEqual([128, 1]);
    expect(() => insertRun(list, owned(1275, 6))).toThrow(Panic);
    insertRun(list, owned(1275, 5));
    checkRunList(list);
  });

  it('finds broken lists', () => {
    const breakings: ((list: RunList<Owned>) => void)[] = [
      (list) => list.runs++,
      (list) => list.pages++,
      (list) => list.leaves.push([]),
      (list) => list.leaves[0]?.reverse(),
      (list) => Object.assign(list.leaves[0]?.[1] as Owned, { pages: 9 }),
      (list) => Object.assign(list.leaves[0]?.[1] as Owned, { pages: 0 }),
    ];
    for (const breaking of breakings) {
      const list = createRunList<Owned>();
      for (let i = 0; i < 5; i++) insertRun(list, owned(i * 2, 1));
      breaking(list);
      expect(() => checkRunList(list)).toThrow(Panic);
    }
  });
});
