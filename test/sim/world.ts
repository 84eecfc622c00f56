// The machine under test with a stepped scheduler, driven by actions through apply() alone.
// Watchers are called with every entry.
import { decode, encode } from '../../src/journal/codec.ts';
import { apply, createKernel } from '../../src/kernel/kernel.ts';
import { operations } from '../../src/kernel/ops/index.ts';
import { mkfsArgs } from '../../src/kernel/ops/mkfs.ts';
import type { WalkLocals } from '../../src/kernel/ops/page-walk.ts';
import {
  type ContentChunk,
  contentChunks,
  Restore,
  type SnapshotRecord,
  snapshotRecords,
} from '../../src/kernel/snapshot.ts';
import type {
  Command,
  Effects,
  Entry,
  Kernel,
  Outcome,
  Target,
  Task,
} from '../../src/kernel/state.ts';
import type { TaskId } from '../../src/kernel/units.ts';
import { commandLine, eventLine, replyLine } from '../../src/script/trace-lines.ts';
import { limitsOfTests, page } from '../machine.ts';
import type { Action, Call, Label } from './action.ts';
import { Broken, machinery } from './broken.ts';
import type { Config } from './config.ts';
import { look } from './look.ts';

/** What was done to the machine, and what it gave back. */
export interface Happened {
  command: Command;
  effects: Effects;
  /** The task that took a step, as it stood before and as it stands after; null where it ended. */
  stepped: { task: Task; from: string; walkedTo: number; ended: Outcome | null } | null;
}

export interface Watcher {
  before?(k: Kernel, command: Command): void;
  after(k: Kernel, happened: Happened): void;
}

interface Made {
  task: number;
  op: string;
  /** The number behind map_ or pin_, once there is one. */
  thing: number;
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part instanceof Uint8Array
      ? Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1')
      : part,
  );

export class World {
  k: Kernel;
  readonly config: Config;
  readonly watchers: Watcher[] = [];
  /** By the label of the action that began it. */
  readonly made = new Map<Label, Made>();
  readonly labelOf = new Map<number, Label>();
  /** Entries applied. */
  entries = 0;
  /** Told of each line of the trace, where somebody wants it. */
  onLine: ((line: string) => void) | null = null;
  onEffects: ((effects: Effects) => void) | null = null;
  #saved: { records: Uint8Array[]; chunks: Uint8Array[] } | null = null;
  #log: Entry[] = [];

  constructor(config: Config) {
    this.config = config;
    const {
      blocks,
      kind,
      kernel,
      strategy,
      waitqueue,
      folioGranularity,
      extentMaxZerooutKb,
      persistenceDomain,
    } = config;
    const args = mkfsArgs.parse({
      name: 'pmem0',
      sizeBytes: blocks * page,
      kind,
      kernel,
      strategy,
      waitqueue,
      clock: 'manual',
      scheduler: 'stepped',
      persistenceDomain,
      folioGranularity,
      extentMaxZerooutKb,
    });
    const made = createKernel(args, limitsOfTests, 0);
    if (!made.ok) throw new Error(`mkfs: ${made.failure.errno} ${made.failure.why}`);
    this.k = made.kernel;
  }

  /** False where what it names is not there. */
  perform(action: Action): boolean {
    switch (action.do) {
      case 'call':
        return this.#call(action);
      case 'step': {
        const id = this.runnableOf(action.of);
        if (id === null) return false;
        this.step(id);
        return true;
      }
      case 'snapshot':
        this.#snapshot(this.entries % 2 === 0 ? 'restored' : 'itself');
        return true;
      case 'replay':
        return this.#replay();
    }
  }

  /** The task that a step would be taken by; 0 is the worker, null nobody. */
  runnableOf(of: Label | 'kworker' | 'evict'): TaskId | 0 | null {
    const { k } = this;
    if (of === 'kworker') return k.workqueue.length > 0 ? 0 : null;
    if (of === 'evict') return k.runnable.find((id) => k.tasks.get(id)?.op === 'evict') ?? null;
    const id = this.made.get(of)?.task as TaskId | undefined;
    return id !== undefined && k.runnable.includes(id) ? id : null;
  }

  step(id: TaskId | 0): void {
    const task = id === 0 ? undefined : this.k.tasks.get(id);
    const walk = (): number => Number((task?.locals as WalkLocals | undefined)?.walk?.at ?? -1);
    const from = task?.step ?? 'release';
    const walkedTo = walk();
    const command: Command = {
      op: 'scheduler-step',
      on: {},
      args: { task: id === 0 ? 'kworker' : `op_${id}` },
    };
    const ended = (effects: Effects): Outcome | null =>
      effects.replies.find((reply) => reply.task === id)?.outcome ?? null;
    this.#apply(command, {}, (effects) =>
      task === undefined ? null : { task, from, walkedTo, ended: ended(effects) },
    );
  }

  #call(action: Call): boolean {
    const on: Target = {};
    if (action.file !== undefined) on.file = action.file;
    for (const what of ['mapping', 'pin', 'operation'] as const) {
      const label = action[what];
      if (label === undefined) continue;
      const made = this.made.get(label);
      const number = what === 'operation' ? made?.task : made?.thing;
      if (number === undefined || number === 0) return false;
      on[what] = number;
    }
    const operation = operations.get(action.op);
    if (operation === undefined) throw new Error(`no operation ${action.op}`);
    const { fill } = action;
    const data = fill === undefined ? {} : { data: new Uint8Array(fill.bytes).fill(fill.byte) };
    const command: Command = {
      op: action.op,
      on,
      args: operation.args.parse(action.args),
      ...action.by,
      ...data,
    };
    const task = this.k.nextTask;
    this.made.set(action.id, { task, op: action.op, thing: 0 });
    this.labelOf.set(task, action.id);
    this.#apply(command, action.args, () => null);
    return true;
  }

  #apply(
    command: Command,
    given: Record<string, unknown>,
    stepped: (effects: Effects) => Happened['stepped'],
  ): void {
    const { k } = this;
    this.entries += 1;
    const entry: Entry = { seq: k.seq + 1, timeMs: k.nowMs, command };
    if (this.#saved !== null) this.#log.push(structuredClone(entry));
    for (const watcher of this.watchers) watcher.before?.(k, command);
    const effects = machinery(() => apply(k, entry));
    this.onEffects?.(effects);
    if (this.onLine !== null) this.#tell(command, given, effects);
    for (const { task, outcome } of effects.replies) {
      const made = this.made.get(this.labelOf.get(task) ?? -1);
      if (made === undefined) continue;
      if (!outcome.ok) {
        const { errno } = outcome.failure;
        if (operations.get(made.op)?.errors.includes(errno) === false)
          throw new Broken('errors', `${made.op} fails with ${errno}, which it does not declare`);
        continue;
      }
      const wrong = operations.get(made.op)?.result.safeParse(outcome.result).error;
      if (wrong !== undefined)
        throw new Broken(
          'result',
          `what ${made.op} gives back is not as its schema says: ${wrong.message}`,
        );
      if (made.op === 'mmap' || made.op === 'pin')
        made.thing = Number(String((outcome.result as { id: string }).id).slice(4));
    }
    const happened: Happened = { command, effects, stepped: stepped(effects) };
    for (const watcher of this.watchers) watcher.after(k, happened);
  }

  #tell(command: Command, given: Record<string, unknown>, effects: Effects): void {
    this.onLine?.(commandLine(command, given, effects));
    for (const event of effects.events) this.onLine?.(eventLine(event));
    for (const reply of effects.replies) {
      const plumbing = reply.task === effects.task && operations.get(command.op)?.waits === false;
      if (!plumbing || !reply.outcome.ok) this.onLine?.(replyLine(reply));
    }
  }

  /**
   * The machine goes on as what comes back from its snapshot, or as it was: a replay compares the
   * two.
   */
  #snapshot(goOnAs: 'restored' | 'itself'): void {
    this.#saved = machinery(() => ({
      records: [...snapshotRecords(this.k)].map(encode),
      chunks: [...contentChunks(this.k)].map(encode),
    }));
    this.#log = [];
    const restored = machinery(() => this.#restored());
    this.#mustBeSame(restored, 'a snapshot gives back');
    if (goOnAs === 'restored') this.k = restored;
  }

  #restored(): Kernel {
    const restore = new Restore();
    for (const record of this.#saved?.records ?? []) restore.add(decode(record) as SnapshotRecord);
    for (const chunk of this.#saved?.chunks ?? [])
      restore.addContent(decode(chunk) as ContentChunk);
    return restore.kernel;
  }

  /**
   * The service was killed: the last snapshot, and the log of what came after it, make the same
   * machine.
   */
  #replay(): boolean {
    if (this.#saved === null) return false;
    const copy = machinery(() => this.#restored());
    for (const entry of this.#log) machinery(() => apply(copy, structuredClone(entry)));
    this.#mustBeSame(copy, 'a snapshot and the log behind it give');
    this.k = copy;
    return true;
  }

  #mustBeSame(copy: Kernel, who: string): void {
    for (const [what, of] of Object.entries({
      machine: snapshotRecords,
      contents: contentChunks,
    })) {
      const [was, is] = [this.k, copy].map((k) =>
        text([...of(k)].map((record) => Buffer.from(encode(record)).toString('latin1'))),
      );
      if (was !== is) throw new Broken('law 14', `${who} other ${what}`);
    }
    const [was, is] = [this.k, copy].map((k) => text(look(k, 'filesystem')));
    if (was !== is) throw new Broken('law 14', `${who} a machine that counts otherwise`);
  }
}
