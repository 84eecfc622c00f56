// Law 14: the same entries give the same events and replies, byte for byte, both for a copy of the
// machine that is taken in the middle and for a new machine that replays the log from the beginning.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apply, createKernel } from '../../src/kernel/kernel.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import type { Effects, Entry, Kernel } from '../../src/kernel/state.ts';
import { type Choice, limitsOfTests, machine, page } from '../machine.ts';
import { commands, perform } from '../model/commands.ts';

const strategies: Choice[] = [
  { name: 'busy-extents' },
  { name: 'wait-for-refs' },
  { name: 'detach-and-wait' },
  { name: 'break-layouts', idleRule: 'classic' },
  { name: 'break-layouts', idleRule: 'modern' },
  { name: 'refuse' },
  { name: 'none' },
];

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Map || part instanceof Set) return [...part];
    return ArrayBuffer.isView(part)
      ? Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('base64')
      : part;
  });

interface Recorded {
  entries: Entry[];
  effects: string[];
  /** A copy of the machine, taken after half of the entries. */
  half: { at: number; kernel: Kernel };
  end: string;
}

const geometry = (strategy: Choice, scheduler: 'auto' | 'stepped') => ({
  strategy,
  scheduler,
  kind: 'ext4' as const,
  blocks: 24,
});

function record(strategy: Choice, scheduler: 'auto' | 'stepped', seed: number): Recorded {
  const [script] = fc.sample(commands(160, scheduler === 'stepped' ? 200 : 0), {
    numRuns: 1,
    seed,
  }) as [never[]];
  const entries: Entry[] = [];
  const effects: string[] = [];
  let half: Recorded['half'] | undefined;
  const m = machine({
    ...geometry(strategy, scheduler),
    checkEvery: 1000,
    watch: {
      before: (k, command) =>
        entries.push(structuredClone({ seq: entries.length + 1, timeMs: k.nowMs, command })),
      after: (_k, _command, effect) => effects.push(text(effect)),
    },
  });
  m.create('a', 2 * page);
  m.create('b', page);
  m.map('a', 4);
  m.map('b', 4);
  for (const [index, command] of script.entries()) {
    perform(m, command, index);
    if (index === script.length >> 1) half = { at: entries.length, kernel: structuredClone(m.k) };
  }
  if (half === undefined) throw new Error('a script has at least one command');
  return { entries, effects, half, end: text(m.k) };
}

const applyAll = (k: Kernel, entries: readonly Entry[]): string[] =>
  entries.map((entry): string => text(apply(k, entry) satisfies Effects));

describe.each(['auto', 'stepped'] as const)('law 14 with the scheduler %s', (scheduler) => {
  test.each(strategies)(
    'law 14 $name $idleRule: a copy goes on as the original does',
    (strategy) => {
      for (let seed = 1; seed <= 6; seed++) {
        const { entries, effects, half, end } = record(strategy, scheduler, seed);
        expect(applyAll(half.kernel, entries.slice(half.at))).toEqual(effects.slice(half.at));
        expect(text(half.kernel)).toBe(end);
      }
    },
  );

  test.each(strategies)(
    'law 14 $name $idleRule: the log gives the same machine again',
    (strategy) => {
      const { entries, effects, end } = record(strategy, scheduler, 7);
      const { blocks, ...rest } = geometry(strategy, scheduler);
      const args = mkfsArgs.parse({
        name: 'pmem0',
        sizeBytes: blocks * page,
        kernel: '7.3',
        clock: 'manual',
        ...rest,
      });
      const made = createKernel(args, limitsOfTests, 0);
      if (!made.ok) throw new Error(made.failure.why);
      expect(applyAll(made.kernel, entries)).toEqual(effects);
      expect(text(made.kernel)).toBe(end);
    },
  );
});
