// An estimate of the memory of a machine, computed from its counts without a walk. A tenant's quota
// and the limit of the server are checked against it. The weights were measured on Node 20 with
// many objects of each kind, and rounded up.
import type { Kernel } from './state.ts';

const weights = {
  /** An empty machine. */
  machine: 24_000,
  page: 4300,
  /** A page with dirty lines stores the bytes of the medium as well. */
  dirtyPage: 4400,
  anonPage: 4400,
  frameChunk: 10_500,
  extent: 48,
  file: 1400,
  mapping: 800,
  pin: 700,
  /** One page of a pin: in `pfns` of the pin, and in `holders`. */
  reference: 110,
  task: 1600,
  ended: 2500,
  timer: 250,
  run: 200,
  sector: 60,
};

/** The memory of a new filesystem of this size, which does not exist yet. */
export const emptyMemory = (sizeBytes: number): number =>
  weights.machine + Math.ceil(sizeBytes / 4096 / 7);

export function memoryOf(k: Kernel): number {
  const { counts, pmem } = k;
  return (
    weights.machine +
    k.geometry.blocks / 7 +
    pmem.pages.size * weights.page +
    pmem.dirty.size * weights.dirtyPage +
    k.anonPages.size * weights.anonPage +
    counts.frameChunks * weights.frameChunk +
    counts.tableBytes +
    counts.extents * weights.extent +
    k.inodes.size * weights.file +
    k.mappings.size * weights.mapping +
    k.pins.size * weights.pin +
    (counts.pinsAcquired - counts.pinsReleased) * weights.reference +
    k.tasks.size * weights.task +
    counts.dataBytes +
    k.ended.size * weights.ended +
    k.timers.times.length * weights.timer +
    (k.busy.runs + k.detached.runs) * weights.run +
    pmem.badSectors.size * weights.sector
  );
}
