// The random commands of model.test.ts on files of some MiB with 2 MiB faults, with pins counted
// per page and per folio.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Kind } from '../../src/kernel/state.ts';
import { dose, isFull } from '../dose.ts';
import type { Choice } from '../machine.ts';
import { commands } from './commands.ts';
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
const cases = strategies.flatMap((strategy, index) =>
  [false, true].map((folioGranularity) => {
    const kind: Kind = (index % 2 === 0) === folioGranularity ? 'xfs' : 'ext4';
    return {
      name: [strategy.name, strategy.idleRule].filter(Boolean).join(' '),
      strategy,
      folioGranularity,
      kind,
    };
  }),
);
/** A machine of 2,100 blocks takes its time: one run here for 32 of the small ones. */
const numRuns = Math.ceil(Number(process.env.MODEL_RUNS ?? dose(32, 64)) / 32);

test.each(cases)(
  'FT6 laws and content with 2 MiB pages under $name on $kind, folioGranularity $folioGranularity',
  (given) => {
    const { strategy, kind, folioGranularity } = given;
    const steady = strategy.name === 'none' || strategy.idleRule === 'classic';
    fc.assert(
      fc.property(commands(60), (script) => {
        play(script, { kind, strategy, steady, huge: true, folioGranularity });
      }),
      { numRuns },
    );
  },
);

test.each(cases)(
  'FT6 laws in single steps with 2 MiB pages under $name on $kind, folioGranularity $folioGranularity',
  (given) => {
    const { strategy, kind, folioGranularity } = given;
    const steady = strategy.name === 'none' || strategy.idleRule === 'classic';
    fc.assert(
      fc.property(commands(120, 160), fc.boolean(), (script, keyed) => {
        const options: Play = {
          kind,
          strategy,
          steady,
          huge: true,
          folioGranularity,
          scheduler: 'stepped',
          content: false,
        };
        const m = play(script, { ...options, waitqueue: { buckets: 2, keyed } });
        m.settle();
      }),
      { numRuns: Math.ceil(numRuns / 2) },
    );
  },
);

test.each(found.filter(({ options }) => options.huge === true))(
  'found $why',
  ({ script, options }) => {
    play(script, options).settle();
  },
);

test('such commands do fault 2 MiB: entries of blocks, entries of the zero page, and fallbacks to 4 KiB', () => {
  const faults = fc.sample(commands(60), { seed: 17, numRuns: dose(8, 24) }).flatMap((script) => {
    const m = play(script, { kind: 'xfs', strategy: { name: 'busy-extents' }, huge: true });
    return m
      .seen('page.pmd_faulted')
      .map(({ data }) => data.why ?? (data.zeroPage ? 'zero' : 'mapped'));
  });
  const times = (what: string): number => faults.filter((one) => one === what).length;
  expect(times('mapped')).toBeGreaterThan(dose(2, 8));
  expect(times('zero')).toBeGreaterThan(0);
  const fallbacks = ['end of file', 'blocks', '4 KiB entries', 'unwritten'];
  if (isFull) expect(faults).toEqual(expect.arrayContaining(fallbacks));
});
