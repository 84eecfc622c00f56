// Runs the calls of xfs_io(8) on a machine, and gives what xfs_io would print.
import { apply, atRest } from '../kernel/kernel.ts';
import { operations } from '../kernel/ops/index.ts';
import type { Command, Kernel, Outcome, Target } from '../kernel/state.ts';
import { byteOf, type MapId, numberOf } from '../kernel/units.ts';
import type { XfsIoCall, XfsIoCommand } from './xfs-io-parse.ts';
import { dump, fiemapTable, messageOf, type PrintedExtent, transferred } from './xfs-io-print.ts';

/** The largest write or read of a command: it is held in memory. */
const bytesMax = 2 ** 28;

/** The process ends: SIGBUS, or a call that sleeps and nobody is there to wake it. */
class Ended extends Error {}
/** A call failed. The message is what xfs_io prints. */
class Failed extends Error {}

type Result = Record<string, unknown>;

/** All lines that the calls print, one process after another. */
export function runXfsIo(k: Kernel, calls: readonly XfsIoCall[]): string[] {
  return calls.flatMap((call) => new Process(k, call).run());
}

class Process {
  readonly #k: Kernel;
  readonly #call: XfsIoCall;
  readonly #out: string[] = [];
  #mapping = 0;

  constructor(k: Kernel, call: XfsIoCall) {
    this.#k = k;
    this.#call = call;
  }

  run(): string[] {
    try {
      this.#open();
      for (const command of this.#call.commands) this.#try(command);
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      this.#out.push(error.message);
    }
    if (this.#mapping !== 0) this.#do('munmap', { mapping: this.#mapping });
    return this.#out;
  }

  #open(): void {
    const { file, create, truncate } = this.#call;
    if (!this.#k.names.has(file)) {
      if (!create) throw new Ended(`${file}: ${messageOf('ENOENT')}`);
      this.#do('create', {}, { name: file });
    } else if (truncate) this.#do('truncate', { file }, { sizeBytes: 0 });
  }

  #try(command: XfsIoCommand): void {
    try {
      this.#out.push(...this.#lines(command));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      this.#out.push(error.message);
    }
  }

  #lines(command: XfsIoCommand): string[] {
    const { name, flags, numbers } = command;
    const [offset = 0, length = 0] = numbers;
    const { file } = this.#call;
    const range = { offset, length };
    const keep = { keepSize: flags.has('k') };
    switch (name) {
      case 'pwrite':
        return this.#pwrite(command);
      case 'pread':
        return this.#pread(command);
      case 'truncate':
        this.#must('ftruncate', 'truncate', { file }, { sizeBytes: offset });
        return [];
      case 'falloc':
        this.#must('fallocate', 'allocate', { file }, { ...range, ...keep });
        return [];
      case 'fzero':
        this.#must('fallocate', 'zero-range', { file }, { ...range, ...keep });
        return [];
      case 'fpunch':
        this.#must('fallocate', 'punch-hole', { file }, range);
        return [];
      case 'fcollapse':
        this.#must('fallocate', 'collapse-range', { file }, range);
        return [];
      case 'finsert':
        this.#must('fallocate', 'insert-range', { file }, range);
        return [];
      case 'fiemap':
        return this.#fiemap(flags.has('v'));
      case 'seek':
        return this.#seek(command);
      case 'fsync':
      case 'fdatasync':
      case 'sync':
        this.#must(name, 'sync', {}, {});
        return [];
      default:
        return this.#ofMapping(command);
    }
  }

  #ofMapping({ name, flags, numbers }: XfsIoCommand): string[] {
    const { file } = this.#call;
    if (name === 'mmap') {
      const [offset = 0, length = this.#sizeBytes] = numbers;
      const access = flags.has('w') || !flags.has('r') ? 'read-write' : 'read';
      const made = this.#must('mmap', 'mmap', { file }, { offset, length, access });
      this.#mapping = numberOf('mapping', String(made.id)) ?? 0;
      return [];
    }
    const mapping = this.#k.mappings.get(this.#mapping as MapId);
    if (mapping === undefined) throw new Failed("no mapped regions, try 'help mmap'");
    const on = { mapping: mapping.id };
    if (name === 'munmap') {
      this.#must('munmap', 'munmap', on, {});
      this.#mapping = 0;
      return [];
    }
    // Addresses are those of the file.
    const start = byteOf(mapping.first);
    const [at = start, length = start + byteOf(mapping.pages) - at] = numbers;
    const offset = at - start;
    if (name === 'mwrite') {
      this.#must('mwrite', 'store', on, { offset }, filled(flags.get('S') ?? '0x58', length));
      return [];
    }
    if (name === 'msync') {
      this.#must('msync', 'flush', on, { offset, length, how: 'msync' });
      return [];
    }
    const { data } = this.#must('mread', 'load', on, { offset, length });
    return flags.has('v') ? dump(data as Uint8Array, at) : [];
  }

  #pwrite({ flags, numbers }: XfsIoCommand): string[] {
    const [offset = 0, asked = 0] = numbers;
    const { file } = this.#call;
    const data = filled(flags.get('S') ?? '0xcd', asked);
    const { bytesWritten } = this.#must('pwrite', 'write', { file }, { offset }, data);
    const done = bytesWritten as number;
    return flags.has('q') ? [] : transferred('wrote', { done, asked, offset });
  }

  #pread({ flags, numbers }: XfsIoCommand): string[] {
    const [offset = 0, asked = 0] = numbers;
    const length = Math.min(asked, Math.max(0, this.#sizeBytes - offset), bytesMax);
    const { file } = this.#call;
    const { data } = this.#must('pread', 'read', { file }, { offset, length });
    const bytes = data as Uint8Array;
    return [
      ...(flags.has('v') ? dump(bytes, offset) : []),
      ...(flags.has('q') ? [] : transferred('read', { done: bytes.length, asked, offset })),
    ];
  }

  #fiemap(verbose: boolean): string[] {
    const { file } = this.#call;
    const { extents } = this.#must('fiemap', 'fiemap', { file }, {});
    const printed = (extents as Record<string, number>[]).map(
      ({ fe_logical, fe_physical, fe_length, fe_flags }) =>
        ({
          logical: fe_logical,
          physical: fe_physical,
          length: fe_length,
          flags: fe_flags,
        }) as PrintedExtent,
    );
    return fiemapTable(file, printed, { sizeBytes: this.#sizeBytes, verbose });
  }

  /** The next data, the next hole, or both in the order of the file; -r: all of them. */
  #seek({ flags, numbers }: XfsIoCommand): string[] {
    const [start = 0] = numbers;
    const shows = {
      data: flags.has('d') || flags.has('a'),
      hole: flags.has('h') || flags.has('a'),
    };
    const isNamed = flags.has('s');
    const lines = [isNamed ? 'Whence\tStart\tResult' : 'Whence\tResult'];
    const line = (whence: 'data' | 'hole', from: number, found: number | null): void => {
      const words = [whence.toUpperCase(), ...(isNamed ? [from] : []), found ?? 'EOF'];
      lines.push(words.join('\t'));
    };
    const left = { ...shows };
    let from = start;
    let whence: 'data' | 'hole' = this.#first(start, shows);
    for (let first = true; left.data || left.hole; first = false) {
      const found = this.#find(whence, from);
      if (found === null) {
        if (first) line(whence, from, null);
        break;
      }
      if (left[whence]) {
        line(whence, from, found);
        if (!flags.has('r')) left[whence] = false;
      }
      from = found;
      whence = whence === 'data' ? 'hole' : 'data';
    }
    return lines;
  }

  #first(start: number, shows: { data: boolean; hole: boolean }): 'data' | 'hole' {
    if (!shows.hole) return 'data';
    if (!shows.data) return 'hole';
    return this.#find('hole', start) === start ? 'hole' : 'data';
  }

  #find(whence: 'data' | 'hole', offset: number): number | null {
    const { file } = this.#call;
    const outcome = this.#do('seek', { file }, { whence, offset });
    return outcome.ok ? (outcome.result as { offset: number }).offset : null;
  }

  get #sizeBytes(): number {
    const ino = this.#k.names.get(this.#call.file);
    return (ino === undefined ? undefined : this.#k.inodes.get(ino))?.sizeBytes ?? 0;
  }

  #must(call: string, op: string, on: Target, args: object, data?: Uint8Array): Result {
    const outcome = this.#do(op, on, args, data);
    if (outcome.ok) return outcome.result as Result;
    const { errno } = outcome.failure;
    if (errno === 'SIGBUS') throw new Ended('Bus error');
    throw new Failed(`${call}: ${messageOf(errno)}`);
  }

  #do(op: string, on: Target, args: object = {}, data?: Uint8Array): Outcome {
    const parsed = operations.get(op)?.args.parse(args);
    const command: Command = { op, on, args: parsed, ...(data === undefined ? {} : { data }) };
    const { task, replies: first } = this.#enter(command);
    let replies = first;
    for (;;) {
      const reply = replies.find((one) => one.task === task);
      if (reply !== undefined) return reply.outcome;
      if (atRest(this.#k)) throw new Ended(`${op} sleeps, and nothing here wakes it`);
      ({ replies } = this.#enter(null));
    }
  }

  #enter(command: Command | null) {
    const { seq, nowMs } = this.#k;
    return apply(this.#k, { seq: seq + 1, timeMs: nowMs, command });
  }
}

function filled(seed: string, length: number): Uint8Array {
  if (length > bytesMax) throw new Failed(`the length is above ${bytesMax}`);
  return new Uint8Array(length).fill(Number(seed) & 0xff);
}
