// Operations that have not ended: the callers that wait for them, and the quota that they use.
import type { Outcome } from '../kernel/state.ts';
import type { TaskId } from '../kernel/units.ts';
import { type Account, type QuotaName, release } from '../tenants/quotas.ts';
import { quotaBehindNowait } from './refusals.ts';

/**
 * The state of a command after its own turn. `outcome` is null while it sleeps, or, in a stepped
 * filesystem, while it runs.
 */
export interface Submission {
  task: TaskId | 0;
  outcome: Outcome | null;
  /** The events of its own entry: the number of the first, and the next number after the last. */
  events?: { from: number; to: number };
}

/** What the lane stores about an operation after its own turn. */
interface Begun {
  /** If the operation ends before the submission is answered, its outcome is written into it. */
  submission: Submission | null;
  /** Released when the operation ends. */
  charged: QuotaName | null;
  /** The quota of sleepers was used up, so the operation was given `nowait`. */
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

  /** Resolves when the operation ends, or with null after `ms` or when all waits are ended. */
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

  /** Resolves every wait with null; the operations keep sleeping. */
  releaseWaiters(): void {
    for (const { waiters } of this.#byTask.values())
      for (const settle of [...waiters]) settle(null);
  }

  /** For operations that will never end, because their filesystem stopped. */
  releaseCharges(): void {
    for (const watch of this.#byTask.values()) {
      if (watch.charged !== null) release(this.#account, watch.charged, 1);
      watch.charged = null;
    }
  }
}
