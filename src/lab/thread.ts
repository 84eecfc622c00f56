// One thread of an actor: it goes through the steps of its loop, one call at a time.
import { operations } from '../kernel/ops/index.ts';
import type { Command, Kernel, Outcome } from '../kernel/state.ts';
import { type Ino, numberOf, type PinId, pageSize } from '../kernel/units.ts';
import { RunError } from './lab-error.ts';
import type { Call, DrawnStep, ThreadPlan } from './plan.ts';

/** What a thread needs of the run. */
export interface Machine {
  readonly k: Kernel;
  readonly nowUs: number;
  readonly isMeasuring: boolean;
  /** Makes a call. Returns its outcome, or null if it sleeps; then ended() is called later. */
  call(thread: Thread, command: Command): Outcome | null;
  /** Calls go() of the thread at that time. */
  wakeAt(us: number, thread: number): void;
}

/** Rounds without time passing, before a thread is taken for endless. */
const instantRoundsMax = 1000;

/** Bytes are never looked at, so all calls share zeros of the same length. */
const zeros = new Map<number, Uint8Array>();
function zerosOf(length: number): Uint8Array {
  let bytes = zeros.get(length);
  if (bytes === undefined) {
    bytes = new Uint8Array(length);
    zeros.set(length, bytes);
  }
  return bytes;
}

/** The unpin that belongs to each pin of a loop: round brackets, in the order of the steps. */
function unpinOf(kinds: readonly string[]): Map<number, number> {
  const open: number[] = [];
  const closes = new Map<number, number>();
  for (const [at, kind] of kinds.entries()) {
    if (kind === 'pin') open.push(at);
    else if (kind === 'unpin') closes.set(open.pop() as number, at);
  }
  return closes;
}

export class Thread {
  readonly plan: ThreadPlan;
  readonly index: number;
  readonly #machine: Machine;
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #unpinOf: Map<number, number>;
  readonly #mappings = new Map<string, { id: number; ino: Ino }>();
  readonly #pins: PinId[] = [];
  #steps: DrawnStep[] = [];
  #at = 0;
  #rounds = 0;
  #roundStartUs = 0;
  #instantRounds = 0;
  /** How many transfers of the hold are done; null outside of a hold. */
  #transfers: number | null = null;
  /** The step whose cost was waited for: it is taken twice if it has to map its file first. */
  #paidAt = -1;
  /** Of costs below a microsecond. */
  #owedNs = 0;
  /** What the outcome of the call in flight is for. */
  #then: (outcome: Outcome) => void = () => {};
  measuredRounds = 0;

  constructor(
    plan: ThreadPlan,
    index: number,
    sizes: ReadonlyMap<string, number>,
    machine: Machine,
  ) {
    this.plan = plan;
    this.index = index;
    this.#sizes = sizes;
    this.#machine = machine;
    this.#unpinOf = unpinOf(plan.spec.loop.map(({ kind }) => kind));
  }

  /** A call that slept has ended. The thread goes on in an event of its own. */
  ended(outcome: Outcome): void {
    this.#then(outcome);
  }

  /** Takes steps until time must pass or a call sleeps. */
  go(): void {
    while (this.#step());
  }

  /** True if the thread can go on at once. */
  #step(): boolean {
    if (this.#steps.length === 0) return this.#begin();
    const step = this.#steps[this.#at];
    if (step === undefined) return this.#endRound();
    switch (step.kind) {
      case 'skip':
        this.#at += 1;
        return true;
      case 'think':
        this.#at += 1;
        return this.#pause(step.us);
      case 'hold':
        return this.#hold(step);
      case 'call':
        if (this.#paidAt !== this.#at) {
          this.#paidAt = this.#at;
          const us = this.#costOf(step.call);
          if (us > 0) return this.#pause(us);
        }
        return this.#call(step.call);
    }
  }

  /** Whole microseconds. The rest is paid with the next call, because a fault takes 40 ns. */
  #costOf({ op, file, args, costNs, nsPerBlock }: Call): number {
    this.#owedNs += costNs;
    if (op === 'truncate' && nsPerBlock > 0) {
      const { k } = this.#machine;
      const size = k.inodes.get(k.names.get(file ?? '') as Ino)?.sizeBytes ?? 0;
      const pages = Math.ceil(size / pageSize) - Math.ceil(Number(args.sizeBytes) / pageSize);
      this.#owedNs += Math.max(0, pages) * nsPerBlock;
    }
    const us = Math.floor(this.#owedNs / 1000);
    this.#owedNs -= us * 1000;
    return us;
  }

  #pause(us: number): boolean {
    if (us === 0) return true;
    this.#machine.wakeAt(this.#machine.nowUs + us, this.index);
    return false;
  }

  #begin(): boolean {
    if (this.plan.spec.times !== undefined && this.#rounds >= this.plan.spec.times)
      return this.#leave();
    this.#roundStartUs = this.#machine.nowUs;
    this.#steps = this.plan.round();
    this.#at = 0;
    this.#paidAt = -1;
    return true;
  }

  #endRound(): boolean {
    this.#steps = [];
    this.#rounds += 1;
    const { nowUs, isMeasuring } = this.#machine;
    if (isMeasuring) this.measuredRounds += 1;
    this.#instantRounds = nowUs > this.#roundStartUs ? 0 : this.#instantRounds + 1;
    if (this.#instantRounds > instantRoundsMax)
      throw new RunError(
        'stuck',
        `${this.plan.name} makes ${instantRoundsMax} rounds in no time; add think`,
      );
    const { periodMs } = this.plan.spec;
    if (periodMs === undefined) return true;
    const nextUs = this.plan.startUs + this.#rounds * Math.round(periodMs * 1000);
    return this.#pause(Math.max(0, nextUs - nowUs));
  }

  /** After its last round a thread unmaps its files, one call after the other. */
  #leave(): boolean {
    const [first] = this.#mappings;
    if (first === undefined) return false;
    return this.#unmap(first[0], first[1].id);
  }

  #unmap(file: string, mapping: number): boolean {
    this.#mappings.delete(file);
    return this.#give('munmap', { mapping }, {}, () => 0);
  }

  #hold({ us, transfers }: Extract<DrawnStep, { kind: 'hold' }>): boolean {
    const done = this.#transfers;
    if (done === null) {
      this.#transfers = 0;
      return this.#pause(transfers === 0 ? us : Math.floor(us / transfers));
    }
    if (transfers > 0) this.#transfer();
    this.#transfers = done + 1;
    if (done + 1 < transfers)
      return this.#pause(
        Math.floor(((done + 2) * us) / transfers) - Math.floor(((done + 1) * us) / transfers),
      );
    this.#transfers = null;
    this.#at += 1;
    return true;
  }

  /** The device transfers all pages of the newest pin. A transfer never sleeps. */
  #transfer(): void {
    const pin = this.#machine.k.pins.get(this.#pins.at(-1) as PinId);
    if (pin === undefined) return; // A pin with holdMs was released meanwhile.
    const on = { pin: pin.id };
    const owner = this.plan.name;
    this.#machine.call(
      this,
      pin.access === 'write'
        ? { op: 'dma-write', on, args: {}, data: zerosOf(pin.lengthBytes), owner }
        : { op: 'dma-read', on, args: {}, owner },
    );
  }

  #call(call: Call): boolean {
    const operation = operations.get(call.op);
    switch (operation?.on) {
      case 'mapping':
        return this.#callOnMapping(call);
      case 'pin':
        return this.#callOnPin(call);
      case 'file':
        return this.#send(call, { file: call.file ?? '' });
      default:
        return this.#send(call, {});
    }
  }

  /** Maps the file first, and again if another file has its name now. */
  #callOnMapping(call: Call): boolean {
    const file = call.file ?? '';
    const known = this.#mappings.get(file);
    const ino = this.#machine.k.names.get(file);
    if (call.op === 'munmap') {
      this.#at += 1;
      return known === undefined || this.#unmap(file, known.id);
    }
    if (known !== undefined && ino !== undefined && known.ino !== ino)
      return this.#unmap(file, known.id);
    if (known !== undefined) return this.#send(call, { mapping: known.id });
    const length = Math.max(1, this.#sizes.get(file) ?? 0);
    const args = { offset: 0, length, ...this.plan.spec.mapping };
    return this.#give('mmap', { file }, args, (outcome) => {
      if (!outcome.ok) return this.#failed();
      const id = numberOf('mapping', (outcome.result as { id: string }).id) as number;
      this.#mappings.set(file, { id, ino: this.#machine.k.names.get(file) as Ino });
      return 0;
    });
  }

  #callOnPin(call: Call): boolean {
    const pin = call.op === 'unpin' ? this.#pins.pop() : this.#pins.at(-1);
    return this.#send(call, { pin: pin as PinId });
  }

  #send(call: Call, on: Command['on']): boolean {
    const { op, args, bytes, nowait, failOnDeadlock, timeoutMs } = call;
    const more: Partial<Command> = {};
    if (bytes > 0) more.data = zerosOf(bytes);
    else if (bytes < 0)
      more.data = zerosOf(this.#machine.k.pins.get(this.#pins.at(-1) as PinId)?.lengthBytes ?? 0);
    if (nowait) more.nowait = true;
    if (failOnDeadlock) more.failOnDeadlock = true;
    if (timeoutMs !== undefined) more.timeoutMs = this.#timer(timeoutMs);
    const { holdMs } = args;
    return this.#give(
      op,
      on,
      typeof holdMs === 'number' && holdMs > 0 ? { ...args, holdMs: this.#timer(holdMs) } : args,
      (outcome) => {
        if (!outcome.ok) return this.#failed();
        if (op === 'pin')
          this.#pins.push(numberOf('pin', (outcome.result as { id: string }).id) as PinId);
        this.#at += 1;
        return 0;
      },
      more,
    );
  }

  /**
   * The machine counts whole milliseconds, so its timer would fire early by the part of the
   * millisecond that has passed. A timer of Linux never fires early.
   */
  #timer(ms: number): number {
    return this.#machine.nowUs % 1000 === 0 ? ms : ms + 1;
  }

  /** The thread goes on behind the step, or behind the unpin of a pin that it has not got. */
  #failed(): number {
    const skipped = this.#unpinOf.get(this.#at);
    this.#at = (skipped ?? this.#at) + 1;
    return Math.round(this.plan.spec.retryMs * 1000);
  }

  /** `done` gets the outcome, now or later, and returns how long the thread pauses then. */
  #give(
    op: string,
    on: Command['on'],
    args: Record<string, unknown>,
    done: (outcome: Outcome) => number,
    more: Partial<Command> = {},
  ): boolean {
    this.#then = (outcome) => this.#machine.wakeAt(this.#machine.nowUs + done(outcome), this.index);
    const outcome = this.#machine.call(this, { op, on, args, owner: this.plan.name, ...more });
    return outcome !== null && this.#pause(done(outcome));
  }
}
