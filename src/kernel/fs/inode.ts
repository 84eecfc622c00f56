// Inodes and their names. One flat directory: a name is a link, and a file has at most one.
import { emit } from '../emit.ts';
import { createExtentMap } from '../lib/extent-map.ts';
import { createXArray } from '../lib/xarray.ts';
import { createRwSem } from '../sched/rwsem.ts';
import type { Inode, Kernel } from '../state.ts';
import type { Ino } from '../units.ts';

export function createInode(k: Kernel, name: string, sizeBytes: number): Inode {
  const ino = k.nextIno as Ino;
  k.nextIno += 1;
  k.nextGeneration += 1;
  const inode: Inode = {
    ino,
    name,
    nlink: 1,
    generation: k.nextGeneration,
    version: 1,
    sizeBytes,
    createdMs: k.nowMs,
    modifiedMs: k.nowMs,
    extents: createExtentMap(),
    entries: createXArray(),
    pmds: null,
    entryLocks: new Map(),
    mappings: [],
    users: 0,
    evicting: false,
    stoppedRefs: null,
    iRwsem: createRwSem(),
    invalidateLock: createRwSem(),
  };
  k.inodes.set(ino, inode);
  k.names.set(name, ino);
  k.counts.files += 1;
  emit(k, 'file.created', inode, { ino, sizeBytes });
  return inode;
}

export function findFile(k: Kernel, name: string): Inode | null {
  const ino = k.names.get(name);
  return ino === undefined ? null : (k.inodes.get(ino) ?? null);
}

/** Unlinks the file. The inode stays while it is mapped or an operation uses it. */
export function removeName(k: Kernel, inode: Inode): void {
  // Emitted while nlink is still 1, so that the event does not say `unlinked`.
  emit(k, 'file.unlinked', inode, { ino: inode.ino });
  inode.nlink = 0;
  k.names.delete(inode.name);
}

/** Call this for every change of content, size or layout, because the ETag contains `version`. */
export function touch(k: Kernel, inode: Inode): void {
  inode.version += 1;
  inode.modifiedMs = k.nowMs;
}

export function resize(k: Kernel, inode: Inode, sizeBytes: number): void {
  if (inode.sizeBytes === sizeBytes) return;
  emit(k, 'file.resized', inode, { fromBytes: inode.sizeBytes, toBytes: sizeBytes });
  inode.sizeBytes = sizeBytes;
}

export function etagOf(inode: Inode): string {
  return `"${inode.ino}-${inode.generation}-${inode.version}"`;
}

/**
 * True if nothing else can reach the inode: it has no name, no mapping, and no operations besides
 * the `users` of the caller. False once an eviction runs.
 */
export function isLastReference(inode: Inode, users: number): boolean {
  return (
    inode.nlink === 0 && inode.mappings.length === 0 && inode.users === users && !inode.evicting
  );
}
