// The steps of docs/steps.md in words. A step without a row here has its name only.

const words: Record<string, string> = {
  begin: 'checks its arguments and takes the first lock',
  page: 'looks into the page table, and takes a reference if the page is there',
  fault: 'takes invalidate_lock shared, to fault the page in',
  entry: 'locks the entry of the page in the file',
  map: 'looks up the block and maps the page',
  lock: 'takes i_rwsem exclusive',
  lockOther: 'takes i_rwsem of the other file',
  lockMapping: 'takes invalidate_lock exclusive',
  lockOtherMapping: 'takes invalidate_lock of the other file',
  scan: 'unmaps the pages and looks for one that is pinned',
  scanOther: 'looks for a pinned page in the other file',
  enqueue: 'goes onto the waitqueue of the page',
  test: 'tests once more whether the page is idle',
  sleep: 'sleeps until somebody wakes it',
  relock: 'is awake, and takes its lock again',
  change: 'changes size and extents',
  commit: 'ends the transaction',
  drain: 'waits for the pages that it has detached',
  handOver: 'hands the detached blocks to the reaper',
  evictScan: 'looks for pinned pages of the file that has no name any more',
  evictFree: 'frees the blocks of the file that has no name any more',
  evict: 'removes the file that has no name any more',
  copy: 'copies the bytes',
  unmap: 'removes the mapping',
  remove: 'removes the name',
  flush: 'flushes cache lines',
  release: 'frees blocks whose last pin is gone',
  fire: 'moves the clock to the next timer, which fires',
};

export const stepText = (step: string): string => words[step] ?? step;

/** Why a walk took no further step, as a sentence. */
export function walkText({
  steps,
  ended,
}: {
  steps: number;
  ended: 'step' | 'blocked' | 'deadlock' | 'done' | 'idle' | 'limit';
}): string {
  const count = steps === 1 ? '1 step was taken' : `${steps} steps were taken`;
  switch (ended) {
    case 'step':
      return steps === 0 ? 'The clock fired its next timer.' : `${count}.`;
    case 'blocked':
      return `${count}, then an operation fell asleep.`;
    case 'deadlock':
      return `${count}, then a deadlock was found.`;
    case 'done':
      return `${count}, and all operations have ended.`;
    case 'limit':
      return `${count}, the most of one request. Run again to go on.`;
    default:
      return steps === 0
        ? 'Nobody can take a step.'
        : `${count}. Now nobody can take a step that changes anything.`;
  }
}
