// Plays a schedule on a guest and in Pinhole, line by line, and compares what both show at rest.
import type { Kernel, Target } from '../../src/kernel/state.ts';
import type { PinId } from '../../src/kernel/units.ts';
import { Belief, TooManyStates } from './belief.ts';
import type { Contents, Seen } from './guest.ts';
import { Reached } from './reached.ts';
import type { Schedule } from './schedule.ts';

export interface Difference {
  /** The number of the line in the schedule; its length is the drain behind it. */
  at: number;
  line: string;
  linux: Seen;
  contents: Contents | null;
  /** Of each possible state, in what it differs. */
  pinhole: string[][];
}

export type Ending =
  | { how: 'agrees' }
  | { how: 'differs'; difference: Difference }
  /** The search was given up, or Linux does not come to rest. */
  | { how: 'given up'; why: string; isStuck: boolean };

export interface Played {
  ending: Ending;
  steps: number;
  /** Lines after which several states were possible. */
  choices: number;
  trace: string[];
  reached: Reached;
}

/** How long Linux may take, where it does not show at once what Pinhole says. */
const looks = [50, 200, 500, 1500];

const modes: Readonly<Record<number, [op: string, args: object]>> = {
  0: ['allocate', {}],
  1: ['allocate', { keepSize: true }],
  3: ['punch-hole', {}],
  8: ['collapse-range', {}],
  16: ['zero-range', {}],
  17: ['zero-range', { keepSize: true }],
  32: ['insert-range', {}],
};

interface Call {
  op: string;
  on: Target;
  args: Record<string, unknown>;
  data?: Uint8Array;
}

/** A guest, or what one has said before. */
export interface Linux {
  ask<T>(command: string): Promise<T>;
}

class Play {
  readonly #guest: Linux;
  readonly #belief: Belief;
  readonly #schedule: Schedule;
  #seen: Seen = { tasks: [{}, {}, {}, {}], files: {}, free: 0 };
  /** The mapping of a slot, and the pin of a pipe. */
  #mappings = new Map<number, { id: number; task: number }>();
  #pins = new Map<number, { line: number; task: number }>();
  #lineOf = new Map<number, number>();
  #lines: string[] = [];
  #played = 0;
  readonly trace: string[] = [];
  readonly reached = new Reached();

  constructor(guest: Linux, schedule: Schedule) {
    this.#guest = guest;
    this.#schedule = schedule;
    this.#belief = new Belief(schedule.box);
  }

  get steps(): number {
    return this.#played;
  }

  get choices(): number {
    return this.#belief.possible.filter((states) => states > 1).length;
  }

  #stateOf(task: number): string | null {
    const seen = this.#seen.tasks[task - 1] ?? {};
    return 'state' in seen ? seen.state : null;
  }

  #isBusy = (task: number): boolean => this.#stateOf(task) !== null;

  get #busy(): number[] {
    return [1, 2, 3, 4].filter(this.#isBusy);
  }

  get #k(): Kernel {
    return this.#belief.states[0]?.state.k as Kernel;
  }

  async play(): Promise<Ending> {
    await this.#guest.ask('reset');
    for (const line of this.#schedule.files) {
      await this.#guest.ask(line);
      const [, name = '', pages = '0', byte = '0'] = line.split(' ');
      const bytes = new Uint8Array(Number(pages) * 4096).fill(Number(byte));
      const setUp = (call: Call) => this.#begin([{ line: `0 ${line}`, call }]);
      setUp({ op: 'create', on: {}, args: { name, sizeBytes: 0 } });
      const on = { file: name };
      if (bytes.length === 0) continue;
      setUp({ op: 'allocate', on, args: { offset: 0, length: bytes.length } });
      setUp({ op: 'write', on, args: { offset: 0 }, data: bytes });
    }
    for (const [at, line] of this.#schedule.lines.entries()) {
      const difference = await this.#line(at, line);
      if (difference !== null) return { how: 'differs', difference };
    }
    return this.#drain();
  }

  /** Lets every pin go, unmaps everything and signals the sleepers, so that every call can end. */
  async #drain(): Promise<Ending> {
    const at = this.#schedule.lines.length;
    for (let rounds = 0; rounds < 6; rounds++) {
      const pins = [...this.#pins.keys()].map((pin) => `unpin ${pin}`);
      const mappings = [...this.#mappings].map(([slot, { task }]) => `${task} munmap ${slot}`);
      const signals = [1, 2, 3, 4].map((task) => `signal ${task} plain`);
      for (const line of [...pins, ...mappings, ...(rounds > 0 ? signals : [])]) {
        const difference = await this.#line(at, line);
        if (difference !== null) return { how: 'differs', difference };
      }
      if (!this.#seen.tasks.some((task) => 'state' in task)) return { how: 'agrees' };
    }
    return { how: 'given up', why: 'a call ends neither in Linux nor in Pinhole', isStuck: true };
  }

  #begin(calls: { line: string; call: Call }[]): void {
    this.#belief.begin(calls);
    this.#played += calls.length;
  }

  /** Plays the parts of a line that are not skipped. */
  async #line(at: number, whole: string): Promise<Difference | null> {
    const calls: { line: string; call: Call }[] = [];
    for (const line of whole.split(' & ')) {
      const call = this.#callOf(line);
      if (call !== null) calls.push({ line, call });
    }
    if (calls.length === 0) return null;
    const before = this.#k.nextMapping;
    const first = this.#played;
    this.#begin(calls);
    for (const [index, { line }] of calls.entries()) this.#note(line, first + index, before);
    const line = calls.map((one) => one.line).join(' & ');
    let seen = await this.#guest.ask<Seen>(line);
    for (const ms of [0, ...looks]) {
      if (ms > 0) seen = await this.#guest.ask<Seen>(`look ${ms}`);
      const isQuiet = !seen.tasks.some((task) => 'state' in task);
      const contents = isQuiet ? await this.#guest.ask<Contents>('contents') : null;
      this.#seen = seen;
      if (this.#belief.keep(seen, contents)) {
        this.trace.push(`${line} -> ${JSON.stringify(seen)}`);
        this.reached.note(line, seen, this.#k);
        return null;
      }
      if (ms === looks.at(-1))
        return {
          at,
          line,
          linux: seen,
          contents,
          pinhole: this.#belief.states.map((one) => this.#belief.differences(one, seen, contents)),
        };
    }
    throw new Error('not reached');
  }

  #note(line: string, number: number, before: number): void {
    this.#lines[number] = line;
    const [who = '', verb = '', ...words] = line.split(' ');
    const task = Number(who);
    if (who === 'unpin') this.#pins.delete(Number(verb));
    if (!(task > 0)) return;
    this.#lineOf.set(task, number);
    const slot = Number(words[0]);
    if (verb === 'munmap') this.#mappings.delete(slot);
    if (verb === 'pin') this.#pins.set(Number(words[3]), { line: number, task });
    if (verb === 'mmap') {
      const id = this.#k.nextMapping - 1;
      if (id >= before) this.#mappings.set(Number(words[5]), { id, task });
    }
  }

  /** A directory has no lock here: a call in state D with it blocks other names only in Linux. */
  #isNameChanging(): boolean {
    return this.#busy.some((task) => {
      const line = this.#lines[this.#lineOf.get(task) as number];
      return /^\d (unlink|rename) /.test(line ?? '');
    });
  }

  /**
   * The call of a line; null if the line is skipped: its task is in a call, or what it names is not
   * there. Some are skipped because a difference is known (docs/fidelity.md): a signal in state D,
   * and a restart that could overtake others that wait for the lock.
   */
  #callOf(line: string): Call | null {
    const [who = '', verb = '', ...rest] = line.split(' ');
    if (who === 'unpin') return this.#unpinOf(Number(verb));
    if (who === 'signal') {
      const task = Number(verb);
      const begun = this.#lineOf.get(task);
      if (begun === undefined || !this.#isBusy(task)) return null;
      const isRestart = rest[0] === 'restart';
      if (this.#stateOf(task) !== 'S' || (isRestart && this.#busy.length > 1)) return null;
      const on = { operation: 1000 * (begun + 2) };
      return { op: 'cancel', on, args: { restart: isRestart } };
    }
    if (this.#isBusy(Number(who))) return null;
    if ((verb === 'unlink' || verb === 'rename') && this.#isNameChanging()) return null;
    const numbers = rest.map(Number);
    const [, offset = 0, length = 0, fourth = 0, fifth = 0] = numbers;
    const throughMapping = ['munmap', 'load', 'store', 'msync', 'pin', 'longterm'];
    if (throughMapping.includes(verb)) {
      const mapping = this.#mappings.get(numbers[0] as number);
      if (mapping === undefined || mapping.task !== Number(who)) return null;
      return this.#mappingCall(verb, mapping.id, numbers);
    }
    const file = rest[0] as string;
    const on = { file };
    const fill = (): Uint8Array => new Uint8Array(length).fill(fourth - 0);
    switch (verb) {
      case 'write':
        return { op: 'write', on, args: { offset }, data: fill() };
      case 'read':
        return { op: 'read', on, args: { offset, length } };
      case 'truncate':
        return { op: 'truncate', on, args: { sizeBytes: offset } };
      case 'fallocate': {
        const [op, more] = modes[fourth] as [string, object];
        return { op, on, args: { offset, length, ...more } };
      }
      case 'mmap': {
        const access = fourth === 1 ? 'read-write' : 'read';
        return { op: 'mmap', on, args: { offset, length, access, shared: fifth === 1 } };
      }
      case 'fiemap':
        return { op: 'fiemap', on, args: {} };
      case 'hole':
      case 'data':
        return { op: 'seek', on, args: { whence: verb, offset } };
      case 'unlink':
        return { op: 'unlink', on, args: {} };
      case 'rename':
        return { op: 'rename', on, args: { name: rest[1], replace: true } };
    }
    throw new Error(`no verb ${verb}`);
  }

  #mappingCall(verb: string, id: number, numbers: readonly number[]): Call | null {
    const [, offset = 0, length = 0, fourth = 0] = numbers;
    const on = { mapping: id };
    switch (verb) {
      case 'munmap':
        return { op: 'munmap', on, args: {} };
      case 'load':
        return { op: 'load', on, args: { offset, length } };
      case 'store':
        return { op: 'store', on, args: { offset }, data: new Uint8Array(length).fill(fourth) };
      case 'msync':
        return { op: 'flush', on, args: { offset, length, how: 'msync' } };
      case 'longterm':
        return { op: 'pin', on, args: { offset, length, access: 'write', kind: 'io-uring' } };
    }
    if (this.#pins.has(fourth)) return null;
    return { op: 'pin', on, args: { offset, length, access: 'read', kind: 'vmsplice' } };
  }

  #unpinOf(pipe: number): Call | null {
    const pin = this.#pins.get(pipe);
    if (pin === undefined) return null;
    if (this.#lineOf.get(pin.task) === pin.line && this.#isBusy(pin.task)) return null;
    const id = 1000 * (pin.line + 2);
    if (this.#k.pins.has(id as PinId)) return { op: 'unpin', on: { pin: id }, args: {} };
    this.#pins.delete(pipe);
    return null;
  }
}

export async function played(guest: Linux, schedule: Schedule): Promise<Played> {
  const play = new Play(guest, schedule);
  let ending: Ending;
  try {
    ending = await play.play();
  } catch (error) {
    if (!(error instanceof TooManyStates)) throw error;
    ending = { how: 'given up', why: 'too many states', isStuck: false };
  }
  const { steps, choices, trace, reached } = play;
  return { ending, steps, choices, trace, reached };
}
