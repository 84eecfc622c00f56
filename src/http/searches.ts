// Long computations share the event loop: one slice of one search, then everybody else. Each would
// be short enough by itself, but those of several requests must not follow each other.

/** In milliseconds. A request of somebody else often needs three turns of the loop. */
const sliceMs = 2;
/** More are refused, because each has to wait for the slices of all others. */
const searchesMax = 16;
/** So that one tenant does not take the turns of all others. */
const searchesOfTenantMax = 4;

interface Search {
  tenant: string;
  /** Runs up to the next rest; true if the search is over. */
  resume(end: boolean): boolean;
  fail(error: unknown): void;
  /** In milliseconds of computing. */
  left: number;
}

const running: Search[] = [];

/**
 * The value of a generator that rests often. After `ms` of computing it is sent `true` and has to
 * come to its end. Null if too many searches run already.
 */
export function searchInSlices<T>(
  tenant: string,
  searching: Generator<void, T, boolean | undefined>,
  ms: number,
): Promise<T> | null {
  const own = running.filter((search) => search.tenant === tenant).length;
  if (running.length >= searchesMax || own >= searchesOfTenantMax) return null;
  return new Promise((resolve, reject) => {
    const resume = (end: boolean): boolean => {
      const { done, value } = searching.next(end);
      if (done === true) resolve(value);
      return done === true;
    };
    running.push({ tenant, resume, fail: reject, left: ms });
    if (running.length === 1) setImmediate(runSlice);
  });
}

function runSlice(): void {
  const search = running[0];
  if (search === undefined) return;
  const begin = performance.now();
  let over = false;
  let spent = 0;
  try {
    while (!over && spent < sliceMs) {
      over = search.resume(spent >= search.left);
      spent = performance.now() - begin;
    }
  } catch (error) {
    over = true;
    search.fail(error);
  }
  search.left -= spent;
  running.shift();
  if (!over) running.push(search);
  if (running.length > 0) setImmediate(runSlice);
}

const waiting: (() => void)[] = [];

/**
 * The value of a computation of some milliseconds, one in each turn of the event loop. Otherwise
 * the computations of all requests that arrive in the same turn would follow each other.
 */
export function inOwnTurn<T>(compute: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => {
      try {
        resolve(compute());
      } catch (error) {
        reject(error);
      }
    });
    if (waiting.length === 1) setImmediate(runWaiting);
  });
}

function runWaiting(): void {
  waiting[0]?.();
  waiting.shift();
  if (waiting.length > 0) setImmediate(runWaiting);
}
