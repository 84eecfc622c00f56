// The thread in which bundles are checked. It is bounded in memory and time.
import type { Piscina } from 'piscina';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import { BundleError, NotChecked } from './bundle-error.ts';
import type { CheckAnswer, Checked, CheckTask } from './check-worker.ts';
import type { BundleBounds } from './read.ts';

export interface CheckLimits {
  bundleMs: number;
  bundleHeapBytes: number;
}

export class BundleChecks {
  readonly #limits: CheckLimits;
  /** Those that run or wait. */
  readonly #all = new Set<AbortController>();
  #running: AbortController | null = null;
  #pool: Piscina | null = null;
  #stopping = false;
  /** Settles when every check so far has ended. One runs at a time. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(limits: CheckLimits) {
    this.#limits = limits;
  }

  /** Rejects with a BundleError, with NotChecked, or with the reason of `signal`. */
  async check(bytes: Uint8Array, bounds: BundleBounds, signal: AbortSignal): Promise<Checked> {
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    if (signal.aborted) throw signal.reason;
    if (this.#stopping) throw stopping();
    signal.addEventListener('abort', stop, { once: true });
    this.#all.add(own);
    try {
      const answer = await this.#inTurn(own, () => this.#run({ bytes, bounds }, own));
      if (answer.ok) return answer.end;
      throw new BundleError(answer.rule, answer.why);
    } finally {
      this.#all.delete(own);
      signal.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    this.#stopping = true;
    for (const own of this.#all) own.abort(stopping());
    await this.#pool?.destroy();
  }

  /** Waits for the checks before this one, but at most `bundleMs`. */
  async #inTurn(own: AbortController, run: () => Promise<CheckAnswer>): Promise<CheckAnswer> {
    const before = this.#before;
    let end: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#before = before.then(() => ended);
    const late = setTimeout(() => own.abort(busy()), this.#limits.bundleMs);
    try {
      await orAborted(before, own.signal);
      clearTimeout(late);
      return await run();
    } finally {
      clearTimeout(late);
      end();
    }
  }

  async #run(task: CheckTask, own: AbortController): Promise<CheckAnswer> {
    const { bundleMs, bundleHeapBytes } = this.#limits;
    const late = setTimeout(
      () => own.abort(new BundleError('BD5', `its replay takes longer than ${bundleMs} ms`)),
      bundleMs,
    );
    this.#running = own;
    try {
      return await this.#threads().run(task, { signal: own.signal, name: 'check' });
    } catch (error) {
      if (own.signal.aborted) throw own.signal.reason;
      if (isOutOfHeap(error))
        throw new BundleError('BD5', `its replay needs more memory than ${bundleHeapBytes} bytes`);
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  #threads(): Piscina {
    this.#pool ??= threadPool('check-worker', import.meta.url, {
      heapBytes: this.#limits.bundleHeapBytes,
      onDeath: (error) => this.#running?.abort(error),
    });
    return this.#pool;
  }
}

const stopping = (): NotChecked =>
  new NotChecked('The server is stopping, so the bundle was not checked.');

const busy = (): NotChecked =>
  new NotChecked('The server checks other bundles, one at a time. Try again later.');

/** Rejects with the reason of `signal` if that comes first. */
function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}
