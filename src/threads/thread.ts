// Worker threads, each with a bounded heap. A thread is started from the built file, or from the
// source in tests and with `npm run dev`.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Piscina } from 'piscina';

/** A thread without work ends after this time. */
const idleMs = 10_000;

/**
 * `threads` threads, one by default, that each run one task after the other: the module `name`
 * beside the file `here`. Each may have `heapBytes` of heap. `onDeath` is called if one dies before
 * it has a task.
 */
export function threadPool(
  name: string,
  here: string,
  {
    threads = 1,
    heapBytes,
    onDeath,
  }: { threads?: number; heapBytes: number; onDeath: (error: Error) => void },
): Piscina {
  const pool = new Piscina({
    ...threadOf(name, here),
    minThreads: 0,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    idleTimeout: idleMs,
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytes / 2 ** 20) },
  });
  // Without a listener the error would end the process.
  pool.on('error', onDeath);
  return pool;
}

/** The answer of a task whose bytes move to the thread that asked, instead of being copied. */
export const moved = (bytes: Uint8Array): Uint8Array => Piscina.move(bytes) as Uint8Array;

/** True if a thread needed more heap than it may have. */
export const isOutOfHeap = (error: unknown): boolean =>
  (error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY';

/** The module of the thread, and the arguments with which Node can load it. */
function threadOf(name: string, here: string): { filename: string; execArgv?: string[] } {
  if (!here.endsWith('.ts')) return { filename: new URL(`./${name}.js`, here).href };
  return { filename: new URL(`./${name}.ts`, here).href, execArgv: ['--import', withTsx()] };
}

/** On Node 20 `--import tsx` has no effect in a worker thread, so a module of its own calls tsx. */
function withTsx(): string {
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const code = `import { register } from ${JSON.stringify(pathToFileURL(api).href)}; register();`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
