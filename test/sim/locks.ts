// The promises of locks and sleeps, read from the locks and pins themselves: one writer or several
// readers, in order of arrival but for readers, who go together; no task sleeps on something that is free; no fault lock is held
// during a sleep on a pin; no page is closed to new references unless an operation waits for it.
import type { WalkLocals } from '../../src/kernel/ops/page-walk.ts';
import type { Kernel, RwSem, Task } from '../../src/kernel/state.ts';
import { Broken } from './broken.ts';
import type { Happened, Watcher } from './world.ts';

export class Locks implements Watcher {
  /**
   * The queues as they stood before, and who was in: nobody comes in before somebody who stood
   * before him and still waits, except a reader behind another one.
   */
  #queued: { sem: RwSem; waiters: RwSem['queue']; holders: Set<number> }[] = [];
  /** Files with a writer before the entry. */
  #written = new Set<string>();

  before(k: Kernel): void {
    this.#queued = [];
    this.#written.clear();
    for (const { name, iRwsem, invalidateLock } of k.inodes.values()) {
      if (iRwsem.writer !== 0) this.#written.add(name);
      for (const sem of [iRwsem, invalidateLock]) {
        if (sem.queue.length === 0) continue;
        const waiters = [...sem.queue];
        this.#queued.push({ sem, waiters, holders: new Set([sem.writer, ...sem.readers]) });
      }
    }
  }

  after(k: Kernel, { effects, stepped }: Happened): void {
    this.#checkTurns();
    if (stepped !== null) this.#checkStop(k, stepped.task);
    for (const id of k.sleepers) this.#checkSleep(k, k.tasks.get(id));
    for (const { name, iRwsem, invalidateLock } of k.inodes.values()) {
      for (const { writer, readers, queue } of [iRwsem, invalidateLock]) {
        if (writer !== 0 && readers.length > 0)
          throw new Broken(
            'law Q2',
            `op_${writer} has a lock of ${name} for itself, and so have op_${readers.join()}`,
          );
        const [next] = queue;
        if (writer === 0 && next?.mode === 'shared')
          throw new Broken(
            'law 8',
            `op_${next.task} waits for a lock of ${name} to read, and no writer has it`,
          );
      }
    }
    for (const event of effects.events) {
      if (event.type === 'task.blocked' || event.type === 'strategy.changed')
        this.#checkSleepers(k);
      // Only a layout change closes pages, and it has the file for itself as long as they are.
      if (
        event.type === 'gup.refused' &&
        event.data.rule === 'WR1' &&
        !this.#written.has(event.file ?? '')
      )
        throw new Broken(
          'law B1',
          `a page of ${event.file} is closed to new references, and nobody changes its layout`,
        );
    }
  }

  /**
   * A pin that has just gone on to the fault of a page for which a layout change of wait-for-refs
   * sleeps, and was to be refused there.
   */
  #checkStop(k: Kernel, { op, step, ino, locals }: Task): void {
    if (
      op !== 'pin' ||
      step !== 'fault' ||
      k.strategy.name !== 'wait-for-refs' ||
      k.strategy.options.newRefs !== 'fail'
    )
      return;
    const { at } = (locals as WalkLocals).walk!;
    // It waits with the lock; one that waits for pages that have left the file, as detach-and-wait
    // does, has none.
    const writer = k.tasks.get(k.inodes.get(ino as never)?.invalidateLock.writer as never);
    const sleep = writer?.sleep;
    if (sleep?.on !== 'page' || (sleep.ino ?? writer?.ino) !== ino || sleep.pgoff !== at) return;
    throw new Broken(
      'law B1',
      `page ${at} of inode ${ino} is open to new references, and op_${writer?.id} waits for the old ones`,
    );
  }

  #checkTurns(): void {
    for (const { sem, waiters, holders } of this.#queued) {
      const queue = new Set<number>(sem.queue.map(({ task }) => task));
      const waits = waiters.findIndex(({ task }) => queue.has(task));
      const first = waiters[waits];
      if (first === undefined) continue;
      const isReader = ({ mode }: { mode: string }): boolean => mode === 'shared';
      const before = waiters.slice(0, waits);
      const passing = !isReader(first) && before.some(isReader) ? waiters.filter(isReader) : [];
      const mayBeIn = new Set<number>([
        0,
        ...holders,
        ...[...before, ...passing].map((one) => one.task),
      ]);
      const overtook = [sem.writer, ...sem.readers].filter((task) => !mayBeIn.has(task));
      if (overtook.length > 0)
        throw new Broken(
          'law Q2',
          `op_${overtook.join()} overtook op_${first.task}, who is queued for the lock`,
        );
    }
  }

  /** Somebody has what it sleeps on, stands before it, or is on the way to it. */
  #checkSleep(k: Kernel, task: Task | undefined): void {
    const { sleep } = task ?? {};
    if (task === undefined || !sleep) return;
    const inode = 'ino' in sleep ? k.inodes.get(sleep.ino) : undefined;
    let taken = true;
    if (sleep.on === 'lock') {
      const sem = sleep.lock === 'i_rwsem' ? inode?.iRwsem : inode?.invalidateLock;
      taken =
        sem !== undefined &&
        (sem.writer !== 0 || sem.readers.length > 0) &&
        sem.queue.some((waiter) => waiter.task === task.id);
    } else if (sleep.on === 'entry') {
      // It is not handed over: who was woken competes for it.
      const comes = (other: Task): boolean =>
        other.state !== 'sleeping' && other.ino === sleep.ino && other.step === 'entry';
      taken = inode?.entryLocks.has(sleep.pgoff) === true || [...k.tasks.values()].some(comes);
    } else {
      // Under the modern rule a mapping is a reference too (S06); the second phase sees to those.
      taken =
        k.idleRule === 'modern' ||
        [...k.pins.values()].some(({ pfns }) => pfns.includes(sleep.pfn));
    }
    if (sleep.on === 'page' && task.interruptible && task.signal !== 'none')
      throw new Broken('law 8', `op_${task.id} sleeps, and has not heard its signal`);
    if (!taken)
      throw new Broken(
        'law 8',
        `op_${task.id} sleeps on ${JSON.stringify(sleep)}, and nobody is in the way`,
      );
  }

  /** wait-for-refs does, and that is its deadlock (S01). */
  #checkSleepers(k: Kernel): void {
    if (k.strategy.name === 'wait-for-refs') return;
    for (const { name, invalidateLock } of k.inodes.values()) {
      const writer = k.tasks.get(invalidateLock.writer as never);
      if (writer?.state === 'sleeping' && writer.sleep?.on === 'page')
        throw new Broken(
          'law 6',
          `op_${writer.id} sleeps on a pin and has invalidate_lock of ${name}`,
        );
    }
  }
}
