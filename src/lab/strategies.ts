// The strategies that a lab compares, by the names that tables use.
import { strategies } from '../kernel/reclaim/index.ts';
import { LabError } from './lab-error.ts';
import { noSuch } from './nearest.ts';
import type { Workload } from './schema.ts';

/** A strategy with the options that differ from its defaults. */
export interface StrategyChoiceOf {
  name: string;
  [option: string]: unknown;
}

/** break-layouts once for each idle rule, as in docs/explored.md. */
const columns: Readonly<Record<string, StrategyChoiceOf>> = {
  'break-layouts classic': { name: 'break-layouts', idleRule: 'classic' },
  'break-layouts modern': { name: 'break-layouts', idleRule: 'modern' },
  'break-layouts fixed': { name: 'break-layouts', idleRule: 'fixed' },
  'break-layouts range': { name: 'break-layouts', idleRule: 'fixed', breakScope: 'range' },
};

/** The six of the registry; break-layouts with the idle rule of the kernel of the workload. */
export const sixStrategies: readonly string[] = [...strategies.keys()];

export const strategyNames: readonly string[] = [...sixStrategies, ...Object.keys(columns)];

/** The choice behind a name. Throws a LabError with the nearest right name. */
export function choiceOf(name: string, { filesystem }: Workload): StrategyChoiceOf {
  const choice = columns[name] ?? (strategies.has(name) ? { name } : undefined);
  if (choice === undefined)
    throw new LabError([{ path: 'strategies', message: noSuch('strategy', name, strategyNames) }]);
  return filesystem.longterm === 'allow' ? { ...choice, longterm: 'allow' } : choice;
}
