// The threads in which labs run. Each has a bounded heap; one that dies fails its lab alone, and
// the pool starts another. A run that is cancelled ends with its thread, whatever it does.
import type { Piscina } from 'piscina';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import type { Job, Runner } from './lab.ts';
import { RunError } from './lab-error.ts';
import type { RunResult } from './run.ts';
import type { Answer } from './worker.ts';

export interface PoolLimits {
  threads: number;
  heapBytes: number;
}

export class LabPool implements Runner {
  readonly threads: number;
  readonly #limits: PoolLimits;
  readonly #running = new Set<AbortController>();
  #pool: Piscina | null = null;

  constructor(limits: PoolLimits) {
    this.threads = limits.threads;
    this.#limits = limits;
  }

  async run(job: Job, signal: AbortSignal): Promise<RunResult> {
    signal.throwIfAborted();
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#running.add(own);
    try {
      const answer: Answer = await this.#threads().run(job, { signal: own.signal, name: 'work' });
      if (answer.ok) return answer.result;
      throw new RunError(answer.kind, answer.message);
    } catch (error) {
      if (own.signal.aborted) throw own.signal.reason;
      if (isOutOfHeap(error))
        throw new RunError(
          'memory',
          `a run needs more memory than a thread may have (${this.#limits.heapBytes} bytes)`,
        );
      throw error;
    } finally {
      this.#running.delete(own);
      signal.removeEventListener('abort', stop);
    }
  }

  async close(): Promise<void> {
    for (const own of this.#running) own.abort(new RunError('cancelled', 'the lab was stopped'));
    await this.#pool?.destroy();
    this.#pool = null;
  }

  #threads(): Piscina {
    this.#pool ??= threadPool('worker', import.meta.url, {
      threads: this.#limits.threads,
      heapBytes: this.#limits.heapBytes,
      onDeath: (error) => {
        for (const own of this.#running) own.abort(error);
      },
    });
    return this.#pool;
  }
}
