// A model of the contents of files and pins, without blocks: a file is a row of pages, each with
// its own identity, and a pin holds pages. A layout change takes effect at its step `change`, a
// write at `copy`, a store page by page. The model takes one fact from the machine: that a page
// left its file under a pin (extent.removed). It never takes bytes from it.
import type { LayoutLocals } from '../../src/kernel/ops/layout-change.ts';
import type { WalkLocals } from '../../src/kernel/ops/page-walk.ts';
import type { Command, Kernel, Task } from '../../src/kernel/state.ts';
import type { MapId } from '../../src/kernel/units.ts';
import { page } from '../machine.ts';
import { Broken } from './broken.ts';
import { look } from './look.ts';
import {
  Copies,
  contentOf,
  ensure,
  exchange,
  lostLine,
  type ModelFile,
  type Page,
  rawContent,
  resize,
  shift,
  stored,
  wrote,
  zero,
} from './model-file.ts';
import type { Happened, Watcher } from './world.ts';

interface ModelPin {
  /** null is the shared zero page. */
  pages: (Page | null)[];
  offsetInPage: number;
}

/**
 * One acknowledged change of a file, in the order in which they took effect; what another machine
 * can be told to do, too.
 */
export interface Effect {
  op: string;
  ino: number;
  other?: number;
  args: Record<string, number | boolean>;
  data?: Uint8Array;
}

const law = 'law 9';
const layoutOps = new Set([
  'truncate',
  'punch-hole',
  'zero-range',
  'collapse-range',
  'insert-range',
  'allocate',
  'write',
]);

export class Content implements Watcher {
  readonly files = new Map<number, ModelFile>();
  readonly pins = new Map<number, ModelPin>();
  readonly effects: Effect[] = [];
  /** Blocks were freed under pins, as the strategy may: contents are anybody's from here on. */
  lawless = false;
  readonly #loads = new Map<number, Uint8Array>();
  readonly #copies = new Copies();
  /** The ETags before the last entry. */
  readonly #versions = new Map<number, number>();

  after(k: Kernel, happened: Happened): void {
    const { command, effects, stepped } = happened;
    if (effects.events.some(({ type }) => type === 'warning.raised')) this.lawless = true;
    for (const event of effects.events) {
      if (event.type === 'file.created') {
        this.files.set(event.data.ino, {
          name: String(event.file),
          size: event.data.sizeBytes,
          pages: new Map(),
        });
        this.effects.push({
          op: 'create',
          ino: event.data.ino,
          args: { sizeBytes: event.data.sizeBytes },
        });
      } else if (event.type === 'file.renamed') {
        const file = this.files.get(event.data.ino);
        if (file !== undefined) file.name = event.data.to;
      } else if (event.type === 'page.faulted' && event.data.copied) {
        const { mapping, pgoff } = event.data;
        this.#copies.made(mapping, pgoff, this.files.get(stepped?.task.ino ?? 0)?.pages.get(pgoff));
      } else if (event.type === 'file.evicted') {
        this.#evicted(event.data.ino);
      } else if (event.type === 'page.unpinned') {
        this.pins.delete(Number(event.data.pin.slice(4)));
      } else if (event.type === 'extent.removed' && stepped !== null) {
        const file = this.files.get(stepped.task.ino);
        // truncate and collapse say themselves what leaves; of a collapse the offsets mean two
        // things.
        if (file === undefined || !['punch-hole', 'zero-range'].includes(stepped.task.op)) continue;
        for (let at = event.data.offset; at < event.data.offset + event.data.length; at += page)
          file.pages.delete(at / page);
      }
    }
    // One that was still collecting when a signal or a deadlock ended it.
    if (effects.replies.some(({ outcome }) => !outcome.ok))
      for (const id of this.pins.keys()) if (!k.pins.has(id as never)) this.pins.delete(id);
    if (stepped !== null) this.#step(k, stepped, happened);
    else this.#atomic(k, command, happened);
    for (const { ino, version } of k.inodes.values()) this.#versions.set(ino, version);
  }

  #evicted(ino: number): void {
    const file = this.files.get(ino);
    if (file === undefined) return;
    file.pages.clear();
    this.files.delete(ino);
    this.effects.push({ op: 'evict', ino, args: {} });
  }

  #atomic(k: Kernel, command: Command, { effects }: Happened): void {
    if (command.op === 'power-cycle') this.#powerCycle(k);
    if (command.op === 'sync')
      for (const file of this.files.values())
        for (const held of file.pages.values()) held.dirty.clear();
    const reply = effects.replies.find(({ task }) => task === effects.task);
    if (reply?.outcome.ok !== true) return;
    const pin = this.pins.get(Number(command.on.pin));
    if (pin === undefined) return;
    const held = k.pins.get(Number(command.on.pin) as never)?.offset ?? 0;
    const offset = ((command.args as { offset?: number }).offset ?? held) - held;
    if (command.op === 'dma-write') this.#dmaWrite(pin, offset, command.data ?? new Uint8Array(0));
    else if (command.op === 'dma-read')
      this.#dmaRead(pin, offset, (reply.outcome.result as { data: Uint8Array }).data, command);
  }

  #dmaWrite(pin: ModelPin, offset: number, data: Uint8Array): void {
    for (let at = 0; at < data.length; at++) {
      const byte = pin.offsetInPage + offset + at;
      const held = pin.pages[Math.floor(byte / page)];
      if (!held) continue;
      held.bytes[byte % page] = data[at] as number;
      wrote(held, byte % page, (byte % page) + 1);
    }
    for (const [ino, file] of this.files) {
      for (const [pgoff, held] of file.pages) {
        const index = pin.pages.indexOf(held);
        if (index < 0) continue;
        // The bytes of this page of the pin that the device wrote, as a write at their place in the
        // file.
        const from = Math.max(pin.offsetInPage + offset, index * page);
        const to = Math.min(pin.offsetInPage + offset + data.length, (index + 1) * page);
        const start = pgoff * page + (from - index * page);
        const bytes = Math.min(to - from, file.size - start);
        const first = from - pin.offsetInPage - offset;
        if (bytes > 0)
          this.effects.push({
            op: 'write',
            ino,
            args: { offset: start },
            data: data.slice(first, first + bytes),
          });
      }
    }
  }

  #dmaRead(pin: ModelPin, offset: number, data: Uint8Array, { on }: Command): void {
    if (this.lawless) return;
    for (let at = 0; at < data.length; at++) {
      const byte = pin.offsetInPage + offset + at;
      const held = pin.pages[Math.floor(byte / page)];
      if (held === undefined) continue; // Behind the pin's end.
      const expected = held === null ? 0 : held.bytes[byte % page];
      if (data[at] !== expected)
        throw new Broken(
          'law 10',
          `byte ${offset + at} of pin_${on.pin} is ${data[at]} to the device, ${expected} in the model`,
        );
    }
  }

  #step(
    k: Kernel,
    { task, from, walkedTo, ended }: NonNullable<Happened['stepped']>,
    { effects }: Happened,
  ): void {
    const file = this.files.get(task.ino);
    const args = task.args as Record<string, number>;
    if (from === 'flush' && ended !== null && file !== undefined) this.#synced(k, task, file);
    if (from === 'page' && file !== undefined) this.#walk(k, task, file, walkedTo, ended !== null);
    if (task.op === 'load' && ended !== null)
      this.#loaded(task, ended.ok ? (ended.result as { data: Uint8Array }).data : null);
    if (file === undefined) return;
    if (task.op === 'exchange-range') {
      const event = effects.events.find(({ type }) => type === 'range.exchanged');
      const other = this.files.get(task.otherIno);
      if (event === undefined || other === undefined) return;
      exchange(file, other, args as never);
      const { offset = 0, withOffset = 0, length = 0 } = args;
      this.effects.push({
        op: task.op,
        ino: task.ino,
        other: task.otherIno,
        args: { offset, withOffset, length },
      });
      this.#compare(k, task.otherIno);
      this.#compare(k, task.ino);
    } else if (from === 'change' && layoutOps.has(task.op)) {
      const again = ended === null && ['scan', 'lockMapping'].includes(task.step);
      if (again) return;
      const errno =
        ended?.ok === false ? ended.failure.errno : (task.locals as LayoutLocals).failure?.errno;
      const grown = effects.events.find((event) => event.type === 'file.resized');
      if (task.op === 'allocate' && errno === 'ENOSPC' && grown?.type === 'file.resized') {
        resize(file, grown.data.toBytes); // ext4 keeps what it got.
        this.effects.push({
          op: 'truncate',
          ino: task.ino,
          args: { sizeBytes: grown.data.toBytes },
        });
      } else if (task.op === 'zero-range' && errno === 'ENOSPC') {
        this.#zeroedInPart(
          k,
          file,
          task,
          grown?.type === 'file.resized' ? grown.data.toBytes : null,
        );
      } else if (task.op === 'write' && errno === 'ENOSPC') {
        this.#copies.dropFrom(k, task.ino, 0);
        resize(file, 0);
        this.effects.push({ op: 'truncate', ino: task.ino, args: { sizeBytes: 0 } });
      } else if (errno === undefined) {
        this.#layout(k, file, task);
      }
      this.#compare(k, task.ino);
    } else if (from === 'copy' && ended?.ok === true) {
      if (task.op === 'read') this.#read(file, args, (ended.result as { data: Uint8Array }).data);
      if (task.op !== 'write') return;
      const data = (task.data as Uint8Array).slice(
        0,
        (ended.result as { bytesWritten: number }).bytesWritten,
      );
      this.#write(k, file, task.ino, Number(args.offset), data);
      this.#compare(k, task.ino);
    }
  }

  /** msync: whole pages of the file, as far as they are mapped. */
  #synced(k: Kernel, task: Task, file: ModelFile): void {
    const mapping = k.mappings.get(task.mapping as MapId);
    const { offset, length } = task.args as { offset: number; length: number };
    if (mapping?.shared !== true || offset % page !== 0) return;
    const end = Math.min(mapping.pages, Math.ceil((offset + length) / page));
    for (let at = offset / page; at < end; at++) file.pages.get(mapping.first + at)?.dirty.clear();
  }

  /** One page of a walk through a mapping: it was stored to, loaded from, or pinned. */
  #walk(k: Kernel, task: Task, file: ModelFile, at: number, ended: boolean): void {
    const { walk } = task.locals as WalkLocals;
    const mapping = k.mappings.get(task.mapping as MapId);
    if (walk === undefined || mapping === undefined || walk.at === at || ended) return;
    if (task.op === 'pin') this.#pinned(k, task, file, at);
    const copy = this.#copies.get(mapping.id, at);
    const offset = Number((task.args as { offset: number }).offset);
    const base = mapping.first * page;
    const start = Math.max(base + offset, at * page);
    if (task.op === 'store') {
      const data = task.data as Uint8Array;
      const end = Math.min(base + offset + data.length, (at + 1) * page);
      const bytes = data.slice(start - base - offset, end - base - offset);
      if (!mapping.shared && copy === undefined)
        throw new Broken(law, `op_${task.id} stored to a private page without a copy`);
      const held = copy ?? ensure(file, at);
      held.bytes.set(bytes, start % page);
      if (copy !== undefined) return;
      stored(held, start % page, (start % page) + bytes.length);
      const visible = bytes.slice(0, Math.max(0, file.size - start));
      if (visible.length > 0)
        this.effects.push({ op: 'write', ino: task.ino, args: { offset: start }, data: visible });
    } else if (task.op === 'flush') {
      const { length } = task.args as { length: number };
      const held = copy === undefined ? file.pages.get(at) : undefined;
      if (held !== undefined)
        wrote(
          held,
          start % page,
          (start % page) + Math.min(base + offset + length, (at + 1) * page) - start,
        );
    } else if (task.op === 'load') {
      const buffer = this.#loads.get(task.id) ?? new Uint8Array((task.data as Uint8Array).length);
      this.#loads.set(task.id, buffer);
      const got = task.data as Uint8Array;
      const end = Math.min(base + offset + got.length, (at + 1) * page);
      const held = copy ?? file.pages.get(at);
      for (let byte = start; byte < end; byte++)
        buffer[byte - base - offset] = held?.bytes[byte % page] ?? 0;
    }
  }

  #pinned(k: Kernel, task: Task, file: ModelFile, at: number): void {
    const held = k.pins.get(task.pin as never);
    if (held === undefined) return;
    const pin = this.pins.get(held.id) ?? { pages: [], offsetInPage: held.offsetInPage };
    this.pins.set(held.id, pin);
    const pfn = held.pfns[pin.pages.length] as number;
    const copy = this.#copies.get(task.mapping, at);
    // The kernel says that it is the zero page; then the file must have nothing there.
    if (
      copy === undefined &&
      pfn < 0 &&
      !this.lawless &&
      file.pages.get(at)?.bytes.some((byte) => byte !== 0)
    )
      throw new Broken(
        'law 10',
        `pin_${held.id} has the zero page where ${file.name} has bytes, at page ${at}`,
      );
    pin.pages.push(copy ?? (pfn >= 0 ? ensure(file, at) : null));
  }

  #loaded(task: Task, data: Uint8Array | null): void {
    const expected = this.#loads.get(task.id);
    this.#loads.delete(task.id);
    if (data === null || expected === undefined || this.lawless) return;
    const at = data.findIndex((byte, index) => byte !== expected[index]);
    if (at >= 0)
      throw new Broken(
        law,
        `op_${task.id} loaded ${data[at]} at ${at}, the model has ${expected[at]}`,
      );
  }

  #read(file: ModelFile, { offset = 0, length }: Record<string, number>, data: Uint8Array): void {
    if (this.lawless) return;
    const expected = contentOf(file).subarray(
      offset,
      length === undefined ? undefined : offset + length,
    );
    if (Buffer.compare(data, expected) !== 0)
      throw new Broken(
        law,
        `a read of ${file.name} at ${offset} gave other bytes than the model has`,
      );
  }

  #write(k: Kernel, file: ModelFile, ino: number, offset: number, data: Uint8Array): void {
    if (data.length === 0) return;
    // What a mapping stored behind EOF: zero up to the write, but for ext4 of 6.12; behind the
    // write it stays.
    const shows = k.geometry.kind === 'ext4' && k.geometry.kernel === '6.12';
    if (offset > file.size && shows) this.#shown(file, ino, offset);
    else if (offset > file.size)
      zero(file, file.size, Math.min(offset, Math.ceil(file.size / page) * page));
    file.size = Math.max(file.size, offset + data.length);
    for (let at = 0; at < data.length; ) {
      const byte = offset + at;
      const bytes = Math.min(page - (byte % page), data.length - at);
      const held = ensure(file, Math.floor(byte / page));
      held.bytes.set(data.subarray(at, at + bytes), byte % page);
      wrote(held, byte % page, (byte % page) + bytes);
      at += bytes;
    }
    this.effects.push({ op: 'write', ino, args: { offset }, data });
  }

  /**
   * The bytes that a write behind EOF brings into the file: another machine, which never saw the
   * store, is told to write them.
   */
  #shown(file: ModelFile, ino: number, offset: number): void {
    const end = Math.min(offset, Math.ceil(file.size / page) * page);
    const held = file.pages.get(Math.floor(file.size / page));
    if (held === undefined || end <= file.size) return;
    const data = held.bytes.slice(file.size % page, (file.size % page) + end - file.size);
    this.effects.push({ op: 'write', ino, args: { offset: file.size }, data });
  }

  #layout(k: Kernel, file: ModelFile, task: Task): void {
    const { op, ino, locals } = task;
    const args = task.args as Record<string, number>;
    const { offset = 0, length = 0 } = args;
    const end = offset + length;
    const keepSize = (task.args as { keepSize?: boolean }).keepSize === true;
    if (op === 'write') {
      this.effects.push({ op: 'truncate', ino, args: { sizeBytes: 0 } });
      this.#copies.dropFrom(k, ino, 0);
      resize(file, 0);
      this.#write(
        k,
        file,
        ino,
        0,
        (task.data as Uint8Array).slice(0, Number((locals as LayoutLocals).bytesWritten)),
      );
      return;
    }
    this.effects.push({ op, ino, args: { ...(task.args as Record<string, number>) } });
    if (op === 'truncate') {
      this.#copies.dropFrom(k, ino, Math.ceil((args.sizeBytes as number) / page));
      resize(file, args.sizeBytes as number);
    } else if (op === 'punch-hole') {
      zero(file, offset, Math.min(end, file.size));
    } else if (op === 'zero-range' || op === 'allocate') {
      if (!keepSize && end > file.size && (op === 'allocate' || offset > file.size))
        resize(file, end);
      else if (!keepSize) file.size = Math.max(file.size, end);
      if (op === 'zero-range') this.#zeroed(file, offset, end);
    } else if (op === 'collapse-range') {
      // On XFS by the truncate to the new size alone.
      this.#copies.dropFrom(
        k,
        ino,
        k.geometry.kind === 'xfs' ? Math.ceil((file.size - length) / page) : offset / page,
      );
      for (let pgoff = offset / page; pgoff < end / page; pgoff++) file.pages.delete(pgoff);
      shift(file, end / page, -length / page);
      file.size -= length;
    } else if (op === 'insert-range') {
      if (k.geometry.kind !== 'xfs') this.#copies.dropFrom(k, ino, offset / page);
      shift(file, offset / page, length / page);
      file.size += length;
    }
  }

  /**
   * Out of space. XFS has freed the range before; ext4 has zeroed the blocks that it got, where the
   * range was of whole pages.
   */
  #zeroedInPart(k: Kernel, file: ModelFile, { ino, args }: Task, size: number | null): void {
    const { offset, length } = args as { offset: number; length: number };
    if (size !== null) {
      resize(file, size);
      this.effects.push({ op: 'truncate', ino, args: { sizeBytes: size } });
    }
    let reached = offset;
    if (k.geometry.kind === 'xfs') reached = offset + length;
    else if (offset % page === 0 && length % page === 0) {
      const { extents } = look(k, 'extents', { file: file.name }) as {
        extents: { offset: number; length: number }[];
      };
      for (const extent of extents)
        if (extent.offset <= reached) reached = Math.max(reached, extent.offset + extent.length);
    }
    reached = Math.min(reached, offset + length);
    zero(file, offset, reached);
    const visible = Math.min(reached, file.size);
    if (visible > offset)
      this.effects.push({
        op: 'write',
        ino,
        args: { offset },
        data: new Uint8Array(visible - offset),
      });
  }

  /**
   * Whole blocks become unwritten: under a pin, what the device writes there is lost to the file,
   * so none may be but with a warning.
   */
  #zeroed(file: ModelFile, offset: number, end: number): void {
    for (const [pgoff, held] of file.pages) {
      if (pgoff * page < offset || (pgoff + 1) * page > end) continue;
      const pinned = [...this.pins.values()].some(({ pages }) => pages.includes(held));
      if (pinned && !this.lawless)
        throw new Broken('law 1', `page ${pgoff} of ${file.name} became unwritten under a pin`);
    }
    zero(file, offset, end);
  }

  #powerCycle(k: Kernel): void {
    this.pins.clear();
    this.#loads.clear();
    this.#copies.clear();
    for (const [ino] of this.files) if (!k.inodes.has(ino as never)) this.#evicted(ino);
    if (k.geometry.persistenceDomain === 'eadr') return;
    for (const [ino, file] of this.files) {
      let changed = false;
      const now = rawContent(k, file.name, true);
      for (const [pgoff, held] of file.pages) {
        const kept = now.subarray(pgoff * page, (pgoff + 1) * page);
        const lost = this.lawless ? -1 : lostLine(held, kept);
        if (lost >= 0)
          throw new Broken(
            'law 9',
            `line ${lost} of page ${pgoff} of ${file.name} was on the medium, and is lost`,
          );
        changed ||= Buffer.compare(kept, held.bytes.subarray(0, kept.length)) !== 0;
        if (held.dirty.size === 0) continue;
        // What was stored and not flushed may be lost; the machine says what is left of it.
        held.bytes.set(kept);
        const left = held.bytes.slice(0, Math.max(0, file.size - pgoff * page));
        held.dirty.clear();
        if (left.length > 0)
          this.effects.push({ op: 'write', ino, args: { offset: pgoff * page }, data: left });
      }
      const moved = k.inodes.get(ino as never)?.version !== this.#versions.get(ino);
      if (moved && !changed && !this.lawless)
        throw new Broken('law 9', `${file.name} lost nothing and has a new ETag`);
    }
  }

  /** Every file that has a name holds what the model holds. */
  compareAll(k: Kernel): void {
    for (const ino of this.files.keys()) this.#compare(k, ino);
    const named = [...this.files].filter(([ino]) => k.inodes.has(ino as never)).length;
    if (named !== this.files.size || k.inodes.size !== this.files.size)
      throw new Broken(law, `${k.inodes.size} files, the model has ${this.files.size}`);
  }

  #compare(k: Kernel, ino: number): void {
    const file = this.files.get(ino);
    const inode = k.inodes.get(ino as never);
    if (file === undefined || inode === undefined) return;
    if (inode.sizeBytes !== file.size)
      throw new Broken(law, `${file.name} has ${inode.sizeBytes} bytes, the model ${file.size}`);
    if (this.lawless || k.names.get(file.name) !== ino) return;
    const [is, expected] = [rawContent(k, file.name), contentOf(file)];
    if (Buffer.compare(is, expected) === 0) return;
    const at = is.findIndex((byte, index) => byte !== expected[index]);
    throw new Broken(law, `${file.name} holds ${is[at]} at byte ${at}, the model ${expected[at]}`);
  }
}
