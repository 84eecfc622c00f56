// The scenarios of scenario-list.ts as the start of a search over all orders of their steps.
import { type Explored, explore, type Verdict, verdictsOf } from '../../src/kernel/explore.ts';
import { numberedFrom, type State } from '../../src/kernel/interleave.ts';
import { checkInvariants } from '../../src/kernel/invariants.ts';
import { beginningOf } from '../../src/stories/beginning.ts';
import { type Column, columns } from '../../src/stories/story.ts';
import type { Scenario } from './scenario-list.ts';

const statesMax = 200_000;

function begin({ play }: Scenario, column: Column): State {
  const beginning = beginningOf(play, columns[column]);
  if ('errno' in beginning) throw new Error(beginning.why);
  const { kernel: k } = beginning;
  const positions = play.threads.map(() => ({ call: 0, task: 0, pin: 0 }));
  return { k, positions, warned: false };
}

export function exploreScenario(
  scenario: Scenario,
  column: Column,
): Explored & { verdicts: Verdict[] } {
  const { threads } = scenario.play;
  const state = begin(scenario, column);
  const explored = explore(
    { state, threads, base: numberedFrom(state.k) },
    {
      statesMax,
      inspect: ({ k, warned }) => checkInvariants(k, { except: warned ? ['law 1'] : [] }),
    },
  );
  return { ...explored, verdicts: verdictsOf(explored.ways) };
}
