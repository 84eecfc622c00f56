// The cost of the kernel's commands without a server: µs of CPU and bytes allocated per command,
// how both grow with the size of a file, and the cost of a truncate per block.
//
//     npm run build && npx tsx load/kernel.ts [--base=CHECKOUT] [--only=WORD] [--quick] [--profile]
//
// It runs the built files, because a loader in between makes them slower. With --base it measures
// the built files of another checkout by turns with these and prints the ratio: on a machine that
// others use too, only ratios and bytes hold. --profile prints the functions that take the time.
import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type * as configFile from '../src/config.ts';
import type * as engineFile from '../src/engine/engine.ts';
import type * as kernelFile from '../src/kernel/kernel.ts';
import type * as registry from '../src/kernel/ops/index.ts';
import type * as mkfsFile from '../src/kernel/ops/mkfs.ts';
import type { Entry, Kernel, Target } from '../src/kernel/state.ts';
import { median } from './measure.ts';

const { values: options } = parseArgs({
  options: {
    base: { type: 'string' },
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const page = 4096;
const few = 1000;
const many = options.quick ? 50_000 : 1_000_000;
const turns = options.quick ? 3 : 9;

/** The built files of one checkout. */
async function load(root: URL) {
  const built = async <T>(file: string): Promise<T> =>
    (await import(new URL(`dist/${file}`, root).href)) as T;
  const { apply, atRest, createKernel } = await built<typeof kernelFile>('kernel/kernel.js');
  const { operations } = await built<typeof registry>('kernel/ops/index.js');
  const { mkfsArgs } = await built<typeof mkfsFile>('kernel/ops/mkfs.js');
  const { defaultConfig } = await built<typeof configFile>('config.js');
  const { kernelLimits } = await built<typeof engineFile>('engine/engine.js');
  return { apply, atRest, createKernel, operations, mkfsArgs, defaultConfig, kernelLimits };
}
type Built = Awaited<ReturnType<typeof load>>;

class Machine {
  readonly k: Kernel;
  readonly #built: Built;
  #seq = 0;
  commands = 0;

  constructor(built: Built, pages: number, options: object) {
    this.#built = built;
    const blocks = Math.max(16_384, pages * 2.2);
    const made = built.createKernel(
      built.mkfsArgs.parse({
        name: 'bench',
        sizeBytes: Math.ceil(blocks / 512) * 512 * page,
        clock: 'manual',
        ...options,
      }),
      {
        ...built.kernelLimits(built.defaultConfig()),
        extentsPerFile: 2 * many,
        stepsPerApply: 1_000_000,
      },
      0,
    );
    if (!made.ok) throw new Error(made.failure.why);
    this.k = made.kernel;
  }

  /** The arguments as the schema of the operation gives them: parsing is not the kernel's work. */
  args(op: string, given: object): unknown {
    return this.#built.operations.get(op)?.args.parse(given);
  }

  run(op: string, on: Target, args: unknown, data?: Uint8Array): void {
    this.commands += 1;
    this.#apply({ op, on, args, ...(data === undefined ? {} : { data }) });
    while (!this.#built.atRest(this.k)) this.#apply(null);
  }

  #apply(command: Entry['command']): void {
    this.#seq += 1;
    const { replies } = this.#built.apply(this.k, { seq: this.#seq, timeMs: 0, command });
    for (const { outcome } of replies) if (!outcome.ok) throw new Error(outcome.failure.why);
  }

  call(op: string, on: Target, given: object): void {
    this.run(op, on, this.args(op, given));
  }

  /** A file with all of its pages mapped by entries of 4 KiB, in one extent. */
  mapped(pages: number): void {
    this.call('create', {}, { name: 'a', sizeBytes: pages * page });
    this.call('mmap', { file: 'a' }, { offset: 0, length: pages * page, access: 'read-write' });
    this.faultAll(pages);
  }

  /** A hole that is faulted in gets entries of 4 KiB. */
  faultAll(pages: number): void {
    for (let at = 0; at < pages; at += 65_536)
      this.call('fault', { mapping: 1 }, { ...this.range(at, Math.min(65_536, pages - at)) });
  }

  range = (first: number, pages: number) => ({
    offset: first * page,
    length: pages * page,
    access: 'write',
  });

  /** A file with so many extents: every second page of it has a block and is mapped. */
  fragmented(extents: number): void {
    this.call('create', {}, { name: 'a', sizeBytes: 2 * extents * page });
    const length = 2 * extents * page;
    this.call('mmap', { file: 'a' }, { offset: 0, length, access: 'read-write' });
    this.faultEverySecond(extents);
  }

  faultEverySecond(extents: number): void {
    const args = this.args('fault', this.range(0, 1)) as object;
    for (let at = 0; at < extents; at++)
      this.run('fault', { mapping: 1 }, { ...args, offset: 2 * at * page });
  }
}

interface Bench {
  machine: Machine;
  /** What is measured, a few hundred commands long. */
  work(): void;
  /** Puts the machine back, unmeasured. */
  reset?(): void;
  /** If the cost is not by command: what else `work` does so many of. */
  units?: number;
}

interface Row {
  name: string;
  goalUs?: number;
  /** The row whose cost this one may have four times. */
  of?: string;
  make(built: Built): Bench;
}

/** So few that no collection comes between: the bytes of a turn are the growth of the heap. */
const rounds = 64;

/** Offsets all over the file, so that the caches of the processor are as useless as they would be. */
const spread = (at: number, pages: number): number => (at * 7919) % pages;

const pinAndUnpin = (machine: Machine, pages: number, step: number, length = 1): Bench => {
  const args = machine.args('pin', machine.range(0, length)) as object;
  let at = 0;
  return {
    machine,
    work() {
      for (let i = 0; i < rounds; i++) {
        const offset = length > 1 ? 0 : spread(at++, pages) * step * page;
        machine.run('pin', { mapping: 1 }, { ...args, offset });
        machine.run('unpin', { pin: machine.k.nextPin - 1 }, {});
      }
    },
    units: rounds,
  };
};

const faults = (machine: Machine, pages: number, step: number): Bench => {
  const args = machine.args('fault', machine.range(0, 1)) as object;
  let at = 0;
  return {
    machine,
    work() {
      for (let i = 0; i < rounds; i++)
        machine.run(
          'fault',
          { mapping: 1 },
          { ...args, offset: spread(at++, pages) * step * page },
        );
    },
  };
};

/** Punches blocks one after the other; they are faulted in again afterwards, unmeasured. */
const punches = (machine: Machine, pages: number, step: number): Bench => {
  const fault = machine.args('fault', machine.range(0, 1)) as object;
  const punched: number[] = [];
  let at = 0;
  return {
    machine,
    work() {
      for (let i = 0; i < rounds; i++) {
        const offset = spread(at++, pages) * step * page;
        punched.push(offset);
        machine.run('punch-hole', { file: 'a' }, { offset, length: page });
      }
    },
    reset() {
      for (const offset of punched.splice(0))
        machine.run('fault', { mapping: 1 }, { ...fault, offset });
    },
  };
};

/** Each punch waits for the pin of the last page of the file, and ends when it is released. */
const punchesUnderPin = (machine: Machine, pages: number, step: number): Bench => {
  const args = machine.args('pin', machine.range((pages - 1) * step, 1)) as object;
  const fault = machine.args('fault', machine.range(0, 1)) as object;
  let at = 0;
  return {
    machine,
    work() {
      for (let i = 0; i < rounds; i++) {
        const offset = spread(at++, pages - 1) * step * page;
        machine.run('pin', { mapping: 1 }, args);
        machine.run('punch-hole', { file: 'a' }, { offset, length: page });
        machine.run('unpin', { pin: machine.k.nextPin - 1 }, {});
        machine.run('fault', { mapping: 1 }, { ...fault, offset });
      }
    },
  };
};

const truncates = (machine: Machine, pages: number, restore: () => void): Bench => ({
  machine,
  work: () => machine.call('truncate', { file: 'a' }, { sizeBytes: 0 }),
  reset() {
    machine.call('truncate', { file: 'a' }, { sizeBytes: 2 * pages * page });
    restore();
  },
  units: pages,
});

const rangeOnly = { strategy: { name: 'break-layouts', breakScope: 'range' } };

const small: Row[] = [
  {
    name: 'pin and unpin one page',
    goalUs: 1.5,
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      return pinAndUnpin(machine, 1024, 1);
    },
  },
  {
    name: 'fault of a mapped page',
    goalUs: 0.4,
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      return faults(machine, 1024, 1);
    },
  },
  {
    name: 'punch one block of 1,024',
    goalUs: 2.5,
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      return punches(machine, 1024, 1);
    },
  },
  {
    name: 'pin and unpin 512 pages',
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      return pinAndUnpin(machine, 1024, 1, 512);
    },
  },
  {
    name: 'write and read 4 KiB',
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      const bytes = new Uint8Array(page);
      const read = machine.args('read', { offset: page, length: page });
      return {
        machine,
        work() {
          for (let i = 0; i < rounds; i++) {
            machine.run('write', { file: 'a' }, { offset: page }, bytes);
            machine.run('read', { file: 'a' }, read);
          }
        },
      };
    },
  },
  {
    name: 'fault, pin, punch that waits, unpin',
    make(built) {
      const machine = new Machine(built, 1024, {});
      machine.mapped(1024);
      return punchesUnderPin(machine, 1024, 1);
    },
  },
];

type Shape = 'mapped' | 'fragmented';
const grows = (
  name: string,
  given: object,
  bench: (machine: Machine, pages: number, step: number) => Bench,
): Row[] =>
  (['mapped', 'fragmented'] as const).flatMap((shape: Shape) =>
    [few, many].map((pages) => ({
      name: `${name}, ${pages.toLocaleString('en')} ${shape === 'mapped' ? 'mapped pages' : 'extents'}`,
      ...(pages === few ? {} : { of: '' }),
      make(built: Built) {
        const machine = new Machine(built, pages, given);
        machine[shape](pages);
        return bench(machine, pages, shape === 'mapped' ? 1 : 2);
      },
    })),
  );

const growing: Row[] = [
  ...grows('pin', {}, pinAndUnpin),
  ...grows('fault', {}, faults),
  ...grows('punch', rangeOnly, punches),
  ...grows('punch, scope file, far pin', {}, punchesUnderPin),
];

const truncating: Row[] = (['mapped', 'fragmented'] as const).map((shape) => ({
  name: `truncate of ${many.toLocaleString('en')} ${shape === 'mapped' ? 'mapped blocks' : 'extents'}, a block`,
  goalUs: 0.1,
  make(built) {
    const machine = new Machine(built, many, {});
    machine[shape](many);
    return truncates(machine, many, () =>
      shape === 'mapped' ? machine.faultAll(many) : machine.faultEverySecond(many),
    );
  },
}));

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** CPU time of `work` again and again for some milliseconds. */
function turn(bench: Bench): number {
  let us = 0;
  let units = 0;
  const leastUs = options.quick ? 20_000 : 40_000;
  while (us < leastUs) {
    const before = bench.machine.commands;
    const start = cpuUs();
    for (let i = 0; i < (bench.reset === undefined ? 32 : 1); i++) {
      bench.work();
      units += bench.units ?? 0;
    }
    us += cpuUs() - start;
    if (bench.units === undefined) units += bench.machine.commands - before;
    bench.reset?.();
  }
  return us / units;
}

/**
 * Bytes that a command allocates: the median of the growth of the heap, because a collection in
 * between makes it shrink.
 */
function bytesPerCommand(bench: Bench): number {
  const grown: number[] = [];
  for (let at = 0; at < 9; at++) {
    const before = bench.machine.commands;
    const heap = process.memoryUsage().heapUsed;
    bench.work();
    const bytes = process.memoryUsage().heapUsed - heap;
    if (bytes > 0) grown.push(bytes / (bench.machine.commands - before));
    bench.reset?.();
  }
  return median(grown);
}

/** The largest shares, by function. */
function print(what: string, of: ReadonlyMap<string, number>): void {
  const all = [...of.values()].reduce((sum, one) => sum + one, 0);
  console.log(`    ${what}:`);
  for (const [name, part] of [...of].sort(([, a], [, b]) => b - a).slice(0, 20))
    console.log(`    ${((100 * part) / all).toFixed(1).padStart(5)} %  ${name}`);
}

const nameOf = ({ url = '', functionName = '', lineNumber = 0 }): string => {
  const file = /\/dist\/(.*)$/.exec(url)?.[1];
  return file === undefined ? functionName : `${functionName} ${file}:${lineNumber + 1}`;
};

/** Where the time and the bytes of one side go. */
async function profile(bench: Bench): Promise<void> {
  const session = new Session();
  session.connect();
  const spent = new Map<string, number>();
  const count = (name: string, by: number) => spent.set(name, (spent.get(name) ?? 0) + by);
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  for (let i = 0; i < 20; i++) turn(bench);
  const { profile: taken } = await session.post('Profiler.stop');
  const nodes = new Map(taken.nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  for (const [at, id] of (taken.samples ?? []).entries())
    count(nodes.get(id) ?? '', taken.timeDeltas?.[at] ?? 0);
  print('time', spent);
  spent.clear();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (let i = 0; i < 5; i++) turn(bench);
  const heap = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  const open = [heap.profile.head];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.selfSize > 0) count(nameOf(node.callFrame), node.selfSize);
    open.push(...node.children);
  }
  print('bytes', spent);
}

const here = await load(new URL('../', import.meta.url));
const base =
  options.base === undefined
    ? null
    : await load(pathToFileURL(`${options.base.replace(/\/$/, '')}/`));
const medians = new Map<string, number>();

async function measure({ name, goalUs, of }: Row, make: Row['make']): Promise<void> {
  collectGarbage();
  const sides = (base === null ? [here] : [base, here]).map((built) => ({
    bench: make(built),
    us: [] as number[],
    bytes: 0,
  }));
  const [own, old] = [...sides].reverse();
  for (let warm = 0; warm < 10; warm++) for (const { bench } of sides) turn(bench);
  for (let at = 0; at < turns; at++) {
    for (const { bench, us } of sides) us.push(turn(bench));
    sides.reverse();
  }
  for (const side of sides) side.bytes = bytesPerCommand(side.bench);
  if (own === undefined) return;
  const us = median(own.us);
  medians.set(name, us);
  const than = of === undefined ? undefined : medians.get(of);
  const bytesOf = (bytes: number): string => `${Math.round(bytes).toLocaleString('en')} B`;
  const columns = [name.padEnd(56), `${us.toFixed(3).padStart(8)} µs`];
  columns.push(`${bytesOf(own.bytes).padStart(8)} a command`);
  if (goalUs !== undefined) columns.push(`goal ${goalUs} µs`);
  if (than !== undefined) columns.push(`${(us / than).toFixed(2)} × (goal 4 ×)`);
  if (old !== undefined) {
    const ratio = median(old.us.map((one, at) => (own.us[at] ?? 0) / one));
    columns.push(
      `base ${median(old.us).toFixed(3)} µs, ${bytesOf(old.bytes)}: ${ratio.toFixed(2)} ×`,
    );
  }
  console.log(columns.join('  '));
  if (options.profile) await profile(own.bench);
}

const begin = performance.now();
const rows = [...small, ...growing, ...truncating];
for (const [at, row] of rows.entries()) {
  if (!row.name.includes(options.only)) continue;
  const of = row.of === undefined ? {} : { of: rows[at - 1]?.name ?? '' };
  await measure({ ...row, ...of }, row.make);
}
console.log(`${((performance.now() - begin) / 1000).toFixed(0)} s, Node ${process.version}`);
