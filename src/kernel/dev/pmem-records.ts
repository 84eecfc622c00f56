// What the machine keeps of its device; pmem.ts works on it.
import type { Pfn } from '../units.ts';

export interface DirtyPage {
  /** What the medium has; only the dirty lines of it mean anything. */
  medium: Uint8Array;
  /** A bit a 64-byte line, 32 a number. */
  lines: [number, number];
}

/** The device. Pages are made on first touch. */
export interface Pmem {
  /** Contents. A page that is not there is zero. */
  pages: Map<Pfn, Uint8Array>;
  /**
   * For each chunk the entry that changed it last: a snapshot keeps what it already has of the
   * others.
   */
  chunkSeqs: (number | undefined)[];
  /** Pages with lines that are dirty in a CPU cache. */
  dirty: Map<Pfn, DirtyPage>;
  dirtyLines: number;
  /** Sectors of 512 bytes that cannot be read. */
  badSectors: Set<number>;
}
