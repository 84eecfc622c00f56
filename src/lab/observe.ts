// Measures one run from the outside: the events and replies of the machine, and its counts at each
// moment that time passes. Times are microseconds of the lab, because the machine counts
// milliseconds.
import type { KernelEvent } from '../kernel/events.ts';
import type { Operation } from '../kernel/ops/define.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Kernel, Outcome } from '../kernel/state.ts';
import { numberOf, pageOf, type TaskId } from '../kernel/units.ts';
import type { FindingKind, Moment } from './findings.ts';
import { Histogram, type HistogramRecord } from './histogram.ts';
import { RunError } from './lab-error.ts';
import type { NeverEnded } from './stuck.ts';

/** Points of the chart of space held back over time. */
const seriesPoints = 60;

/** Calls of one operation. */
interface OpFigures {
  /** Of those that succeeded, from the call to the return, in microseconds. */
  latency: HistogramRecord;
  failed: Record<string, number>;
  /** Still running long after the measurement, with the reason and the time so far. */
  neverEnded: { reason: NeverEnded; us: number }[];
}

/** Time that calls of one operation spent asleep. */
interface BlockedFigures {
  usInS: number;
  usInD: number;
  longestUs: number;
  waits: number;
}

export interface RunFigures {
  measuredUs: number;
  threads: number;
  /** Layout changes and removals, by operation: those that may have to wait for a pin. */
  callers: Record<string, OpFigures>;
  /** The others by operation. */
  others: Record<string, OpFigures>;
  /** Waits of a caller for a page: its own price. */
  waitsForPages: Record<string, BlockedFigures>;
  /** Waits for a lock or an entry that somebody else holds: the price of the others. */
  waitsForLocks: Record<string, BlockedFigures>;
  /** Sleeps in state D of more than 120 s, which khungtaskd would print. */
  hungTasks: number;
  device: {
    pagesWritten: number;
    pagesRead: number;
    /** Written after no file owned the block any more. */
    lost: number;
    /** Written after the block belonged to another file, or to another place. */
    foreignWritten: number;
    foreignRead: number;
    /** Read after no file owned the block any more. */
    staleRead: number;
    pins: number;
    pinsRefused: Record<string, number>;
  };
  space: {
    /** Blocks that had left their file and that nobody could use. */
    peakBlocks: number;
    blockUs: number;
    /** The mean number of blocks in each of 60 equal parts of the measurement. */
    series: number[];
    /** Means: what files own (du), and what is not free (df without metadata). */
    meanBlocksOfFiles: number;
    meanBlocksNotFree: number;
    noSpaceWhileHeldBack: number;
    freedUnderPin: number;
  };
  machine: {
    commands: number;
    events: number;
    scans: number;
    wakeups: number;
    spuriousWakeups: number;
    workItems: number;
    deadlocks: number;
  };
  /** Rounds of each thread, by actor. */
  rounds: Record<string, number[]>;
}

const hungUs = 120_000_000;

const isLayoutChange = ({ name, steps }: Operation): boolean => 'scan' in steps && name !== 'write';
/** Operations that break a layout, or evict a file. */
export const callers: ReadonlySet<string> = new Set([
  ...[...operations.values()].filter(isLayoutChange).map(({ name }) => name),
  'unlink',
  'rename',
  'umount',
]);

interface Running {
  op: string;
  sinceUs: number;
}

interface Asleep {
  op: string;
  sinceUs: number;
  state: 'S' | 'D';
  onPage: boolean;
  /** It retries without end instead of sleeping; khungtaskd does not see that. */
  spins: boolean;
}

class OpCount {
  readonly latency = new Histogram();
  readonly failed = new Map<string, number>();
  readonly neverEnded: OpFigures['neverEnded'] = [];

  figures(): OpFigures {
    return {
      latency: this.latency.record(),
      failed: sorted(this.failed),
      neverEnded: this.neverEnded,
    };
  }
}

const sorted = <V>(map: ReadonlyMap<string, V>): Record<string, V> =>
  Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));

function countIn(map: Map<string, number>, name: string, by = 1): void {
  map.set(name, (map.get(name) ?? 0) + by);
}

export class Observer {
  readonly #k: Kernel;
  readonly #fromUs: number;
  /** Nothing that begins at this time or later is measured. */
  #toUs: number;
  readonly #binUs: number;
  readonly #found: (kind: FindingKind, moment: Moment) => void;
  readonly #running = new Map<number, Running>();
  readonly #asleep = new Map<number, Asleep>();
  readonly #ops = new Map<string, OpCount>();
  readonly #pageWaits = new Map<string, BlockedFigures>();
  readonly #lockWaits = new Map<string, BlockedFigures>();
  readonly #pinsRefused = new Map<string, number>();
  readonly #device = {
    pagesWritten: 0,
    pagesRead: 0,
    lost: 0,
    foreignWritten: 0,
    foreignRead: 0,
    staleRead: 0,
    pins: 0,
  };
  readonly #machine = {
    commands: 0,
    events: 0,
    scans: 0,
    wakeups: 0,
    spuriousWakeups: 0,
    workItems: 0,
    deadlocks: 0,
  };
  readonly #space = {
    peakBlocks: 0,
    blockUs: 0,
    ofFilesUs: 0,
    notFreeUs: 0,
    noSpaceWhileHeldBack: 0,
    freedUnderPin: 0,
  };
  readonly #series: number[] = new Array<number>(seriesPoints).fill(0);
  #hung = 0;
  #nowUs = 0;
  #isClosed = false;
  /** Of all calls, measured or not: how long they took, and how long they slept. */
  #calledUs = 0;
  #sleptUs = 0;
  /** A block was freed under a pin, so that law 1 does not hold any more. */
  warned = false;
  submitted = 0;
  ended = 0;

  constructor(
    k: Kernel,
    {
      fromUs,
      toUs,
      found,
    }: { fromUs: number; toUs: number; found(kind: FindingKind, moment: Moment): void },
  ) {
    this.#k = k;
    this.#fromUs = fromUs;
    this.#toUs = toUs;
    this.#binUs = Math.max(1, (toUs - fromUs) / seriesPoints);
    this.#found = found;
  }

  /** Time passes; the machine is as the last command left it. */
  pass(toUs: number): void {
    const fromUs = Math.max(this.#nowUs, this.#fromUs);
    this.#nowUs = toUs;
    if (toUs <= fromUs || this.#isClosed) return;
    const { busy, detached, counts, geometry, space } = this.#k;
    const held = busy.pages + detached.pages;
    const us = toUs - fromUs;
    // Not at each command: what is held back for no time at all is no peak, and what is held back
    // when the measurement begins is one.
    this.#space.peakBlocks = Math.max(this.#space.peakBlocks, held);
    this.#space.ofFilesUs += counts.blocksUsed * us;
    this.#space.notFreeUs += (geometry.blocks - geometry.blocksMetadata - space.free) * us;
    if (held === 0) return;
    this.#space.blockUs += held * us;
    for (let at = fromUs; at < toUs; ) {
      const bin = Math.min(seriesPoints - 1, Math.floor((at - this.#fromUs) / this.#binUs));
      const end =
        bin === seriesPoints - 1 ? toUs : Math.min(toUs, this.#fromUs + (bin + 1) * this.#binUs);
      this.#series[bin] = (this.#series[bin] as number) + held * (end - at);
      if (end <= at) break;
      at = end;
    }
  }

  get #measures(): boolean {
    return this.#nowUs >= this.#fromUs && !this.#isClosed;
  }

  #isMeasured({ sinceUs }: { sinceUs: number }): boolean {
    return sinceUs >= this.#fromUs && sinceUs < this.#toUs;
  }

  submit(task: number, op: string): void {
    this.submitted += 1;
    if (this.#measures) this.#machine.commands += 1;
    this.#running.set(task, { op, sinceUs: this.#nowUs });
  }

  /** What a command did. */
  see(events: readonly KernelEvent[]): void {
    if (this.#measures) this.#machine.events += events.length;
    for (const event of events) this.#seeOne(event);
  }

  /**
   * The measurement is over. The run goes on until the calls that it began have ended, because a
   * call that was cut off would count as shorter than it is, and a long one is cut off more often.
   */
  close(endUs: number): void {
    this.pass(endUs);
    this.#toUs = endUs;
    for (const sleep of this.#asleep.values()) this.#countSleep(sleep);
    this.#isClosed = true;
  }

  /** Calls that began before the end of the measurement and still run. */
  get unfinished(): number {
    let count = 0;
    for (const { sinceUs } of this.#running.values()) if (sinceUs < this.#toUs) count += 1;
    return count;
  }

  #seeOne(event: KernelEvent): void {
    switch (event.type) {
      case 'task.blocked': {
        this.#woke(event.task); // It no longer spins.
        const { op, state, on } = event.data;
        const sinceUs = this.#nowUs;
        this.#asleep.set(event.task, { op, sinceUs, state, onPage: on === 'page', spins: false });
        return;
      }
      case 'layout.retried':
        this.#spins(event.task);
        return;
      case 'task.woken':
        this.#woke(event.task);
        if (!this.#measures) return;
        this.#machine.wakeups += 1;
        if (event.data.spurious) this.#machine.spuriousWakeups += 1;
        return;
      case 'deadlock.detected':
        if (!this.#isFinding(event.data.cycle)) return;
        this.#machine.deadlocks += 1;
        this.#found('deadlock', { file: event.file, text: event.data.explanation });
        return;
      case 'warning.raised':
        this.warned = true;
        if (this.#measures) this.#space.freedUnderPin += 1;
        return;
      case 'page.not_idle':
        this.#found('hang', { file: event.file, pfn: event.data.pfn, text: '' });
        return;
      default:
        if (this.#measures) this.#count(event);
    }
  }

  /** Events that only count in the measured time. */
  #count(event: KernelEvent): void {
    switch (event.type) {
      case 'layout.busy':
      case 'layout.broken':
        this.#machine.scans += 1;
        return;
      case 'page.worker_queued':
        this.#machine.workItems += 1;
        return;
      case 'page.pinned':
        this.#device.pins += 1;
        return;
      case 'gup.refused':
        countIn(this.#pinsRefused, event.data.errno);
        return;
      case 'dma.written':
      case 'dma.read':
        this.#transfer(event);
        return;
      default:
    }
  }

  #transfer(event: Extract<KernelEvent, { type: 'dma.written' | 'dma.read' }>): void {
    const { offset, length, orphan, foreign = 0, victims = [] } = event.data;
    const pages = length === 0 ? 0 : pageOf(offset + length - 1) - pageOf(offset) + 1;
    const device = this.#device;
    if (event.type === 'dma.written') {
      device.pagesWritten += pages;
      device.lost += orphan - foreign;
      device.foreignWritten += foreign;
    } else {
      device.pagesRead += pages;
      device.staleRead += orphan - foreign;
      device.foreignRead += foreign;
    }
    if (foreign === 0 || event.type === 'dma.read') return;
    const victim = victims[0]?.file ?? 'another file';
    this.#found('foreign write', {
      file: event.file,
      text: `A device wrote ${foreign} pages that belong to ${victim} now.`,
    });
  }

  /**
   * A deadlock of the warm-up lasts into the measurement. One after it counts if it has a call of
   * the measurement.
   */
  #isFinding(cycle: readonly string[]): boolean {
    return !this.#isClosed || cycle.some((id) => this.concerns(numberOf('operation', id) ?? 0));
  }

  /** The call runs, and it did not begin after the measurement. */
  concerns(task: number): boolean {
    const call = this.#running.get(task);
    return call !== undefined && call.sinceUs < this.#toUs;
  }

  /** The machine tells each retry, but not the last; that shows in what the task does next. */
  #spins(task: number): void {
    if (this.#asleep.has(task)) return;
    const op = this.#running.get(task)?.op;
    if (op === undefined) return;
    const sinceUs = this.#nowUs;
    this.#asleep.set(task, { op, sinceUs, state: 'D', onPage: true, spins: true });
  }

  #woke(task: number): void {
    const sleep = this.#asleep.get(task);
    if (sleep === undefined) return;
    this.#asleep.delete(task);
    if (this.#running.has(task)) this.#sleptUs += this.#nowUs - sleep.sinceUs;
    if (this.#isClosed ? sleep.sinceUs >= this.#toUs : !this.#measures) return;
    // After the measurement only its length is new.
    if (!this.#isClosed) this.#countSleep(sleep);
    const { op, sinceUs, onPage, state, spins } = sleep;
    const us = this.#nowUs - sinceUs;
    const figures = this.#waitsOf(op, onPage);
    figures.longestUs = Math.max(figures.longestUs, us);
    if (state === 'D' && !spins && us > hungUs) this.#hung += 1;
  }

  /** Adds the part of a sleep that lies in the measurement. */
  #countSleep({ op, sinceUs, state, onPage }: Asleep): void {
    const us = this.#nowUs - Math.max(sinceUs, this.#fromUs);
    const figures = this.#waitsOf(op, onPage);
    if (state === 'S') figures.usInS += us;
    else figures.usInD += us;
    figures.waits += 1;
  }

  #waitsOf(op: string, onPage: boolean): BlockedFigures {
    const table = onPage ? this.#pageWaits : this.#lockWaits;
    let figures = table.get(op);
    if (figures === undefined) {
      figures = { usInS: 0, usInD: 0, longestUs: 0, waits: 0 };
      table.set(op, figures);
    }
    return figures;
  }

  end(task: number, outcome: Outcome): void {
    const running = this.#running.get(task);
    if (running === undefined) return;
    this.#woke(task); // It no longer spins.
    this.#running.delete(task);
    this.ended += 1;
    this.#calledUs += this.#nowUs - running.sinceUs;
    // A call of the warm-up that ends in the measurement would only count if it lasted long.
    if (!this.#isMeasured(running)) return;
    const count = this.#opCount(running.op);
    if (outcome.ok) count.latency.add(this.#nowUs - running.sinceUs);
    else {
      const { errno } = outcome.failure;
      countIn(count.failed, errno);
      if (errno === 'ENOSPC' && this.#k.busy.pages + this.#k.detached.pages > 0)
        this.#space.noSpaceWhileHeldBack += 1;
    }
  }

  #opCount(op: string): OpCount {
    let count = this.#ops.get(op);
    if (count === undefined) {
      count = new OpCount();
      this.#ops.set(op, count);
    }
    return count;
  }

  /** The run is over. `why` names the reason of each call that has not ended. */
  finish({
    threads,
    rounds,
    why,
  }: {
    threads: number;
    rounds: Record<string, number[]>;
    why(task: TaskId): NeverEnded;
  }): RunFigures {
    for (const [task, running] of this.#running) {
      const us = this.#nowUs - running.sinceUs;
      this.#calledUs += us;
      if (running.sinceUs >= this.#toUs) continue;
      const reason = why(task as TaskId);
      // Of the calls of the warm-up only those that last for ever belong to the measurement.
      if (reason !== 'unfinished' || this.#isMeasured(running))
        this.#opCount(running.op).neverEnded.push({ reason, us });
    }
    for (const task of [...this.#asleep.keys()]) this.#woke(task);
    this.#checkBooks();
    const measuredUs = Math.max(0, this.#toUs - this.#fromUs);
    const { ofFilesUs, notFreeUs, ...space } = this.#space;
    const mean = (sum: number): number => (measuredUs === 0 ? 0 : sum / measuredUs);
    const own = (isCaller: boolean): Record<string, OpFigures> =>
      sorted(
        new Map(
          [...this.#ops]
            .filter(([op]) => callers.has(op) === isCaller)
            .map(([op, count]) => [op, count.figures()]),
        ),
      );
    return {
      measuredUs,
      threads,
      callers: own(true),
      others: own(false),
      waitsForPages: sorted(this.#pageWaits),
      waitsForLocks: sorted(this.#lockWaits),
      hungTasks: this.#hung,
      device: { ...this.#device, pinsRefused: sorted(this.#pinsRefused) },
      space: {
        ...space,
        series: this.#series.map((sum) => sum / this.#binUs),
        meanBlocksOfFiles: mean(ofFilesUs),
        meanBlocksNotFree: mean(notFreeUs),
      },
      machine: { ...this.#machine },
      rounds,
    };
  }

  /** What must hold of each run, whatever the machine did. */
  #checkBooks(): void {
    const { ofFilesUs, blockUs, notFreeUs } = this.#space;
    const broken = (law: string): RunError => new RunError('law', `${law} does not hold`);
    // All sums are whole numbers, so they are exact.
    if (this.#calledUs !== this.#sleptUs)
      throw broken(`the time of all calls is that of their sleeps (${this.#calledUs} µs)`);
    if (this.submitted !== this.ended + this.#running.size)
      throw broken('each call has ended or runs');
    if (ofFilesUs + blockUs !== notFreeUs)
      throw broken('each block is free, a file owns it, or it is held back');
  }
}
