// A model of file contents: sizes and bytes, without blocks, pins or locks. It follows the events
// of the machine in order, and applies an operation when it took effect: at its end, or at the step
// in which a layout change changed the layout.
import type { KernelEvent } from '../../src/kernel/events.ts';
import { eachExtent } from '../../src/kernel/lib/extent-map.ts';
import type { LayoutLocals } from '../../src/kernel/ops/layout-change.ts';
import { Panic } from '../../src/kernel/panic.ts';
import type { Inode, Kernel, Outcome } from '../../src/kernel/state.ts';
import {
  type Ino,
  lastPage,
  type MapId,
  type PinId,
  type TaskId,
  toPfn,
  toPgOff,
} from '../../src/kernel/units.ts';
import { page } from '../machine.ts';

interface ModelFile {
  size: number;
  /** Zero behind the size. */
  bytes: Uint8Array;
}

export interface Asked {
  op: string;
  ino: number;
  args: Record<string, number | boolean | undefined>;
  data: Uint8Array;
  /** Byte of the file where its mapping begins. */
  base: number;
  /** The other file of an exchange. */
  other: number;
  applied: boolean;
}

export interface ContentModel {
  files: Map<number, ModelFile>;
  asked: Map<number, Asked>;
  /** No file grows larger. */
  bytesMax: number;
}

export const createModel = (pagesMax = 64): ContentModel => ({
  files: new Map(),
  asked: new Map(),
  bytesMax: pagesMax * page,
});

const breaksLayout = new Set([
  'truncate',
  'punch-hole',
  'zero-range',
  'collapse-range',
  'insert-range',
  'allocate',
]);

const touchesContent = (op: string): boolean =>
  breaksLayout.has(op) || ['write', 'store', 'read', 'load', 'exchange-range'].includes(op);

/**
 * A device writes to frames. Those that a file has, as written blocks, are the file's bytes; finds
 * them by walking every file.
 */
export function deviceWrote(
  model: ContentModel,
  k: Kernel,
  pin: number,
  offset: number,
  data: Uint8Array,
): void {
  const held = k.pins.get(pin as PinId);
  if (held === undefined) throw new Panic('a device writes through a pin that lives');
  for (let i = 0; i < data.length; i++) {
    const byte = held.offsetInPage + offset + i;
    const pfn = held.pfns[Math.floor(byte / page)] as number;
    for (const inode of k.inodes.values()) {
      eachExtent(inode.extents, toPgOff(0), lastPage, (extent) => {
        if (!extent.written || pfn < extent.pfn || pfn >= extent.pfn + extent.pages) return;
        put(
          fileOf(model, inode.ino),
          (extent.pgoff + pfn - extent.pfn) * page + (byte % page),
          data.subarray(i, i + 1),
        );
      });
    }
  }
}

const fileOf = (model: ContentModel, ino: number): ModelFile => {
  const file = model.files.get(ino);
  if (file === undefined) throw new Panic(`the model knows inode ${ino}`);
  return file;
};

/** Bytes within the size; what lies behind it is lost. */
function put(file: ModelFile, at: number, data: Uint8Array): void {
  if (at < file.size) file.bytes.set(data.subarray(0, file.size - at), at);
}

function resize(file: ModelFile, size: number): void {
  if (size < file.size) file.bytes.fill(0, size, file.size);
  file.size = size;
}

/** Follows what one entry did. `outcomes` are those that it brought. */
export function follow(
  model: ContentModel,
  k: Kernel,
  events: readonly KernelEvent[],
  outcomes: ReadonlyMap<number, Outcome>,
): void {
  for (const event of events) {
    if (event.type === 'file.created') {
      model.files.set(event.data.ino, {
        size: event.data.sizeBytes,
        bytes: new Uint8Array(model.bytesMax),
      });
    } else if (event.type === 'file.evicted') {
      model.files.delete(event.data.ino);
    }
    const asked = model.asked.get(event.task);
    const kept =
      asked !== undefined &&
      ['allocate', 'zero-range'].includes(asked.op) &&
      outcomes.get(event.task)?.ok === false;
    // ext4 keeps what it got.
    if (kept && event.type === 'file.resized') resize(fileOf(model, asked.ino), event.data.toBytes);
    if (asked === undefined || asked.applied || !touchesContent(asked.op)) continue;
    const outcome = outcomes.get(event.task);
    if (asked.op === 'exchange-range') {
      if (event.type === 'range.exchanged')
        exchange(fileOf(model, asked.ino), fileOf(model, asked.other), event.data);
    } else if (event.type === 'layout.broken') {
      asked.applied = true;
      if (outcome === undefined || outcome.ok)
        applyLayout(fileOf(model, asked.ino), asked, writtenBy(k, event.task, outcome));
      else if (asked.op === 'write' && outcome.failure.errno === 'ENOSPC')
        resize(fileOf(model, asked.ino), 0);
      else if (asked.op === 'zero-range' && outcome.failure.errno === 'ENOSPC')
        zeroedInPart(k, fileOf(model, asked.ino), asked);
    } else if (event.type === 'operation.done' && outcome?.ok === true) {
      asked.applied = true;
      applyRest(fileOf(model, asked.ino), asked, outcome.result as Record<string, unknown>);
    }
  }
  for (const task of outcomes.keys()) model.asked.delete(task);
}

/**
 * Out of space. XFS has freed the range before; ext4 has zeroed the blocks that it got, where the
 * range was of whole pages. If the whole range has blocks, then those that would replace pinned ones
 * were missing, and nothing is zeroed.
 */
function zeroedInPart(k: Kernel, file: ModelFile, { ino, args }: Asked): void {
  const { offset = 0, length = 0 } = args as Record<string, number>;
  const inode = k.inodes.get(ino as Ino);
  if (inode === undefined) throw new Panic('a file lives while an operation uses it');
  let reached = offset;
  if (k.geometry.kind !== 'ext4') reached = offset + length;
  else if (offset % page === 0 && length % page === 0) {
    eachExtent(inode.extents, toPgOff(offset / page), lastPage, ({ pgoff, pages }) => {
      if (pgoff * page === reached) reached = Math.min((pgoff + pages) * page, offset + length);
    });
    if (reached === offset + length) reached = offset;
  }
  file.bytes.fill(0, offset, reached);
}

function exchange(
  one: ModelFile,
  other: ModelFile,
  at: { offset: number; withOffset: number; length: number },
): void {
  const mine = one.bytes.slice(at.offset, at.offset + at.length);
  one.bytes.set(other.bytes.slice(at.withOffset, at.withOffset + at.length), at.offset);
  other.bytes.set(mine, at.withOffset);
}

/** How much a write that replaced the content has written; it may be asleep after that. */
function writtenBy(k: Kernel, task: number, outcome: Outcome | undefined): number {
  const told =
    outcome?.ok === true
      ? (outcome.result as { bytesWritten?: number })
      : (k.tasks.get(task as TaskId)?.locals as LayoutLocals | undefined);
  return Number(told?.bytesWritten ?? 0);
}

function applyLayout(file: ModelFile, { op, args, data }: Asked, bytesWritten: number): void {
  const { offset = 0, length = 0, sizeBytes = 0 } = args as Record<string, number>;
  const end = offset + length;
  if (op === 'write') {
    resize(file, 0);
    resize(file, bytesWritten);
    put(file, 0, data.subarray(0, bytesWritten));
  } else if (op === 'truncate') {
    resize(file, sizeBytes);
  } else if (op === 'punch-hole') {
    file.bytes.fill(0, offset, end);
  } else if (op === 'zero-range' || op === 'allocate') {
    if (args.keepSize !== true) resize(file, Math.max(file.size, end));
    if (op === 'zero-range') file.bytes.fill(0, offset, end);
  } else if (op === 'collapse-range') {
    file.bytes.copyWithin(offset, end, file.size);
    resize(file, file.size - length);
  } else if (op === 'insert-range') {
    file.bytes.copyWithin(end, offset, file.size);
    file.bytes.fill(0, offset, end);
    file.size += length;
  }
}

function applyRest(file: ModelFile, asked: Asked, result: Record<string, unknown>): void {
  const { op, args, data, base } = asked;
  const offset = Number(args.offset ?? 0);
  if (op === 'write') {
    const written = Number(result.bytesWritten);
    if (written > 0) resize(file, Math.max(file.size, offset + written));
    put(file, offset, data.subarray(0, written));
  } else if (op === 'store') {
    put(file, base + offset, data);
  } else if (op === 'read' || op === 'load') {
    const from = base + offset;
    const length =
      op === 'read'
        ? Math.min(Number(args.length), Math.max(0, file.size - from))
        : Number(args.length);
    const got = result.data as Uint8Array;
    const inside = Math.max(0, Math.min(length, file.size - from));
    if (got.length !== length)
      throw new Panic(`law 9: ${op} gave ${got.length} bytes, the model has ${length}`);
    if (Buffer.compare(got.subarray(0, inside), file.bytes.subarray(from, from + inside)) !== 0) {
      throw new Panic(`law 9: ${op} at ${from} gave other bytes than the model has`);
    }
  } else if (breaksLayout.has(op)) {
    applyLayout(file, asked, 0); // A change for which this filesystem breaks no layout.
  }
}

/** Law 9: every file holds what the model holds, by a walk of blocks and device of our own. */
export function compare(model: ContentModel, k: Kernel): void {
  for (const inode of k.inodes.values()) {
    const file = fileOf(model, inode.ino);
    if (inode.sizeBytes !== file.size)
      throw new Panic(`law 9: ${inode.name} has ${inode.sizeBytes} bytes, the model ${file.size}`);
    const at = firstDifference(rawContent(k, inode), file.bytes.subarray(0, file.size));
    if (at >= 0)
      throw new Panic(
        `law 9: ${inode.name} (inode ${inode.ino}) and the model differ from byte ${at} on`,
      );
  }
  if (model.files.size !== k.inodes.size)
    throw new Panic(`law 9: ${k.inodes.size} files, the model has ${model.files.size}`);
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1;
  return a.findIndex((byte, index) => byte !== b[index]);
}

function rawContent(k: Kernel, inode: Inode): Uint8Array {
  const out = new Uint8Array(inode.sizeBytes);
  eachExtent(inode.extents, toPgOff(0), lastPage, (extent) => {
    for (let n = 0; extent.written && n < extent.pages; n++) {
      const pfn = extent.pfn + n;
      const start = (extent.pgoff + n) * page;
      const bytes = k.pmem.pages.get(toPfn(pfn));
      if (bytes === undefined || start >= out.length) continue;
      out.set(bytes.subarray(0, Math.min(page, out.length - start)), start);
    }
  });
  return out;
}

/** The file and the byte of it that a command acts on, before it runs. */
export function target(
  k: Kernel,
  on: { file?: string; mapping?: number },
): { ino: number; base: number } {
  if (on.file !== undefined) return { ino: k.names.get(on.file) ?? 0, base: 0 };
  const mapping = on.mapping === undefined ? undefined : k.mappings.get(on.mapping as MapId);
  return mapping === undefined
    ? { ino: 0 as Ino, base: 0 }
    : { ino: mapping.ino, base: mapping.first * page };
}
