// The thread in which requests of labs are checked and results are converted. It is another one
// than those of the runs, because a request must not wait for a run.
import type { Piscina } from 'piscina';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import type { BundleAnswer, BundleTask, Checked, CheckTask } from './worker.ts';

/** Why a task has no answer. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
  readonly kind: 'busy' | 'time' | 'memory' | 'stopping';

  constructor(kind: TaskError['kind'], why: string) {
    super(why);
    this.kind = kind;
  }
}

/** Tasks that run or wait. One takes less than a second, as a rule. */
const tasksMax = 64;

export class LabTasks {
  readonly #limits: { labTaskMs: number; labHeapBytes: number };
  readonly #all = new Set<AbortController>();
  #pool: Piscina | null = null;
  #stopping = false;

  constructor(limits: { labTaskMs: number; labHeapBytes: number }) {
    this.#limits = limits;
  }

  check(task: CheckTask): Promise<Checked> {
    return this.#run('check', task);
  }

  csv(json: Uint8Array): Promise<Uint8Array> {
    return this.#run('csv', { json });
  }

  bundle(task: BundleTask): Promise<BundleAnswer> {
    return this.#run('bundle', task);
  }

  async close(): Promise<void> {
    this.#stopping = true;
    for (const own of this.#all) own.abort(stopping());
    await this.#pool?.destroy();
  }

  /** Rejects with a TaskError. */
  async #run<T>(name: string, task: object): Promise<T> {
    if (this.#stopping) throw stopping();
    if (this.#all.size >= tasksMax)
      throw new TaskError(
        'busy',
        `${tasksMax} requests already wait for the thread that checks labs, the maximum.`,
      );
    const { labTaskMs, labHeapBytes } = this.#limits;
    const own = new AbortController();
    this.#all.add(own);
    const late = setTimeout(() => own.abort(timedOut(labTaskMs)), labTaskMs);
    try {
      return await this.#threads().run(task, { signal: own.signal, name });
    } catch (error) {
      if (own.signal.aborted) throw own.signal.reason;
      if (isOutOfHeap(error))
        throw new TaskError(
          'memory',
          `It needs more memory than a thread may have (${labHeapBytes} bytes, --lab-heap-bytes).`,
        );
      throw error;
    } finally {
      clearTimeout(late);
      this.#all.delete(own);
    }
  }

  #threads(): Piscina {
    this.#pool ??= threadPool('worker', import.meta.url, {
      heapBytes: this.#limits.labHeapBytes,
      onDeath: (error) => {
        for (const own of this.#all) own.abort(error);
      },
    });
    return this.#pool;
  }
}

const stopping = (): TaskError => new TaskError('stopping', 'The server is stopping.');
const timedOut = (ms: number): TaskError =>
  new TaskError('time', `It takes longer than ${ms} ms (--lab-task-ms).`);
