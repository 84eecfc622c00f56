// A way through a story, played on a machine of its own: each move as the command or the step with
// which a client makes it, with the ids that a server gives.
import { choicesOf } from '../kernel/choices.ts';
import type { Way } from '../kernel/explore.ts';
import { type Call, eviction, type Thread, timer, worker } from '../kernel/interleave.ts';
import { apply } from '../kernel/kernel.ts';
import { timerName, workerName } from '../kernel/sched/task.ts';
import type { Command, Kernel, Reply } from '../kernel/state.ts';
import { numberOf, opId, type TaskId } from '../kernel/units.ts';
import { type CommandJson, commandJsonOf } from '../script/command-json.ts';
import { commandOf } from './beginning.ts';

export interface Move {
  /** Who moves: the owner of a thread, kworker, evict or timer. */
  who: string;
  /** The number of the call in `commands`, and the command, if the move begins a call. */
  call?: number;
  submit?: CommandJson;
  /** The task whose step it is, the step, and what it touches. */
  task?: string;
  step?: string;
  touches?: string | null;
  /** The move in a sentence. */
  text: string;
}

interface Place {
  call: number;
  task: number;
  pin: number;
}

class Player {
  readonly #k: Kernel;
  readonly #threads: readonly Thread[];
  readonly #places: Place[];

  /** Changes the machine. */
  constructor(kernel: Kernel, threads: readonly Thread[]) {
    this.#k = kernel;
    this.#threads = threads;
    this.#places = threads.map(() => ({ call: 0, task: 0, pin: 0 }));
  }

  /** The move, or null if there is nothing that the call could act on. */
  move(by: number): Move | null {
    const place = this.#places[by];
    if (place === undefined) return this.#step(nameOf(by), this.#taskOf(by));
    const { owner } = this.#threads[by] as Thread;
    const who = owner ?? '';
    return place.task === 0 ? this.#call(who, by, place) : this.#step(who, opId(place.task));
  }

  #taskOf(by: number): string {
    if (by === worker) return workerName;
    if (by === timer) return timerName;
    const id = this.#k.runnable.find((one) => this.#k.tasks.get(one)?.op === 'evict');
    if (id === undefined) throw new Error('no eviction can take a step');
    return opId(id);
  }

  #step(who: string, task: string): Move {
    const choice = choicesOf(this.#k).find((one) => one.task === task);
    if (choice === undefined) throw new Error(`${task} cannot take a step`);
    this.#enter({ op: 'scheduler-step', on: {}, args: { task } });
    const { nextStep: step, touches } = choice;
    const op = this.#k.tasks.get((numberOf('operation', task) ?? 0) as TaskId)?.op;
    const what = op === undefined || op === who ? '' : ` in ${op}`;
    const on = touches === null ? '' : ` on ${touches}`;
    return { who, task, step, touches, text: `${who} takes the step ${step}${what}${on}.` };
  }

  #call(who: string, by: number, place: Place): Move | null {
    const call = this.#threads[by]?.calls[place.call];
    if (call === undefined) throw new Error('a thread that is at its end does not move');
    const target = call.cancels === undefined ? 1 : (this.#places[call.cancels]?.task ?? 0);
    if ((call.pin === true && place.pin === 0) || target === 0) {
      this.#advance(place, by);
      return null;
    }
    const command = commandOf({ ...resolved(call, place.pin, target), owner: who });
    const number = callsBefore(this.#threads, by) + place.call;
    const effects = this.#enter(command, place);
    if (effects !== null) this.#ended(place, by, effects);
    const json = commandJsonOf(command);
    return { who, call: number, submit: json, text: `${who} calls ${sentenceOf(json)}.` };
  }

  /** The reply of the command itself, if it has ended at once. */
  #enter(command: Command, place?: Place): Reply | null {
    const { task, replies } = apply(this.#k, {
      seq: this.#k.seq + 1,
      timeMs: this.#k.nowMs,
      command,
    });
    const own = place === undefined ? undefined : replies.find((reply) => reply.task === task);
    if (place !== undefined && own === undefined) place.task = task;
    for (const reply of replies)
      for (const [index, other] of this.#places.entries())
        if (other.task === reply.task) this.#ended(other, index, reply);
    return own ?? null;
  }

  #ended(place: Place, by: number, { outcome }: Reply): void {
    const op = this.#threads[by]?.calls[place.call]?.op;
    if (op === 'pin' && outcome.ok)
      place.pin = numberOf('pin', (outcome.result as { id: string }).id) ?? 0;
    if (op === 'unpin') place.pin = 0;
    place.task = 0;
    this.#advance(place, by);
  }

  #advance(place: Place, by: number): void {
    const { loops, calls } = this.#threads[by] as Thread;
    place.call = loops && place.call === calls.length - 1 ? 0 : place.call + 1;
  }
}

/** The call with the ids of what it acts on. */
function resolved(call: Call, pin: number, operation: number): Call {
  const { pin: own, cancels, ...rest } = call;
  if (own === true) return { ...rest, on: { pin } };
  return cancels === undefined ? rest : { ...rest, on: { operation } };
}

/** The number of the first call of a thread. */
export function callsBefore(threads: readonly Thread[], by: number): number {
  return threads.slice(0, by).reduce((sum, { calls }) => sum + calls.length, 0);
}

const nameOf = (by: number): string =>
  by === worker ? workerName : by === timer ? timerName : by === eviction ? 'evict' : '';

/** Who moves, as a word. */
export const whoMoves = (threads: readonly Thread[], by: number): string =>
  threads[by]?.owner ?? nameOf(by);

function sentenceOf({ op, on = {}, args = {} }: CommandJson): string {
  const [target] = Object.values(on);
  const given = Object.entries(args).map(([name, value]) => `${name} ${value}`);
  return `${op}${target === undefined ? '' : ` on ${target}`}${given.length === 0 ? '' : ` with ${given.join(', ')}`}`;
}

/** The moves of a way, and once those of its round. */
export function movesOf(kernel: Kernel, threads: readonly Thread[], way: Way): Move[] {
  const player = new Player(kernel, threads);
  return [...way.to, ...(way.round ?? [])].flatMap((by) => player.move(by) ?? []);
}

/** The calls of all threads, one thread after another, as if they came in this order. */
export function commandsOf(kernel: Kernel, threads: readonly Thread[]): CommandJson[] {
  let pins = kernel.nextPin;
  return threads.flatMap(({ owner, calls }) => {
    let own = 0;
    return calls.map((call) => {
      if (call.op === 'pin') {
        own = pins;
        pins += 1;
      }
      const target = kernel.nextTask + callsBefore(threads, call.cancels ?? 0);
      const command = commandOf({ ...resolved(call, own, target), owner: owner ?? '' });
      return commandJsonOf(command);
    });
  });
}
