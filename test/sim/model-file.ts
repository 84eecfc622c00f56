// A file of the model, and private copies of its pages: rows of pages with their own identities,
// without blocks.
import type { Inode, Kernel } from '../../src/kernel/state.ts';
import { page } from '../machine.ts';
import { look } from './look.ts';

export interface Page {
  /** Also those behind the end of the file, in its last page. */
  bytes: Uint8Array;
  /**
   * Lines of 64 bytes that were stored to through a mapping and not written back: a power cut may
   * lose those, and no others.
   */
  dirty: Set<number>;
}

export interface ModelFile {
  name: string;
  size: number;
  pages: Map<number, Page>;
}

export function ensure(file: ModelFile, pgoff: number): Page {
  const held = file.pages.get(pgoff) ?? { bytes: new Uint8Array(page), dirty: new Set() };
  file.pages.set(pgoff, held);
  return held;
}

const line = 64;

/** Bytes of a page were stored to, through the cache. */
export function stored(held: Page, from: number, to: number): void {
  for (let at = Math.floor(from / line); at * line < to; at++) held.dirty.add(at);
}

/** They were written past the cache, or flushed: the lines are on the medium. */
export function wrote(held: Page, from: number, to: number): void {
  for (let at = Math.floor(from / line); at * line < to; at++) held.dirty.delete(at);
}

/** The lines that nothing may lose and that are other than they were; -1 for none. */
export function lostLine(held: Page, now: Uint8Array): number {
  for (let at = 0; at * line < now.length; at++) {
    if (held.dirty.has(at)) continue;
    const end = Math.min(now.length, (at + 1) * line);
    if (Buffer.compare(now.subarray(at * line, end), held.bytes.subarray(at * line, end)) !== 0)
      return at;
  }
  return -1;
}

export function zero(file: ModelFile, from: number, to: number): void {
  for (const [pgoff, held] of file.pages) {
    const [start, end] = [Math.max(from - pgoff * page, 0), Math.min(to - pgoff * page, page)];
    if (end <= start) continue;
    held.bytes.fill(0, start, end);
    wrote(held, start, end);
  }
}

/** Down, what lies behind leaves; either way the rest of the last page is zero. */
export function resize(file: ModelFile, size: number): void {
  const least = Math.min(size, file.size);
  if (size <= file.size)
    for (const pgoff of [...file.pages.keys()]) if (pgoff * page >= size) file.pages.delete(pgoff);
  zero(file, least, Math.ceil(least / page) * page);
  file.size = size;
}

export function shift(file: ModelFile, from: number, by: number): void {
  const moved = [...file.pages].filter(([pgoff]) => pgoff >= from);
  for (const [pgoff] of moved) file.pages.delete(pgoff);
  for (const [pgoff, held] of moved) file.pages.set(pgoff + by, held);
}

export function exchange(
  file: ModelFile,
  other: ModelFile,
  at: { offset: number; withOffset: number; length: number },
): void {
  const pages = Math.ceil(at.length / page);
  const [mine, theirs] = [at.offset / page, at.withOffset / page];
  for (let n = 0; n < pages; n++) {
    const [a, b] = [file.pages.get(mine + n), other.pages.get(theirs + n)];
    if (b === undefined) file.pages.delete(mine + n);
    else file.pages.set(mine + n, b);
    if (a === undefined) other.pages.delete(theirs + n);
    else other.pages.set(theirs + n, a);
  }
}

export function contentOf(file: ModelFile): Uint8Array {
  const out = new Uint8Array(file.size);
  for (const [pgoff, { bytes }] of file.pages) {
    const room = file.size - pgoff * page;
    if (room > 0) out.set(bytes.subarray(0, Math.min(page, room)), pgoff * page);
  }
  return out;
}

interface Seen {
  offset: number;
  length: number;
  physical: number;
  state: string;
}

/** The bytes of a file as FIEMAP and the raw device show them. */
export function rawContent(k: Kernel, name: string, wholePages = false): Uint8Array {
  const inode = k.inodes.get(k.names.get(name) as Inode['ino']);
  const size = inode?.sizeBytes ?? 0;
  const out = new Uint8Array(wholePages ? Math.ceil(size / page) * page : size);
  const { extents } = look(k, 'extents', { file: name }) as { extents: Seen[] };
  for (const { offset, length, physical, state } of extents) {
    for (let at = 0; state === 'written' && at < length; at += page) {
      const pfn = (physical + at) / page;
      const held = k.pmem.pages.get(pfn as never);
      const bytes = Math.min(page, out.length - offset - at);
      if (held !== undefined && bytes > 0) out.set(held.subarray(0, bytes), offset + at);
    }
  }
  return out;
}

/**
 * Pages of ordinary memory that private mappings have in place of the file's. What leaves them is
 * told by what was asked for.
 */
export class Copies {
  readonly #of = new Map<string, Map<number, Page>>();

  made(mapping: string, pgoff: number, from: Page | undefined): void {
    const copies = this.#of.get(mapping) ?? new Map<number, Page>();
    this.#of.set(mapping, copies);
    copies.set(pgoff, { bytes: from?.bytes.slice() ?? new Uint8Array(page), dirty: new Set() });
  }

  get(mapping: number, pgoff: number): Page | undefined {
    return this.#of.get(`map_${mapping}`)?.get(pgoff);
  }

  /** truncate_pagecache(): from this page of the file on they go with it. */
  dropFrom(k: Kernel, ino: number, first: number): void {
    for (const [mapping, copies] of this.#of) {
      if (k.mappings.get(Number(mapping.slice(4)) as never)?.ino !== ino) continue;
      for (const pgoff of [...copies.keys()]) if (pgoff >= first) copies.delete(pgoff);
    }
  }

  clear(): void {
    this.#of.clear();
  }
}
