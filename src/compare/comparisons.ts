// Comparisons run in worker threads, so that a long one, or one that breaks, delays nobody. Each is
// bounded in memory and time, and ends when its client goes away or the server stops.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { contentChunks, snapshotRecords } from '../kernel/snapshot.ts';
import { isOutOfHeap, threadPool } from '../threads/thread.ts';
import type { Choice, Course } from './compare.ts';
import type { PlayLimits } from './play.ts';
import type { CommandSource, CompareAnswer, CompareTask, Piece } from './worker.ts';

export interface ComparisonLimits {
  /** Comparisons that run or wait, of the server and of one tenant. */
  comparisonsMax: number;
  comparisonsPerTenantMax: number;
  compareMs: number;
  compareHeapBytes: number;
}

/** Why there is no table. `limit` is the one that was reached. */
export class ComparisonError extends Error {
  override readonly name = 'ComparisonError';
  readonly kind: 'busy' | 'timeout' | 'too-large' | 'stopping';
  readonly limit: number | undefined;

  constructor(kind: ComparisonError['kind'], why: string, limit?: number) {
    super(why);
    this.kind = kind;
    this.limit = limit;
  }
}

export interface Comparison {
  tenant: string;
  /** Called when there is room for the comparison. */
  source(): Promise<CommandSource | Course>;
  choices: readonly Choice[];
  limits: PlayLimits;
}

/** How long the sender of a machine works before other callbacks run. */
const sliceMs = 5;
const recordsPerPiece = 64;

export class Comparisons {
  readonly #limits: ComparisonLimits;
  readonly #running = new Map<AbortController, string>();
  #pool: Piscina | null = null;
  #stopping = false;

  constructor(limits: ComparisonLimits) {
    this.#limits = limits;
  }

  /** Rejects with a ComparisonError, or with the reason of `signal`. */
  async run(comparison: Comparison, signal: AbortSignal): Promise<CompareAnswer> {
    this.#demandRoom(comparison.tenant);
    const own = new AbortController();
    const stop = () => own.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#running.set(own, comparison.tenant);
    try {
      return await this.#runIn(this.#threads(), comparison, own);
    } finally {
      this.#running.delete(own);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends all comparisons. Those that run are rejected with `stopping`. */
  async close(): Promise<void> {
    this.#stopping = true;
    for (const own of this.#running.keys()) own.abort(stopping());
    await this.#pool?.destroy();
  }

  #demandRoom(tenant: string): void {
    const { comparisonsMax, comparisonsPerTenantMax } = this.#limits;
    if (this.#stopping) throw stopping();
    const own = [...this.#running.values()].filter((name) => name === tenant).length;
    if (own >= comparisonsPerTenantMax)
      throw new ComparisonError(
        'busy',
        `${own} comparisons of this tenant already run or wait, the maximum ` +
          '(--comparisons-per-tenant-max).',
        comparisonsPerTenantMax,
      );
    if (this.#running.size >= comparisonsMax)
      throw new ComparisonError(
        'busy',
        `${comparisonsMax} comparisons already run or wait, the maximum (--comparisons-max).`,
        comparisonsMax,
      );
  }

  async #runIn(
    pool: Piscina,
    comparison: Comparison,
    own: AbortController,
  ): Promise<CompareAnswer> {
    const { compareMs, compareHeapBytes } = this.#limits;
    const { choices, limits } = comparison;
    const source = await comparison.source();
    own.signal.throwIfAborted();
    const { port1: near, port2: far } = new MessageChannel();
    const isMachine = 'kernel' in source;
    let timer: NodeJS.Timeout | undefined;
    near.on('message', () => {
      timer = setTimeout(() => own.abort(timedOut(compareMs)), compareMs);
      if (isMachine) void sendCourse(near, source, own.signal);
    });
    const task: CompareTask = { source: isMachine ? null : source, choices, limits, port: far };
    try {
      return await pool.run(task, { transferList: [far], signal: own.signal, name: 'work' });
    } catch (caught) {
      const error: unknown = own.signal.aborted ? own.signal.reason : caught;
      if (isOutOfHeap(error))
        throw new ComparisonError(
          'too-large',
          `the comparison needs more memory than a thread may have (${compareHeapBytes} bytes).`,
          compareHeapBytes,
        );
      throw error;
    } finally {
      clearTimeout(timer);
      near.close();
    }
  }

  #threads(): Piscina {
    this.#pool ??= threadPool('worker', import.meta.url, {
      heapBytes: this.#limits.compareHeapBytes,
      onDeath: (error) => {
        for (const own of this.#running.keys()) own.abort(error);
      },
    });
    return this.#pool;
  }
}

const stopping = (): ComparisonError =>
  new ComparisonError('stopping', 'The server is stopping; the comparison was given up.');
const timedOut = (ms: number): ComparisonError =>
  new ComparisonError('timeout', `the comparison took longer than ${ms} ms (--compare-ms).`, ms);

/** The machine is the sender's own and does not change, so its records need no copies. */
async function sendCourse(
  port: MessagePort,
  { kernel, moves }: Course,
  signal: AbortSignal,
): Promise<void> {
  let begin = performance.now();
  for (const piece of piecesOf(kernel, moves)) {
    if (signal.aborted) return;
    port.postMessage(piece);
    if (performance.now() - begin < sliceMs) continue;
    await nextTurn();
    begin = performance.now();
  }
}

function* piecesOf(kernel: Course['kernel'], moves: Course['moves']): Generator<Piece> {
  for (const records of inPieces(snapshotRecords(kernel), recordsPerPiece))
    yield { kind: 'records', records };
  for (const { index, seq, bytes } of contentChunks(kernel))
    yield { kind: 'content', chunks: [{ index, seq, bytes }] };
  for (const some of inPieces(moves, recordsPerPiece)) yield { kind: 'moves', moves: some };
  yield { kind: 'end' };
}

function* inPieces<T>(items: Iterable<T>, max: number): Generator<T[]> {
  let piece: T[] = [];
  for (const item of items) {
    piece.push(item);
    if (piece.length < max) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
