// A story as commands to compare: the way that shows best what it is about, step by step, and then
// the calls that its threads have not made yet.
import type { Way } from '../kernel/explore.ts';
import type { Thread } from '../kernel/interleave.ts';
import type { Command, Kernel } from '../kernel/state.ts';
import { type CommandJson, commandOf, zCommand } from '../script/command-json.ts';
import { beginningOf, commandOf as commandOfCall } from '../stories/beginning.ts';
import { callsBefore, movesOf } from '../stories/play.ts';
import { columns, type Story } from '../stories/story.ts';
import { columnTold, toldOf, wayTold } from '../stories/told.ts';
import type { Course } from './compare.ts';
import { type Move, moveOf } from './play.ts';

/** The machine at the beginning of the story, under the strategy that shows it best. */
export function courseOfStory(story: Story): Course {
  const column = columnTold(story.id);
  const begin = beginningOf(story, columns[column]);
  const way = wayTold(story.id, column, toldOf(story.id, column));
  if ('errno' in begin || way === null) throw new Error(`${story.id} is told under ${column}`);
  return { kernel: structuredClone(begin.kernel), moves: movesOfStory(begin.kernel, story, way) };
}

/** The moves of a way, and of the threads that are not at their end. Changes the machine. */
export function movesOfStory(kernel: Kernel, { threads }: Story, way: Way): Move[] {
  const told = movesOf(kernel, threads, { to: [...way.to] });
  const moves = told.map(({ submit, task, who }): Move => {
    if (submit !== undefined) return { afterMs: 0, command: parsed(submit), thread: who };
    const args = task === undefined ? {} : { task };
    return moveOf({ op: 'scheduler-step', on: {}, args });
  });
  const begun = new Map(
    told.flatMap(({ call }, index) => (call === undefined ? [] : [[call, index]])),
  );
  return [...moves, ...restOf(threads, begun)];
}

/** The JSON of a move leaves out the arguments that have their default value. */
const parsed = (json: CommandJson): Command => commandOf(zCommand.parse(json));

/** The calls that are left. `begun` has the index of the move that began each of the others. */
function restOf(threads: readonly Thread[], begun: ReadonlyMap<number, number>): Move[] {
  const rest: Move[] = [{ afterMs: 0, command: null, settle: true }];
  for (const [number, { owner, calls }] of threads.entries()) {
    let pin: number | undefined;
    for (const [index, call] of calls.entries()) {
      const known = begun.get(callsBefore(threads, number) + index);
      if (call.op === 'pin') pin = known;
      // A signal is for a moment that has passed.
      if (known !== undefined || call.cancels !== undefined) continue;
      const { pin: _, after: __, ...own } = call;
      if (call.pin === true && pin === undefined) continue;
      rest.push({
        afterMs: 0,
        command: commandOfCall({ ...own, owner: owner ?? '' }),
        ...(owner === null ? {} : { thread: owner }),
        ...(call.pin === true && pin !== undefined ? { onPinOf: pin } : {}),
      });
    }
  }
  return rest;
}
