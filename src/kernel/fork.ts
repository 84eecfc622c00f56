// Turns a copy of a machine into the beginning of another filesystem.
import { clearTurn } from './blank-kernel.ts';
import { emit } from './emit.ts';
import type { KernelEvent } from './events.ts';
import { eventsOf, type MkfsArgs } from './ops/mkfs.ts';
import type { Kernel } from './state.ts';

/** The arguments with which mkfs would create a filesystem of this geometry and strategy. */
export function argsOf({ geometry, strategy }: Kernel): MkfsArgs {
  const { blocks: _, blocksMetadata: __, ...args } = geometry;
  return { ...args, strategy: { name: strategy.name, ...strategy.options } };
}

/**
 * Gives the machine the name, the clock and the scheduler of `args`. Its timers keep their times,
 * and its tasks their steps and queues. Events are numbered from 1 again. `forkOf` says where the
 * state comes from.
 */
export function beginAgain(k: Kernel, args: MkfsArgs, forkOf: string): KernelEvent[] {
  const { name, clock, scheduler } = args;
  // A fork that is stepped, unlike its origin, has the events of a stepped filesystem.
  const kept = scheduler === k.geometry.scheduler ? k.geometry.events : undefined;
  const detail = eventsOf({ events: kept, scheduler });
  k.geometry = { ...k.geometry, name, clock, scheduler, events: detail };
  k.eventSeq = 0;
  const { kind, kernel, blocks } = k.geometry;
  emit(k, 'filesystem.created', null, { kind, kernel, blocks, forkOf });
  const { events } = k.turn;
  clearTurn(k.turn);
  return events;
}
