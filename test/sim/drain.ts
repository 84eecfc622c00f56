// The liveness phase. Nothing new is started, every owner that does not sleep releases its pins,
// and every task that can run runs. A task that still sleeps then must have a reason: a deadlock,
// or a page that is mapped again (S06). These are resolved, and after that no task, busy or
// detached block may be left.
import { knotsOf } from '../../src/kernel/lib/knots.ts';
import type { ExchangeLocals } from '../../src/kernel/ops/exchange-range.ts';
import type { LayoutLocals } from '../../src/kernel/ops/layout-change.ts';
import { firstTimer } from '../../src/kernel/sched/timers.ts';
import type { Task } from '../../src/kernel/state.ts';
import type { PinId, TaskId } from '../../src/kernel/units.ts';
import type { Action } from './action.ts';
import { Broken } from './broken.ts';
import type { Sometimes } from './sometimes.ts';
import { graphOf } from './waits.ts';
import type { World } from './world.ts';

const stepsMax = 5000;
const law = 'liveness';

/** Lets everybody who can move take its turns. */
function settle(world: World): void {
  const spun = new Map<TaskId, number>();
  const retriesOf = (id: TaskId): number =>
    Number((world.k.tasks.get(id)?.locals as ExchangeLocals | undefined)?.exchange?.retries ?? 0);
  for (const id of world.k.tasks.keys()) spun.set(id, retriesOf(id));
  for (let steps = 0; ; steps++) {
    const { k } = world;
    if (steps > stepsMax)
      throw new Broken(law, `still moving after ${stepsMax} steps: ${[...k.runnable].join()}`);
    // What spins looks again with every step of another; one more look each is enough.
    const next = k.runnable.find((id) => retriesOf(id) <= (spun.get(id) ?? 0) + 1);
    if (next !== undefined) world.step(next);
    else if (k.workqueue.length > 0) world.step(0);
    else return;
  }
}

/** Lets go what an owner that is awake holds. */
function letGo(world: World): boolean {
  const { k } = world;
  const pin = [...k.pins.values()].find(
    ({ task, owner }) => task === 0 && (owner === null || !k.sleepersOf.has(owner)),
  );
  if (pin === undefined) return false;
  unpin(world, pin.id);
  return true;
}

/** Above every label of a script. */
const fromHere = 1_000_000;
function call(
  world: World,
  op: string,
  on: 'pin' | 'mapping' | 'operation',
  thing: number,
  args = {},
): void {
  const label = fromHere + 2 * world.entries;
  world.made.set(label, { task: thing, op: '', thing });
  const action: Action = { do: 'call', id: label + 1, op, [on]: label, args };
  world.perform(action);
}

/** Pins that let go by themselves do, and who has a timeout gets its signal. */
function passTime(world: World): void {
  const ms = (firstTimer(world.k)?.atMs ?? 0) - world.k.nowMs;
  world.perform({
    do: 'call',
    id: fromHere + 2 * world.entries + 1,
    op: 'clock-advance',
    args: { ms: Math.max(1, ms) },
  });
}

const unpin = (world: World, pin: number): void => call(world, 'unpin', 'pin', pin);

/**
 * Mappings of pages that somebody sleeps on and nobody pins: the sleep that never ends under the
 * modern rule (S06).
 */
function mappedAgain(world: World, task: Task): boolean {
  const { k } = world;
  const { sleep } = task;
  return (
    k.idleRule === 'modern' &&
    sleep?.on === 'page' &&
    ![...k.pins.values()].some(({ pfns }) => pfns.includes(sleep.pfn))
  );
}

export function drain(world: World, sometimes: Sometimes): void {
  for (let rounds = 0; ; rounds++) {
    if (rounds > 500) throw new Broken(law, 'it does not come to an end');
    settle(world);
    if (letGo(world)) continue;
    const { k } = world;
    if (k.tasks.size === 0) break;
    if (firstTimer(k) !== null) {
      passTime(world);
      continue;
    }
    const knot = knotsOf(graphOf(k))[0];
    if (knot !== undefined) {
      breakUp(world, knot);
      continue;
    }
    const stuck = [...k.tasks.values()].find((task) => mappedAgain(world, task));
    if (stuck === undefined)
      throw new Broken(
        law,
        `nobody is in the way of ${[...k.tasks.values()].map(tell).join('; ')}`,
      );
    sometimes.saw('never idle because mapped again');
    const mapping = [...k.mappings.values()].find(
      ({ ino }) => ino === stuck.ino || ino === stuck.otherIno,
    );
    if (mapping === undefined) throw new Broken(law, `${tell(stuck)}, and nothing maps it`);
    call(world, 'munmap', 'mapping', mapping.id);
  }
  const { k } = world;
  for (const id of [...k.mappings.keys()]) call(world, 'munmap', 'mapping', id);
  settle(world);
  const left = [
    k.tasks.size,
    k.pins.size,
    k.busy.pages,
    k.detached.pages,
    k.workqueue.length,
    k.holders.size,
  ];
  if (left.some((count) => count > 0))
    throw new Broken('leak', `tasks, pins, busy, detached, work, held are ${left.join()}`);
  for (const inode of k.inodes.values())
    if (inode.nlink === 0)
      throw new Broken('leak', `inode ${inode.ino} has no name and nobody who uses it`);
}

/** A real deadlock: a signal to one who can hear it, or else the pin is taken from its owner. */
function breakUp(world: World, knot: readonly number[]): void {
  const { k } = world;
  const tasks = knot.flatMap((id) => k.tasks.get(id as TaskId) ?? []);
  const deaf = tasks.every(({ interruptible }) => !interruptible);
  const heard = tasks.find(
    ({ interruptible, op, locals }) =>
      interruptible && (op !== 'write' || (locals as LayoutLocals).committed !== true),
  );
  if (!deaf && heard !== undefined) {
    call(world, 'cancel', 'operation', heard.id);
    return;
  }
  const waitedFor = tasks.flatMap(({ sleep }) =>
    sleep?.on === 'page' || sleep?.on === 'spin' ? [sleep.pfn] : [],
  );
  const pin = [...k.pins.values()].find(
    ({ task, pfns }) => task === 0 && pfns.some((pfn) => waitedFor.includes(pfn as never)),
  );
  if (pin === undefined)
    throw new Broken(law, `a deadlock of locks alone: ${tasks.map(tell).join('; ')}`);
  unpin(world, pin.id as PinId);
}

const tell = ({ id, op, step, sleep }: Task): string =>
  `op_${id} ${op}.${step} on ${JSON.stringify(sleep)}`;
