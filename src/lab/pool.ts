// The threads in which labs run. Each has a bounded heap; one that dies fails its lab alone, and
// the pool starts another. A run that is cancelled ends with its thread, whatever it does.
import type { Piscina } from 'piscina';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import type { Job, LabResults, Runner } from './lab.ts';
import { RunError } from './lab-error.ts';
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

  run(job: Job, signal: AbortSignal): Promise<Uint8Array> {
    return this.#ask('work', job, signal);
  }

  tabulate(results: LabResults, signal: AbortSignal): Promise<Uint8Array> {
    const all = results.runs.flat(2).filter((bytes) => bytes !== null);
    return this.#ask(
      'table',
      results,
      signal,
      all.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  async #ask(
    name: 'work' | 'table',
    task: Job | LabResults,
    signal: AbortSignal,
    transferList: ArrayBuffer[] = [],
  ): Promise<Uint8Array> {
    signal.throwIfAborted();
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#running.add(own);
    try {
      const options = { signal: own.signal, name, transferList };
      const answer: Answer = await this.#threads().run(task, options);
      if (answer instanceof Uint8Array) return answer;
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
