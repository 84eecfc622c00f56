// The limits of a machine in this process. A person plays files of their own, so there are none but
// the memory of the process.
import { type KernelLimits, kernelLimitTable } from '../../kernel/state.ts';

const unbounded = Number.MAX_SAFE_INTEGER;

export const unlimited = Object.fromEntries(
  Object.keys(kernelLimitTable).map((name) => [name, unbounded]),
) as KernelLimits;
