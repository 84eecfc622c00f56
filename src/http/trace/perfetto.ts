// A range of the log in Chrome's JSON trace format, which Perfetto opens. Each task and each pin
// has a track, with slices for its lifetime and its sleeps. An arrow leads from each waker to the
// task that it wakes.
import type { KernelEvent } from '../../kernel/events.ts';
import { opId } from '../../kernel/units.ts';

type Json = Record<string, unknown>;
type LockEvent = Extract<KernelEvent, { type: 'lock.acquired' | 'lock.released' }>;

const tasks = 1;
const pins = 2;
/** The release worker and the clock. */
const machine = 0;

export class Perfetto {
  #began = false;
  #us = 0;
  #flow = 0;
  /** Names of the open slices of each track, the innermost last; the key is `pid tid`. */
  readonly #open = new Map<string, string[]>();
  readonly #named = new Set<number>();
  /** The locks that are held, by the id of their slice. */
  readonly #held = new Map<string, Json>();
  readonly #filesystem: string;

  constructor(filesystem: string) {
    this.#filesystem = filesystem;
  }

  add({ event }: { event: KernelEvent }): string {
    const out: Json[] = [];
    if (!this.#began) {
      this.#us = event.timeMs * 1000;
      out.push(
        name('process_name', tasks, machine, `${this.#filesystem}: operations`),
        name('process_name', pins, 0, `${this.#filesystem}: pins`),
      );
      out.push(name('thread_name', tasks, machine, 'release worker, clock'));
    }
    // Events of the same millisecond keep their order, 4 µs apart, so that short slices fit between
    // them.
    this.#us = Math.max(this.#us + 4, event.timeMs * 1000);
    this.#tell(event, out);
    return this.#text(out);
  }

  /** Closes all open slices, and the JSON text. */
  end(): string {
    this.#us += 4;
    const out: Json[] = [];
    for (const [key, stack] of this.#open) {
      const [pid, tid] = key.split(' ').map(Number) as [number, number];
      for (const _ of stack) out.push(this.#at('E', pid, tid));
    }
    this.#open.clear();
    this.#closeLocks(out);
    return `${this.#text(out)}${this.#began ? '' : '{"traceEvents":['}],"displayTimeUnit":"ms"}\n`;
  }

  #tell(event: KernelEvent, out: Json[]): void {
    const { type, task, data } = event;
    const args = {
      seq: event.seq,
      ...(event.file === null ? {} : { file: event.file }),
      ...(event.ino === 0 ? {} : { ino: event.ino }),
      ...data,
    };
    if (type === 'page.pinned') this.#pinned(event.data, args, out);
    else if (type === 'page.unpinned') this.#close(pins, numberOf(event.data.pin), out);
    else if (type === 'filesystem.unmounted' || type === 'power.restored') this.#dropAll(out);
    else if (type === 'lock.acquired') this.#acquired(event, args, out);
    else if (type === 'lock.released') this.#released(event, out);
    if (type === 'lock.acquired' || type === 'lock.released') return;
    if (type === 'task.blocked') {
      this.#begin(task, event.data.op, args, out);
      const { on, state, lock, pfn } = event.data;
      this.#slice(
        tasks,
        task,
        `${state}: ${on === 'page' ? `page ${pfn}` : (lock ?? on)}`,
        args,
        out,
      );
    } else if (type === 'task.woken') this.#woken(task, event.data, args, out);
    else if (type === 'operation.submitted') this.#begin(task, event.data.op, args, out);
    else if (
      type === 'operation.done' ||
      type === 'operation.failed' ||
      type === 'operation.cancelled'
    ) {
      this.#begin(task, event.data.op, args, out);
      out.push({ ...this.#at('i', tasks, task), name: type, s: 't', args });
      while (this.#depth(task) > 0) this.#close(tasks, task, out);
    } else {
      this.#name(task, event.op ?? '', out);
      out.push({ ...this.#at('X', tasks, task), dur: 2, name: type, args });
    }
  }

  #pinned(
    { pin, owner, kind }: { pin: string; owner: string | null; kind: string },
    args: Json,
    out: Json[],
  ): void {
    const tid = numberOf(pin);
    out.push(
      name('thread_name', pins, tid, `${pin} ${kind}${owner === null ? '' : ` of ${owner}`}`),
    );
    this.#slice(pins, tid, kind, args, out);
  }

  /** A lock has a slice on a track of its own, because locks need not be released in order. */
  #acquired(event: LockEvent, args: Json, out: Json[]): void {
    const { lock, mode } = event.data;
    const whose = event.unlinked ? `#${event.ino}` : event.file;
    const slice = { cat: 'lock', id: lockSlice(event), name: `${lock} of ${whose}, ${mode}` };
    this.#name(event.task, event.op ?? '', out);
    this.#held.set(slice.id, { ...slice, tid: event.task });
    out.push({ ...this.#at('b', tasks, event.task), ...slice, args });
  }

  #released(event: LockEvent, out: Json[]): void {
    const slice = this.#held.get(lockSlice(event));
    if (slice === undefined) return;
    this.#held.delete(lockSlice(event));
    out.push({ ...this.#at('e', tasks, event.task), ...slice });
  }

  #closeLocks(out: Json[]): void {
    for (const slice of this.#held.values()) out.push({ ...this.#at('e', tasks, 0), ...slice });
    this.#held.clear();
  }

  /** Unmount and a power cut drop pins and locks without an event for each. */
  #dropAll(out: Json[]): void {
    this.#closeLocks(out);
    for (const key of [...this.#open.keys()]) {
      const [pid, tid] = key.split(' ').map(Number) as [number, number];
      if (pid === pins) this.#close(pins, tid, out);
    }
  }

  /** Draws the arrow from the waker to the slice of the woken task. */
  #woken(
    task: number,
    { op, by }: { op: string; by: string | null },
    args: Json,
    out: Json[],
  ): void {
    if (this.#depth(task) > 1) this.#close(tasks, task, out);
    this.#begin(task, op, args, out);
    const waker = by === null ? machine : numberOf(by);
    this.#flow += 1;
    const flow = { name: 'wakes', cat: 'wakeup', id: this.#flow };
    // The waker may have no slice of its own, because for example an unpin takes no time.
    out.push({
      ...this.#at('X', tasks, waker),
      dur: 2,
      name: 'wakes',
      args: { woken: opId(task) },
    });
    out.push({ ...this.#at('s', tasks, waker), ...flow });
    out.push({ ...this.#at('X', tasks, task), ts: this.#us + 1, dur: 2, name: 'task.woken', args });
    out.push({ ...this.#at('f', tasks, task), ts: this.#us + 1, bp: 'e', ...flow });
  }

  /**
   * Opens the slice of an operation. If it began before the range, the slice begins at its first
   * event.
   */
  #begin(task: number, op: string, args: Json, out: Json[]): void {
    this.#name(task, op, out);
    if (task !== machine && this.#depth(task) === 0) this.#slice(tasks, task, op, args, out);
  }

  #name(task: number, op: string, out: Json[]): void {
    if (task === machine || this.#named.has(task)) return;
    this.#named.add(task);
    out.push(name('thread_name', tasks, task, `${opId(task)} ${op}`));
  }

  #slice(pid: number, tid: number, title: string, args: Json, out: Json[]): void {
    const key = `${pid} ${tid}`;
    const stack = this.#open.get(key) ?? [];
    this.#open.set(key, [...stack, title]);
    out.push({ ...this.#at('B', pid, tid), name: title, args });
  }

  #close(pid: number, tid: number, out: Json[]): void {
    const key = `${pid} ${tid}`;
    const stack = this.#open.get(key);
    if (stack === undefined) return;
    if (stack.length === 1) this.#open.delete(key);
    else this.#open.set(key, stack.slice(0, -1));
    out.push(this.#at('E', pid, tid));
  }

  #depth(task: number): number {
    return this.#open.get(`${tasks} ${task}`)?.length ?? 0;
  }

  #at(ph: string, pid: number, tid: number): Json {
    return { ph, pid, tid, ts: this.#us };
  }

  #text(out: readonly Json[]): string {
    if (out.length === 0) return '';
    const head = this.#began ? ',\n' : '{"traceEvents":[\n';
    this.#began = true;
    return head + out.map((one) => JSON.stringify(one)).join(',\n');
  }
}

const name = (what: string, pid: number, tid: number, text: string): Json => ({
  ph: 'M',
  pid,
  tid,
  name: what,
  args: { name: text },
});
const lockSlice = ({ task, ino, data }: LockEvent): string => `${task} ${ino} ${data.lock}`;
const numberOf = (id: string): number => Number(id.slice(id.indexOf('_') + 1));
