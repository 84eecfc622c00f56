// A range of the log in Chrome's JSON trace format, which Perfetto opens. Each task and each pin
// has a track, with slices for its lifetime and its sleeps. An arrow leads from each waker to the
// task that it wakes.
import type { KernelEvent } from '../../kernel/events.ts';
import { opId } from '../../kernel/units.ts';

type Json = Record<string, unknown>;

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
  readonly #named = new Set<string>();
  readonly #filesystem: string;
  /** The task that ran last in this command; it is the waker of a task that wakes. */
  #runs: number | null = null;

  constructor(filesystem: string) {
    this.#filesystem = filesystem;
  }

  /** The text of the event. `last` is true for the last event of a command. */
  add({ event, last }: { event: KernelEvent; last: boolean }): string {
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
    if (event.type !== 'task.woken') this.#runs = event.task;
    if (last) this.#runs = null;
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
    else if (type === 'filesystem.unmounted' || type === 'power.restored') this.#closePins(out);
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
    } else if (type === 'task.woken') this.#woken(task, event.data.op, args, out);
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
      this.#name(task, '', out);
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

  #closePins(out: Json[]): void {
    for (const key of [...this.#open.keys()]) {
      const [pid, tid] = key.split(' ').map(Number) as [number, number];
      if (pid === pins) this.#close(pins, tid, out);
    }
  }

  /** Draws the arrow from the task that ran to the slice of the woken task. */
  #woken(task: number, op: string, args: Json, out: Json[]): void {
    if (this.#depth(task) > 1) this.#close(tasks, task, out);
    this.#begin(task, op, args, out);
    const waker = this.#runs ?? machine;
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
    const key = `${task}${op === '' ? '' : ' named'}`;
    if (task === machine || this.#named.has(key) || this.#named.has(`${task} named`)) return;
    this.#named.add(key);
    out.push(name('thread_name', tasks, task, `${opId(task)} ${op}`.trim()));
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
const numberOf = (id: string): number => Number(id.slice(id.indexOf('_') + 1));
