// The beginning of a story: a new filesystem, and the entries that prepare it. They are worked out
// once on a machine of their own, with the step of each task that the scheduler chose, so a server
// can submit them all at once.
import type { Failure } from '../kernel/errno.ts';
import { apply, createKernel } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import { type MkfsArgs, mkfsArgs } from '../kernel/ops/mkfs.ts';
import type { Command, Kernel, KernelLimits } from '../kernel/state.ts';
import { type PreparedCall, page, type Story } from './story.ts';

export interface Beginning {
  args: MkfsArgs;
  entries: Command[];
  /** The machine after the entries. */
  kernel: Kernel;
}

/** The limits of a small machine: a story stays far below those of any server. */
const limitsOfStories: KernelLimits = {
  tasks: 100,
  endedOperations: 1000,
  endedOperationMs: 600_000,
  extentsPerFile: 1000,
  pagesPerPin: 1024,
  pinnedReferences: 10_000,
  anonPages: 100,
  bytesPerRead: 2 ** 20,
  stepsPerApply: 2000,
};

export function argsOf(
  { filesystem }: Pick<Story, 'filesystem'>,
  { name, strategy }: { name: string; strategy?: MkfsArgs['strategy'] },
): MkfsArgs {
  return mkfsArgs.parse({
    name,
    sizeBytes: 16 * page,
    ...filesystem,
    clock: 'manual',
    scheduler: 'stepped',
    ...(strategy === undefined ? {} : { strategy }),
  });
}

/** A failure if the filesystem cannot be made, or a call of the setup fails on it. */
export function beginningOf(
  story: Pick<Story, 'filesystem' | 'setup'>,
  strategy?: MkfsArgs['strategy'],
): Beginning | Failure {
  const args = argsOf(story, { name: 'story', strategy });
  const made = createKernel(args, limitsOfStories, 0);
  if (!made.ok) return made.failure;
  const { kernel } = made;
  const entries: Command[] = [];
  let failed: Failure | null = null;
  const enter = (command: Command): void => {
    const { replies } = apply(kernel, { seq: kernel.seq + 1, timeMs: 0, command });
    entries.push(command);
    for (const { outcome } of replies) if (!outcome.ok) failed ??= outcome.failure;
  };
  for (const call of story.setup) {
    enter(commandOf(call));
    while (kernel.runnable.length + kernel.workqueue.length > 0)
      enter({ op: 'scheduler-step', on: {}, args: {} });
    if (failed !== null) return failed;
  }
  return { args, entries, kernel };
}

/** The command of a call on something that was there before the story. */
export function commandOf({ op, on, args, data, owner }: PreparedCall): Command {
  const operation = operations.get(op);
  if (operation === undefined) throw new Error(`no operation ${op}`);
  return {
    op,
    on,
    args: operation.args.parse(args),
    ...(data === undefined ? {} : { data }),
    ...(owner === undefined ? {} : { owner }),
  };
}
