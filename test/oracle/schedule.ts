// A schedule: what several tasks do, as lines that the agent of the guest understands. It depends
// on its seed alone, not on what a kernel answers: a line is skipped when its task is in a call, or
// when it names a mapping or a pin that is not there.
//
//   1 write a 4096 100 65      pwrite of 100 bytes 65 at 4096
//   1 mmap a 0 32768 1 1 0     writable, shared, as mapping 0
//   1 pin 0 0 4096 0           vmsplice of mapping 0 into pipe 0
//   2 truncate a 0
//   unpin 0                    the pipe is drained
//   signal 2 restart           SA_RESTART
//
// Calls with & between them begin at the same time.
import { type Prng, prng } from '../sim/prng.ts';
import type { Box } from './guest.ts';

export const page = 4096;
const hugePage = 512;

export interface Schedule {
  seed: number;
  box: Box;
  /** `create NAME PAGES BYTE`. */
  files: string[];
  lines: string[];
}

const falloc = {
  preallocate: 0,
  keepSize: 1,
  punch: 3,
  collapse: 8,
  zero: 16,
  zeroKeep: 17,
  insert: 32,
};

interface Made {
  slot: number;
  task: number;
  pages: number;
}

class Writer {
  readonly #random: Prng;
  readonly #names: string[];
  readonly #pages: number;
  readonly #isHuge: boolean;
  readonly lines: string[] = [];
  #mappings: Made[] = [];
  #pins: number[] = [];
  #nextSlot = 0;
  #nextPin = 0;
  #fill = 65;

  constructor(random: Prng, names: string[], pages: number) {
    this.#random = random;
    this.#names = names;
    this.#pages = pages;
    this.#isHuge = pages >= hugePage;
  }

  /** A page of the file. */
  #page(): number {
    if (!this.#isHuge) return this.#random.below(this.#pages);
    return this.#random.pick([0, 1, 3, 100, 511, 512, 513, 700]);
  }

  /**
   * Where a change begins. In a file of 2 MiB pages the first of them stays: a write fault into a
   * hole of 2 MiB is a known difference (docs/fidelity.md).
   */
  #changed(): number {
    if (!this.#isHuge) return this.#page();
    return this.#random.pick([1, 3, 100, 300, 513, 600, 700]);
  }

  #offset(start = this.#page()): number {
    const within = this.#random.oneIn(4) ? this.#random.pick([1, 100, 2048, page - 1]) : 0;
    return start * page + within;
  }

  #length(): number {
    const pages = this.#random.pick([1, 1, 2, 3]);
    return this.#random.oneIn(5) ? pages * page - this.#random.pick([1, 100, 2048]) : pages * page;
  }

  #byte(): number {
    this.#fill = this.#fill === 250 ? 65 : this.#fill + 1;
    return this.#fill;
  }

  #file = (): string => this.#random.pick(this.#names);

  /** mmap, which the other lines need. */
  map(task: number): void {
    const pages = this.#isHuge ? 1024 : this.#pages + this.#random.below(2);
    const writable = this.#random.oneIn(6) ? 0 : 1;
    const shared = this.#random.oneIn(8) ? 0 : 1;
    const slot = this.#nextSlot++;
    this.#mappings.push({ slot, task, pages });
    this.#say(task, 'mmap', this.#file(), 0, pages * page, writable, shared, slot);
  }

  #say(...words: (string | number)[]): void {
    this.lines.push(words.join(' '));
  }

  #within({ pages }: Made): [offset: number, length: number] {
    const offset = Math.min(this.#page(), pages - 1) * page;
    const pagesLeft = pages - offset / page;
    return [offset, Math.min(pagesLeft, this.#random.pick([1, 1, 1, 2, 3])) * page];
  }

  #throughMapping(task: number, verb: string): boolean {
    const own = this.#mappings.filter((mapping) => mapping.task === task);
    if (own.length === 0) return false;
    const mapping = this.#random.pick(own);
    const [offset, length] = this.#within(mapping);
    if (verb === 'pin') {
      const pin = this.#nextPin++ % 64;
      this.#pins.push(pin);
      this.#say(task, 'pin', mapping.slot, offset, length, pin);
    } else if (verb === 'store') {
      const bytes = this.#random.oneIn(3) ? length : 1;
      this.#say(task, 'store', mapping.slot, offset, bytes, this.#byte());
    } else if (verb === 'munmap') {
      this.#mappings = this.#mappings.filter((one) => one !== mapping);
      this.#say(task, 'munmap', mapping.slot);
    } else this.#say(task, verb, mapping.slot, offset, length);
    return true;
  }

  #change(task: number): void {
    const file = this.#file();
    const random = this.#random;
    if (random.oneIn(3)) {
      const within = this.#isHuge ? random.pick([513, 600, 700]) : this.#page();
      const sizes = [this.#offset(within), this.#pages * page, within * page];
      this.#say(task, 'truncate', file, random.pick(this.#isHuge ? sizes : [0, ...sizes]));
      return;
    }
    const shifts = this.#isHuge ? [] : [falloc.collapse, falloc.insert];
    const mode = random.pick([
      ...[falloc.punch, falloc.punch, falloc.punch, falloc.zero, falloc.zeroKeep],
      ...[...shifts, falloc.preallocate, falloc.keepSize],
    ]);
    const aligned = shifts.includes(mode) && !random.oneIn(6);
    const start = this.#changed();
    const offset = aligned ? start * page : this.#offset(start);
    const length = aligned ? page * random.pick([1, 2]) : this.#length();
    this.#say(task, 'fallocate', file, offset, length, mode);
  }

  /** One line, if the verb drawn can be said now. */
  line(tasks: number): void {
    const random = this.#random;
    const task = 1 + random.below(tasks);
    const verbs = ['mmap', 'load', 'store', 'msync', 'pin', 'longterm', 'munmap', 'unpin'];
    const more = ['change', 'write', 'read', 'query', 'names', 'signal'];
    const verb = [...verbs, ...more][
      random.weighted([5, 8, 10, 2, 14, 1, 4, 12, 22, 8, 5, 3, 1, 5])
    ] as string;
    if (verb === 'mmap') this.map(task);
    else if (verb === 'unpin') {
      if (this.#pins.length === 0) return;
      const [pin] = this.#pins.splice(random.below(this.#pins.length), 1);
      this.#say('unpin', pin as number);
    } else if (verb === 'change') this.#change(task);
    else if (verb === 'write')
      this.#say(task, 'write', this.#file(), this.#offset(), this.#length(), this.#byte());
    else if (verb === 'read') this.#say(task, 'read', this.#file(), this.#offset(), this.#length());
    else if (verb === 'query') {
      const what = random.pick(['fiemap', 'hole', 'data']);
      this.#say(task, what, this.#file(), ...(what === 'fiemap' ? [] : [this.#offset()]));
    } else if (verb === 'names') {
      if (random.oneIn(2)) this.#say(task, 'unlink', this.#file());
      else this.#say(task, 'rename', this.#file(), random.pick(['a', 'b', 'c']));
    } else if (verb === 'signal')
      this.#say('signal', 1 + random.below(tasks), random.oneIn(3) ? 'restart' : 'plain');
    else this.#throughMapping(task, verb);
  }
}

export function scheduleOf(seed: number, box: Box): Schedule {
  const random = prng(seed);
  const tasks = 2 + random.below(3);
  const names = random.oneIn(3) ? ['a', 'b'] : ['a'];
  const pages = random.oneIn(8) ? 1024 : 8;
  const files = names.map((name, at) =>
    random.oneIn(5) && at > 0 ? `create ${name} 0 0` : `create ${name} ${pages} ${65 + at}`,
  );
  const writer = new Writer(random, names, pages);
  const steps = 30 + random.below(31);
  for (let task = 1; task <= tasks; task++) if (!random.oneIn(4)) writer.map(task);
  for (let tries = 0; writer.lines.length < steps && tries < 400; tries++) writer.line(tasks);
  return { seed, box, files, lines: together(writer.lines, random) };
}

const whoOf = (line: string): string => line.split(' ')[0] as string;

/**
 * Joins some neighbours whose calls then race. A mapping has its number from the order of the
 * calls, and a signal needs a call to hit, so these stay alone.
 */
function together(lines: readonly string[], random: Prng): string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    const canRace = (one: string): boolean => !/mmap|signal|munmap/.test(one);
    const isOther = last !== undefined && !last.split(' & ').map(whoOf).includes(whoOf(line));
    if (isOther && canRace(last) && canRace(line) && random.oneIn(4))
      joined[joined.length - 1] = `${last} & ${line}`;
    else joined.push(line);
  }
  return joined;
}
