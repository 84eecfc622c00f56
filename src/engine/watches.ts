// Operations that have not ended: who waits for that, and what they are charged with until then.
import type { Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { type Account, type QuotaName, release } from '../tenants/quotas.ts';

/**
 * What became of a command in its own turn. `outcome` is null while it sleeps or, in a stepped
 * filesystem, runs.
 */
export interface Submission {
  task: TaskId | 0;
  outcome: Outcome | null;
}

interface Watch {
  /** Of the turn that still goes on: an outcome that comes later in it is put in here. */
  submission: Submission | null;
  charged: QuotaName | null;
  waiters: Set<(outcome: Outcome | null) => void>;
}

export class Watches {
  readonly #account: Account;
  readonly #byTask = new Map<TaskId, Watch>();

  constructor(account: Account) {
    this.#account = account;
  }

  add(task: TaskId, submission: Submission | null, charged: QuotaName | null): Watch {
    const watch: Watch = { submission, charged, waiters: new Set() };
    this.#byTask.set(task, watch);
    return watch;
  }

  ended(task: TaskId, outcome: Outcome): void {
    const watch = this.#byTask.get(task);
    if (watch === undefined) return;
    this.#byTask.delete(task);
    if (watch.submission !== null) watch.submission.outcome = outcome;
    if (watch.charged !== null) release(this.#account, watch.charged, 1);
    for (const settle of [...watch.waiters]) settle(outcome);
  }

  /** Fulfilled when the operation ended, or with null after `ms` or when everybody is let go. */
  wait(task: TaskId, ms: number): Promise<Outcome | null> {
    const { waiters } = this.#byTask.get(task) ?? this.add(task, null, null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), ms);
      const settle = (outcome: Outcome | null) => {
        clearTimeout(timer);
        waiters.delete(settle);
        resolve(outcome);
      };
      waiters.add(settle);
    });
  }

  /** Lets everybody go who waits. */
  releaseWaiters(): void {
    for (const { waiters } of this.#byTask.values())
      for (const settle of [...waiters]) settle(null);
  }

  /** For operations that will not end any more. */
  releaseCharges(): void {
    for (const watch of this.#byTask.values()) {
      if (watch.charged !== null) release(this.#account, watch.charged, 1);
      watch.charged = null;
    }
  }
}
