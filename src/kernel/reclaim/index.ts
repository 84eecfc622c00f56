// The registry of reclaim strategies: one file each, one line here.
import type { z } from 'zod';
import { type Failure, failure } from '../errno.ts';
import { personalityOf } from '../fs/personality/index.ts';
import type { Geometry, Kernel, StrategyChoice } from '../state.ts';
import { breakLayouts } from './break-layouts.ts';
import { busyExtents } from './busy-extents.ts';
import { detachAndWait } from './detach-and-wait.ts';
import { none } from './none.ts';
import { refuse } from './refuse.ts';
import type { Strategy } from './strategy.ts';
import { waitForRefs } from './wait-for-refs.ts';

export const strategies: ReadonlyMap<string, Strategy> = new Map(
  [breakLayouts, busyExtents, waitForRefs, detachAndWait, refuse, none].map((strategy) => [
    strategy.name,
    strategy,
  ]),
);

/** The strategy in force. */
export function strategyOf(k: Kernel): Strategy {
  const strategy = strategies.get(k.strategy.name);
  if (strategy === undefined) throw new RangeError(`no strategy ${k.strategy.name}`);
  return strategy;
}

/**
 * Checks the choice of a client, `{name, …options}`, for this filesystem. Without one, returns the
 * default of its kind and kernel.
 */
export function chooseStrategy(
  geometry: Pick<Geometry, 'kind' | 'kernel'>,
  choice: { name: string; [option: string]: unknown } | undefined,
): { ok: true; choice: StrategyChoice } | { ok: false; failure: Failure } {
  const personality = personalityOf(geometry);
  const { name, ...given } = choice ?? { name: personality.strategy };
  const strategy = strategies.get(name);
  if (strategy === undefined) {
    const names = [...strategies.keys()].join(', ');
    const why = `there is no strategy "${name}"; the strategies are ${names}`;
    return { ok: false, failure: failure('EINVAL', 'ST1', why) };
  }
  if (strategy.needsBusyState && !personality.busyState) {
    const why =
      `the strategy ${name} needs a list of busy blocks, which a filesystem of kind ` +
      `${geometry.kind} does not have`;
    return { ok: false, failure: failure('EOPNOTSUPP', 'ST2', why) };
  }
  const parsed = strategy.options.safeParse({
    ...strategy.kernelDefaults?.(personality),
    ...given,
  });
  if (!parsed.success)
    return {
      ok: false,
      failure: failure('EINVAL', 'ST3', `the strategy ${name}: ${sentenceOf(parsed.error)}`),
    };
  return { ok: true, choice: { name, options: parsed.data } };
}

function sentenceOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; ');
}
