// Operations that have not ended: who waits for that, and what they are charged with until then.
import type { Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { type Account, type QuotaName, release } from '../tenants/quotas.ts';
import { quotaBehindNowait } from './refusals.ts';

/**
 * What became of a command in its own turn. `outcome` is null while it sleeps or, in a stepped
 * filesystem, runs.
 */
export interface Submission {
  task: TaskId | 0;
  outcome: Outcome | null;
}

/** What is known of an operation from its own turn. */
interface Begun {
  /** An outcome that follows before the submission is answered is put in here. */
  submission: Submission | null;
  /** Released when the operation ends. */
  charged: QuotaName | null;
  /** The tenant's sleepers were used up, so the operation got `nowait`. */
  forcedNowait: boolean;
}

interface Watch extends Begun {
  waiters: Set<(outcome: Outcome | null) => void>;
}

const unknown: Begun = { submission: null, charged: null, forcedNowait: false };

export class Watches {
  readonly #account: Account;
  readonly #byTask = new Map<TaskId, Watch>();

  constructor(account: Account) {
    this.#account = account;
  }

  add(task: TaskId, begun: Begun): Watch {
    const watch: Watch = { ...begun, waiters: new Set() };
    this.#byTask.set(task, watch);
    return watch;
  }

  ended(task: TaskId, ofKernel: Outcome): void {
    const watch = this.#byTask.get(task);
    if (watch === undefined) return;
    this.#byTask.delete(task);
    const outcome = watch.forcedNowait ? quotaBehindNowait(ofKernel, this.#account) : ofKernel;
    if (watch.submission !== null) watch.submission.outcome = outcome;
    if (watch.charged !== null) release(this.#account, watch.charged, 1);
    for (const settle of [...watch.waiters]) settle(outcome);
  }

  /** Fulfilled when the operation ended, or with null after `ms` or when everybody is let go. */
  wait(task: TaskId, ms: number): Promise<Outcome | null> {
    const { waiters } = this.#byTask.get(task) ?? this.add(task, unknown);
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

  /** Fulfils every wait with null; the operations sleep on. */
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
