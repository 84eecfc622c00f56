// The thread in which bundles are checked. It is bounded in memory and time.
import type { Piscina } from 'piscina';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import { BundleError } from './bundle-error.ts';
import type { CheckAnswer, Checked, CheckTask } from './check-worker.ts';
import type { BundleBounds } from './read.ts';

export interface CheckLimits {
  bundleMs: number;
  bundleHeapBytes: number;
}

export class BundleChecks {
  readonly #limits: CheckLimits;
  readonly #running = new Set<AbortController>();
  #pool: Piscina | null = null;

  constructor(limits: CheckLimits) {
    this.#limits = limits;
  }

  /** Rejects with a BundleError, or with the reason of `signal`. */
  async check(bytes: Uint8Array, bounds: BundleBounds, signal: AbortSignal): Promise<Checked> {
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    if (signal.aborted) throw signal.reason;
    signal.addEventListener('abort', stop, { once: true });
    this.#running.add(own);
    try {
      const answer = await this.#run({ bytes, bounds }, own);
      if (answer.ok) return answer.end;
      throw new BundleError(answer.rule, answer.why);
    } finally {
      this.#running.delete(own);
      signal.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    for (const own of this.#running) own.abort(new Error('the server is stopping'));
    await this.#pool?.destroy();
  }

  async #run(task: CheckTask, own: AbortController): Promise<CheckAnswer> {
    const { bundleMs, bundleHeapBytes } = this.#limits;
    // The time in the queue counts too: whoever waits longer may as well try again.
    const late = setTimeout(
      () => own.abort(new BundleError('BD5', `its replay takes longer than ${bundleMs} ms`)),
      bundleMs,
    );
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
      onDeath: (error) => {
        for (const own of this.#running) own.abort(error);
      },
    });
    return this.#pool;
  }
}
