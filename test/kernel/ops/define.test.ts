// Mistakes in the definition of an operation that the compiler must refuse. `npm run check` fails
// if one of the lines below compiles.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAtomic, defineOp, done, goto, wait } from '../../../src/kernel/ops/define.ts';
import { operations } from '../../../src/kernel/ops/index.ts';
import { pageSleepSteps, signalled, sleepOnPage } from '../../../src/kernel/ops/page-sleep.ts';
import { hasVersion } from '../../../src/kernel/records/contract.ts';
import type { Pfn, PgOff } from '../../../src/kernel/units.ts';

const contract = {
  name: 'probe',
  summary: '',
  doc: '',
  on: 'file',
  route: { method: 'POST', path: 'probe', status: 200 },
  args: z.strictObject({ offset: z.int() }),
  result: z.object({ pages: z.int() }),
} as const;

describe('the body of an operation is typed by its contract', () => {
  test('a misspelt step does not compile', () => {
    defineOp({
      ...contract,
      // @ts-expect-error there is no step `begni`
      first: 'begni',
      steps: { begin: () => done({ pages: 0 }) },
    });
    defineOp({
      ...contract,
      first: 'begin',
      steps: {
        // @ts-expect-error there is no step `chnage`
        begin: () => goto('chnage'),
        change: () => done({ pages: 0 }),
      },
    });
    defineOp({
      ...contract,
      first: 'begin',
      // @ts-expect-error nor one to resume at
      steps: { begin: () => wait('bgein') },
    });
  });

  test('a step to look again from, after a sleep on a page, is one of the operation', () => {
    const page = { pfn: 1 as Pfn, pgoff: 0 as PgOff, dropLock: false, interruptible: true };
    defineOp({
      ...contract,
      first: 'scan',
      steps: {
        // @ts-expect-error there is no step `sacn`
        scan: (k, task) => sleepOnPage(k, task, 'sacn', page),
        ...pageSleepSteps((_k, task) => signalled(task)),
      },
    });
  });

  test('a misspelt local, argument or result does not compile', () => {
    const locals = {} as { pages?: number };
    defineOp({
      ...contract,
      locals,
      first: 'begin',
      steps: {
        begin(_k, task) {
          // @ts-expect-error there is no local `paegs`
          task.locals.paegs = 1;
          // @ts-expect-error there is no argument `length`
          return done({ pages: task.args.length });
        },
      },
    });
    defineAtomic({
      ...contract,
      // @ts-expect-error the result has `pages`
      run: () => done({ bytes: 0 }),
    });
  });

  test('what never sleeps has one step and no other to go to', () => {
    defineAtomic({
      ...contract,
      // @ts-expect-error there is no other step
      run: () => goto('again'),
    });
  });

  test('a range is of an operation that takes an offset', () => {
    defineAtomic({
      ...contract,
      args: z.strictObject({ offset: z.string() }),
      // @ts-expect-error its offset is no number
      range: true,
      run: () => done({ pages: 0 }),
    });
  });
});

describe('capabilities of the registry', () => {
  const having = (
    capability: 'etag' | 'range' | 'patch' | 'waits',
    value: boolean,
  ): readonly string[] =>
    [...operations.values()].filter((op) => op[capability] === value).map(({ name }) => name);

  test('only the content of a file has an ETag, ranges, and parts to write', () => {
    expect(having('etag', true)).toEqual(['read']);
    expect(having('range', true)).toEqual(['read']);
    expect(having('patch', true)).toEqual(['write']);
  });

  test('an ETag is of a thing that has a version', () => {
    for (const { name, on, etag } of operations.values())
      if (etag) expect(hasVersion[on], name).toBe(true);
  });

  test('what never waits has one step', () => {
    for (const { name, waits, steps } of operations.values())
      if (!waits) expect(Object.keys(steps), name).toEqual(['run']);
  });
});
