// States that the runs must reach, because otherwise they prove nothing: they are counted and
// printed, and the test requires each. A mutant was once missed because its generator never reached
// a deadlock.
import type { PageWaitLocals } from '../../src/kernel/ops/page-sleep.ts';
import type { Kernel, Task } from '../../src/kernel/state.ts';
import type { PinId } from '../../src/kernel/units.ts';
import { page } from '../machine.ts';
import { look } from './look.ts';
import type { Happened, Watcher } from './world.ts';

export const states = [
  'sleep on a page',
  'sleep on a lock',
  'sleep on an entry',
  'spin on a page',
  'two pages in one bucket',
  'wake-up in vain',
  'wake-up between test and sleep',
  'woken by unpin',
  'woken by a signal',
  'woken by truncate',
  'deadlock of 1',
  'deadlock of 2',
  'deadlock of 3 and more',
  'two cycles closed by one event',
  'EDEADLK',
  'busy extent freed by the worker',
  'detached run freed by the reaper',
  'ENOSPC with busy extents',
  'truncate interrupted',
  'restarted by a signal',
  'truncate against extend',
  'overlapping punches',
  'get_user_pages across a punch',
  'get_user_pages undone under a sleeper',
  'three woken by one put',
  'one page pinned twice',
  'block reused by another file',
  'power cut between detach and free',
  'power cut with busy extents',
  'stores lost with the power',
  'refault of a pinned page during the wait',
  'starved by leapfrog pins',
  'never idle because mapped again',
  'last put between insert and commit',
  'eviction waits for a pin',
  'strategy changed under a sleeper',
  'snapshot under a sleeper',
  'pin let go by its timer',
  'timeout of a sleeper',
  'poison in a pinned page',
  'poison met by an access',
] as const;
export type State = (typeof states)[number];
export type Counts = Record<State, number>;

export const noCounts = (): Counts =>
  Object.fromEntries(states.map((state) => [state, 0])) as Counts;

/** How long the file is once this is done, if it makes it longer. */
function endOf({ op, args, data }: Task, size: number): number {
  const {
    offset,
    length = 0,
    keepSize,
  } = args as { offset?: number; length?: number; keepSize?: boolean };
  if (op === 'write') return offset === undefined ? 0 : offset + (data?.length ?? 0);
  if (op === 'insert-range') return size + length;
  return (op === 'allocate' || op === 'zero-range') && keepSize !== true
    ? (offset ?? 0) + length
    : 0;
}

/**
 * One that waits for pages: what was pinned when it looked last, and how often in a row it has
 * found nothing but newer pins.
 */
interface Leapt {
  pfn: number;
  references: Set<string>;
  /** The page that it found busy has been let go since. */
  idle: boolean;
  times: number;
}
/** So often in a row is starving. */
const leapsMany = 3;

function referencesOf(k: Kernel, only: (pfn: number) => boolean): string[] {
  return [...k.pins.values()].flatMap(({ id, pfns }) =>
    pfns.filter((pfn) => pfn >= 0 && only(pfn)).map((pfn) => `${id} ${pfn}`),
  );
}

const rangeOf = ({ args }: Task): [number, number] => {
  const { offset = 0, length = 0 } = args as { offset?: number; length?: number };
  return [offset, offset + length];
};

/** Pins that are still being made, and of which somebody sleeps on a page that they have. */
function wantedOfUnfinished(k: Kernel): PinId[] {
  const wanted = new Set<number>();
  for (const id of k.sleepers) {
    const sleep = k.tasks.get(id)?.sleep;
    if (sleep?.on === 'page') wanted.add(sleep.pfn);
  }
  return [...k.pins.values()].flatMap(({ id, task, pfns }) =>
    task !== 0 && pfns.some((pfn) => wanted.has(pfn)) ? [id] : [],
  );
}

/** The block is on the busy list in a transaction that has not committed. */
const inTransaction = (k: Kernel, pfn: number): boolean =>
  [...(look(k, 'busy-extents', {}, { pageSize: 1000 }) as { extents: BusyExtent[] }).extents].some(
    (run) => pfn >= run.pfn && pfn < run.pfn + run.pages && run.reasons.includes('transaction'),
  );
interface BusyExtent {
  pfn: number;
  pages: number;
  reasons: string[];
}

export class Sometimes implements Watcher {
  readonly #counts: Counts;
  readonly #lastFile = new Map<number, number>();
  readonly #leapt = new Map<number, Leapt>();
  #before: { sleepers: number; detached: number; busy: number; wantedOf: PinId[] } = {
    sleepers: 0,
    detached: 0,
    busy: 0,
    wantedOf: [],
  };

  constructor(counts: Counts) {
    this.#counts = counts;
  }

  saw(state: State, times = 1): void {
    this.#counts[state] += times;
  }

  before(k: Kernel): void {
    const wantedOf = k.sleepers.size > 0 ? wantedOfUnfinished(k) : [];
    this.#before = {
      sleepers: k.sleepers.size,
      detached: k.detached.pages,
      busy: k.busy.pages,
      wantedOf,
    };
  }

  after(k: Kernel, { command, effects, stepped }: Happened): void {
    const { events } = effects;
    const deadlocks = events.filter(({ type }) => type === 'deadlock.detected').length;
    if (deadlocks > 1) this.saw('two cycles closed by one event');
    if (command.op !== 'power-cycle' && this.#before.wantedOf.some((id) => !k.pins.has(id)))
      this.saw('get_user_pages undone under a sleeper');
    for (const event of events) {
      switch (event.type) {
        case 'task.blocked':
          this.saw(
            event.data.on === 'page'
              ? 'sleep on a page'
              : event.data.on === 'lock'
                ? 'sleep on a lock'
                : 'sleep on an entry',
          );
          if (event.data.on === 'page' && event.data.state === 'D')
            this.saw('eviction waits for a pin');
          break;
        case 'waitqueue.wakeup':
          if (event.data.woken.length > 2) this.saw('three woken by one put');
          break;
        case 'layout.retried':
          this.saw('spin on a page');
          break;
        case 'task.woken':
          if (event.data.spurious) this.saw('wake-up in vain');
          if (command.op === 'unpin') this.saw('woken by unpin');
          if (command.op === 'cancel') this.saw('woken by a signal');
          if (stepped?.task.op === 'truncate' && event.task !== stepped.task.id)
            this.saw('woken by truncate');
          break;
        case 'deadlock.detected': {
          const tasks = new Set(event.data.cycle.filter((node) => node.startsWith('op_'))).size;
          this.saw(
            tasks === 1
              ? 'deadlock of 1'
              : tasks === 2
                ? 'deadlock of 2'
                : 'deadlock of 3 and more',
          );
          break;
        }
        case 'extent.freed':
          if (stepped?.from === 'release' || event.task === 0) {
            if (event.data.from === 'busy' && command.op === 'scheduler-step')
              this.saw('busy extent freed by the worker');
            if (event.data.from === 'detached' && command.op === 'scheduler-step')
              this.saw('detached run freed by the reaper');
          }
          break;
        case 'extent.allocated':
          this.#allocated(k, event.file, event.data);
          break;
        case 'operation.cancelled':
          if (event.data.op === 'truncate') this.saw('truncate interrupted');
          break;
        case 'memory.failed':
          if (k.holders.has(event.data.pfn as never)) this.saw('poison in a pinned page');
          break;
        case 'operation.failed':
          if (event.data.rule === 'PO1' || event.data.rule === 'PO2')
            this.saw('poison met by an access');
          if (event.data.errno === 'EDEADLK') this.saw('EDEADLK');
          if ((event.data.errno === 'ENOSPC' || event.data.rule === 'FT5') && k.busy.pages > 0)
            this.saw('ENOSPC with busy extents');
          break;
        case 'power.cut':
          if (this.#before.detached > 0) this.saw('power cut between detach and free');
          if (this.#before.busy > 0) this.saw('power cut with busy extents');
          if (event.data.linesLost > 0) this.saw('stores lost with the power');
          break;
        case 'page.faulted':
          if (event.data.pfn !== null) this.#faulted(k, event.data.pfn);
          break;
        case 'file.resized':
          if (stepped !== null) this.#resized(k, stepped.task, event.data);
          break;
        case 'page.idle':
          for (const leapt of this.#leapt.values()) leapt.idle ||= leapt.pfn === event.data.pfn;
          break;
        case 'page.worker_queued':
          if (inTransaction(k, event.data.pfn)) this.saw('last put between insert and commit');
          break;
        case 'page.unpinned':
          if (command.op === 'clock-advance') this.saw('pin let go by its timer');
          break;
        case 'task.signalled':
          if (command.op === 'clock-advance') this.saw('timeout of a sleeper');
          break;
        case 'strategy.changed':
          if (this.#before.sleepers > 0) this.saw('strategy changed under a sleeper');
          break;
        default:
      }
    }
    if (stepped !== null) this.#stepped(k, stepped);
  }

  #allocated(k: Kernel, name: string | null, { pfn, pages }: { pfn: number; pages: number }): void {
    const ino = [...k.inodes.values()].find((inode) => inode.name === name)?.ino ?? 0;
    for (let at = pfn; at < pfn + pages; at++) {
      const last = this.#lastFile.get(at);
      if (last !== undefined && last !== ino) this.saw('block reused by another file');
      this.#lastFile.set(at, ino);
    }
  }

  #faulted(k: Kernel, pfn: number): void {
    const waits = [...k.sleepers].some((id) => {
      const sleep = k.tasks.get(id)?.sleep;
      return sleep?.on === 'page' && sleep.pfn === pfn;
    });
    if (waits && k.holders.has(pfn as never)) this.saw('refault of a pinned page during the wait');
  }

  /**
   * Somebody made the file longer while a truncate to less was in flight, or the other way about.
   */
  #resized(
    k: Kernel,
    task: Task,
    { fromBytes, toBytes }: { fromBytes: number; toBytes: number },
  ): void {
    for (const other of k.tasks.values()) {
      if (other.id === task.id || other.ino !== task.ino) continue;
      const cut =
        toBytes > fromBytes &&
        other.op === 'truncate' &&
        (other.args as { sizeBytes: number }).sizeBytes < toBytes;
      const grows =
        toBytes < fromBytes && task.op === 'truncate' && endOf(other, toBytes) > toBytes;
      if (cut || grows) this.saw('truncate against extend');
    }
  }

  /**
   * It looked, and found a page busy. Leapt over: what it waited for was let go, and all that it
   * finds now came after it had looked before.
   */
  #leaps(k: Kernel, { id, locals }: Task): void {
    const { pfn } = (locals as PageWaitLocals).pageWait!;
    const before = this.#leapt.get(id);
    const isNew =
      before?.idle === true &&
      referencesOf(k, (one) => one === pfn).every((one) => !before.references.has(one));
    const times = isNew ? before.times + 1 : 0;
    this.#leapt.set(id, {
      pfn,
      references: new Set(referencesOf(k, () => true)),
      idle: false,
      times,
    });
    if (times >= leapsMany) this.saw('starved by leapfrog pins');
  }

  #stepped(k: Kernel, { task, from }: NonNullable<Happened['stepped']>): void {
    if (
      from === 'enqueue' &&
      [...k.pageQueues.values()].some(
        (queue) => new Set([...queue.values()].map(({ key }) => key)).size > 1,
      )
    )
      this.saw('two pages in one bucket');
    if (from === 'sleep' && task.step === 'relock' && task.woken)
      this.saw('wake-up between test and sleep');
    if (from === 'test' && task.step === 'lock') this.saw('restarted by a signal');
    if (from === 'scan') this.#scanned(k, task);
    if (from === 'page' && task.op === 'pin') {
      for (const held of k.holders.values())
        if (typeof held !== 'number') this.saw('one page pinned twice');
    }
    if (from === 'change' && task.op === 'punch-hole') {
      const [start, end] = rangeOf(task);
      for (const other of k.tasks.values()) {
        const pin =
          other.op === 'pin' && other.pin !== 0 && other.ino === task.ino
            ? k.pins.get(other.pin)
            : undefined;
        if (pin === undefined) continue;
        const [first, last] = [
          pin.first * page,
          pin.first * page + pin.offsetInPage + pin.lengthBytes,
        ];
        if (end > first && start < last && (start > first || end < last))
          this.saw('get_user_pages across a punch');
      }
    }
  }

  #scanned(k: Kernel, task: Task): void {
    if (task.step === 'enqueue') this.#leaps(k, task);
    for (const other of k.tasks.values()) {
      if (other.id === task.id || other.ino !== task.ino) continue;
      if (task.op !== 'punch-hole' || other.op !== 'punch-hole') continue;
      const [a, b] = [rangeOf(task), rangeOf(other)];
      if (a[0] < b[1] && b[0] < a[1]) this.saw('overlapping punches');
    }
  }
}
