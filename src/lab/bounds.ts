// How much a run may take.
import type { KernelLimits } from '../kernel/state.ts';

export interface RunBounds {
  /** Commands of the machine. */
  commandsMax: number;
  /** Memory of the machine, as memory.ts estimates it. */
  bytesMax: number;
  /** Real time of one run. A result never depends on it: the run fails. */
  wallMsMax: number;
  /** The laws are checked after so many commands, and at the end. */
  lawsEvery: number;
}

export const defaultBounds: RunBounds = {
  commandsMax: 5_000_000,
  bytesMax: 2 ** 29,
  wallMsMax: 120_000,
  lawsEvery: 10_000,
};

/** The limits of the machines of the lab. No larger than those of a server, which opens bundles. */
export const machineLimits: KernelLimits = {
  tasks: 10_000,
  // Records of operations that ended are for clients that ask later; the lab has the replies.
  endedOperations: 1,
  endedOperationMs: 0,
  extentsPerFile: 1_000_000,
  pagesPerPin: 65_536,
  pinnedReferences: 4_194_304,
  anonPages: 16_384,
  bytesPerRead: 2 ** 24,
  stepsPerApply: 2000,
};
