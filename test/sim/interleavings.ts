// The scenarios of scenario-list.ts as the start of a search over all orders of their steps.
import { type Explored, explore, type Verdict, verdictsOf } from '../../src/kernel/explore.ts';
import type { State } from '../../src/kernel/interleave.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { letters, machine } from '../machine.ts';
import { type Column, columns, type Scenario } from './scenario-list.ts';

const statesMax = 200_000;

function begin({ threads }: Scenario, column: Column): State {
  const m = machine({ strategy: columns[column], blocks: 16, checkEvery: 1_000_000 });
  m.create('a');
  m.write('a', letters('ABC'), 0);
  m.map('a', 3);
  const { k } = m;
  // A whole chunk of frames would be most of what each state copies.
  k.frames = [new Int32Array(5 * k.geometry.blocks)];
  k.counts.frameChunks = 1;
  k.geometry.scheduler = 'stepped';
  return { k, positions: threads.map(() => ({ call: 0, task: 0, pin: 0 })), warned: false };
}

export function exploreScenario(
  scenario: Scenario,
  column: Column,
): Explored & { verdicts: Verdict[] } {
  const { threads } = scenario;
  const explored = explore(
    { state: begin(scenario, column), threads, base: 0 },
    {
      statesMax,
      inspect: ({ k, warned }) => checkInvariants(k, { except: warned ? ['law 1'] : [] }),
    },
  );
  return { ...explored, verdicts: verdictsOf(explored.ways) };
}
