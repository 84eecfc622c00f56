// Random commands under every strategy: the laws of the machine and a byte model of the files hold
// after each command.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { laws } from '../../src/kernel/invariants.ts';
import type { Kind } from '../../src/kernel/state.ts';
import { dose } from '../dose.ts';
import type { Choice } from '../machine.ts';
import { commands, type RandomCommand } from './commands.ts';
import { found } from './found.ts';
import { type Play, play } from './watch.ts';

const strategies: Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'classic' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' },
  { name: 'refuse' },
  { name: 'none' },
];
const kinds: Kind[] = ['xfs', 'ext4'];
const cases = strategies.flatMap((strategy) =>
  kinds.map(
    (kind) =>
      [[strategy.name, strategy.idleRule].filter(Boolean).join(' '), kind, strategy] as const,
  ),
);
/** MODEL_RUNS=10000 looks longer. */
const numRuns = Number(process.env.MODEL_RUNS ?? dose(6, 64));

const broken = (script: readonly RandomCommand[], options: Play): boolean => {
  try {
    play(script, options);
    return false;
  } catch {
    return true;
  }
};

describe('law 1 to 13 and the content of files', () => {
  test.each(cases)('laws under %s on %s', (_name, kind, strategy) => {
    // Under none, and under the classic rule at eviction, blocks are freed under pins; other
    // strategies must not start from there.
    const steady = strategy.name === 'none' || strategy.idleRule === 'classic';
    fc.assert(
      fc.property(commands(60), (script) => {
        play(script, { kind, strategy, steady });
      }),
      { numRuns },
    );
  });

  test.each(cases)('laws in single steps under %s on %s', (_name, kind, strategy) => {
    const steady = strategy.name === 'none' || strategy.idleRule === 'classic';
    fc.assert(
      fc.property(commands(240, 320), fc.boolean(), (script, keyed) => {
        const m = play(script, {
          kind,
          strategy,
          steady,
          scheduler: 'stepped',
          content: false,
          waitqueue: { buckets: 2, keyed },
        });
        m.settle();
      }),
      { numRuns },
    );
  });
});

test.each(found)('found $why', ({ script, options }) => {
  play(script, options).settle();
});

test('law 1 is broken under none, so that the check is known to fail', () => {
  const lawful = (script: readonly RandomCommand[]): void => {
    const options: Play = { kind: 'xfs', strategy: { name: 'none' }, steady: true, content: false };
    laws['law 1'](play(script, options).k);
  };
  const { failed, errorInstance } = fc.check(fc.property(commands(60), lawful), {
    numRuns: 1000,
    seed: 1,
  });
  expect(failed).toBe(true);
  expect(String((errorInstance as Error).message)).toContain('law 1: a pinned frame is never free');
});

test('law 1 is broken by an eviction under the classic rule', () => {
  const script: RandomCommand[] = [
    { do: 'write', file: 0, offset: 0, length: 4096, by: {} as never },
    {
      do: 'pin',
      mapping: 0,
      at: 0,
      pages: 1,
      write: true,
      holdMs: undefined,
      longterm: false,
      by: {} as never,
    },
    { do: 'munmap', mapping: 0, by: {} as never },
    { do: 'unlink', file: 0, by: {} as never },
  ];
  const options: Play = {
    kind: 'xfs',
    strategy: { name: 'break-layouts', idleRule: 'classic' },
    content: false,
  };
  expect(broken(script, options)).toBe(true);
  expect(
    broken(script, { ...options, strategy: { name: 'break-layouts', idleRule: 'modern' } }),
  ).toBe(false);
});
